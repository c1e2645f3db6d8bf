"""Take a training step in mixed precision, with a loss scaler and clipped gradients.

float16 has numbers from 6e-8 to 65504 only. A gradient of 1e-9 is 0 there; times a scale of 65536
it is not. The scale is taken out of the gradients again before they are used, in float32. Where it
was too large, some gradient is inf: the scaler then leaves out the step, and halves the scale.

`clip_grad_norm_` must see the gradients without the scale. Clipped before `unscale_`, they are
max_norm / scale long in the end: with SGD the model stands still, while Adam divides by their size
and hides it. bfloat16 has the range of float32, so that one often goes without a scaler there.

In practice one writes these lines, or sets `mixed_precision="fp16"` in Hugging Face's Accelerate,
or `precision="16-mixed"` in Lightning's Trainer.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer

HINTS = (
    "Which lines belong under `torch.autocast(x.device.type, dtype)`, and which come after it?",
    "`scaler.scale(loss)` is what is differentiated; clear the old gradients before that.",
    "In .grad is the gradient times the scale now. `scaler.unscale_(optimizer)` divides by it.",
    "Clip after `unscale_`. Then `scaler.step(optimizer)` decides whether there is a step.",
    "`scaler.update()` comes last, once per call: it makes the scale fall or grow.",
)

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
    with torch.autocast(x.device.type, dtype):
        loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    scaler.update()
    return loss.item()
