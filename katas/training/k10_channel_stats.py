"""Compute the mean and the standard deviation of each colour over a whole set of images.

Images are normalised with these numbers before a network sees them: they are the arguments of
torchvision's `transforms.Normalize`. Its well-known deviations 0.229, 0.224, 0.225 for ImageNet
are too small: they are probably means of the deviations of single images. That of all pixels is
about 0.28.

    batches = [tensor([[[[0, 10]]]]), tensor([[[[20, 30]]]])]     # one image each; uint8
    channel_stats(batches)  ->  [15.], [11.1803]                  # each image alone has 5

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterable

from torch import Tensor


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
