"""Send a gradient back through softmax, by hand.

Each share depends on each input of its row, so a row of n numbers has a Jacobian of n × n. Nobody
builds it: what is needed of it is one sum for each row. FlashAttention computes exactly this in
its backward kernel, where P * (dP - sum of dP * P) is the gradient of the attention scores.

    y = tensor([[0.5, 0.25, 0.25]])
    softmax_backward(tensor([[1., 0., 0.]]), y, 1)   ->  [[0.25, -0.125, -0.125]]
    softmax_backward(tensor([[3., 3., 3.]]), y, 1)   ->  [[0., 0., 0.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
