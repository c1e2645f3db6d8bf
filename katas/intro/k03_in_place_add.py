"""Add two tensors, once into a new one and once in place.

`add` makes a new tensor. `add_` writes the sum into the memory of its first argument, so that
everyone who looks at that memory sees it. A trailing underscore is PyTorch's mark for in-place.

    x1 = tensor([[1., 2., 3.], [4., 5., 6.]]);  x2 = ones(2, 3)
    add(x1, x2)   ->  a new tensor [[2., 3., 4.], [5., 6., 7.]]; x1 is as it was
    add_(x1, x2)  ->  x1 itself, which now holds [[2., 3., 4.], [5., 6., 7.]]
"""

import torch


def add(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum of two tensors, as a new tensor.

    Args:
        x1: shape (2, 3), float or int, any strides; stays as it is.
        x2: another tensor in other memory, with x1's shape, dtype and device, any strides;
            stays as it is.

    Returns:
        A new tensor with x1's shape, dtype and device, in memory of its own. Recorded by
        autograd, so that gradients reach x1 and x2 (`out=` and `.data` are not).
    """
    raise NotImplementedError


def add_(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The sum of two tensors, written into the first one's own memory.

    Args:
        x1: shape (2, 3), float or int, any strides without overlap; holds the sum afterwards,
            in the memory that it had, so that views of x1 made before see it too. Not a leaf
            that requires grad.
        x2: another tensor in other memory, with x1's shape, dtype and device, any strides;
            stays as it is.

    Returns:
        x1 itself, the same object. Recorded by autograd, so that gradients reach what x1 and x2
        were computed from (`.data` and `no_grad` are not).
    """
    raise NotImplementedError
