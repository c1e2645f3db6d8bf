"""Normalise the features of each token.

A network trains better when the numbers that go into a layer have a fixed size. Layer norm gives
each row the mean 0 and the variance 1, whatever the other rows are, and then lets the network
choose a scale and a shift for each feature. Every block of a transformer has two of them.

    x = tensor([[1., 2., 3.], [10., 10., 10.]])
    layer_norm(x)                        ->  [[-1.2247, 0., 1.2247], [0., 0., 0.]]
    layer_norm(x, bias=torch.ones(3))    ->  [[-0.2247, 1., 2.2247], [1., 1., 1.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def layer_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> torch.Tensor:
    """Each row of x with mean 0 and variance 1, then scaled and shifted.

    Along the last dimension: (x - mean) / sqrt(variance + eps) * weight + bias. The variance is
    the mean of the squares of x - mean (it divides by D, not by D - 1).

    It is made of other operations: torch's own norm layers (`layer_norm`, `batch_norm` and the
    like), under whatever name, are forbidden, forward and backward.

    Args:
        x: shape (..., D), D at least 1; float32, float64, float16 or bfloat16, any strides; stays
            as it is.
        weight: shape (D,), x's dtype and device; None stands for ones.
        bias: shape (D,), x's dtype and device; None stands for zeros. Each of the two may come
            alone.
        eps: a number above 0.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x, weight and bias.

    Exactly:
        float32: the result is within 0.01 also where the mean of a row is 10,000 times as large
        as its deviation. float64 makes no detour by float32.

        float16 and bfloat16: the numbers of x may be as large as 60,000, so compute in float32.
        The result has x's own dtype, and is within 1 % (bfloat16: 5 %) or 0.01 of the right one.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
