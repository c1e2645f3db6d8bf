"""Make a matrix nearly orthogonal by products of matrices alone.

The polynomial a * s + b * s^3 + c * s^5 acts on each singular value s alone: X @ X.mT @ X has the
singular vectors of X, and s^3 in the place of s. Divided by the Frobenius norm, all singular values
begin between 0 and 1, where the polynomial can be trusted. Its slope at 0 is 3.4445, so five steps
lift 0.002 to nearly 1. It trades the exact limit for that speed: Muon needs no more.

A has the size of the rows of X, so the shorter side should be the rows: a head of (50,000, 512)
would else have an A of 10 GB. The norm gets no 1e-7 added, as in Muon's first version: a small
gradient would then shrink, and its singular values would not come near 1.

In practice one calls `torch.optim.Muon`, which does this in bfloat16.
"""

import torch

HINTS = (
    "Which norm belongs to which matrix? A batch has as many norms as matrices.",
    "`torch.linalg.vector_norm(g, dim=(-2, -1), keepdim=True)` is a norm for each matrix.",
    "Divide a matrix of zeros by 1 in place of its norm: `torch.where(norm > 0, norm, 1)`.",
    "`.mT` turns the last two dimensions alone. If m > n: turn g, do all steps, turn the result.",
)


def orthogonalize(g: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Each matrix of g with its singular values moved near to 1, by the Newton-Schulz iteration.

    For a matrix with no more rows than columns it begins with X = g / norm, where the norm is the
    Frobenius norm: the root of the sum of all squares of this one matrix. Then it does `steps`
    times

        A = X @ X.mT
        X = a * X + (b * A + c * A @ A) @ X        a, b, c = 3.4445, -4.7750, 2.0315

    and the last X is the result. These three numbers are Muon's. They lift small singular values
    fast, and do not converge: after five steps every singular value that began at 0.002 or more
    lies between 0.68 and 1.21. So the result is not the exact U @ V.mT, and is not meant to be.

    A matrix with more rows than columns is transposed first, and the result is turned back. The
    numbers are the same without that, but A would be large.

    Args:
        g: shape (..., m, n), any number of leading dimensions, none too, each matrix by itself;
            m and n are at least 1, and a leading size may be 0; float32 or float64, any strides;
            stays as it is.
        steps: a whole number from 0 to 6. With 0 the result is g / norm.

    Returns:
        A new tensor of g's shape, dtype and device.

    Exactly:
        A matrix is all zeros, and then its result is zeros, or its norm is between 1e-10 and 1e10.
        Only its direction counts: g and 1e-9 * g have the same result. The other matrices of a
        batch change nothing.

        float32: every entry is within 1e-4 of the right one; float64: within 1e-9. So it is
        computed in g's own dtype or a wider one, with nothing narrower on the way.

        Memory: no tensor that is made on the way, and not the result either, takes more than twice
        the bytes of g.
    """
    is_tall = g.shape[-2] > g.shape[-1]
    x = g.mT if is_tall else g
    norm = torch.linalg.vector_norm(x, dim=(-2, -1), keepdim=True)
    x = x / torch.where(norm > 0, norm, 1)
    for _ in range(steps):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if is_tall else x
