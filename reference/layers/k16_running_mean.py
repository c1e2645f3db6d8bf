"""Subtract a mean that grows with each batch, and keep it in buffers.

The mean of batch means is right only where all batches have one size. The old mean stands for
`count` rows, so these two are all that has to be kept. It moves by the sum of the new rows'
distances from it, divided by the new number of rows.

A buffer that was computed from x with grad would tie all batches into one graph, which grows, and
the second `backward` would fail. Under `torch.no_grad()` nothing is tied.

In practice `nn.BatchNorm1d(n, affine=False, momentum=None)` keeps a cumulative average, though of
batch means; for means of everything, `torcheval` and `torchmetrics` have `Mean` and `MeanMetric`.
"""

import torch

HINTS = (
    "Which attributes of a module are saved and moved, though no optimizer trains them?",
    "The old mean stands for `count` rows: how much does it weigh beside N new ones?",
    "`with torch.no_grad():` keeps the update out of the graph of x.",
    "Look at the shape of x before anything is changed; and what is the mean of no rows?",
)


class RunningMean(torch.nn.Module):
    """Subtracts the mean of all rows that it has seen in train mode."""

    def __init__(self, num_features: int) -> None:
        """Make the buffers `mean` and `count`; there are no parameters.

        Args:
            num_features: the number of features in a row of x, at least 1.

        Exactly:
            `mean` has the shape (num_features,), is float32, and holds zeros. `count` is int64 and
            0-d, and holds 0. Both are in the state_dict, and nothing else is.
        """
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take the rows of x into the mean if the module is in train mode; return x - mean.

        In train mode `count` grows by N, and `mean` becomes the mean of all `count` rows, each of
        which counts as much as any other. Then this new mean is subtracted. In eval mode the mean
        is subtracted, and nothing changes.

        Args:
            x: shape (N, num_features), any strides, of the dtype of `mean`; N may be 0, which
                changes nothing. It stays as it is.

        Returns:
            A new tensor of x's shape, dtype and device. The mean counts as a constant: the
            gradient that reaches x is the one that comes in.

        Raises:
            ValueError: x has another shape, in either mode. Then nothing has changed.

        Exactly:
            Each call goes on from what `mean` and `count` hold then, whether they were computed by
            earlier calls, loaded, copied, moved, written to or exchanged. After `double()` or
            `to(...)`, `mean` has the new dtype, and `count` is int64 still.

            The buffers are no part of autograd's graph: they never require grad. Under
            `torch.no_grad()` the same happens as without it. Whether a call writes into the
            tensors `mean` and `count` or puts new ones in their places is up to you. float64 makes
            no detour by float32.
        """
        if x.dim() != 2 or x.shape[1] != len(self.mean):
            raise ValueError(f"expected (N, {len(self.mean)}), got {tuple(x.shape)}")
        if self.training and len(x):
            with torch.no_grad():
                self.count += len(x)
                self.mean += (x - self.mean).sum(0) / self.count
        return x - self.mean
