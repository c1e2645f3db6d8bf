"""Add two tensors, once into a new one and once in place.

`x1 + x2` makes a new tensor, `x1.add_(x2)` writes into the memory of x1.
"""

import torch

HINTS = (
    "Two of torch's operations differ by one sign.",
    "A name that ends in _ is an operation in place.",
    "x1.add_ takes what is added.",
)


def add(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum in a new tensor.

    Args:
        x1: a tensor of floats. It stays as it is.
        x2: a tensor of x1's shape and dtype. It stays as it is.

    Returns:
        a tensor of x1's shape and dtype.
    """
    return x1 + x2


def add_(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum in place: x1 holds it afterwards.

    Args:
        x1: a tensor of floats.
        x2: a tensor of x1's shape and dtype. It stays as it is.

    Returns:
        x1 itself.
    """
    return x1.add_(x2)
