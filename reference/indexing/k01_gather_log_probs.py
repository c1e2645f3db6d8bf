"""Pick one log-probability at each place of each sequence.

`logp.gather(2, i)` reads `logp[b, t, i[b, t, k]]` for every place of i, which must have as many
dimensions as logp. So index gets a last dimension of size 1 for the trip, and loses it afterwards.
Nothing is computed: numbers are only moved, and in backward each gradient goes back to its place.

The common wrong answer is `logp[:, index]`. An index that is a tensor replaces the one dimension
where it stands by its own two, so every b meets the index of every other b: the result has four
dimensions. Another is a sum over `logp * one_hot`: a token that is impossible has a log-probability
of -inf, and 0 * -inf is NaN.
"""

import torch

HINTS = (
    "For a single b and t the answer is logp[b, t, index[b, t]]. Which dimension is looked up in?",
    "torch.gather looks numbers up along one dimension and keeps the others side by side.",
    "gather wants an index with as many dimensions as logp: unsqueeze adds one of size 1.",
    "squeeze(-1) takes away the last dimension only; a plain squeeze() takes each one of size 1.",
)


def gather_log_probs(logp: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """The entry of each row of logp that index names.

    Args:
        logp: shape (B, T, V), float without NaN, any strides; -inf is a number like others,
            whether index names it or not. Stays as it is.
        index: shape (B, T), int64, from 0 to V - 1, on logp's device, any strides; stays as it is.

    Returns:
        A tensor of shape (B, T), with logp's dtype and device: at [b, t] it has the very number
        logp[b, t, index[b, t]]. Recorded by autograd: the gradient of a finite number that is
        named is that of its place in the result, and that of an entry which is not named is 0.

        The number of torch operations does not grow with B, T or V, and neither does that of the
        numbers that Python reads (`.tolist()`, `.item()`, a loop over elements).
    """
    return logp.gather(2, index.unsqueeze(2)).squeeze(2)
