"""Take a step of gradient descent on parameters, in place.

`p = p - lr * p.grad` makes a new tensor, and gives it a local name: the model knows nothing of it.
A write into p itself is what is needed, and autograd must not record it, since it would then go
backward through every step of the training. `torch.no_grad()` says so. The gradient is taken away
by None, and not zeroed: so its memory is free until the next backward, and whoever kept the tensor
still has its numbers. In practice one calls `torch.optim.SGD`, whose `zero_grad` sets None too.
"""

from collections.abc import Iterable

import torch

HINTS = (
    "`p = p - lr * p.grad` makes a new tensor. Which operations, ending in _, write into p itself?",
    "Autograd refuses to record a write into a leaf: under which context does it not record?",
    "A parameter that was not used has the gradient None: go on with the next one.",
    "params may be a generator, and is empty after one loop: do all in that one.",
)


def sgd_step_(params: Iterable[torch.Tensor], lr: float) -> None:
    """Move each parameter against its gradient, in place, and take the gradient away.

    A parameter p with a gradient g in `p.grad` holds p - lr * g afterwards, and `p.grad` is None.

    Args:
        params: leaves, float32 or float64, of any shape (0-d and empty too), in any strides but
            those in which two entries share memory. Any iterable: a list, a tuple, a generator
            that can be gone through only once, or one of nothing. No parameter comes twice.
        lr: the learning rate, a number of 0 or more. With 0 no parameter moves, but gradients are
            taken away too.

    Returns:
        None.

    Exactly:
        Each p stays the same object in the same memory: a view of p that was made before sees the
        new numbers. The step is not recorded by autograd: p is still a leaf, with the
        requires_grad that it had. Whether the step is seen by autograd's version counters is up to
        you: `p.data` is allowed.

        The tensor that was in `p.grad` keeps its numbers, and the graph that it may have: with
        create_graph=True, gradients require grad themselves.

        A parameter without a gradient stays as it is. What counts is `p.grad` alone: a parameter
        with requires_grad False moves too if it has one, and still does not require grad then.
    """
    with torch.no_grad():
        for p in params:
            if p.grad is not None:
                p.sub_(lr * p.grad)
                p.grad = None
