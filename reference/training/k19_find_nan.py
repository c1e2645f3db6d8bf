"""Find the module that made the first NaN or infinity.

A hook on each module sees what went in and what came out. What came out is not enough to blame a
module, since most only pass a NaN on; so both are looked at. A module inside of another one returns
before it, and its hook is called first: the first entry of the list is the innermost module.

In practice one uses `DebugUnderflowOverflow` of Transformers, or such hooks for an hour; and
`torch.autograd.detect_anomaly` for a NaN that appears in the backward only.
"""

import contextlib

import torch
from torch import Tensor, nn

HINTS = (
    "`register_forward_hook(hook, with_kwargs=True)` gives the hook keyword arguments as well.",
    "A module that got something non-finite is not to blame. Look at its arguments and its output.",
    "A function that searches a tuple can call itself for what it finds there.",
    "`torch.isfinite` knows NaN and both infinities, and ints. A sum may overflow by itself.",
    "A list in the hooks has the calls in the order in which they returned; take its first name.",
)


def _is_finite(value: object) -> bool:
    """Whether all numbers in all tensors of a nested value are finite."""
    if isinstance(value, Tensor):
        return bool(torch.isfinite(value).all())
    if isinstance(value, dict):
        value = tuple(value.values())
    return not isinstance(value, tuple | list) or all(map(_is_finite, value))


def first_nonfinite(model: nn.Module, x: Tensor) -> str | None:
    """Run a model once, and name the first module that made non-finite numbers of finite ones.

    NaN, inf and -inf are not finite. A module is to blame if one of its calls was given finite
    numbers only, and returned some number that is not finite. A module that was given such a number
    only passes it on. Of all calls to blame, the one that returned first counts: so a module inside
    of another one counts before that other one.

    Where an operation between the modules makes the number, no module inside is to blame, and it is
    the module whose forward has that operation.

    Args:
        model: any module, in train mode, in eval mode, or partly in each. It runs in that mode.
        x: what the model is called with, as `model(x)`, once. It may have any dtype, and numbers
            that are not finite.

    Returns:
        The name of the module to blame, the first one that it has in `model.named_modules()`; it is
        "" for the model itself. None if no module is to blame.

    Raises:
        Exception: what the model raises goes on to the caller, whatever was found before.

    Exactly:
        A call is given what stands in its positional and keyword arguments, and may be given
        nothing. Tensors are searched there and in what it returns, also inside of tuples (named
        ones too), lists and dicts (an OrderedDict too), at any depth. A tensor of ints or bools, an
        empty one, and all else count as finite: None, numbers, texts, sets, iterators. Parameters
        and buffers of a module are not given to it: a weight that is NaN makes a module to blame.

        Large numbers are finite, even where their sum is not. A tensor may be complex.

        Only modules in `model.named_modules()` count, each call of theirs for itself. They are
        called as `module(…)`, and neither change their arguments in place nor have hooks that
        change arguments or outputs.

        While the model runs, to its end, autograd records nothing. Afterwards the model has exactly
        the hooks that it had before, and no `forward` was replaced; no hook on all modules is left
        either. That holds also where an exception is raised. The model runs as ever, with the hooks
        that it had, and goes on with the numbers that are not finite. Parameters and .grad stay;
        buffers change, and dropout draws from torch's generator, as in any call of the model.
    """
    names = {module: name for name, module in model.named_modules()}
    blamed = []

    def hook(module, args, kwargs, output):
        if not _is_finite(output) and _is_finite((args, kwargs)):
            blamed.append(names[module])

    with torch.no_grad(), contextlib.ExitStack() as stack:
        for module in names:
            handle = module.register_forward_hook(hook, with_kwargs=True)
            stack.callback(handle.remove)
        model(x)
    return blamed[0] if blamed else None
