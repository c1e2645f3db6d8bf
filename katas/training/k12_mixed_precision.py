"""Take a training step in mixed precision, with a loss scaler and clipped gradients.

In mixed precision, products run in 16 bits while parameters stay in 32. Small gradients would be
rounded to 0 in float16, so the loss is multiplied by a large scale before the backward. The Trainer
of Hugging Face's Transformers and nanoGPT's train.py take their steps in this way.

    net = nn.Linear(1, 1, bias=False)            # its weight is 2.0
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([[3.0], [5.0]])
    amp_step(net, optimizer, scaler, nn.MSELoss(), x, y, max_norm=1.0)  ->  1.0
    net.weight  ->  [[1.9]]                      # the gradient was 2.0, and is clipped to 1.0

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer

LossFn = Callable[[Tensor, Tensor], Tensor]


def amp_step(
    model: nn.Module,
    optimizer: Optimizer,
    scaler: GradScaler,
    loss_fn: LossFn,
    x: Tensor,
    y: Tensor,
    max_norm: float,
    dtype: torch.dtype = torch.bfloat16,
) -> float:
    """Take one step on `loss_fn(model(x), y)`, with 16-bit products and gradients that are clipped.

    The forward runs under `torch.autocast`. The loss is multiplied by the scale of the scaler and
    differentiated. The gradients are divided by the scale again, and clipped; then the scaler
    steps.

    Args:
        model: any module, in train mode, in eval mode, or partly in each. Its parameters are
            float32.
        optimizer: an optimizer of torch.optim, or one that behaves alike. It has exactly the
            parameters of the model, in one group or several.
        scaler: a `torch.amp.GradScaler`, which is enabled. Its scale is a positive number, at
            most 2**32.
        loss_fn: takes what the model returns, then y, and returns the loss, a 0-d tensor.
        x: the inputs of a batch.
        y: its targets, on the same device.
        max_norm: a positive number, the largest norm that the gradients may have together.
        dtype: in which dtype autocast computes, torch.bfloat16 or torch.float16.

    Returns:
        The loss before the step and without the scale, a Python float.

    Exactly:
        The model is called as `model(x)`, so that its hooks run, and loss_fn gets what it returns
        as it is. Both run under autocast with this dtype for the device of x, which may be the CPU.
        The backward, the clipping and the step run outside of autocast. Autocast is off before and
        after the call.

        What is differentiated is the loss times the scale. Clipping means the true gradients, those
        of the loss without the scale: where the 2-norm over all of them together is larger than
        max_norm, each is multiplied by max_norm / norm; else they stay as they are. It is right to
        add 1e-6 to the norm.

        Per call, the model, loss_fn, the backward, `scaler.step` and `scaler.update` run once each.
        The scaler decides whether the optimizer steps. Where a gradient overflows, to inf or NaN,
        the parameters and the state of the optimizer stay as they are, the scale falls as the
        scaler is set to let it fall, and the loss comes back all the same. Without an overflow, the
        optimizer steps once, and the scale changes as the scaler is set to change it. The loss
        itself is finite.

        Gradients of earlier batches count for nothing: .grad may hold anything before, NaN too.
        What is in it afterwards is not looked at.

        Modes of modules, x, y, every requires_grad and every hook stay as they are. Parameters
        change in place. Buffers change as the call of the model changes them. Each parameter
        requires grad and takes part in the loss.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
