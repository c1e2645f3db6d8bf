"""Wrong and right answers to training/k12_mixed_precision."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor

BF16 = torch.bfloat16


def forward(model, loss_fn, x, y, dtype):
    with torch.autocast(x.device.type, dtype):
        return loss_fn(model(x), y)


def finish(optimizer, scaler, loss):
    scaler.step(optimizer)
    scaler.update()
    return loss.item()


@impostor(
    "amp_step",
    diagnosis="Gradients are clipped before `unscale_`, while they still hold the scale.",
    aspect="values",
)
def clips_before_unscale(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="Nothing clips the gradients: max_norm is not used.",
    aspect="values",
)
def does_not_clip(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="`optimizer.step()` is called by hand: it steps after an overflow too.",
    aspect="values",
)
def steps_by_hand(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scaler.update()
    return loss.item()


@impostor(
    "amp_step",
    diagnosis="`scaler.update()` is missing: the scale never changes.",
    aspect="values",
)
def never_updates(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    return loss.item()


@impostor(
    "amp_step",
    diagnosis="The loss comes back multiplied by the scale.",
    aspect="values",
)
def returns_the_scaled_loss(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = scaler.scale(forward(model, loss_fn, x, y, dtype))
    optimizer.zero_grad()
    loss.backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="The loss comes back as a tensor with its graph, not as a float.",
    aspect="type",
)
def returns_a_tensor(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    finish(optimizer, scaler, loss)
    return loss


@impostor(
    "amp_step",
    diagnosis="The backward runs under autocast too: only the forward and the loss belong there.",
    aspect="dtype",
)
def backward_under_autocast(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    optimizer.zero_grad()
    with torch.autocast(x.device.type, dtype):
        loss = loss_fn(model(x), y)
        scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="The loss is computed after the block of autocast has ended.",
    aspect="dtype",
)
def loss_after_autocast(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    with torch.autocast(x.device.type, dtype):
        out = model(x)
    loss = loss_fn(out.float(), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="Autocast is for the GPU wherever there is one, though x may lie on the CPU.",
    aspect="dtype",
)
def asks_for_any_gpu(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.autocast(kind, dtype):
        loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis='`torch.autocast("cuda")` does nothing for a model on the CPU.',
    aspect="dtype",
)
def autocast_for_cuda(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    with torch.autocast("cuda", dtype):
        loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="autocast is not told the dtype, and takes the default of the device.",
    aspect="dtype",
)
def forgets_the_dtype(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    with torch.autocast(x.device.type):
        loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="Old gradients are not cleared, and are divided by the scale with the new ones.",
    aspect="values",
)
def never_clears(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    finish(optimizer, scaler, loss)
    return loss.item()


@impostor(
    "amp_step",
    diagnosis="Each parameter is clipped by itself: there is one norm over all of them.",
    aspect="values",
)
def clips_each(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    for p in model.parameters():
        nn.utils.clip_grad_norm_(p, max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="Gradients are divided by the scale by hand, and by the scaler once more.",
    aspect="values",
)
def unscales_twice(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    for p in model.parameters():
        p.grad /= scaler.get_scale()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="The loss is differentiated without the scale, and its gradients divided by it.",
    aspect="values",
)
def forgets_to_scale(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss)
    loss.backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="After an overflow the scaler is not updated: the scale stays too large for good.",
    aspect="values",
)
def updates_after_a_step_only(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    if any(not p.grad.isfinite().all() for p in model.parameters()):
        return loss.item()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@impostor(
    "amp_step",
    diagnosis="After an overflow `scaler.step` is not called; it leaves the step out by itself.",
    aspect="values",
)
def decides_by_the_norm(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    if nn.utils.clip_grad_norm_(model.parameters(), max_norm).isfinite():
        scaler.step(optimizer)
    scaler.update()
    return loss.item()


@impostor(
    "amp_step",
    diagnosis="The model is set to train mode, which is not asked for here.",
    aspect="memory",
)
def sets_the_mode(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    model.train()
    loss = forward(model, loss_fn, x, y, dtype)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return finish(optimizer, scaler, loss)


@alternative("amp_step")
def clips_with_the_scale(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    optimizer.zero_grad()
    with torch.autocast(device_type=x.device.type, dtype=dtype):
        loss = loss_fn(model(x), y)
        scaled = scaler.scale(loss)
    scaled.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm * scaler.get_scale())
    scaler.step(optimizer)
    scaler.update()
    return float(loss)


@alternative("amp_step")
def by_autograd_grad(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    context = torch.autocast(x.device.type, dtype, cache_enabled=False)
    context.__enter__()
    loss = loss_fn(model(x), y)
    context.__exit__(None, None, None)
    parameters = list(model.parameters())
    grads = torch.autograd.grad(scaler.scale(loss), parameters)
    for p, grad in zip(parameters, grads, strict=True):
        p.grad = grad.detach().clone()
    scaler.unscale_(optimizer)
    norm = torch.stack([p.grad.square().sum() for p in parameters]).sum().sqrt()
    if norm > max_norm:
        for p in parameters:
            p.grad.mul_(max_norm / norm)
    scaler.step(optimizer)
    scaler.update()
    return loss.detach().cpu().tolist()


@alternative("amp_step")
def with_the_scale_as_cotangent(model, optimizer, scaler, loss_fn, x, y, max_norm, dtype=BF16):
    forward_in_16_bits = torch.autocast(x.device.type, dtype)(lambda: loss_fn(model(x), y))
    loss = forward_in_16_bits()
    model.zero_grad(set_to_none=False)
    for p in model.parameters():
        p.grad = None
    loss.backward(scaler.scale(torch.ones_like(loss)))
    scaler.unscale_(optimizer)
    grads = [p.grad for group in optimizer.param_groups for p in group["params"]]
    norm = torch.linalg.vector_norm(torch.cat([grad.flatten() for grad in grads]))
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_(grads, factor)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    return loss.item()
