"""Take one training step: forward, backward, step.

`backward` adds to what is in .grad, so that gradients of several batches can be summed. So the old
ones have to go first, and they have to go where they are: in the parameters of the optimizer.
`model.zero_grad()` does not know those that loss_fn holds. The last evaluation has left the model
in eval mode; `model.train()` here means that nobody has to remember it. `loss.item()` gives a
number; whoever collects the losses themselves keeps the graphs of all batches in memory.

In practice one writes these lines, or calls `Trainer.train` in Transformers, or `Trainer.fit` in
Lightning.
"""

from collections.abc import Callable

from torch import Tensor, nn
from torch.optim import Optimizer

HINTS = (
    "In which mode may the model be, and what may be in .grad, when the function is called?",
    "`loss.backward()` adds to .grad. Who knows all the parameters that are going to move?",
    "`optimizer.zero_grad()` must run before the backward, and nothing clears between it and step.",
    "`loss.item()` is a Python float: the loss itself would carry its graph along.",
)

LossFn = Callable[[Tensor, Tensor], Tensor]


def train_step(
    model: nn.Module, optimizer: Optimizer, loss_fn: LossFn, x: Tensor, y: Tensor
) -> float:
    """Take one training step on one batch: forward, backward, and a step of the optimizer.

    The loss is `loss_fn(model(x), y)`. The optimizer steps once, by the gradients of this loss.

    Args:
        model: any module, in train mode, in eval mode, or partly in each.
        optimizer: an optimizer of torch.optim, or one that behaves alike, such as SGD or AdamW.
        loss_fn: takes what the model returns, then y, and returns the loss, a 0-d tensor.
        x: the inputs of a batch.
        y: its targets.

    Returns:
        The loss before the step, a Python float.

    Exactly:
        Per call, the model is called once, as `model(x)`, so that its hooks run; loss_fn is called
        once, the loss is differentiated once, and the optimizer steps once. Nothing is scaled or
        clipped.

        The model and all modules in it are in train mode from the call of the model on, and stay
        in it. That goes also for a module that was in eval mode alone. No module has a `train` of
        its own.

        Gradients of earlier batches count for nothing: whatever is in the .grad of the optimizer's
        parameters when the function is called, the step is the same. It may be NaN.

        The optimizer may have several groups. Its parameters need not be those of the model: some
        may be known to loss_fn alone, such as a learned temperature, and loss_fn need not be a
        module. Each of them requires grad and takes part in the loss.

        Parameters that the optimizer lacks keep their numbers, even if they require grad and have a
        .grad. Buffers change as the call of the model changes them. What is in .grad afterwards is
        not looked at. x, y, every requires_grad and every hook stay as they are. The loss and all
        new gradients are finite.

        The settings of the optimizer, such as lr, stay too. Its state, such as a momentum, changes
        in its own step alone.
    """
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
