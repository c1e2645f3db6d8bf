"""Wrong and right answers to training/k13_gradient_accumulation."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


def count(micro_batches):
    return sum(int((y != -100).sum()) for _, y in micro_batches)


def loss_of(model, x, y, reduction="sum"):
    return nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction=reduction)


def finish(model, optimizer, max_norm):
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()


@impostor(
    "accumulation_step",
    diagnosis="The means of the micro-batches are averaged: tokens of short ones weigh more.",
    aspect="values",
)
def averages_the_means(model, optimizer, micro_batches, max_norm):
    if count(micro_batches) == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        if (y != -100).any():
            loss = loss_of(model, x, y, "mean") / len(micro_batches)
            loss.backward()
            total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="The losses are summed and never divided by the number of tokens.",
    aspect="values",
)
def forgets_to_divide(model, optimizer, micro_batches, max_norm):
    if count(micro_batches) == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y)
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="The number of tokens contains those whose target is -100.",
    aspect="values",
)
def counts_all_positions(model, optimizer, micro_batches, max_norm):
    if count(micro_batches) == 0:
        return 0.0
    positions = sum(y.numel() for _, y in micro_batches)
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / positions
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="Micro-batches are weighed by their number of samples, not of tokens.",
    aspect="values",
)
def weighs_by_samples(model, optimizer, micro_batches, max_norm):
    if count(micro_batches) == 0:
        return 0.0
    samples = sum(len(x) for x, _ in micro_batches)
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        if (y != -100).any():
            loss = loss_of(model, x, y, "mean") * len(x) / samples
            loss.backward()
            total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="The mean over no token is NaN, and NaN * 0 is NaN.",
    aspect="values",
)
def weighs_nan_by_zero(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y, "mean") * (y != -100).sum() / counted
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="Where no token counts at all, the optimizer steps all the same.",
    aspect="values",
)
def steps_for_nothing(model, optimizer, micro_batches, max_norm):
    counted = max(count(micro_batches), 1)
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / counted
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="The number of tokens may be 0, and something is divided by it.",
    aspect="type",
)
def divides_by_zero(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y)
        (loss / counted).backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total / counted


@impostor(
    "accumulation_step",
    diagnosis="Gradients are clipped after each backward, while they are not complete.",
    aspect="values",
)
def clips_each_time(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / counted
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        total += loss.item()
    optimizer.step()
    return total


@impostor(
    "accumulation_step",
    diagnosis="The optimizer steps after each micro-batch, not once for all of them.",
    aspect="values",
)
def steps_each_time(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    total = 0.0
    for x, y in micro_batches:
        if (y != -100).any():
            optimizer.zero_grad()
            loss = loss_of(model, x, y) / counted
            loss.backward()
            finish(model, optimizer, max_norm)
            total += loss.item()
    return total


@impostor(
    "accumulation_step",
    diagnosis="Nothing clips the gradients: max_norm is not used.",
    aspect="values",
)
def does_not_clip(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / counted
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@impostor(
    "accumulation_step",
    diagnosis="Old gradients are never cleared: they count as one more micro-batch.",
    aspect="values",
)
def never_clears(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    total = 0.0
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / counted
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="Gradients are cleared before each micro-batch: only the last one is left.",
    aspect="values",
)
def clears_each_time(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    total = 0.0
    for x, y in micro_batches:
        optimizer.zero_grad()
        loss = loss_of(model, x, y) / counted
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="One backward of the sum keeps the graphs of all micro-batches until the end.",
    aspect="memory",
)
def one_backward(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    loss = sum(loss_of(model, x, y) for x, y in micro_batches) / counted
    loss.backward()
    finish(model, optimizer, max_norm)
    return loss.item()


@impostor(
    "accumulation_step",
    diagnosis="The loss comes back as a tensor, not as a float.",
    aspect="type",
)
def returns_a_tensor(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    optimizer.zero_grad()
    total = torch.zeros(())
    for x, y in micro_batches:
        loss = loss_of(model, x, y) / max(counted, 1)
        loss.backward()
        total = loss.detach() + total.to(loss)
    if counted:
        finish(model, optimizer, max_norm)
    return total


@impostor(
    "accumulation_step",
    diagnosis="The model runs twice for each micro-batch: once for the number of tokens.",
    aspect="structure",
)
def runs_it_twice(model, optimizer, micro_batches, max_norm):
    with torch.no_grad():
        losses = [loss_of(model, x, y).item() for x, y in micro_batches]
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    for x, y in micro_batches:
        (loss_of(model, x, y) / counted).backward()
    finish(model, optimizer, max_norm)
    return sum(losses) / counted


@impostor(
    "accumulation_step",
    diagnosis="`view` refuses logits or targets that are not contiguous in memory.",
    aspect="values",
)
def flattens_by_view(model, optimizer, micro_batches, max_norm):
    counted = count(micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        logits = model(x)
        logits = logits.view(-1, logits.shape[-1])
        loss = nn.functional.cross_entropy(logits, y.view(-1), reduction="sum") / counted
        loss.backward()
        total += loss.item()
    finish(model, optimizer, max_norm)
    return total


@alternative("accumulation_step")
def scales_at_the_end(model, optimizer, micro_batches, max_norm):
    optimizer.zero_grad()
    total, counted = 0.0, 0
    for x, y in micro_batches:
        logits = model(x)
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), y, reduction="none")
        loss.sum().backward()
        total += loss.sum().item()
        counted += (y >= 0).sum().item()
    if not counted:
        return 0.0
    for p in model.parameters():
        p.grad.div_(counted)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return total / counted


@alternative("accumulation_step")
def keeps_a_running_mean(model, optimizer, micro_batches, max_norm):
    parameters = list(model.parameters())
    mean, grads, seen = 0.0, [torch.zeros_like(p) for p in parameters], 0
    for x, y in micro_batches:
        picked = y != -100
        number = int(picked.sum())
        if number == 0:
            continue
        logs = model(x).log_softmax(-1)[picked]
        loss = -logs[torch.arange(number, device=y.device), y[picked]].mean()
        seen += number
        mean += (loss.item() - mean) * number / seen
        for old, new in zip(grads, torch.autograd.grad(loss, parameters), strict=True):
            old.lerp_(new, number / seen)
    if seen == 0:
        return 0.0
    norm = sum(grad.double().square().sum() for grad in grads).sqrt()
    factor = min(1.0, max_norm / max(norm.item(), 1e-12))
    for p, grad in zip(parameters, grads, strict=True):
        p.grad = grad * factor
    optimizer.step()
    return mean


@alternative("accumulation_step")
def weighs_the_means(model, optimizer, micro_batches, max_norm):
    counts = [torch.count_nonzero(y + 100).item() for _, y in micro_batches]
    losses = []
    model.zero_grad()
    for (x, y), number in zip(micro_batches, counts, strict=True):
        logits = model(x)
        if number:
            mean = nn.CrossEntropyLoss()(logits.reshape(-1, logits.size(-1)), y.reshape(-1))
            loss = mean * (number / sum(counts))
            loss.backward()
            losses.append(loss.detach())
    if not losses:
        return 0.0
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.grad is not None], max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return float(torch.stack(losses).sum())
