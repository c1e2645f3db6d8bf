"""All derivatives of a function: of each output for each input.

A pass backward starts with a weight for each output, and gives the weighted sum of all rows of the
Jacobian. With the weight 1 for one output and 0 for all others it gives one row; so does a pass
that starts from that output alone. With few inputs and many outputs, forward mode (`jvp`) is
cheaper: it gives a column for each input. `vmap`, and `is_grads_batched=True` of
`torch.autograd.grad`, run the passes of all rows as one: that is much faster where there are many.

In practice one calls `torch.func.jacrev` (row by row, by passes backward) or `torch.func.jacfwd`
(column by column). `torch.autograd.functional.jacobian` is the older way, with `create_graph`.
"""

from collections.abc import Callable

import torch

HINTS = (
    "A pass backward from one number gives its derivatives for all of x. How many has f(x)?",
    "Row i is the gradient of f(x)[i]: weights of 1 at i and 0 elsewhere. Rows are stacked first.",
    "f may return what does not depend on x: `allow_unused`, and a test for `requires_grad`.",
    "`x.detach().requires_grad_()` is a leaf of your own; with create_graph it must be x itself.",
    "`torch.autograd.grad(…, is_grads_batched=True)` takes a stack of weights, one for each row.",
)


def jacobian(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, create_graph: bool = False
) -> torch.Tensor:
    """The derivative of each entry of f(x) for each entry of x.

    It is made of single derivatives: torch's own `jacrev`, `jacfwd`, `hessian` and what is called
    `jacobian` or `hessian` in `torch.autograd.functional` are forbidden. `torch.autograd.grad`,
    and `vjp`, `jvp` and `vmap` of `torch.func`, are allowed.

    Args:
        f: takes a tensor of x's shape and returns one of any shape, with x's dtype and device; a
            function or an `nn.Module`. It is made of torch's differentiable operations, gives the
            same for the same x, and may use parameters of its own. You may call it several times.
        x: float32 or float64, any shape, any strides; stays as it is.
        create_graph: whether the result can be differentiated further.

    Returns:
        A new tensor of shape (*f(x).shape, *x.shape), with x's dtype and device. Its entry
        [i..., j...] is the derivative of f(x)[i...] for x[j...], exact but for rounding.

    Exactly:
        Both shapes may be 0-d and may have sizes of 1 and 0. f(x) may have any strides, and may
        be x itself or a parameter. Where f(x) does not depend on x, the derivative is 0: also where
        f(x) is a constant that does not require grad, or depends on parameters alone. All of this
        holds with create_graph too.

        x may require grad, as a leaf or as a result of other operations, or not. x and the
        parameters of f keep their `.grad` (None or a tensor) and their `requires_grad`. A module
        keeps its mode, and f is called in it. If f raises, that error goes on to the caller, and
        all this holds then too.

        Without create_graph the result does not require grad, whatever x and f are. With it,
        gradients of the result (those of one further derivative) reach x, if x requires grad, and
        the parameters of f. Where the result depends on neither, it may require grad or not.
    """
    point = x if create_graph and x.requires_grad else x.detach().requires_grad_()
    y = f(point)
    if not (y.requires_grad and y.numel()):
        return x.new_zeros((*y.shape, *x.shape))
    options = {"allow_unused": True, "materialize_grads": True}  # 0 where nothing leads to x
    rows = [
        torch.autograd.grad(one, point, retain_graph=True, create_graph=create_graph, **options)[0]
        for one in y.flatten()
    ]
    return torch.stack(rows).reshape((*y.shape, *x.shape))
