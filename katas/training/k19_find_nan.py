"""Find the module that made the first NaN or infinity.

A loss that is NaN says nothing of where that began: what is computed from a NaN is NaN as well.
`DebugUnderflowOverflow` in Hugging Face's Transformers looks for the place like this, with a hook
on each module; torch's own `autograd.detect_anomaly` does so in the backward.

    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.ReLU())
    first_nonfinite(net, torch.ones(1, 2))  ->  None
    nn.init.constant_(net[1].bias, torch.inf)
    first_nonfinite(net, torch.ones(1, 2))  ->  "1"     "2" passes it on, and "" returns later

What holds for every kata stands in katas/README.md.
"""

from torch import Tensor, nn


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
