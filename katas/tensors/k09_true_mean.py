"""Take the mean of any tensor along a dimension.

`x.mean(dim)` refuses integers and bools, though their mean is well defined. A sum in a small dtype
may overflow where the mean does not.

    x = torch.tensor([[100, 100, 103]], dtype=torch.int8)
    true_mean(x, 1)  ->  tensor([101.])

What holds for every kata stands in katas/README.md.
"""

import torch


def true_mean(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The mean of x along one dimension.

    Args:
        x: any shape of one dimension or more, any strides and device; float16, bfloat16, float32,
            float64, an integer dtype, with a sign or without, or bool. It stays as it is.
        dim: one int, negative allowed; x has at least one element along it.

    Returns:
        A tensor of x's shape without `dim`, on x's device. Its dtype is that of x if that is a
        float, else float32. The sums of integers, bools and 16-bit floats may be larger than x's
        own dtype can hold: the mean is right all the same, as precise as the result's dtype.
        Integers are summed without loss where the sum is below 2**53, and only the mean is rounded
        to float32: that of the int32 numbers 16777217 and -16777216 is 0.5. The mean of finite
        numbers and inf is inf, that of NaN and others is NaN.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
