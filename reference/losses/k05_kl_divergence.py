"""Measure how far one distribution is from another one.

log_softmax keeps the logarithm of a share that is too small for its dtype: log(softmax(x)) is -inf
there, and a small number that is added to the share only hides that.

Where p is 0 the term is 0, but 0 * -inf is NaN. A `torch.where` around the product gives the right
value. On the way back it sends 0 into the branch that was not taken, and 0 * inf is NaN again. So
the logarithms are replaced by a finite number before the product, and not after it.

In practice one calls `F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")`. Its first
argument is q, and as a logarithm; its reduction "mean" divides by the number of classes as well.
"""

import torch

HINTS = (
    "KL(p || q) is the mean of log p - log q, weighted by p. Over which dimension is the sum?",
    "`log_softmax` gives both logarithms without an overflow and without log(0).",
    "What is 0 * -inf, and what is its gradient? Replace the -inf before you multiply.",
    "`log_p.masked_fill(p_logits == -torch.inf, 0)`, and the same places in log_q.",
)


def kl_divergence(p_logits: torch.Tensor, q_logits: torch.Tensor) -> torch.Tensor:
    """The Kullback-Leibler divergence KL(p || q): for each row a number, and of these the mean.

    p and q are the softmax of p_logits and q_logits along the last dimension. A row gives the sum
    over its C classes of p * (log p - log q): p weighs, and p's logarithm comes first. The two may
    not change places, as KL(q || p) is another number.

    It is made of other operations: torch's own `kl_div`, under whatever name and by way of
    whatever layer (`KLDivLoss`), and `torch.distributions` are forbidden, forward and backward.

    Args:
        p_logits: shape (..., C); float32 or float64, any strides; stays as it is.
        q_logits: p_logits' shape, dtype and device, any strides; stays as it is.

    Returns:
        A new 0-d tensor of the inputs' dtype and device: the sum over the classes, and its mean
        over all leading dimensions, of which there may be none. Gradients reach p_logits and
        q_logits.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers.

    Exactly:
        Finite logits may be as large as 10,000 in size. Only the gaps in a row count:
        [10000., 9999.] is computed as well as [1., 0.]. Where p is too small for its dtype, as for
        [0., -10000.], its term is 0.

        A logit may be -inf if a finite one stands in the same row. Where p_logits is -inf, the term
        is 0, whatever q_logits has there, -inf too. The gradient of an entry that is -inf is 0
        then, and those of all finite entries are right.

        Where q_logits is -inf, but p_logits is not, and p is at least 1e-6, the result is +inf.
        Gradients are not judged then. Smaller p at such a place are not judged at all.

        All sizes are 1 or more. The result may be off by 1e-5 of itself plus 2e-6 in float32,
        gradients by 1e-4 of the largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if p_logits.shape != q_logits.shape:
        message = f"shapes {tuple(p_logits.shape)} and {tuple(q_logits.shape)} are not equal"
        raise ValueError(message)
    hidden = p_logits == -torch.inf
    log_p = torch.log_softmax(p_logits, -1).masked_fill(hidden, 0)
    log_q = torch.log_softmax(q_logits, -1).masked_fill(hidden, 0)
    return (torch.softmax(p_logits, -1) * (log_p - log_q)).sum(-1).mean()
