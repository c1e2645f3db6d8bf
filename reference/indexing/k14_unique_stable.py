"""Keep each value once, in the order in which the values first appear.

`torch.unique` sorts, but with `return_inverse=True` it also tells for each element which of the
sorted values it is. The smallest place of each value, a `scatter_reduce` with "amin", is where it
first appears. These places, sorted, pick the values out of x in the order of x.

The common wrong answer is `torch.unique(x)` alone, also with `sorted=False`: that only permits any
order, and promises none. `unique_consecutive` compares neighbours, and keeps a value that comes
back later. `dict.fromkeys(x.tolist())` has the right order, but it makes a Python object of every
element, and waits for the GPU to hand them over. Writing places by `first[inverse] = places` leaves
it open which of several writes to one place remains.
"""

import torch

HINTS = (
    "If you knew at which place each value first appears, how would you get the result?",
    "`torch.unique` can also return, for each element, the number of its value.",
    "Of all the places with the same number the smallest is wanted: a reduction by group.",
    "scatter_reduce with 'amin' takes minima by group; sort them, and index x with them.",
)


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
    values, inverse = torch.unique(x, return_inverse=True)
    places = torch.arange(len(x), device=x.device)
    first = torch.full_like(values, len(x), dtype=torch.int64)
    first = first.scatter_reduce(0, inverse, places, "amin")
    return x[first.sort().values]
