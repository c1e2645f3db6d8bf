"""A mask of the k largest of each row, exactly k even with ties.

The k-th largest value says where to cut, but not whom to leave out: where several entries are equal
to it, `x >= value` marks too many and `x > value` too few. The earlier entry goes first here.

    x = tensor([[1, 3, 2, 3], [5, 5, 5, 0]])
    top_k_mask(x, 2)   ->  [[False, True, False, True], [True, True, False, False]]

What holds for every kata stands in katas/README.md.
"""

import torch


def top_k_mask(x: torch.Tensor, k: int) -> torch.Tensor:
    """Which entries are among the k largest of their row.

    Args:
        x: shape (..., n), one dimension or more, of sizes that are at least 1; float64, float32,
            float16 or bfloat16 without NaN, or int64, int32, int16, int8 or uint8, any strides; a
            row lies along the last dimension. An infinite entry is a value like others, and so are
            the largest and smallest integer. Stays as it is.
        k: from 0 to n.

    Returns:
        A bool tensor of x's shape, on x's device, with exactly k True in each row: the largest
        entries, and of equal ones those with the smaller index. 0. and -0. are equal.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
