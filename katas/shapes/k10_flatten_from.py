"""Flatten the last dimensions of a tensor, and copy only if there is no other way.

Two neighbouring dimensions can become one without a copy if the step of the outer one leads to
where the inner one would go next. Where strides don't allow it, the numbers must move.

    x = arange(24).view(2, 3, 4)
    flatten_from(x, 1)                   ->  shape (2, 12), in x's memory
    flatten_from(x, -2)                  ->  the same
    flatten_from(x.transpose(0, 1), 0)   ->  shape (24,), a copy: its numbers lie in another order

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
