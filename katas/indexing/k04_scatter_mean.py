"""The mean of each group of rows, with no loop.

Each row of x belongs to a group, such as the words of a text, the atoms of a molecule, the points
of a cluster. Their means are what is often passed on: one row for each group.

    x     = tensor([[1., 2.], [3., 4.], [5., 6.]])
    group = tensor([2, 0, 2])
    scatter_mean(x, group, 4)  ->  [[3., 4.], [0., 0.], [3., 4.], [0., 0.]]
                                   groups 1 and 3 are empty

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
