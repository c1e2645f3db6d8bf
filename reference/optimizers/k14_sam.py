"""Step by the gradient at the worst point nearby (SAM).

To first order, rho * g / norm is the move of length rho that raises the loss most. That is true for
one norm over all parameters, since the move is one vector. Two things go wrong easily. Adding and
subtracting the same number does not give back w, because each sum is rounded: so a copy is kept and
written back. And backward adds to what stands in `.grad`, so it is cleared before both passes.

torch itself has none. In practice one uses `composer.algorithms.SAM`, or wraps an optimizer in the
class SAM of the repository davda54/sam.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

HINTS = (
    "Two passes and one step: in what order do you clear, move, move back and step?",
    "Go through optimizer.param_groups: the norm is one number for all parameters of all groups.",
    "Keep a copy of each parameter before it moves; `p.copy_(w)` under no_grad writes it back.",
    "backward adds to `.grad`: `optimizer.zero_grad()` belongs before each of the two passes.",
    "closure may raise an error while the weights are moved: `try` and `finally`.",
)


def sam_step(optimizer: Optimizer, closure: Callable[[], Tensor], rho: float = 0.05) -> Tensor:
    """Take one step of sharpness-aware minimisation (SAM).

    With w the weights that are there, in this order:

    1. closure's loss at w has the gradient g. Let norm be the root of the sum of all squared
       entries of g, over all parameters of all groups together.
    2. Each parameter moves by rho * g / norm, uphill.
    3. closure's loss at the moved weights has another gradient. This one is for the step.
    4. The weights become w again, to the last bit.
    5. One `optimizer.step()` is made, without a closure, with the gradient of 3 alone in `.grad`.

    Args:
        optimizer: any of torch.optim whose step needs no closure, with one group or several.
        closure: computes the loss from the parameters, as a new 0-d tensor, and does nothing else:
            backward is up to you. It is called exactly twice.
        rho: the length of the move, 0 or more.

    Returns:
        The loss of the first call, at w: a 0-d tensor that is not tracked.

    Exactly:
        Gradients that stand in `.grad` before the call count for nothing. What stands there after
        it is up to you.

        Where norm is 0, nothing moves, and all else is done as always: the step too. 1e-12 may be
        added to the norm. Gradients have entries that are 0 or 1e-6 to 1e6 in size.

        Parameters are all float32 or all float64, on one device, of any shape and any strides.
        At least one has a gradient in both passes. One that has none in both (the loss does not
        use it, or its requires_grad is False) is as for torch: its `.grad` is None at the step,
        whatever stood there before. A tensor that is not in the optimizer stays, and has no part
        in the norm; what becomes of its `.grad` is up to you.

        Afterwards the parameters are the same objects in the same memory, with the same
        requires_grad, and views see the step. Options of the groups stay as they are, and
        `optimizer.state` holds what `optimizer.step()` puts there, nothing more.

        An exception of closure, in the first or the second call, goes on to the caller, Ctrl-C
        (KeyboardInterrupt) too. Then the weights are w, to the last bit, and no step was made.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad()
    first = closure()
    first.backward()
    moving = [p for p in parameters if p.grad is not None]
    old = [p.detach().clone() for p in moving]
    with torch.no_grad():
        norm = torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in moving]))
    try:
        with torch.no_grad():
            for p in moving:
                p.add_(p.grad * (rho / (norm + 1e-12)))
        optimizer.zero_grad()
        closure().backward()
    finally:
        with torch.no_grad():
            for p, w in zip(moving, old, strict=True):
                p.copy_(w)
    optimizer.step()
    return first.detach()
