"""How the laws of modules make a module, run it, and compare its output with the oracle.

The parameters are found by their shapes, whatever the learner calls them and wherever they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from dojo.checks.expect import (
    CheckFailed,
    expect,
    expect_tensor,
    expect_values,
)
from dojo.checks.laws.contract import Contract
from dojo.checks.laws.layouts import OFFSET, REPEATED, STRIDED, TRANSPOSED
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import KEEP
from dojo.checks.memory import untouched
from dojo.checks.messages import Call, describe, dtype_name

KINDS = "nn.Linear and nn.Sequential are modules, and so is a subclass of nn.Module."
NO_INIT = "Begin __init__ with `super().__init__()`: it makes what nn.Module needs."
CALL_IT = "A class only says how modules are made: call it to make one."
UNSEEN = (
    "A module sees an nn.Parameter or a module in its attributes, not a plain tensor or a list."
)
TRAINABLE = "An optimizer can only train parameters that require grad."
MOVED = "Parameters and buffers are moved; plain tensors and layers made in forward are not."
MADE_ONCE = "Make the layers once, when the module is made, and use those at each call."
ONLY_READ = "Computing an output only reads the parameters; it is an optimizer that changes them."
FLOAT32 = "torch makes float32 parameters by itself: leave them so."
APART = "What is written into one changes the other: make a new tensor for each."
_LARGE = 5000  # the size of whole numbers that are too long for half precision


def expect_apart(held: dict[str, torch.Tensor]) -> None:
    """Fail if two of these parameters and buffers begin in one place of memory."""
    __tracebackhide__ = True
    places: dict[int, str] = {}
    for name, one in held.items():
        other = places.setdefault(one.data_ptr(), name) if one.numel() else name
        expect(other == name, f"has {other} and {name} in one and the same memory.", APART)


class MadeModules(Contract):
    """A contract of what makes an ``nn.Module``.

    The oracle is ``truth(x, **parameters)``, the output for an array and the module's parameters.

    Attributes:
        made_with: the arguments that it is made with.
        parameters: name in messages → shape; all different.
        cases: shapes of the input x; the last one is an ordinary one.
        doubles: whether ``.double()`` makes it compute in float64.
    """

    made_with: ClassVar[Sequence[Any]] = ()
    parameters: ClassVar[dict[str, tuple[int, ...]]] = {}
    doubles: ClassVar[bool] = True
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32,)
    layouts: ClassVar[Sequence[str]] = (TRANSPOSED, STRIDED, OFFSET, REPEATED)
    memory: ClassVar[str] = "new"
    makes_module: ClassVar[bool] = True

    def all_rows(self) -> list[Row]:
        """Return no rows: a module is made anew for each law."""
        return []

    # ---------------------------------------------------------------- how a law asks

    def made(self, solution: Any, device: str) -> nn.Module:
        """Return a module on the device, called once, so that lazy layers are complete."""
        __tracebackhide__ = True
        solution.hint = self.hint("values")
        module = self.call(solution, self.made_with)
        expect_module(module, self.name)
        if not any(True for _ in nn.Module.parameters(module)):
            module(torch.ones(self.cases[-1]))
        module.to(device)
        self.run(solution, module, torch.ones(self.cases[-1]).to(device))
        return module

    def shared(self, solution: Any, device: str) -> nn.Module:
        """Return one module on the device, for laws that write into none of its parameters."""
        __tracebackhide__ = True
        key = type(self), device
        if key not in solution.records:
            solution.records[key] = self.made(solution, device)
        module: nn.Module = solution.records[key]
        return module.train().to(device)  # where the answer gives one module to all, it moved

    def run(self, solution: Any, module: nn.Module, x: torch.Tensor) -> Any:
        """Return the output for x; the message of what fails next begins with this call."""
        __tracebackhide__ = True
        call = solution.last_call = Call(f"{self.name}()", [x], {})
        try:
            with settings_watched(solution):  # and put back: a law of its own tells of them
                return module(x)
        except RuntimeError as error:
            self.found(solution, module)
            solution.last_call = call
            if "same device" in str(error):
                sentence = (
                    f"computed with tensors on cpu and on cuda, after .to({x.device.type!r})."
                )
                raise CheckFailed(sentence, MOVED) from None
            raise

    def found(self, solution: Any, module: nn.Module) -> dict[str, torch.Tensor]:
        """Return the parameters by the names of the contract, once these are all that it has."""
        __tracebackhide__ = True
        solution.last_call = f"{self.name}()"
        has = dict(nn.Module.named_parameters(module))
        shapes = {
            name: "lazy" if nn.parameter.is_lazy(one) else tuple(one.shape)
            for name, one in has.items()
        }
        by_shape = {shapes[name]: parameter for name, parameter in has.items()}
        if len(has) != len(self.parameters) or set(by_shape) != set(self.parameters.values()):
            words = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            wanted = " and ".join(f"{name} {shape}" for name, shape in self.parameters.items())
            made = f"the parameters {words}" if words else "no parameters"
            missing = [name for name, shape in self.parameters.items() if shape not in by_shape]
            hint = UNSEEN if not has else self.hint(f"no {missing[0]}" if missing else "more")
            raise CheckFailed(f"made a module with {made}; expected {wanted} and no others.", hint)
        parameters = {name: by_shape[shape] for name, shape in self.parameters.items()}
        for name, one in parameters.items():
            sentence = f"made a module whose {name} is {dtype_name(one.dtype)}."
            expect(one.dtype in (torch.float32, torch.float64), sentence, FLOAT32)
        expect_apart(parameters)
        return parameters

    def write(self, parameters: dict[str, torch.Tensor], most: int = _LARGE) -> None:
        """Write whole numbers into the parameters, as training would write new ones."""
        for seed, one in enumerate(parameters.values()):
            with torch.no_grad():
                one.copy_(whole(one.shape, most, seed).to(one))

    def expect_output(
        self, solution: Any, module: nn.Module, x: torch.Tensor, law: str, subject: str = ""
    ) -> torch.Tensor:
        """Return the output for x, once it is the truth for the module's own parameters."""
        __tracebackhide__ = True
        before = self.found(solution, module)
        arrays = {name: as_array(one) for name, one in before.items()}
        with untouched(self.hint("memory") or KEEP, x=x):
            got = self.run(solution, module, x)
        now = list(nn.Module.parameters(module))
        is_there = all(any(a is b for b in now) for a in before.values())
        expect(is_there, "replaced the parameters of the module by new ones.", MADE_ONCE)
        for name, one in before.items():
            is_same = np.array_equal(as_array(one), arrays[name], equal_nan=True)
            expect(is_same, f"wrote into {name} while it computed its output for x.", ONLY_READ)
        expect_tensor(got)
        expected = torch.tensor(self.truth(as_array(x), **arrays)).to(x.dtype)
        size = float(expected.abs().max()) if expected.numel() else 0.0
        limit = self.limit(x.dtype) * size
        hint = self.hint("shape")
        if got.shape == expected.shape and got.dtype == expected.dtype:
            plain = got.detach().cpu()
            if torch.allclose(plain, expected, rtol=0, atol=limit):
                return got
            hint = self.why(law, (as_array(x), arrays), plain, expected) or self.hint(law)
        expect_values(got, expected, hint or self.hint("values"), subject, rtol=0, atol=limit)
        return got

    def expect_trainable(self, solution: Any, module: nn.Module) -> None:
        """Fail unless every parameter requires grad."""
        __tracebackhide__ = True
        for name, one in self.found(solution, module).items():
            sentence = f"made a module whose {name} is not trainable: its requires_grad is False."
            expect(one.requires_grad, sentence, TRAINABLE)

    def slopes(self, weights: np.ndarray, x: np.ndarray, **parameters: Any) -> dict[str, Any]:
        """Return the gradients of the weighted truth: of x, and of each parameter by its name.

        Where a kata gives no formula, they are differences, exact where the truth is linear.
        """
        values = {"x": x, **parameters}
        found = {}
        for name, value in values.items():
            back = np.zeros(value.size)
            for place in range(value.size):
                ends = []
                for step in (0.5, -0.5):
                    moved = value.copy()
                    moved.flat[place] += step
                    ends.append((self.truth(**{**values, name: moved}) * weights).sum())
                back[place] = ends[0] - ends[1]
            found[name] = back.reshape(value.shape)
        return found


def expect_module(module: Any, name: str) -> None:
    """Fail unless it is a module, and not a class of them or a function."""
    __tracebackhide__ = True
    expected = "expected an instance of nn.Module."
    if isinstance(module, type):
        raise CheckFailed(f"returned the class {module.__name__} itself; {expected}", CALL_IT)
    if not issubclass(type(module), nn.Module):
        hint = f"Does every path of {name} end in a return?" if module is None else KINDS
        raise CheckFailed(f"returned {describe(module)}; {expected}", hint)
    is_ready = "_parameters" in vars(module)
    expect(is_ready, "is a module whose __init__ has not called that of nn.Module.", NO_INIT)


def whole(shape: Sequence[int], most: int, seed: int) -> torch.Tensor:
    """Return whole numbers so small that float32 holds each product and sum of them exactly."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-most, most + 1, tuple(shape), generator=generator).float()
