"""Turn each class number into a row with a single 1.

A class number says which class it is, but class 2 is not twice as much as class 1. A one-hot row
says the same without an order: one place for each class, 1 at that of the number, 0 elsewhere.

    index = tensor([2, 0])
    one_hot(index, 3, torch.float32)  ->  [[0., 0., 1.],
                                           [1., 0., 0.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def one_hot(index: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """A row for each number, with 1 at that place and 0 elsewhere.

    Args:
        index: int64, any shape (a single number and an empty tensor too), any strides, on any
            device; stays as it is.
        classes: how many classes there are, at least 1.
        dtype: what the result is made of: float, int or bool (True and False are its 1 and 0).

    Returns:
        A tensor of shape (*index.shape, classes), of this dtype and on index's device.

    Raises:
        ValueError: a number of index is below 0 or above classes - 1.

    Written without torch's own one_hot (`torch.nn.functional.one_hot`).
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
