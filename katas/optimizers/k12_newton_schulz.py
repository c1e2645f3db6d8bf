"""Make a matrix nearly orthogonal by products of matrices alone.

The gradient of a weight matrix often has a few directions that are far larger than the rest. The
optimizer Muon gives all of them about the same size: its update is a momentum whose singular values
were all moved near to 1. Muon trained the language models Moonlight and Kimi K2, and torch has it
as `torch.optim.Muon`. A singular value decomposition is slow on a GPU. A few steps of the
Newton-Schulz iteration need products only, and come close enough.

    g = tensor([[3., 0., 0.], [0., 4., 0.]])
    orthogonalize(g, 0)   ->  [[0.6, 0., 0.], [0., 0.8, 0.]]: g / 5, its norm
    orthogonalize(g, 1)   ->  [[1.1933, 0., 0.], [0., 0.9765, 0.]]
    orthogonalize(g)      ->  [[0.7229, 0., 0.], [0., 1.1192, 0.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
