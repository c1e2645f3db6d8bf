"""Turn numbers into shares that add up to 1, and into the logarithms of these.

A classifier gives a number for each class, a language model one for each word. Softmax makes
probabilities of them; a loss needs their logarithms, which keep their digits where a probability is
too small for its dtype. `F.cross_entropy` begins with log_softmax. Softmax is the middle of the
attention in every transformer, and log_softmax scores the words in the beam search of Hugging
Face's transformers.

    x = tensor([[0., 0., 0.], [1000., 0., 0.]])
    softmax(x, 1)       ->  [[0.3333, 0.3333, 0.3333], [1., 0., 0.]]
    log_softmax(x, 1)   ->  [[-1.0986, -1.0986, -1.0986], [0., -1000., -1000.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The share of each entry along one dimension: exp(x) over the sum of exp(x).

    It is made of other operations: torch's own `softmax`, `log_softmax`, `softmin`, `logsumexp`,
    `logcumsumexp` and `logaddexp`, under whatever name and by way of whatever layer (a loss, an
    attention), are forbidden, forward and backward.

    Args:
        x: float32, float64, float16 or bfloat16, any shape, any strides; stays as it is.
        dim: the dimension along which the shares add up to 1; negative counts from the end.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        x may be 0-d: dim is 0 or -1 then, and the share is 1. Dimensions other than dim may have
        the size 0.

        Finite numbers may be as large as 1e30 in size (float16: 10,000). A share that is too small
        for the dtype is 0. x may hold -inf where a finite number stands beside it along dim: the
        share is exactly 0, and so is the gradient of such an entry. There is no inf and no NaN.

        The result may be off by this part of itself: 1e-5 in float32, 1e-13 in float64. Shares
        above 0.001 may be off by 1 % in float16 and by 5 % in bfloat16.
    """
    raise NotImplementedError


def log_softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The logarithm of softmax(x, dim): x - log(sum of exp(x)) along one dimension.

    The same operations of torch are forbidden as in `softmax`, forward and backward. It may use
    the `softmax` above.

    Args:
        x: float32, float64, float16 or bfloat16, any shape, any strides; stays as it is.
        dim: the dimension of the sum; negative counts from the end.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        The shapes and numbers of x are those of `softmax`. A 0-d x gives 0. Where the share is
        too small for the dtype its logarithm is still a number: that of [0., -200.] is about
        [0., -200.]. For two large equal numbers, such as [1e30, 1e30], it is [-0.6931, -0.6931].

        For -inf the result is -inf. The gradient of such an entry is not judged. The gradients of
        the finite ones beside it are right where what is computed from the results leaves out
        those of -inf.

        The result may be off by this much, and by this part of itself: 1e-5 in float32, 1e-13 in
        float64, 1 % in float16, 5 % in bfloat16.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
