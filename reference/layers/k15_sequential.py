"""Make a chain of modules that can be counted, indexed and sliced like a list.

A module keeps its children in `_modules`, a dict from names to modules in the order in which they
were registered. That is all that a chain needs: a second list beside it would go on holding the old
module when one is exchanged. `children()` will not do, since it gives each object once, and neither
will sorted names, since "10" comes before "2".

A slice is a chain of the same objects. So it trains the same parameters, and only its keys differ.

In practice one uses `torch.nn.Sequential`. To read `_modules` in a subclass of `Module` is what
torch's own containers do.
"""

from collections.abc import Iterator
from typing import Any

import torch

HINTS = (
    "Where does a module look for its children? A plain list of modules is not looked at.",
    '`self.add_module(name, module)` registers a module under any name, such as "0".',
    "`children()` gives each object once; `self._modules.values()` has each place, in order.",
    "A list knows negative indices, slices with any step, and IndexError: `list(self)[index]`.",
)


class Sequential(torch.nn.Module):
    """Modules that run one after the other.

    torch's own `torch.nn.Sequential` is not used: neither this class nor what it makes is one.
    """

    def __init__(self, *modules: torch.nn.Module) -> None:
        """Keep the modules, in their order.

        They are registered under the names "0", "1", "2" and so on, as in `torch.nn.Sequential`,
        so that the state_dict of the one loads into the other.

        Args:
            modules: any number of them, none too. One module may stand in several places. A chain
                or a ModuleList is one module, whatever it holds.

        Raises:
            TypeError: one of the arguments is no `torch.nn.Module`: None, a class, a function, or
                a list, tuple or dict of modules.

        Exactly:
            The modules are the given objects, and stay as they are: their numbers, their modes,
            their hooks. The chain has no parameters and buffers but theirs.

            A module that stands in two places has two names, and counts, is iterated, and runs
            twice. It stays one object, and trains as one.
        """
        super().__init__()
        for place, module in enumerate(modules):
            if not isinstance(module, torch.nn.Module):
                raise TypeError(f"argument {place} is {module!r}, and no torch.nn.Module")
            self.add_module(str(place), module)

    def forward(self, x: Any) -> Any:
        """Hand x to the first module, its result to the second, and so on.

        Args:
            x: whatever the first module takes: a tensor, a tuple, a dict, None. It is handed on as
                one argument, and so is each result.

        Returns:
            What the last module returns, the object itself. Without modules, x itself.

        Exactly:
            Each module is called (`module(x)`), so that its hooks run. `train()` and `eval()` of
            the chain reach all modules.

            What stands under the names "0", "1", … at that moment runs: a module that was set in
            the place of another one (`setattr(s, "0", other)`) does so too, and is what `s[0]` and
            iteration give.
        """
        for module in self:
            x = module(x)
        return x

    def __len__(self) -> int:
        """The number of places in the chain."""
        return len(self._modules)

    def __iter__(self) -> Iterator[torch.nn.Module]:
        """The modules in their order, from the first one at each `for`."""
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> torch.nn.Module:
        """The module at a place, or a part of the chain.

        Args:
            index: an int: 0 is the first place, and -1 the last one. Or a slice, with any start,
                stop and step, negative ones too; it means what it means for a list.

        Returns:
            For an int, the very module that stands there. For a slice, a new Sequential of this
            class with the very modules that the slice names, numbered from 0. It may be empty.

        Raises:
            IndexError: there is no such place. (Any slice is right; its step is not 0.)

        Exactly:
            The chain and its modules stay as they are.
        """
        modules = list(self)
        return type(self)(*modules[index]) if isinstance(index, slice) else modules[index]
