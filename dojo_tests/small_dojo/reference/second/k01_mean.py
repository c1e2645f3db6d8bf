"""Take the mean of a tensor.

`x.mean()` divides the sum by the number of elements.
"""

import torch

HINTS = (
    "A sum, divided by what?",
    "torch has an operation of that name.",
    "x.mean takes no argument here.",
)


def mean(x: torch.Tensor) -> torch.Tensor:
    """The mean of all numbers of x.

    Args:
        x: a tensor of floats with at least one number. It stays as it is.

    Returns:
        a 0-d tensor of x's dtype and device.
    """
    return x.mean()
