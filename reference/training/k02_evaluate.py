"""Evaluate a model: the mean loss over all samples of a loader.

The last batch is usually smaller. In a mean of batch means its samples would count for more; so
each mean is multiplied by the number of its samples, and the sum is divided by all of them. The sum
is a Python float, which has the digits of float64. A module keeps its own mode: `model.train()` at
the end would wake up a BatchNorm that was frozen for fine-tuning. `finally` runs after an exception
too, for which a notebook goes on with the same model.

In practice one writes this loop, or calls `Trainer.evaluate` in Transformers or `Trainer.validate`
in Lightning; TorchMetrics' `MeanMetric` takes the weights of the batches.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

HINTS = (
    "The last batch may be smaller. How much should each of its samples count?",
    "Add up `loss * len(x)` and `len(x)`, as Python numbers, and divide at the end.",
    "Note the mode of each module in `model.modules()` before `model.eval()`.",
    "Put the modes back under `finally`: `module.training = mode` sets that one module alone.",
    "`with torch.no_grad():` around the loop; count the samples to see that there was no batch.",
)

LossFn = Callable[[Tensor, Tensor], Tensor]


def evaluate(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], loss_fn: LossFn) -> float:
    """The mean loss of a model over all samples of a loader, in eval mode and without gradients.

    Every sample counts alike, however many stand in its batch. `loss_fn(model(x), y)` is the mean
    over one batch; its samples are `len(x)`.

    Args:
        model: any module; each module in it is in train mode or in eval mode.
        loader: gives the batches, pairs (x, y) of tensors. len(x) is 1 or more, and differs from
            batch to batch. It need not be a DataLoader: it may be a list or a generator.
        loss_fn: takes what the model returns, then y, and returns a 0-d tensor.

    Returns:
        The mean over all samples of all batches, a Python float. It is right within 1e-6 of its
        size, also where batches are many and their losses differ much. The losses are finite.

    Raises:
        ValueError: the loader gives no batch.

    Exactly:
        The loader is gone through once, and the model called once per batch, as `model(x)`, so that
        its hooks run. y and what the model returns may have another length than x.

        Whenever the model or loss_fn runs, the model and all modules in it are in eval mode, and
        autograd records nothing. Afterwards each module is in the mode in which it was itself: a
        model in train mode may hold a BatchNorm that someone has put into eval mode, and a module
        can stand in two places. That holds also where ValueError is raised, and where the loader,
        the model or loss_fn raises: that exception goes on to the caller, whatever it is (also
        KeyboardInterrupt).

        No module has a `train` of its own. Parameters, buffers, .grad, requires_grad, hooks, x and
        y stay as they are.
    """
    modes = {module: module.training for module in model.modules()}
    total, count = 0.0, 0
    model.eval()
    try:
        with torch.no_grad():
            for x, y in loader:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        for module, mode in modes.items():
            module.training = mode
    if not count:
        raise ValueError("the loader gave no batch")
    return total / count
