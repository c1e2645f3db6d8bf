"""The mean of each group of rows, with no loop.

A mean is a sum and a count. `index_add` adds every row of x to the row of its group, and
`bincount` counts how many there were, for all groups at once. An empty group has sum 0 and count 0;
counted as 1 instead, it gives 0 / 1 = 0, and no NaN appears that would have to be mended.

The common wrong answer divides by the count as it is: 0 / 0 is NaN. Who then calls `nan_to_num`
hides the NaN of a group that holds one, too. A product with a one-hot matrix adds 0 times each row
of the other groups, and 0 * inf is NaN: one group spoils all of them.
"""

import torch

HINTS = (
    "A mean is a sum and a count. Which operation adds rows to the rows that an index names?",
    "torch.bincount counts how often each number comes. What is minlength for?",
    "An empty group has sum 0. By which number may 0 be divided, so that 0 remains?",
    "index_add (without underscore) on zeros of shape (groups, d) is recorded by autograd.",
)


def scatter_mean(x: torch.Tensor, group: torch.Tensor, groups: int) -> torch.Tensor:
    """The mean of the rows of each group.

    Args:
        x: shape (m, d), float32 or float64, any strides; m may be 0. Stays as it is.
        group: shape (m,), int64, on x's device: row i belongs to group group[i], a number from 0
            to groups - 1. In any order, any strides; stays as it is.
        groups: how many groups there are, at least 1; some may have no rows.

    Returns:
        A tensor of shape (groups, d), with x's dtype and device: row k is the mean of x's rows of
        group k, as precise as the dtype, or 0 where there are none. inf and NaN in x reach the
        mean of their group (with an inf it is inf, with a NaN it is NaN) and no other. Recorded by
        autograd: the gradient of a row of x is that of its group's mean, divided by the number of
        rows of that group; empty groups put no NaN into it.

        No loop over rows or groups: the number of torch operations does not grow with m or groups,
        and neither does that of the numbers that Python reads (`.tolist()`, `.item()`).
    """
    sums = x.new_zeros(groups, x.shape[1]).index_add(0, group, x)
    counts = torch.bincount(group, minlength=groups)
    return sums / counts.clamp(min=1).unsqueeze(1)
