"""Keep each value once, in the order in which the values first appear.

`torch.unique` finds the different values, and sorts them. Here the order of x is what counts, and
the work is left to operations on all of x at once: no Python loop visits the elements.

    unique_stable(tensor([3, 1, 3, 2, 1]))  ->  [3, 1, 2]
    unique_stable(tensor([True, True]))     ->  [True]

What holds for every kata stands in katas/README.md.
"""

import torch


def unique_stable(x: torch.Tensor) -> torch.Tensor:
    """The different values of x, in order of their first appearance.

    The number of operations that torch runs, of lines of Python, and of elements that become
    objects of Python (by tolist(), item() or a loop, also over a NumPy array) must not grow with
    the size of x, nor with the number of its different values. A function of NumPy that works on a
    whole array, such as numpy.unique, counts as one operation of torch.

    Args:
        x: shape (n,) with n at least 1, any strides; bool, int8 to int64, uint8, or float16,
            float32 or float64 without NaN. Infinities are values like others; 0. and -0. are
            equal. Stays as it is.

    Returns:
        A tensor of shape (k,) with the dtype and device of x: each of its k different values
        once, the one that appears first in x first.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
