"""Send a gradient back through softmax, by hand.

The slope of share i for input j is y[i] * (1 - y[i]) where i is j, and -y[i] * y[j] elsewhere: one
share grows at the cost of all the others. So the Jacobian is diag(y) - outer(y, y). Times grad,
the first part is y * grad, and the second is y times one number, the sum of y * grad. It is enough
to compute that number for each row; the n × n matrix never comes to be.

If all entries of grad are equal the result is 0: shares add up to 1, whatever the input is. And it
adds up to 0 along dim, since softmax does not change when the same number is added to a whole row.

In practice autograd does this behind `F.softmax`. It is written by hand in fused kernels, and in a
`torch.autograd.Function` that keeps y alone.
"""

import torch

HINTS = (
    "What is the slope of share i for input j, where i is j, and where it is not?",
    "That Jacobian is diag(y) - outer(y, y). What is it times grad, without building it?",
    "The outer product times grad is y times a single number for each row.",
    "y * (grad - (grad * y).sum(dim, keepdim=True))",
)


def softmax_backward(grad: torch.Tensor, y: torch.Tensor, dim: int) -> torch.Tensor:
    """The gradient for softmax's input, where y is its result and grad the gradient for y.

    For each row along dim: y * (grad - s), where s is the sum of grad * y over that row. The
    softmax itself and its input are not needed.

    Autograd computes nothing during the call: no `backward`, no `torch.autograd.grad`, nothing of
    `torch.func`, no forward mode. torch's operations with `backward` in their name are forbidden
    too.

    Args:
        grad: y's shape, dtype and device, any strides; stays as it is.
        y: float32 or float64, any shape, any strides; stays as it is. Its entries along dim are
            at least 0 and add up to 1.
        dim: the dimension along which softmax was taken; negative counts from the end.

    Returns:
        A new tensor of y's shape, dtype and device.

    Exactly:
        y may be 0-d: dim is 0 or -1 then, and the gradient is 0. Sizes may be 1 or 0, that along
        dim too.

        y may hold exact 0 and 1, and grad numbers as large as 10,000 in size. There is no inf and
        no NaN.

        No tensor that is made on the way has more than 4 times the entries of y (or more than 64,
        where y is small): there is no room for the n × n Jacobian of a row. The number of
        operations does not grow with the size of y.

        The inputs may be tracked by autograd. Whether the result is, is up to you.

        In float32 a number may be off by 1e-5 times itself, or by 1e-5 times the largest entry of
        grad in size. In float64 the same holds with 1e-13. Where all entries of grad are equal,
        the result is 0 within that.
    """
    return y * (grad - (grad * y).sum(dim, keepdim=True))
