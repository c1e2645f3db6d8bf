"""Wrong and right answers to optimizers/k09_cosine_warmup."""

import cmath
import math

import torch

from dojo.impostors import alternative, impostor


def checked(step, warmup_steps, total_steps):
    """Raise ValueError where the numbers make no sense."""
    if step < 0 or warmup_steps < 0 or warmup_steps > total_steps:
        raise ValueError("these steps make no sense")


def half_cosine(progress, high, low):
    return low + (high - low) * 0.5 * (1 + math.cos(math.pi * progress))


def rise(step, max_lr, warmup_steps):
    return max_lr * (step + 1) / (warmup_steps + 1)


@impostor(
    "cosine_with_warmup",
    diagnosis="The warmup is step / warmup_steps: the first update has the rate 0 and is lost.",
    aspect="values",
)
def begins_at_zero(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return max_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="The warmup is (step + 1) / warmup_steps: it reaches max_lr, which then comes twice.",
    aspect="values",
)
def reaches_the_top_twice(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return max_lr * (step + 1) / warmup_steps
    if step >= total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="progress is step / total_steps: the rate jumps down where the warmup ends.",
    aspect="values",
)
def counts_the_warmup_as_progress(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    return half_cosine(step / total_steps, max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="progress is divided by total_steps: the cosine is cut off before it reaches min_lr.",
    aspect="values",
)
def divides_by_all_steps(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / total_steps, max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="Nothing ends the cosine: behind total_steps the rate rises again.",
    aspect="values",
)
def rises_again(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if warmup_steps == total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="min_lr is added on top of a cosine from max_lr to 0: the peak is too high.",
    aspect="values",
)
def adds_min_lr_on_top(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + half_cosine(progress, max_lr, 0.0)


@impostor(
    "cosine_with_warmup",
    diagnosis="The cosine falls to 0 and is cut off at min_lr; it should reach min_lr smoothly.",
    aspect="values",
)
def cuts_off_at_min_lr(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return max(min_lr, half_cosine(progress, max_lr, 0.0))


@impostor(
    "cosine_with_warmup",
    diagnosis="The cosine's length is 0 where warmup_steps is total_steps, and it divides by it.",
    aspect="values",
)
def divides_by_zero(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step > total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="max(1, …) hides the division by 0: where nothing is left, max_lr comes, not min_lr.",
    aspect="values",
)
def hides_the_zero(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return half_cosine(min(progress, 1.0), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="The warmup begins at min_lr; min_lr is only where the cosine ends.",
    aspect="values",
)
def warms_up_from_min_lr(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return min_lr + rise(step, max_lr - min_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="The cosine is taken of a float32 tensor, which has only seven digits.",
    aspect="values",
)
def computes_in_float32(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    share = (1 + torch.cos(torch.tensor(math.pi * progress, dtype=torch.float32))) / 2
    return min_lr + (max_lr - min_lr) * share.item()


@impostor(
    "cosine_with_warmup",
    diagnosis="A tensor comes back; a rate is a Python float.",
    aspect="type",
)
def returns_a_tensor(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return torch.tensor(rise(step, max_lr, warmup_steps), dtype=torch.float64)
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    progress = torch.tensor(1.0 if step >= total_steps else progress, dtype=torch.float64)
    return min_lr + (max_lr - min_lr) * (1 + torch.cos(math.pi * progress)) / 2


@impostor(
    "cosine_with_warmup",
    diagnosis="The numbers are only checked where they are used: a step behind the end hides them.",
    aspect="errors",
)
def checks_too_late(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    if step >= max(total_steps, warmup_steps):
        return min_lr
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@impostor(
    "cosine_with_warmup",
    diagnosis="Nothing is refused: a warmup longer than all steps is taken as it is.",
    aspect="errors",
)
def refuses_nothing(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    if step < warmup_steps:
        return rise(step, max_lr, warmup_steps)
    if step >= total_steps:
        return min_lr
    return half_cosine((step - warmup_steps) / (total_steps - warmup_steps), max_lr, min_lr)


@alternative("cosine_with_warmup")
def by_interpolation(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    if not (0 <= step and 0 <= warmup_steps <= total_steps):
        raise ValueError
    if step >= total_steps:
        return float(min_lr)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1) * max_lr
    # the square of a cosine is half of one with twice the angle
    share = math.cos(math.pi / 2 * (step - warmup_steps) / (total_steps - warmup_steps)) ** 2
    return share * max_lr + (1 - share) * min_lr


@alternative("cosine_with_warmup")
def on_the_unit_circle(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return max_lr / (1 + warmup_steps) * (1 + step)
    left = total_steps - step
    if left <= 0:
        return min_lr
    middle, radius = (max_lr + min_lr) / 2, (max_lr - min_lr) / 2
    return middle - radius * cmath.exp(1j * cmath.pi * left / (total_steps - warmup_steps)).real


@alternative("cosine_with_warmup")
def by_float64_tensors(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    at, warmup, end = torch.tensor([step, warmup_steps, total_steps], dtype=torch.float64)
    line = max_lr * (at + 1) / (warmup + 1)
    progress = ((at - warmup) / (end - warmup)).clamp(0, 1)
    curve = min_lr + (max_lr - min_lr) * (1 + torch.cos(math.pi * progress)) / 2
    curve = torch.where(at >= end, torch.tensor(min_lr, dtype=torch.float64), curve)
    return torch.where(at < warmup, line, curve).item()


@alternative("cosine_with_warmup")
def with_one_progress(step, max_lr, warmup_steps, total_steps, min_lr=0.0):
    checked(step, warmup_steps, total_steps)
    if step < warmup_steps:
        return max_lr * ((step + 1) / (warmup_steps + 1))
    length = total_steps - warmup_steps
    progress = min(1.0, (step - warmup_steps) / length) if length else 1.0
    return half_cosine(progress, max_lr, min_lr)
