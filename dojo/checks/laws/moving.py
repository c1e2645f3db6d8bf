"""The laws of a function whose result holds numbers of its input: it only changes their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect, expect_elements
from dojo.checks.laws.numbers import ALL, is_rounded, with_all_digits
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import law
from dojo.checks.memory import expect_view


class MovingFunction(PureFunction):
    """The laws of a function whose result holds numbers of x, each as it is.

    Attributes:
        shapes: the shapes of x; the cases are made of them.
        further: what follows x in each of these cases.
        moves_wild: whether inf and NaN are asked for.
    """

    dtypes: ClassVar[Sequence[torch.dtype]] = ALL
    memory: ClassVar[str] = "free"
    ulps: ClassVar[float] = 0
    gradient_ulps: ClassVar[float] = 0
    shapes: ClassVar[Sequence[tuple[int, ...]]] = ()
    further: ClassVar[tuple[Any, ...]] = ()
    moves_wild: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        if cls.shapes:
            cls.cases = [(places(shape), *cls.further) for shape in cls.shapes]
        super().__init_subclass__()

    def tensor(self, name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
        """Return the numbers of a case with digits that a narrower dtype does not hold."""
        is_exact = np.asarray(value).dtype.kind == "i"
        if not is_exact or name in self.fixed:
            return super().tensor(name, value, dtype)
        return with_all_digits(value, dtype)

    def why(
        self,
        law: str,
        arguments: Sequence[Any],  # noqa: ARG002
        got: Any,
        expected: Any,
    ) -> str:
        """Return the hint on dtypes where digits are lost and each number is in its place."""
        if law == "type" or not is_rounded(got, expected):
            return ""
        return self.hint("dtype")

    def compare(
        self, record: Record, expected: torch.Tensor, hint: str, rtol: float, atol: float
    ) -> None:
        """Fail unless the numbers are the expected ones; a wrong one is named by its place."""
        __tracebackhide__ = True
        numbers = record.row.arrays[0]
        kept = record.kept
        is_named = len(np.unique(numbers)) == numbers.size and record.row.law != "wild"
        if is_named and kept is not None and not is_rounded(kept, expected):
            truth = np.array(self.truth(*record.row.arrays), order="C")
            expect_elements(kept, numbers, truth, hint, self.tensors[0])
        super().compare(record, expected, hint, rtol, atol)

    def gradient(self, weights: np.ndarray, x: np.ndarray, *others: Any) -> Any:
        """Return to each place of x what was given to its numbers in the result."""
        found = np.asarray(self.truth(places(x.shape), *others))
        back = np.zeros(x.size, weights.dtype)
        np.add.at(back, found.flatten(), np.asarray(weights).flatten())
        return [back.reshape(x.shape)]

    @once
    def moved_rows(self) -> list[Row]:
        """Some cases with inf first and NaN last."""
        rows = []
        for case in self.varied[:3]:
            x = np.array(case[0], dtype=float)
            if x.size:
                x.flat[0], x.flat[-1] = np.inf, np.nan
            rows.append(Row(self, (x, *case[1:]), torch.float32, 0, "wild"))
        return rows

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *self.moved_rows]

    @aspect("values")
    @law("moves_wild")
    def test_moves_inf_and_nan(self, solution: Any, device: str) -> None:
        """inf and NaN come out in their places, and harm no other number."""
        rows = self.moved_rows if device == "cpu" else self.moved_rows[:1]
        for record in self.records(solution, device, rows):
            self.expect_truth(record)


class ViewFunction(MovingFunction):
    """The laws of a function whose result is a view of x, however x lies in memory."""

    memory: ClassVar[str] = "view"

    @aspect("memory")
    def test_is_a_view(self, solution: Any, device: str) -> None:
        """The result lies in the memory of {x}, however {x} lies there."""
        rows = [*self.usual(device), *(self.tracked_on(device) if self.recorded else [])]
        for record in self.records(solution, device, rows):
            hint = f"{self.hint('view')} {record.row.words}".strip()
            x = record.arguments[0]
            if not x.numel():  # there is no memory to share
                continue
            expect_view(record.got, x, hint)
            expect(record.got is not x or self.may_be_itself, "returned x itself.", hint)

    may_be_itself: ClassVar[bool] = True


def places(shape: Sequence[int]) -> np.ndarray:
    """Return the numbers 0, 1, 2 and so on in this shape."""
    return np.arange(int(np.prod(shape))).reshape(shape)
