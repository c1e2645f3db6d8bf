"""Functions that a case hands to an answer, and what a call has changed of what belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from dojo.checks.messages import numbers_text
from dojo.devices.select import copied_to

FULL = 7.0  # what a `.grad` holds before a call


class FunctionFailed(RuntimeError):
    """The error that a function raises which was handed out to fail."""


class Handed:
    """A function that a case hands to the answer. Each call of the answer gets one of its own.

    Args:
        text: as a message shows it, such as "lambda x: x.sin()".
        function: what it computes: of x, then of its parameters.
        truth: what the oracle has to know of it: of arrays, then of the parameters as arrays.
        parameters: name → numbers of what it uses beside x; they require grad.
        is_module: whether it is an ``nn.Module`` with these parameters.
    """

    def __init__(
        self,
        text: str,
        function: Callable[..., torch.Tensor],
        truth: Callable[..., Any],
        parameters: Mapping[str, Any] | None = None,
        is_module: bool = False,
    ) -> None:
        self.text, self.function, self.is_module = text, function, is_module
        self.parameters = {
            name: np.asarray(one, dtype=float) for name, one in (parameters or {}).items()
        }
        self._truth = truth

    def truth(self, *arrays: Any) -> Any:
        """Return what the oracle has to know of the function at these arrays."""
        return self._truth(*arrays, *self.parameters.values())

    def made(self, dtype: torch.dtype, device: str) -> HandedFunction | HandedModule:
        """Return the function for one call of the answer, with parameters of its own."""
        parameters = {}
        for number, (name, numbers) in enumerate(self.parameters.items()):
            with torch._C.DisableTorchFunction():
                one = copied_to(torch.tensor(numbers, dtype=dtype), device)
                parameters[name] = torch.nn.Parameter(one)
            if number % 2 == 0:  # the others have none
                parameters[name].grad = torch.full_like(one, FULL)
        function = HandedFunction(self, parameters)
        if not self.is_module:
            return function
        with torch._C.DisableTorchFunction():
            frozen = copied_to(torch.ones(1, dtype=dtype), device)
        return HandedModule(function, torch.nn.Parameter(frozen, requires_grad=False))


class HandedFunction:
    """A function that is handed to an answer for one call. It knows how often it was called.

    Attributes:
        parameters: name → tensor that it uses beside x.
        calls: how often it was called.
        shapes: the shapes of what it was called with.
        fails_at: the number of the call that raises ``FunctionFailed``; 0 for none.
    """

    def __init__(self, handed: Handed, parameters: Mapping[str, torch.nn.Parameter]) -> None:
        self.__name__ = handed.text
        self.parameters = parameters
        self.calls = self.fails_at = 0
        self.shapes: list[tuple[int, ...]] = []
        self._function = handed.function
        self._before = {
            name: (one.detach().clone(), None if one.grad is None else one.grad.clone())
            for name, one in parameters.items()
        }

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.shapes.append(tuple(x.shape))
        if self.calls == self.fails_at:
            raise FunctionFailed(f"call number {self.calls} fails")
        return self._function(x, *self.parameters.values())

    def __repr__(self) -> str:
        return self.__name__

    def change(self) -> str:
        """Say in words what became of the parameters since this was made; empty if nothing."""
        for name, one in self.parameters.items():
            values, gradient = self._before[name]
            whose = f"{name}, a parameter of f"
            if not one.requires_grad:
                return f"changed the requires_grad of {whose}, from True to False."
            if one.dtype != values.dtype:
                return f"changed the dtype of {whose}."
            if not torch.equal(one.detach(), values):
                return f"changed the values of {whose}."
            if change := change_of_grad(one.grad, gradient):
                return f"{change} the .grad of {whose}{numbers_before_and_now(gradient, one.grad)}."
        return ""


class HandedModule(torch.nn.Module):
    """A ``HandedFunction`` as a module. Of its parts, some are in train mode and some are not.

    Args:
        function: what it computes.
        frozen: a parameter that does not require grad, and that it does not use.

    Attributes:
        function: the function itself.
    """

    def __init__(self, function: HandedFunction, frozen: torch.nn.Parameter) -> None:
        super().__init__()
        self.__name__ = function.__name__
        self.function = function
        for name, one in function.parameters.items():
            self.register_parameter(name, one)
        self.part = torch.nn.Identity().eval()
        self.part.register_parameter("frozen", frozen)
        self._mode_when_called = ""

    def __repr__(self) -> str:
        return self.__name__

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the function returns."""
        self._mode_when_called = self._mode_when_called or self._change_of_mode()
        return self.function(x)

    def change(self) -> str:
        """Say in words what became of the module since it was made; empty if nothing."""
        if self.part.frozen.requires_grad:
            return "changed the requires_grad of frozen, a parameter of f, from False to True."
        if mode := self._change_of_mode():
            return f"{mode}."
        return f"{self._mode_when_called} while it called f." if self._mode_when_called else ""

    def _change_of_mode(self) -> str:
        if self.training and not self.part.training:
            return ""
        return f"put a part of f into {'train' if self.part.training else 'eval'} mode"


def function_in(value: Any) -> HandedFunction:
    """Return the function that an argument is, or that it holds as a module."""
    return value.function if isinstance(value, HandedModule) else value


def change_of_grad(now: torch.Tensor | None, before: torch.Tensor | None) -> str:
    """Return the verb for what became of a ``.grad``; empty if it is as it was."""
    if now is None or before is None:
        return "" if now is before else "took away" if now is None else "filled"
    return "" if torch.equal(now, before.to(now.device)) else "changed"


def numbers_before_and_now(before: torch.Tensor | None, now: torch.Tensor | None) -> str:
    if before is None or now is None:
        return ""
    return f": it was{numbers_text(before)} and is now{numbers_text(now)}"
