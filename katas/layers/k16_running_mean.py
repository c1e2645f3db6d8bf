"""Subtract a mean that grows with each batch, and keep it in buffers.

What a module learns by counting, not by gradients, lies in buffers: they are saved, copied and
moved with the module, and no optimizer touches them. `VecNormalize` of stable-baselines3 and
`NormalizeObservation` of Gymnasium keep such a mean of all observations that an agent has seen, and
the reinforcement learning code of many papers has a `RunningMeanStd`.

    centre = RunningMean(2)
    centre(tensor([[1., 2.], [3., 6.]]))    ->  [[-1., -2.], [1., 2.]]    mean [2., 4.], count 2
    centre(tensor([[8., 1.]]))              ->  [[4., -2.]]               mean [4., 3.], count 3
    centre.eval()
    centre(tensor([[5., 5.]]))              ->  [[1., 2.]]                nothing has changed

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
