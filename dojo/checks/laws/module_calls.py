"""The calls of modules that laws make: which module was called, in which turn, with what in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dojo.checks.messages import Call


@dataclass(frozen=True)
class Part:
    """A module that a class of modules is made with; each time a new one.

    Attributes:
        text: how a learner would make it.
        make: what makes it.
    """

    text: str
    make: Callable[[], nn.Module]

    @property
    def __name__(self) -> str:
        """What a message calls it."""
        return self.text

    def __call__(self) -> nn.Module:
        """Return a new one."""
        return self.make()


@dataclass(kw_only=True)
class Turns:
    """How often something was called, which decides on the next mode."""

    calls: int = 0


@dataclass(kw_only=True)
class MadeModule(Turns):
    """A module that was made for rows, and how often it was called."""

    module: nn.Module
    text: str
    place: Any = None  # its device and dtype, once they were set

    @property
    def is_plain(self) -> bool:
        """Whether all that it holds is its state, and moves and is converted as torch does it.

        A call may add a buffer, such as a mask for a new length: so it is looked at each time.
        """
        parts = {id(self.module): self.module}
        for part in (queue := [self.module]):  # in a tenth of the time of `modules()`
            if part._non_persistent_buffers_set:
                return False
            kind = type(part)
            if kind.to is not nn.Module.to or kind._apply is not nn.Module._apply:
                return False
            for one in part._modules.values():
                if one is not None and id(one) not in parts:
                    parts[id(one)] = one
                    queue.append(one)
        return True


class CallOfModule(Call):
    """The call of a module.

    Attributes:
        old: the parameters and buffers that the module had before it got those of the call.
        state: those that it held after the call, by their names.
        again: makes the module hold what it held in the call, in its mode, for a while.
    """

    old: dict[str, torch.Tensor]
    state: dict[str, Any]
    again: Callable[[], contextlib.AbstractContextManager[Any]]
