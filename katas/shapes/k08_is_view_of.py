"""Tell whether two tensors share memory.

A view begins somewhere in the memory of another tensor and walks through it in its own strides, of
its own dtype even. So neither its first address nor its number of elements tells where it ends.

    x = arange(12.)                               # 12 numbers of 4 bytes: bytes 0 to 47
    share_memory(x, x[5:])                  ->  True
    share_memory(x[:4], x[4:])              ->  False: bytes 0 to 15, and bytes 16 to 47
    share_memory(x[::2], x[1::2])           ->  True: bytes 0 to 43, and bytes 4 to 47
    share_memory(x.view(torch.int8)[7], x[1])  ->  True: byte 7, and bytes 4 to 7

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
