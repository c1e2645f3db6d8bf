"""The laws of a function that computes a gradient by hand, with no help of autograd."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import KEEP
from dojo.checks.memory import expect_new_memory
from dojo.checks.tracing import expect_no_autograd_pass

BY_HAND = "Write the gradient as a formula: no backward, grad, vjp or jvp runs during the call."
TRACKED = "Here {name} require grad: compute from `.detach()` where that is in the way."


class BackwardByHand(PureFunction):
    """The laws of a function that computes gradients in closed form.

    Its inputs may be tracked; whether its results are is not judged. ``hints`` may have "by hand".
    """

    recorded: ClassVar[bool] = False
    forbidden: ClassVar[str] = ".+_backward.*"
    # a part of test_is_made_by_hand: a pass of autograd runs such operations, and is named first
    test_is_made_without = None

    def hint(self, law: str) -> str:
        """Return the kata's hint for a law; where it has none, one that holds for the family."""
        tracked = TRACKED.format(name=" and ".join(self.tensors))
        usual = {"memory": KEEP, "by hand": BY_HAND, "tracked": tracked}
        return super().hint(law) or usual.get(law, "")

    @once
    def tracked_rows(self) -> list[Row]:
        """The first cases with tracked tensors, leaves and results in turns; the first as both."""
        names = [name for name in self.tensors if name not in self.fixed]
        return [
            Row(self, case, self.dtypes[n % len(self.dtypes)], n, "values", names, n % 2 == 0)
            for n, case in enumerate([*self.cases[:1], *self.cases[:3]])
        ]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *self.tracked_rows]

    # ---------------------------------------------------------------- the laws

    @aspect("values")
    def test_takes_tracked_inputs(self, solution: Any, device: str) -> None:
        """{inputs} may require grad, as a leaf or as a result: the numbers are the same."""
        for record in self.records(solution, device, self.tracked_on(device)):
            self.expect_truth(record)

    @aspect("memory")
    def test_leaves_its_inputs(self, solution: Any, device: str) -> None:
        """Nothing of {inputs} changes, whether they require grad or not."""
        super().test_leaves_its_inputs(solution, device)
        for record in self.records(solution, device, self.tracked_on(device)):
            expect(not record.change, record.change, self.hint("memory"))

    @aspect("memory")
    def test_has_memory_of_its_own(self, solution: Any, device: str) -> None:
        """The result lies in memory of its own, in that of no input."""
        super().test_has_memory_of_its_own(solution, device)
        hint = self.hint("own memory") or self.hint("memory")
        for record in self.records(solution, device, self.tracked_on(device)):
            expect_new_memory(record.got, *record.tensors.values(), hint=hint)

    @aspect("structure")
    def test_is_made_by_hand(self, solution: Any, device: str) -> None:
        """No pass of autograd runs during the call, and none of torch's backward operations."""
        for row in self.tracked_on(device):
            solution.hint = self.hint_of(row)
            call = functools.partial(self.call, solution, self.arguments_of(row, device))
            expect_no_autograd_pass(call, hint=self.hint("by hand"))
        if device == "cpu":
            super().test_is_made_without(solution)
