"""Add two tensors, once into a new one and once in place.

Write `add`, which makes a new tensor, and `add_`, which writes into x1.

    add(tensor([1., 2.]), tensor([10., 20.]))  ->  tensor([11., 22.])
"""

import torch


def add(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum in a new tensor.

    Args:
        x1: a tensor of floats. It stays as it is.
        x2: a tensor of x1's shape and dtype. It stays as it is.

    Returns:
        a tensor of x1's shape and dtype.
    """
    raise NotImplementedError


def add_(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum in place: x1 holds it afterwards.

    Args:
        x1: a tensor of floats.
        x2: a tensor of x1's shape and dtype. It stays as it is.

    Returns:
        x1 itself.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
