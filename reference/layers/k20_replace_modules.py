"""Replace all modules of one kind inside of a network.

It has three steps. All places are found first, then all new modules are made, and only then they
are put in. So the search never meets a new module, and an error in the middle finds the network as
it was. `named_modules` gives a module that stands in two places under one of its names only, so the
search goes through `_modules`, in which each module keeps its children.

In practice one writes such a loop with `named_children` and `setattr`, which is enough where no
module is shared; torch.ao.quantization and PEFT have it too.
"""

from collections.abc import Callable

from torch import nn

HINTS = (
    "`setattr(parent, name, new)` puts a module in the place of another one. Which parent is it?",
    "A function that goes through the children of one module can call itself for those that stay.",
    "`named_children` gives a module that stands twice only once. `parent._modules` has all names.",
    "Keep in a dict what make returned for which old module: it is called once for each.",
    "First find all places, then make all new modules, and put them in when nothing can fail.",
)


def replace_(module: nn.Module, kind: type, make: Callable[[nn.Module], nn.Module]) -> int:
    """Put make(old) in the place of each module old of a kind, at any depth below a module.

    The module that is given stays, even if it is of that kind itself. A place is a name among the
    children of a module; there the new module stands under the name of the old one, in the same
    order. Each new module, with all modules in it, is then in train mode if the old one was, else
    in eval mode.

    A module can stand in several places, also twice in one nn.Sequential. Then make is called once
    for it, and the new module stands in all these places.

    Args:
        module: the module whose children are replaced, and those below them.
        kind: a class; instances of its subclasses are replaced too.
        make: gets the old module, and returns the new one. It may return one that holds the old
            one, such as a wrapper, or one of the same kind.

    Returns:
        How many modules were replaced: the number of calls of make.

    Raises:
        TypeError: make returned something that is no nn.Module, such as None or a class.
        Exception: any exception of make goes on to the caller.
        In both cases the module is as before: each place, each mode, all else.

    Exactly:
        Neither what is replaced nor what make returned is searched: an instance of kind inside of
        another one stays there. If it also stands elsewhere, it is replaced there.

        A child may be None; its name stays in its place. Modules in a plain list are no children.

        Nothing else changes: other modules, parameters, buffers, hooks and modes stay. A new module
        is changed in nothing but its mode, and an old one only in the mode of what a new one holds.

        make changes neither its argument nor the module, and returns another module for each old
        one. The order of its calls is up to you.
    """
    places = []
    seen = set()

    def search(parent):
        seen.add(parent)
        for name, child in parent._modules.items():
            if isinstance(child, kind):
                places.append((parent, name, child))
            elif child is not None and child not in seen:
                search(child)

    search(module)
    made = {}
    for _, _, old in places:
        if old not in made:
            made[old] = make(old)
            if not isinstance(made[old], nn.Module):
                raise TypeError(f"make returned {made[old]!r}, which is no nn.Module")
    for old, is_training in [(old, old.training) for old in made]:
        made[old].train(is_training)
    for parent, name, old in places:
        parent._modules[name] = made[old]
    return len(made)
