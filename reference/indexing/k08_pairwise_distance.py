"""All distances between two sets of points, with a gradient that is never NaN.

a[:, None] - b holds all differences, (n, m, d), and the sum of their squares over d is 0 where two
points coincide. There the square root has the gradient 1 / 0, times the gradient 0 of the squares:
NaN. So 1 is put in the place of such a 0 before the square root, and 0 again behind it. Nothing
flows back through either choice. (`torch.linalg.vector_norm` does the same inside.)

The common wrong answer is the plain square root: right in value, NaN in the gradient, and a `where`
or `nan_to_num` behind it changes only the value. With |a|² + |b|² - 2 a·b no array of (n, m, d) is
needed, but close points far from 0 cancel out to noise, which may be less than 0.
"""

import torch

HINTS = (
    "With which shapes of a and b does a difference get the shape (n, m, d)?",
    "Where two points coincide, the square root of 0 has the gradient inf, and inf * 0 is NaN.",
    "A `where` behind the square root comes too late: what may stand in the place of 0 before it?",
    "Put 1 for each 0 before the square root, and 0 at the same places behind it.",
)


def pairwise_distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The Euclidean distance of each point of a to each point of b.

    It is made of other operations: torch's own `cdist`, `pdist` and `pairwise_distance`, under
    whatever name and by way of whatever layer, are forbidden. The number of operations does not
    grow with n, m or d: no loop in Python, be it over tensors or over numbers taken out of them.

    Args:
        a: shape (n, d), float32 or float64, of numbers whose squares the dtype can hold, any
            strides; n and d are at least 1; stays as it is.
        b: shape (m, d), with a's dtype and device, any strides, or a itself; m is at least 1;
            stays as it is.

    Returns:
        A tensor of shape (n, m) with a's dtype and device; [i, j] is the square root of the sum of
        (a[i] - b[j])². Where the points are 0.1 apart or more, also if they are far from 0, it is
        off by at most 1e-5 of itself in float32 and 1e-9 of itself in float64; where they are
        closer or coincide, by at most 1e-5. Gradients reach a and b, each of them also if it alone
        requires grad; where two points coincide, their distance adds 0, not NaN, to both gradients.
    """
    squares = (a[:, None] - b).square().sum(-1)
    coincide = squares == 0
    return squares.masked_fill(coincide, 1).sqrt().masked_fill(coincide, 0)
