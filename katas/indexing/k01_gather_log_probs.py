"""Pick one log-probability at each place of each sequence.

A language model gives a row of V log-probabilities for every place t of every text b; index tells
which token stands there. The loss needs that one number from each row.

    logp  = [[[-0.1, -2.3, -4.6], [-1.6, -0.2, -3.9]]]   shape (1, 2, 3)
    index = [[2, 1]]                                     shape (1, 2)
    gather_log_probs(logp, index)  ->  [[-4.6, -0.2]]    shape (1, 2)

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
