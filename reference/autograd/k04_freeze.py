"""Freeze parts of a model by their names.

`"layer10.weight".startswith("layer1")` is True, so the dot has to belong to what is compared. With
a dot added to the name too, one comparison is enough: "layer1.weight." begins with "layer1." and
with "layer1.weight.".

All names are found before anything is frozen. So a wrong prefix is noticed while the module is
still as it was. By default `named_parameters` gives a tied parameter under its first name alone.

In practice one calls `module.layer1.requires_grad_(False)` on a part of the module. That leaves
the old .grad, so call `zero_grad()` too.
"""

from collections.abc import Sequence

from torch import nn

HINTS = (
    "`module.named_parameters()` gives names and parameters. What does it do with a tied one?",
    'How do you tell "layer1.weight" from "layer10.weight", if both begin with "layer1"?',
    "Find all names first, raise ValueError if a prefix fits none, and only then freeze.",
    "An optimizer moves what has a .grad, whether it requires grad or not: set it to None.",
)


def freeze_(module: nn.Module, prefixes: Sequence[str]) -> list[str]:
    """Freeze each parameter whose name begins with one of the prefixes.

    A name such as "layer1.0.weight" has parts with dots between them. A prefix fits if it is the
    whole name, or if the name goes on after it with a dot. So "layer1" fits "layer1.0.weight", and
    neither "layer10.weight" nor "net.layer1.weight". The prefix "" fits every name.

    Freezing sets requires_grad to False and .grad to None. An optimizer passes over a parameter
    whose .grad is None. With an old .grad it would go on moving the parameter.

    Args:
        module: any module; it is changed in place.
        prefixes: a list or tuple of names or beginnings of names. There may be none, the same one
            twice, and several that fit one name.

    Returns:
        A list of the names that fit, each of them once, in the order in which
        `module.named_parameters(remove_duplicate=False)` has them. Names of parameters that were
        frozen before are among them.

    Raises:
        ValueError: one of the prefixes fits no name; so does "" if there are no parameters. Then
            nothing is changed, whatever the other prefixes fit.

    Exactly:
        A parameter with several names (tied weights, or a module in several places) is frozen if
        one of its names fits. Only the names that fit are returned.

        A parameter that was frozen before loses its .grad too. All other parameters keep their
        requires_grad and .grad: what was frozen stays frozen. Nothing else is changed: no values,
        no buffers, no train or eval mode. Each parameter stays the same object. A tensor that was
        in .grad keeps its numbers, since others may hold it.
    """
    parameters = dict(module.named_parameters(remove_duplicate=False))
    found = set()
    for prefix in prefixes:
        beginning = f"{prefix}." if prefix else ""
        fitting = {name for name in parameters if f"{name}.".startswith(beginning)}
        if not fitting:
            raise ValueError(f"no parameter is called {prefix!r} or stands below it")
        found |= fitting
    names = [name for name in parameters if name in found]
    for name in names:
        parameters[name].requires_grad_(False)
        parameters[name].grad = None
    return names
