"""The laws of large inputs: what is worked on in parts is right, and makes no large tensor."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from dojo.checks.aspects import aspect
from dojo.checks.costs import MemoryTrace
from dojo.checks.expect import expect
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.laws.tracking import TrackedFunction
from dojo.checks.laws.wording import law

PARTS = "Here the inputs are long: if you work in parts, each part goes on from those before it."
LARGE = "A tensor of that size is made on the way, in the call or in its backward: work in parts."


class BoundedMemory(TrackedFunction):
    """A contract in which no operation may make a large tensor, forward or backward.

    What works in parts may go wrong where one ends and the next begins, which small cases do not
    show. So the numbers are judged for large inputs too.

    Attributes:
        large: cases whose inputs are large enough to tell; ``largest`` says what is allowed.
    """

    large: ClassVar[Sequence[tuple[Any, ...]]] = ()

    def largest(self, *arrays: Any) -> int:
        """Return how many elements a tensor may have that an operation makes; views count none.

        A mask counts by its elements too, as does what is made for a gradient.
        """
        raise NotImplementedError

    @once
    def large_rows(self) -> list[Row]:
        """Each large case, once with all inputs tracked, and once with none."""
        names = self.trackable if self.recorded else ()
        asked = [names, ()] if names else [()]
        pairs = itertools.product(self.large, asked)
        return [Row(self, case, self.dtypes[0], tracked=one) for case, one in pairs]

    @once
    def long_rows(self) -> list[Row]:
        """One row of each large case, tracked where this is asked."""
        names = self.trackable if self.recorded else ()
        return [Row(self, case, self.dtypes[0], 0, "long", names) for case in self.large]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *self.long_rows]

    @aspect("values")
    @law("large", last=True)
    def test_values_of_large_inputs(self, solution: Any) -> None:
        """The numbers are right for large inputs, too."""
        for record in self.records(solution, "cpu", self.long_rows):
            self.expect_truth(record, PARTS)

    @aspect("gradient")
    @law("large", "recorded", last=True)
    def test_gradients_of_large_inputs(self, solution: Any) -> None:
        """Gradients are right for large inputs, too."""
        for record in self.records(solution, "cpu", self.long_rows):
            self.expect_gradients(record)

    @aspect("memory")
    @law("large")
    def test_makes_no_large_tensor(self, solution: Any) -> None:
        """No operation makes a tensor that is larger than it need be, forward or backward."""
        for row in self.large_rows:
            arguments = self.arguments_of(row, "cpu")
            solution.hint = self.hint("large") or self.hint_of(row)
            self.make_ready(solution, arguments)
            with MemoryTrace() as trace:
                got = self.traced_call(solution, arguments)
                forward = max(trace.elements, default=0)
                for _, one in self.results_of(got):
                    if isinstance(one, torch.Tensor) and one.requires_grad:
                        one.sum().backward(retain_graph=True)
            most, largest = self.largest(*row.arrays), max(trace.elements, default=0)
            way = "on the way" if forward > most else "in its backward"
            made = f"made a tensor of {largest if forward <= most else forward:,} elements {way}"
            sentence = f"{made}; expected at most {most:,}."
            expect(largest <= most, sentence, self.hint("large") or LARGE)
