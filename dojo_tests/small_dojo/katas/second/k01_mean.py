"""Take the mean of a tensor.

The mean of all numbers of x.

    mean(tensor([1., 2., 6.]))  ->  tensor(3.)
"""

import torch


def mean(x: torch.Tensor) -> torch.Tensor:
    """The mean of all numbers of x.

    Args:
        x: a tensor of floats with at least one number. It stays as it is.

    Returns:
        a 0-d tensor of x's dtype and device.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
