"""Make a chain of modules that can be counted, indexed and sliced like a list.

Most networks are chains, in the whole or in parts. In torchvision, `vgg16().features` and
`resnet50().layer1` are chains, and `features[:16]` is the part of VGG with which a perceptual loss
compares two images. The slice shares its modules with the whole network, and copies none.

    s = Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    s(x)                     ->  s[2](s[1](s[0](x)))
    len(s)                   ->  3
    list(s.state_dict())     ->  ['0.weight', '0.bias', '2.weight', '2.bias']
    list(s[1:].state_dict()) ->  ['1.weight', '1.bias']

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterator
from typing import Any

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError

    def __len__(self) -> int:
        """The number of places in the chain."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[torch.nn.Module]:
        """The modules in their order, from the first one at each `for`."""
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
