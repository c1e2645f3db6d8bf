"""Normalise each channel over the batch, and remember its statistics for evaluation.

In train mode each channel gets the mean 0 and the variance 1 of the batch at hand. In eval mode
there may be one sample only, so running averages take the place of the batch's own statistics.
Every convolution of a ResNet (torchvision, timm) is followed by a batch norm; `BatchNorm1d` stands
in PointNet and in the projection heads of SimSiam and Barlow Twins.

    norm = BatchNorm1d(2)
    norm(tensor([[1., 10.], [3., 30.]]))    ->  [[-1., -1.], [1., 1.]]
                                                running_mean [0.2, 2.], running_var [1.1, 20.9]
    norm.eval()
    norm(tensor([[0.2, 2.]]))               ->  [[0., 0.]]        nothing has changed

What holds for every kata stands in katas/README.md.
"""

import torch


class BatchNorm1d(torch.nn.Module):
    """Normalises each channel, by the batch in train mode and by running averages in eval mode.

    It is made of other operations: torch's own norm layers (`batch_norm`, `instance_norm`,
    `layer_norm` and the like), under whatever name and by way of whatever layer, are forbidden,
    forward and backward.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Make two parameters and three buffers.

        The parameters are `weight`, ones, and `bias`, zeros. The buffers are `running_mean`, zeros,
        and `running_var`, ones, and `num_batches_tracked`, 0. This one is int64 and 0-d; the others
        have the shape (num_features,) and are float32.

        Args:
            num_features: C, the number of channels, at least 1.
            eps: is added to the variance; a number above 0.
            momentum: the weight of the newest batch in a running average, from 0 to 1.

        Exactly:
            There are no other parameters and buffers. The state_dict has these five keys, and loads
            from and into `torch.nn.BatchNorm1d(num_features, eps, momentum)`.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(x - mean) / sqrt(variance + eps) * weight + bias, for each channel.

        In train mode these are the mean and the variance of the channel in x: over N, and over L
        where there is one. This variance is the mean of the squares of x - mean: it divides by the
        number n of values in the channel.

        Then, still in train mode, `running_mean` becomes (1 - momentum) * running_mean + momentum *
        mean. `running_var` becomes the same with the variance, but here with the unbiased one,
        which divides by n - 1. `num_batches_tracked` grows by 1.

        In eval mode mean and variance are `running_mean` and `running_var`, and nothing changes.

        Args:
            x: shape (N, C) or (N, C, L), any strides, of the dtype of the parameters: float32, or
                float64 after `double()`. It stays as it is. In eval mode N may be 0.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x, weight and bias; in
            train mode those of x go through the mean and the variance too.

        Raises:
            ValueError: x has not two or three dimensions, or its second size is not C; or, in train
                mode, a channel has fewer than two values. Then nothing has changed.

        Exactly:
            Each call uses the parameters and buffers that the module holds then, whether they were
            trained, loaded, copied, moved, converted, or exchanged. The buffers are no part of
            autograd's graph: they never require grad. Under `torch.no_grad()` they change in the
            same way. Whether a call writes into a buffer or puts a new tensor in its place is up to
            you.

            float32: where the mean of a channel is 1,000 times as large as its deviation, the
            result and running_var are within 0.001 of the right ones. float64 makes no detour by
            float32.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
