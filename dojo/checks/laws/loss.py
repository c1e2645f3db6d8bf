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
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import BEFORE, law
from dojo.checks.memory import untouched

ONE_SHAPE = (
    "Compare the shapes before you compute: broadcasting makes n × n numbers of (n, 1) and (n,),"
    " and raises no error."
)


class LossFunction(PureFunction):
    """The laws of a loss.

    Attributes:
        one_shape: the tensors that must have one shape; else the call raises ``ValueError``.
            ``hints`` may have "one shape".
    """

    one_shape: ClassVar[Sequence[str]] = ()

    def other_shapes(self, name: str, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:  # noqa: ARG002
        """Yield shapes that a tensor must not have where the rest have this one.

        They are those that broadcasting would take, those with as many numbers, and longer ones.
        """
        ones = range(len(shape))
        yield from ((*shape[:n], 1, *shape[n + 1 :]) for n in ones)
        yield from (tuple(shape[1:]), (*shape, 1), (1, *shape))
        yield from (tuple(reversed(shape)), (math.prod(shape),))
        yield (shape[0] + 1, *shape[1:]) if shape else (2,)

    def misfits(self) -> Iterator[tuple[Row, str, tuple[int, ...]]]:
        """Yield rows, each with one tensor and a shape that does not suit the rest."""
        seen = []
        for row in self.plain:
            named = {name: one for _, name, one in row.named if name in self.one_shape}
            shape = next((tuple(one.x.shape) for one in named.values()), ())
            if len(shape) in seen or len(named) < 2 or math.prod(shape) < 2 * (len(shape) > 0):
                continue
            seen.append(len(shape))
            for name in named:
                others = dict.fromkeys(self.other_shapes(name, shape))
                yield from ((row, name, other) for other in others if other != shape)

    @aspect("errors")
    @law("one_shape")
    def test_refuses_other_shapes(self, solution: Any, device: str) -> None:
        """Tensors of different shapes raise ValueError, also where they would broadcast."""
        hint = self.hint("one shape") or ONE_SHAPE
        misfits = list(self.misfits())
        for number, (row, name, shape) in enumerate(misfits if device == "cpu" else misfits[:1]):
            asked = Row(self, row.case, self.dtypes[number % len(self.dtypes)], number)
            arguments = self.arguments_of(asked, device)
            index = self.tensors.index(name)
            arguments[index] = resized(arguments[index], shape)
            named = {name: arguments[n] for n, name, _ in asked.named}
            solution.hint = hint
            call = functools.partial(self.call, solution, arguments)
            others = next(one for one in self.one_shape if one != name and one in named)
            subject = f"{name} of shape {shape} and {others} of {tuple(named[others].shape)}"
            with untouched(BEFORE, **named):
                expect_raises(ValueError, call, hint, subject)


def resized(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return a tensor of another shape that is filled with the numbers of x, over and over."""
    numbers = x.detach().cpu().reshape(-1)
    places = torch.from_numpy(np.arange(math.prod(shape)) % max(numbers.numel(), 1))
    return numbers[places].reshape(tuple(shape)).to(x.device)
