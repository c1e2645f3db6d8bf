"""Turn each class number into a row with a single 1.

Compared with 0, 1, …, classes - 1, a number is equal to exactly one of them. `index[..., None]`
has a last dimension of size 1, which broadcasts against those numbers: that works for an index of
any shape, also for a single number. The comparison gives bool, which then becomes the dtype asked
for. A number that is no class is equal to none of them, so a check must come before.

The common wrong answer is `torch.eye(classes)[index]`: always float32, always on the CPU, and
index -1 is the last class, without an error. `index.min()` as a check fails where index is empty.
"""

import torch

HINTS = (
    "The result has one dimension more than index: which k does the last dimension count?",
    "Along the last dimension, entry k answers one question: is this number equal to k?",
    "index[..., None] and torch.arange(classes) broadcast against each other. On which device?",
    "((index < 0) | (index >= classes)).any() is also an answer where index is empty.",
)


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
    if ((index < 0) | (index >= classes)).any():
        raise ValueError(f"index has a number that is not in 0, …, {classes - 1}")
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)
