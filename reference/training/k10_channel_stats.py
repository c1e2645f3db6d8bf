"""Compute the mean and the standard deviation of each colour over a whole set of images.

Of what came so far three things are kept: the number of pixels, their mean, and the sum of the
squares of (pixel - mean). Two such groups are made into one by a formula of Chan, Golub and
LeVeque: the means of the groups differ too, and that difference is a part of the deviation. The
mean of the deviations of single batches leaves this part out.

E[x²] - E[x]² is one pass too. But where the mean is 1e8 deviations, both are 1e16 times as large as
their difference, and float64 has 16 digits.

`torch.var_mean` gives both numbers of one batch. In practice scikit-learn's StandardScaler takes in
batches by `partial_fit`.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

HINTS = (
    "What must you know of the pixels so far, to take in one batch more?",
    "Keep the number of pixels, the mean, and the sum of the squares around the mean, in float64.",
    "How far does the mean move if n pixels with the mean m join N pixels with the mean M?",
    "Squares of both groups are added, and (m - M)² * n * N / (n + N) for the distance of means.",
)


def channel_stats(batches: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """The mean and the standard deviation of each channel, over all pixels of all images.

    Each pixel counts alike, whatever image and batch it stands in. The standard deviation is the
    root of the mean of (pixel - mean)², where the mean is that of all pixels; it divides by the
    number of pixels n, not by n - 1.

    Args:
        batches: gives tensors of shape (B, C, H, W). B is at least 0, C, H and W are at least 1.
            B, H and W differ from batch to batch; C, the dtype and the device do not. The dtype is
            uint8, float16, float32 or float64, and pixels are finite; strides may be any. The
            batches stay as they are. They may come from a list, a DataLoader or a generator: go
            through them once.

    Returns:
        A tuple of two new tensors of shape (C,), the means and the deviations: float64, on the
        device of the batches. Pixels are taken as they are: uint8 gives means from 0 to 255. The
        two may be parts of one tensor.

    Raises:
        ValueError: there is no pixel at all, since there is no batch, or none with an image.

    Exactly:
        A batch without images (B = 0) adds nothing, wherever it comes.

        Both are computed in float64 from any dtype: they are right within 1e-9 of their size where
        the mean of a channel is at most 100 times as large as its deviation. It may be 1e8 times as
        large; then the deviation is right within 0.1 %, and the mean within 1e-9 of its size. Where
        all pixels of a channel are equal, the deviation is at most 1e-7 of them, and not NaN.

        A data set may be larger than the memory. When a batch is asked for, the one before it may
        still be held, but neither the one before that, nor a copy of it.
    """
    count, mean, squares = 0, 0.0, 0.0
    for batch in batches:
        n = batch[:, 0].numel()
        if n == 0:
            continue
        variance, own = torch.var_mean(batch.double(), (0, 2, 3), correction=0)
        distance = own - mean
        squares = squares + variance * n + distance**2 * (count * n / (count + n))
        mean = mean + distance * (n / (count + n))
        count += n
    if count == 0:
        raise ValueError("there is no pixel in the batches")
    return mean, torch.sqrt(squares / count)
