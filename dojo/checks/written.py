"""Modules that a check writes as text, so that a message can show them."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import torch
from torch import nn

Pair = namedtuple("Pair", "first second")


class Module(nn.Module):
    """A module whose forward is an expression.

    Attributes:
        outputs: of each call, what came back and a copy of it, as it was then; only tensors.
    """

    def __init__(self, words: str, takes: str = "x", **parts: nn.Module | None) -> None:
        """Make a module.

        Args:
            words: the expression; it may use self, and what the module takes.
            takes: the arguments of forward, as in a def.
            parts: its children.
        """
        super().__init__()
        self.outputs: list[tuple[torch.Tensor, torch.Tensor]] = []
        known = {"torch": torch, "Pair": Pair, "OrderedDict": OrderedDict}
        self._run = eval(f"lambda self, {takes}: ({words})", known)
        for name, part in parts.items():
            self.register_module(name, part)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the expression gives."""
        return self.note(self._run(self, *args, **kwargs))

    def note(self, out: Any) -> Any:
        """Return the output, once it is remembered."""
        if isinstance(out, torch.Tensor):
            self.outputs.append((out, out.detach().clone()))
        return out


def module_of(words: str) -> Any:
    """Return the module that a text means.

    Args:
        words: an expression of ``Module`` and ``nn``; what it consists of may be made before, as
            in "s = Module('-x'); nn.Sequential(s, s)".
    """
    before, _, last = words.rpartition("; ")
    names = {"Module": Module, "nn": nn}
    exec(before, names)
    return eval(last, names)
