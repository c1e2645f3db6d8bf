"""Double a tensor.

`x * 2` makes a new tensor. `x.mul_(2)` would write into x, which is to stay as it is.
"""

import torch

HINTS = (
    "What is twice a number?",
    "torch multiplies a tensor by a number, element by element.",
    "Write x * and then the number.",
)


def double(x: torch.Tensor) -> torch.Tensor:
    """Twice x, in a new tensor.

    Args:
        x: a tensor of floats, any shape. It stays as it is.

    Returns:
        a tensor of x's shape, dtype and device.
    """
    return x * 2
