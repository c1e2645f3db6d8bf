"""Evaluate a model: the mean loss over all samples of a loader.

The validation loss decides which checkpoint is kept, so it must not depend on how samples were cut
into batches. Loops for it stand in every trainer, such as `evaluate` in the Trainer of Hugging
Face's Transformers or `estimate_loss` in Karpathy's nanoGPT, which puts the model back into train
mode at its end.

    net = nn.Identity()
    x, y = torch.tensor([1.0, 2.0, 3.0, 8.0]), torch.zeros(4)
    loader = [(x[:3], y[:3]), (x[3:], y[3:])]       # nn.L1Loss gives 2.0 and 8.0
    evaluate(net, loader, nn.L1Loss())  ->  3.5     # (1 + 2 + 3 + 8) / 4, and not (2 + 8) / 2

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable

from torch import Tensor, nn

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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
