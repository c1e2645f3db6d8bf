"""All distances between two sets of points, with a gradient that is never NaN.

Each point of a is compared with each point of b by broadcasting, without a loop. The distance is a
square root, and the square root of 0 has an infinite gradient: where two points coincide, NaN would
come back and spoil all that is learnt from it.

    a = tensor([[0., 0.], [3., 4.]]);  b = tensor([[0., 0.], [3., 0.], [0., 4.]])
    pairwise_distance(a, b)   ->  [[0., 3., 4.], [5., 4., 3.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
