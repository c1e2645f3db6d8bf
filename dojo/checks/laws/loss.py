"""The laws of a loss: a function of tensors of one shape, which never broadcasts them silently."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect_raises
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import BEFORE, law
from dojo.checks.memory import untouched

ONE_SHAPE = (
    "Compare the shapes before you compute: broadcasting makes n × n numbers of (n, 1) and (n,),"
    " and raises no error."
)
AS_MANY = (
    "Compare the shapes, not how many numbers they hold: what stands in the same place need not"
    " belong together."
)
PLACED = (
    "Compare the shape of {name} with that of {first} before you compute: to broadcast or reshape"
    " it pairs what does not belong together."
)
_FEW = 3  # of the shapes of a further rank, one in so many is asked


class LossFunction(PureFunction):
    """The laws of a loss.

    Attributes:
        one_shape: the tensors that must have one shape; else the call raises ``ValueError``.
            ``hints`` may have "one shape".
        placed: tensors whose shape follows from that of the first one, such as a class for each
            row of logits; any other shape raises ``ValueError``. ``hints`` may have "placed".
        near: dtype → by which share of itself, and by how much, a loss may be off.
        gradient_near: dtype → by which share of the largest one, and by how much, gradients may be.
    """

    one_shape: ClassVar[Sequence[str]] = ()
    placed: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32, torch.float64)
    near: ClassVar[dict[torch.dtype, tuple[float, float]]] = {
        torch.float32: (1e-5, 2e-6),
        torch.float64: (1e-9, 1e-9),
    }
    gradient_near: ClassVar[dict[torch.dtype, tuple[float, float]]] = {
        torch.float32: (1e-4, 1e-7),
        torch.float64: (1e-9, 1e-9),
    }

    def compare(
        self,
        record: Record,
        expected: torch.Tensor,
        hint: str,
        rtol: float,  # noqa: ARG002 - ``near`` has both
        atol: float,  # noqa: ARG002
    ) -> None:
        """Fail unless the loss is as near to the expected one as ``near`` says."""
        __tracebackhide__ = True
        super().compare(record, expected, hint, *self.near[expected.dtype])

    def gradient_limits(self, expected: torch.Tensor) -> tuple[float, float]:
        """Return by which share of itself, and by how much, a gradient may be off.

        One that is small beside the largest is a difference of large numbers, so it may be off by a
        share of that.
        """
        share, least = self.gradient_near[expected.dtype]
        largest = float(expected.abs().max()) if expected.numel() else 0.0
        return 0.0, share * largest + least

    def other_shapes(self, name: str, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:  # noqa: ARG002
        """Yield shapes that a tensor must not have where the rest have this one.

        They are those that broadcasting would take, those with as many numbers, and longer ones.
        """
        ones = range(len(shape))
        yield from ((*shape[:n], 1, *shape[n + 1 :]) for n in ones)
        yield from (tuple(shape[1:]), (*shape, 1), (1, *shape))
        yield from (tuple(reversed(shape)), (math.prod(shape),))
        yield (shape[0] + 1, *shape[1:]) if shape else (2,)

    @once
    def misfits(self) -> list[tuple[Row, str, tuple[int, ...]]]:
        """Rows, each with one tensor and a shape that does not suit the rest."""
        found: list[tuple[Row, str, tuple[int, ...]]] = []
        seen = set()
        for row in self.plain:
            given = {name: tuple(one.x.shape) for _, name, one in row.named}
            alike = [name for name in self.one_shape if name in given]
            names = [*(alike if len(alike) > 1 else ()), *self.placed]
            shapes = {name: given[name] for name in names if name in given}
            counts = {math.prod(shape) for shape in shapes.values() if shape}
            # nothing to compute is no reason to take another shape
            kind = 0 in counts, *map(len, shapes.values())
            if kind in seen or 1 in counts:
                continue
            seen.add(kind)
            for name, shape in shapes.items():
                others = [*self.other_shapes(name, shape)]
                others += [given[self.tensors[0]]] if name in self.placed else []
                others = [other for other in dict.fromkeys(others) if other != shape]
                # of further ranks a few are enough: each call takes its time
                for other in others[:: 1 if len(seen) == 1 else _FEW]:
                    number = len(found)
                    dtype = self.dtypes[number % len(self.dtypes)]
                    found.append((Row(self, row.case, dtype, number), name, other))
        return found

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for row, _, _ in self.misfits:
            _ = row.templates

    @aspect("errors")
    @law("shaped")
    def test_refuses_other_shapes(self, solution: Any, device: str) -> None:
        """Tensors of different shapes raise ValueError, also where they would broadcast."""
        for row, name, shape in self.misfits if device == "cpu" else self.misfits[:1]:
            arguments = self.arguments_of(row, device)
            index = self.tensors.index(name)
            arguments[index] = resized(arguments[index], shape)
            named = {name: arguments[n] for n, name, _ in row.named}
            if name in self.placed:
                others = self.tensors[0]
                hint = self.hint("placed") or PLACED.format(name=name, first=others)
            else:
                others = next(one for one in self.one_shape if one != name and one in named)
                is_as_long = named[name].numel() == named[others].numel()
                hint = self.hint("one shape") or (AS_MANY if is_as_long else ONE_SHAPE)
            solution.hint = hint
            call = functools.partial(self.call, solution, arguments)
            subject = f"{name} of shape {shape} and {others} of {tuple(named[others].shape)}"
            with untouched(BEFORE, **named):
                expect_raises(ValueError, call, hint, subject)

    def __init_subclass__(cls) -> None:
        cls.shaped = (*cls.one_shape, *cls.placed)  # type: ignore[attr-defined]
        super().__init_subclass__()


def resized(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return a tensor of another shape with the numbers of x, over and over, or with 0."""
    numbers = x.detach().cpu().reshape(-1) if x.numel() else torch.zeros(1, dtype=x.dtype)
    places = torch.from_numpy(np.arange(math.prod(shape)) % numbers.numel())
    return numbers[places].reshape(tuple(shape)).to(x.device)
