"""Add two tensors, once into a new one and once in place.

`add` makes a new tensor. `add_` writes the sum into the memory of its first argument, so that
everyone who looks at that memory sees it. A trailing underscore is PyTorch's mark for in-place.

    x1 = tensor([[1., 2., 3.], [4., 5., 6.]]);  x2 = ones(2, 3)
    add(x1, x2)   ->  a new tensor [[2., 3., 4.], [5., 6., 7.]]; x1 is as it was
    add_(x1, x2)  ->  x1 itself, which now holds [[2., 3., 4.], [5., 6., 7.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
