"""Tell whether two tensors share memory.

`data_ptr()` is the address of a tensor's first element. The last element is (size - 1) steps of
each stride away from it, counted in elements, and it is `element_size()` bytes long itself. Strides
in torch are never negative, so these two are the ends of the range. Two ranges meet if each begins
before the other ends.

The common wrong answer compares `a.data_ptr() == b.data_ptr()`: it misses x and x[5:]. Comparing
storages takes x[:4] and x[4:] for shared, and misses two tensors around one NumPy array.
`data_ptr() + numel() * element_size()` is the end of a contiguous tensor only: a column is longer,
an expanded tensor shorter.
"""

import torch

HINTS = (
    "data_ptr() says where a tensor begins. What else must you know, to say where it ends?",
    "Strides count elements, addresses count bytes: element_size() leads from one to the other.",
    "The last element is (size - 1) * stride away along each dimension. How many bytes has it?",
    "Two ranges meet if each of them begins before the other ends. And without any element?",
)


def _byte_range(x: torch.Tensor) -> tuple[int, int]:
    """The first address of a tensor that has elements, and the one behind its last byte."""
    steps = sum((size - 1) * stride for size, stride in zip(x.shape, x.stride(), strict=True))
    return x.data_ptr(), x.data_ptr() + (steps + 1) * x.element_size()


def share_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether the memory ranges of two tensors meet.

    The range of a tensor goes from the first byte to the last byte that any of its elements
    occupies, also if it skips bytes in between.

    Args:
        a: any shape (0-d and empty too), dtype, device and strides; stays as it is.
        b: another tensor or the same, of any shape, dtype, device and strides; stays as it is.

    Returns:
        True if there is an address that lies in both ranges, else False; a real bool. Only
        addresses count, whoever made the two tensors: they may be views of one storage, or two
        tensors around one NumPy array. An empty tensor has no range, and shares with nothing.
    """
    if a.numel() == 0 or b.numel() == 0:
        return False
    (first_of_a, end_of_a), (first_of_b, end_of_b) = _byte_range(a), _byte_range(b)
    return first_of_a < end_of_b and first_of_b < end_of_a
