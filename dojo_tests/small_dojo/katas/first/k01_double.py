"""Double a tensor.

Multiply each number of x by 2.

    double(tensor([1., 2.]))  ->  tensor([2., 4.])
"""

import torch


def double(x: torch.Tensor) -> torch.Tensor:
    """Twice x, in a new tensor.

    Args:
        x: a tensor of floats, any shape. It stays as it is.

    Returns:
        a tensor of x's shape, dtype and device.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
