"""Clip the norm of all gradients.

One factor for all is the point: if each gradient were clipped by itself, the step would point in
another direction. The norm of norms is the norm of all, so no long vector has to be made. Squares
of 16-bit numbers leave their range (300 * 300 is more than float16 holds), so they are added up in
float32. And a NaN must be noticed before anything is written: a NaN norm makes the factor NaN, and
one product later all gradients are lost.

In practice one calls `torch.nn.utils.clip_grad_norm_(parameters, max_norm)`. It multiplies by
infinity's and NaN's factors too, unless it is told `error_if_nonfinite=True`.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

HINTS = (
    "First the norm over everything, then one factor for all: how often do you go through them?",
    "parameters may be a generator: put the gradients into a list first, without the Nones.",
    "The norm of the norms is the norm of all; `vector_norm` can add up in another dtype.",
    "max_norm / norm is more than 1 where nothing is to be done, and infinite for a norm of 0.",
    "Look at the norm before you write: `g.mul_(factor)` cannot be undone.",
)


def clip_grad_norm_(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients down together, in place, if their common norm is larger than max_norm.

    The norm is the root of the sum of all squared entries of all gradients, as if they were one
    long vector. Each gradient is multiplied by one and the same factor, min(1, max_norm / norm):
    their direction stays, and none becomes larger. A small number may be added to the norm before
    the division: any from 0 to 1e-6 is right.

    Args:
        parameters: tensors, each with a gradient in `.grad` or None there. Any iterable: a list, a
            tuple, a generator that can be gone through only once, or one of nothing. No parameter
            comes twice, and no two share the memory of their gradients.
        max_norm: a number above 0; with math.inf nothing is scaled.

    Returns:
        The norm before the scaling, a 0-d tensor on the device of the gradients. It is float64 if
        one of the gradients is, an empty one too, else float32. Without gradients it is a float32
        0, on any device.

    Raises:
        RuntimeError: the norm is infinite or NaN. Then no gradient was changed.

    Exactly:
        A parameter whose gradient is None is skipped. What counts is `.grad` alone: a parameter
        with requires_grad False is clipped too if it has one.

        Gradients are float32 and float64, with entries up to 1e15 in size, and float16 and
        bfloat16, up to 6e4. One call may have several dtypes. All lie on one device. They have any
        shape (0-d and empty too) and any strides but those in which two entries share memory.
        Entries are 0, or at least 1e-6 in size in float32 and float64, 1e-4 in the 16-bit dtypes.

        `p.grad` stays the same tensor in the same memory. Where the factor is 1, it keeps its exact
        numbers; this is so for a norm of 0. Parameters stay as they are. Nothing is recorded by
        autograd: the norm is not tracked, even where gradients have a graph (create_graph=True).

        Norm and gradients are right to 1 % where there are 16-bit gradients, to 1e-5 where there
        are float32 ones, else to 1e-12. With 16-bit ones, max_norm / norm is at least 1e-3.

        `torch.nn.utils.clip_grad_norm_`, `get_total_norm` and `clip_grads_with_norm_` are not
        allowed, under whatever name.
    """
    grads = [p.grad for p in parameters if p.grad is not None]
    if not grads:
        return torch.zeros((), dtype=torch.float32)
    is_wide = any(g.dtype == torch.float64 for g in grads)
    dtype = torch.float64 if is_wide else torch.float32
    with torch.no_grad():
        norms = [torch.linalg.vector_norm(g, dtype=dtype) for g in grads]
        norm = torch.linalg.vector_norm(torch.stack(norms))
        if not torch.isfinite(norm):
            raise RuntimeError(f"the norm of the gradients is {norm.item()}")
        factor = (max_norm / norm).clamp(max=1)
        for g in grads:
            g.mul_(factor)
    return norm
