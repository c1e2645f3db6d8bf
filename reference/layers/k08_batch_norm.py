"""Normalise each channel over the batch, and remember its statistics for evaluation.

The two variances are no mistake. To normalise a batch, its own variance is wanted, which divides
by n. As an estimate for other batches it is too small by (n - 1) / n, since the mean was fitted to
the same values; n / (n - 1) puts that right. n is N * L for (N, C, L): each place counts.

The running averages are updated without grad. Else each step would hang on the one before it, and
the graph of the whole training would stay in memory.

In practice one calls `torch.nn.BatchNorm1d`, or `F.batch_norm` for given tensors. Both compute
mean and variance in one pass over x, by Welford's way.
"""

import torch

HINTS = (
    "Which dimensions of (N, C, L) does a mean run over, to leave one number for each channel?",
    "mean, weight and the others have the shape (C,): which shape fits beside (N, C, L)?",
    "`x.var(dims, correction=0)` divides by n. By which factor is the unbiased one larger?",
    "`with torch.no_grad():` or `detach()` keeps the running averages out of the graph.",
    "Raise before anything is written, `num_batches_tracked` too.",
)


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
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

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
        if x.dim() not in (2, 3) or x.shape[1] != len(self.weight):
            raise ValueError(f"x has the shape {tuple(x.shape)}")
        n = x.numel() // x.shape[1]
        if self.training and n < 2:
            raise ValueError(f"each channel needs two values, and has {n}")
        mean, variance = self.running_mean, self.running_var
        if self.training:
            dims = (0,) if x.dim() == 2 else (0, 2)
            variance, mean = torch.var_mean(x, dims, correction=0)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance * n / (n - 1), self.momentum)
                self.num_batches_tracked += 1
        scale, shift = self.weight / torch.sqrt(variance + self.eps), self.bias
        if x.dim() == 3:  # then L follows the channels
            mean, scale, shift = mean[:, None], scale[:, None], shift[:, None]
        return (x - mean) * scale + shift
