"""Take the mean of any tensor along a dimension.

`x.mean(dim)` refuses integers and bools, though their mean is well defined. A sum in a small dtype
may overflow where the mean does not.

    x = torch.tensor([[100, 100, 103]], dtype=torch.int8)
    true_mean(x, 1)  ->  tensor([101.])

Convert first, then sum: once the sum has overflowed, no later conversion brings it back. Floats are
summed in float64 here, so that float16 cannot overflow, and go back to their own dtype; everything
else ends as float32.

The common wrong answers divide with `//`, which rounds down, sum in the input's own dtype, where
int8 wraps round at 127 and float16 becomes infinite above 65504, or return float32 for all.
"""

import torch

HINTS = (
    "What does x.mean(dim) say to an int8 tensor, and why would it not simply return int8?",
    "Convert before you sum, not after: to which dtype, so that no sum overflows?",
    "Remember the dtype that the result shall have: x.is_floating_point() tells which rule holds.",
)


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
    dtype = x.dtype if x.is_floating_point() else torch.float32
    return x.double().mean(dim).to(dtype)
