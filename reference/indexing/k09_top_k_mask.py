"""A mask of the k largest of each row, exactly k even with ties.

A stable sort keeps equal entries in the order that they had, so that the first k places of a stable
descending sort are the k largest, the earlier ones first. `scatter` writes True at these places.
Nothing is calculated from the values, so that it works for all of them: -inf, the smallest integer,
the 0 of uint8, of which -x would be the largest, too.

The common wrong answer is `x >= kth_value`: with ties it marks more than k. `topk`, and a sort that
isn't asked to be stable, give exactly k, but any of the equal ones, and not the same on every
device.
"""

import torch

HINTS = (
    "Which entries of [5, 5, 5, 0] are at least as large as its second largest?",
    "Sort the places instead of the values: argsort gives indices, the first k are those to mark.",
    "Equal entries keep their order only in a stable sort. Is descending the same as reversed?",
    "With the indices in hand, start from all False and let `scatter` write along the last one.",
)


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
    order = x.argsort(dim=-1, descending=True, stable=True)
    mask = torch.zeros_like(x, dtype=torch.bool)
    return mask.scatter_(-1, order[..., :k], True)
