"""Capture what chosen modules of a model return while it runs.

A forward hook is called with the output each time a module returns. It lies in a function of its
own here: a function that is made in the loop would see the loop's last name in all hooks. `detach`
alone shares the memory of the output, into which an in-place ReLU writes next; `clone` copies it.
Hooks that are left after an exception would run in every later call, and keep all that they hold.

In practice one writes these lines, or uses `create_feature_extractor` of torchvision.
"""

import contextlib
from collections.abc import Sequence

from torch import Tensor, nn

HINTS = (
    "`module.register_forward_hook(hook)` returns a handle; `handle.remove()` takes the hook away.",
    "`dict(model.named_modules(remove_duplicate=False))` has all names, also those of one module.",
    "Look up all names before you register the first hook.",
    "`output.detach().clone()` in the hook is a copy; `detach()` alone shares the memory.",
    "`contextlib.ExitStack` takes handles, and removes them whatever is raised.",
)


def capture(model: nn.Module, names: Sequence[str], x: Tensor) -> dict[str, Tensor]:
    """Run a model once, and return copies of what the modules of some names have returned.

    A name is one of `model.named_modules(remove_duplicate=False)`: "0.attention" is a module inside
    of the module "0", and "" is the model itself. A module that stands in two places has two names,
    and each of them stands for it.

    Args:
        model: any module, in train mode, in eval mode, or partly in each. It runs in that mode.
        names: a list or tuple of names, no name twice; it may be empty. Each call of such a module
            returns a tensor, of any shape and dtype.
        x: what the model is called with, as `model(x)`, once.

    Returns:
        A dict from name to a copy of the module's output, in the order of names. If a module is
        called several times, it is the output of the call that returned last. A name whose module
        is not called at all is not in the dict.

    Raises:
        KeyError: a name is unknown. Then the model is not run.
        Exception: what the model raises goes on to the caller.

    Exactly:
        An output is copied as it was when the module returned it, with the same dtype, on the same
        device. What the model writes into that memory later does not show in the copy. Hooks of the
        module belong to it: if one of them puts another output in the place of the first one, this
        other output counts.

        A copy does not require grad and has no graph. It lies in memory of its own, away from x,
        the model and what the model computes; names of one module may have one copy in common. A
        copy can be used in training later: it is no tensor of `torch.inference_mode`. Whether
        autograd records while the model runs is up to you.

        Afterwards the model has exactly the hooks that it had before, and no `forward` was
        replaced; no hook on all modules is left either. That holds also where an exception is
        raised. The model runs as ever, with the hooks that it had: its modules go on with the
        outputs themselves, not with copies. Parameters and .grad stay; buffers change, and dropout
        draws from torch's generator, as in any call of the model.
    """
    modules = dict(model.named_modules(remove_duplicate=False))
    chosen = {name: modules[name] for name in names}
    copies = {}

    def hook_for(name):
        def hook(_module, _inputs, output):
            copies[name] = output.detach().clone()

        return hook

    with contextlib.ExitStack() as stack:
        for name, module in chosen.items():
            handle = module.register_forward_hook(hook_for(name))
            stack.callback(handle.remove)
        model(x)
    return {name: copies[name] for name in names if name in copies}
