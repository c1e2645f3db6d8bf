"""Replace all modules of one kind inside of a network.

A trained network is often changed by exchanging some of its layers. LoRA in Hugging Face's PEFT
puts a wrapper around each nn.Linear that it adapts, and torch's own
`nn.SyncBatchNorm.convert_sync_batchnorm` exchanges each batch norm.

    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Sequential(nn.ReLU()))
    replace_(net, nn.ReLU, lambda old: nn.GELU())    ->  2
    net    ->  a Linear, a GELU, and a Sequential with a GELU

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

from torch import nn


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
