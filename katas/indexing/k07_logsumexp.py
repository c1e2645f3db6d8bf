"""The logarithm of a sum of exponentials, without overflow.

Probabilities are kept as logarithms, since their products get too small for any dtype. Adding two
of them then means log(exp(x1) + exp(x2)), and exp overflows soon: in float32 already for 89, and
all exp below -104 are 0. The result would fit.

    logsumexp(tensor([0., 0.]), 0)               ->  log(2) = 0.6931
    logsumexp(tensor([[1000., 1000.]]), 1)       ->  [1000.6931]
    logsumexp(tensor([-inf, 3.]), 0)             ->  3.

What holds for every kata stands in katas/README.md.
"""

import torch


def logsumexp(x: torch.Tensor, dim: int) -> torch.Tensor:
    """log of the sum of exp(x) along one dimension.

    It is made of other operations: torch's own `logsumexp`, `logcumsumexp`, `logaddexp`, `softmax`
    and `log_softmax`, under whatever name and by way of whatever layer, are forbidden, forward and
    backward.

    Args:
        x: at least one dimension and one entry; float64, float32, float16 or bfloat16, any
            strides; finite numbers of any size, and -inf; stays as it is.
        dim: the dimension to sum over; negative counts from the end.

    Returns:
        A tensor of x's shape without dim, with x's dtype and device. An entry of -inf adds nothing
        to the sum, and a row of -inf alone gives -inf. Gradients reach x: exp(x) over the sum of
        exp(x), which is 0 for an entry of -inf; all are 0, not NaN, in a row of -inf alone.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
