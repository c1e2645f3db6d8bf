"""Add two tensors, once into a new one and once in place.

`x1 + x2` always makes a new tensor: new memory, x1 as before. An in-place operation, such as
`x1.add_(x2)` or `x1 += x2`, writes into the memory that x1 already has: no new memory, and every
view of x1 sees the change. Autograd records both, and notices if an in-place write destroys a
value that a gradient still needs.

The common wrong answer is `return x1 + x2` for `add_`: the numbers are right, but they lie in a
new tensor, and x1 still holds the old ones. `x1 = x1 + x2` is the same mistake: it only gives the
local name x1 to the new tensor. `x1.data = ...` gives x1 other memory, behind autograd's back.
"""

import torch

HINTS = (
    "Which of your two functions may leave x1 as it was, and which must not?",
    "Print x1.data_ptr() before and after: an in-place operation does not change it.",
    "PyTorch marks in-place methods by a trailing underscore, such as mul_ for multiplication.",
)


def add(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum of two tensors, as a new tensor.

    Args:
        x1: shape (2, 3), float or int. It stays as it is.
        x2: another tensor with x1's shape, dtype and device. It stays as it is.

    Returns:
        A new tensor with x1's shape, dtype and device. Gradients reach x1 and x2.

    Exactly:
        x1 and x2 may have any strides, and lie in different memory. The result lies in memory
        of its own. Autograd records the sum, so `out=` and `.data` will not do.
    """
    return x1 + x2


def add_(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum of two tensors, written into the first one's own memory.

    Args:
        x1: shape (2, 3), float or int. Afterwards it holds the sum.
        x2: another tensor with x1's shape, dtype and device. It stays as it is.

    Returns:
        x1 itself, the same object.

    Exactly:
        x1 keeps the memory that it had, so views of x1 that were made before see the sum too.
        x1 may have any strides without overlap; it is not a leaf that requires grad. x2 may
        have any strides, and lies in other memory. Autograd records the sum: gradients reach
        what x1 and x2 were computed from, so `.data` and `no_grad` will not do.
    """
    return x1.add_(x2)
