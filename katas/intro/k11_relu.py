"""The rectified linear unit.

`relu` keeps what is above 0 and puts 0 in the place of everything else. It is the commonest bend
between two linear layers, which without it would only make one linear layer.

    relu(tensor([-2., -0.5, 0., 3.]))  ->  tensor([0., 0., 0., 3.])
    relu(tensor([-inf, inf]))          ->  tensor([0., inf])

What holds for every kata stands in katas/README.md.
"""

import torch


def relu(x: torch.Tensor) -> torch.Tensor:
    """The larger one of x and 0, for each element.

    Args:
        x: a tensor of floats. It stays as it is.

    Returns:
        A new tensor with x's shape, dtype and device: x where x is above 0, and 0 elsewhere.

    Exactly:
        x has any shape (0-d and empty too), any strides, and the dtype float16, bfloat16,
        float32 or float64. inf and -inf are among its numbers, NaN is not.

        The result is exactly x where x is above 0, and 0 (or -0.) elsewhere. It lies in memory
        of its own at each call, also where nothing had to change. Autograd records it if x
        requires grad: the gradient is 1 where x is above 0 (inf too), 0 where it is below (-inf
        too), and any number from 0 to 1 where it is 0.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
