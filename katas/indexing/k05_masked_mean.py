"""The mean of what a mask keeps, along one dimension.

Sentences of different length lie in one tensor, filled up with whatever was there. A mask says what
is real, and the mean must not see the rest: not in its value, and not in its gradient.

    x    = tensor([[1., 3., nan], [5., 7., 9.], [2., inf, 4.]])
    mask = tensor([[True, True, False], [True, True, True], [False, False, False]])
    masked_mean(x, mask, 1)  ->  [2., 7., 0.]

What holds for every kata stands in katas/README.md.
"""

import torch


def masked_mean(x: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """The mean along one dimension of the entries that mask keeps.

    Args:
        x: at least one dimension and one entry; float32 or float64, any strides; stays as it is.
            What is hidden may be NaN, inf or -inf.
        mask: bool, on x's device, of a shape that broadcasts to x's; True keeps, False hides.
            Stays as it is.
        dim: one dimension of x, counted from the front, or from the back if negative.

    Returns:
        A tensor of x's dtype and device, with x's shape without dimension dim: the mean of what
        is kept along dim, as precise as the dtype, and 0 where nothing is. What is hidden changes
        nothing; what is kept counts, so that the mean with an inf is inf, and with a NaN it is
        NaN. Recorded by autograd: the gradient of a kept entry is that of its mean, divided by
        how many were kept there; that of a hidden entry is 0, whatever it is.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
