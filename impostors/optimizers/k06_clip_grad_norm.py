"""Wrong and right answers to optimizers/k06_clip_grad_norm."""

import contextlib
import math

import torch

from dojo.impostors import alternative, impostor


def grads_of(parameters):
    return [p.grad for p in parameters if p.grad is not None]


def wide(grads):
    return torch.float64 if any(g.dtype == torch.float64 for g in grads) else torch.float32


@torch.no_grad()
def norm_of(grads):
    """The norm, once it is finite."""
    if not grads:
        return torch.zeros(())
    flat = torch.cat([g.reshape(-1).to(wide(grads)) for g in grads])
    norm = flat.square().sum().sqrt()
    if not bool(norm.isfinite()):
        raise RuntimeError("not finite")
    return norm


def clip(grads, norm, max_norm):
    with torch.no_grad():
        for g in grads:
            g.mul_((max_norm / norm).clamp(max=1.0))


@impostor(
    "clip_grad_norm_",
    diagnosis="Each gradient is clipped by its own norm, so that their common direction changes.",
    aspect="values",
)
def clips_one_by_one(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    for g in grads:
        clip([g], norm_of([g]), max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="Empty gradients are left out, so their dtype does not count; float64 counts always.",
    aspect="dtype",
)
def leaves_out_empty_gradients(parameters, max_norm):
    grads = [g for g in grads_of(parameters) if g.numel()]
    norm = norm_of(grads)
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="Each entry is cut off at max_norm: that limits values, not the norm.",
    aspect="values",
)
def clips_values(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    with torch.no_grad():
        for g in grads:
            g.clamp_(-max_norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The first loop uses the generator up, and the second one finds nothing to clip.",
    aspect="values",
)
def uses_a_generator_twice(parameters, max_norm):
    norm = norm_of([p.grad for p in parameters if p.grad is not None])
    clip(grads_of(parameters), norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="A parameter that was not used has the gradient None, which has no norm.",
    aspect="values",
)
def stumbles_over_none(parameters, max_norm):
    grads = [p.grad for p in parameters]
    if not grads or len(grads) == sum(g is None for g in grads):
        return torch.zeros(())
    norm = norm_of([g.detach() for g in grads])
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The factor has no upper limit: gradients below max_norm are scaled up.",
    aspect="values",
)
def scales_up(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    with torch.no_grad():
        for g in grads:
            g.mul_(max_norm / norm if bool(norm > 0) and max_norm < math.inf else 1)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="A norm of 0 is divided by: 0 / 0 is NaN, and Python raises ZeroDivisionError.",
    aspect="values",
)
def divides_by_zero(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    if grads:
        factor = min(1.0, max_norm / norm.item())
        with torch.no_grad():
            for g in grads:
                g.mul_(factor)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="A norm that is NaN or infinite is not noticed, and spoils all gradients.",
    aspect="errors",
)
def lets_nan_spread(parameters, max_norm):
    grads = grads_of(parameters)
    if not grads:
        return torch.zeros(())
    with torch.no_grad():
        dtype = wide(grads)
        norm = torch.stack([g.norm(2, dtype=dtype) for g in grads]).norm(2)
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The norm is looked at after the gradients were multiplied: that is too late.",
    aspect="errors",
)
def looks_too_late(parameters, max_norm):
    grads = grads_of(parameters)
    if not grads:
        return torch.zeros(())
    with torch.no_grad():
        norm = torch.stack([g.norm(2, dtype=wide(grads)) for g in grads]).norm(2)
        clip(grads, norm, max_norm)
    if not all(bool(g.isfinite().all()) for g in grads) or not math.isfinite(norm):
        raise RuntimeError("not finite")
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="Only NaN is refused; an infinite norm makes all gradients 0 or NaN.",
    aspect="errors",
)
def refuses_nan_alone(parameters, max_norm):
    grads = grads_of(parameters)
    if not grads:
        return torch.zeros(())
    with torch.no_grad():
        norm = torch.stack([g.norm(2, dtype=wide(grads)) for g in grads]).norm(2)
        if norm.isnan():
            raise RuntimeError("NaN")
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="A new tensor is put into .grad; whoever holds the old one does not see it clipped.",
    aspect="memory",
)
def makes_new_gradients(parameters, max_norm):
    parameters = list(parameters)
    norm = norm_of(grads_of(parameters))
    for p in parameters:
        if p.grad is not None:
            with torch.no_grad():
                p.grad = p.grad * (max_norm / norm).clamp(max=1.0).to(p.grad.dtype)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The squares are made in the dtype of the gradient: in 16 bits they leave its range.",
    aspect="values",
)
def squares_in_16_bits(parameters, max_norm):
    grads = grads_of(parameters)
    if not grads:
        return torch.zeros(())
    with torch.no_grad():
        norm = sum(g.square().sum().to(wide(grads)) for g in grads).sqrt()
    if not bool(norm.isfinite()):
        raise RuntimeError("not finite")
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The norms are added up; the squares of them have to be.",
    aspect="values",
)
def adds_the_norms(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    if len(grads) > 1:
        norm = torch.stack([norm_of([g]).to(wide(grads)) for g in grads]).sum()
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The root is forgotten: this is the square of the norm.",
    aspect="values",
)
def forgets_the_root(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads) ** 2
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The norm after clipping comes back; the one before it tells of trouble.",
    aspect="values",
)
def returns_the_norm_after(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    clip(grads, norm, max_norm)
    return norm_of(grads)


@impostor(
    "clip_grad_norm_",
    diagnosis="reshape copies a gradient that has gaps in memory, and the copy is clipped.",
    aspect="values",
)
def clips_a_copy(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    clip([g.detach().reshape(-1) for g in grads], norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="Frozen parameters are left out, though they have a gradient.",
    aspect="values",
)
def leaves_frozen_ones_out(parameters, max_norm):
    grads = grads_of(p for p in parameters if p.requires_grad)
    norm = norm_of(grads)
    clip(grads, norm, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="All is computed in float32, which loses the digits of float64.",
    aspect="values",
)
def computes_in_float32(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of([g.float() for g in grads])
    clip(grads, norm, max_norm)
    return norm.to(wide(grads)) if grads else norm


@impostor(
    "clip_grad_norm_",
    diagnosis="1e-4 added to the norm is too much where the norm is small.",
    aspect="values",
)
def adds_too_much(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    clip(grads, norm + 1e-4, max_norm)
    return norm


@impostor(
    "clip_grad_norm_",
    diagnosis="A Python number comes back; a 0-d tensor is asked for.",
    aspect="type",
)
def returns_a_float(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    clip(grads, norm, max_norm)
    return norm.item()


@impostor(
    "clip_grad_norm_",
    diagnosis="The norm has the dtype of the first gradient, also if that has 16 bits.",
    aspect="dtype",
)
def has_the_first_dtype(parameters, max_norm):
    grads = grads_of(parameters)
    norm = norm_of(grads)
    clip(grads, norm, max_norm)
    return norm.to(grads[0].dtype) if grads else norm


@impostor(
    "clip_grad_norm_",
    diagnosis="The norm is recorded: gradients with a graph require grad, and so does it.",
    aspect="gradient",
)
def tracks_the_norm(parameters, max_norm):
    grads = grads_of(parameters)
    clip(grads, norm_before := norm_of(grads), max_norm)
    with torch.no_grad():
        scale = (norm_before / norm_of(grads)) if bool(norm_before > 0) else norm_before
    if any(g.requires_grad for g in grads):
        return torch.linalg.vector_norm(grads[0]) * 0 + norm_before * (scale / scale)
    return norm_before


@impostor(
    "clip_grad_norm_",
    diagnosis="Torch's own clipping is called, which is the exercise.",
    aspect="structure",
)
def calls_torch(parameters, max_norm):
    parameters = list(parameters)
    grads = grads_of(parameters)
    norm = norm_of(grads)
    if any(g.dtype in (torch.float16, torch.bfloat16) for g in grads):
        clip(grads, norm, max_norm)
    else:
        torch.nn.utils.clip_grad.clip_grad_norm_(parameters, max_norm)
    return norm


@alternative("clip_grad_norm_")
def by_plain_python(parameters, max_norm):
    grads, total = [], 0.0
    for p in parameters:
        if p.grad is None:
            continue
        grads.append(p.grad.data)
        total += float(p.grad.data.to(torch.float64).pow(2).sum())
    norm = math.sqrt(total)
    if norm != norm or norm == math.inf:
        raise RuntimeError("no finite norm")
    if norm > max_norm:
        for g in grads:
            g *= max_norm / norm
    place = {"dtype": wide(grads), "device": grads[0].device} if grads else {}
    return torch.tensor(norm, **place)


@alternative("clip_grad_norm_")
@torch.no_grad()
def by_foreach(parameters, max_norm):
    grads = grads_of(parameters)
    if len(grads) == 0:
        return torch.tensor(0.0)
    found = [torch._foreach_norm([g], 2, dtype=wide(grads))[0] for g in grads]
    norm = torch.linalg.vector_norm(torch.stack(found), 2)
    if torch.logical_or(norm.isnan(), norm.isinf()):
        raise FloatingPointErrorOfTorch("the norm is not finite")
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    torch._foreach_mul_(grads, factor.item())
    return norm


class FloatingPointErrorOfTorch(RuntimeError):
    """A subclass is right too."""


@alternative("clip_grad_norm_")
def by_one_long_vector(parameters, max_norm):
    grads = tuple(p.grad.detach() for p in parameters if p.grad is not None)
    if not grads:
        return torch.zeros([])
    long = torch.cat([g.to(wide(grads)).flatten() for g in grads])
    norm = torch.dot(long, long).sqrt()
    if not (norm < math.inf):
        raise RuntimeError
    with contextlib.suppress(StopIteration):
        if norm <= max_norm:
            raise StopIteration
        long = long / norm * max_norm
        for g in grads:
            g.copy_(long[: g.numel()].view(g.shape))
            long = long[g.numel() :]
    return norm
