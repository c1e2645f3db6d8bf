"""Flatten the last dimensions of a tensor, and copy only if there is no other way.

`x.flatten(dim)` does it, as does `x.reshape(*x.shape[:dim], -1)`: both look at the strides, make a
view where there is one, and copy otherwise. There is one if each step of an outer dimension is as
long as the whole inner one, stride[i] = size[i + 1] * stride[i + 1], for the flattened dimensions
alone; those in front may have any strides, so x need not be contiguous.

The common wrong answer copies always, as `x.clone()` and `x.contiguous()` in front of a view do, or
copies whenever x is not contiguous. `x.view(...)` never copies, and raises where it would have to.
`as_strided` asks nobody, and shows other numbers there.
"""

import torch

HINTS = (
    "Write down the strides of a (2, 3, 4) tensor. Which stride would (2, 12) need?",
    "`view` raises where it would have to copy, `contiguous` copies too often. What is between?",
    "Only the dimensions that are flattened have to follow each other in memory, not the others.",
    "Give it the sizes in front of dim, and -1 for the rest; a slice takes negative ends too.",
)


def flatten_from(x: torch.Tensor, dim: int) -> torch.Tensor:
    """All dimensions from `dim` on as one.

    Args:
        x: any shape with at least one element (0-d too), any dtype, any strides; stays as it is.
        dim: a dimension of x, from -x.dim() to x.dim() - 1; negative ones count from the end.
            For a 0-d x, which counts as a vector of one element, it is 0 or -1.

    Returns:
        Shape (*x.shape[:dim], the product of x.shape[dim:]), with x's dtype and device and the
        elements in their order, the last index running fastest. x itself or a view of it wherever
        x's strides allow one, contiguous or not; a copy only where they don't. Gradients reach x.
    """
    return x.flatten(dim)
