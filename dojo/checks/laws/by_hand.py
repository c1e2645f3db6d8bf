"""The laws of a function that computes a gradient by hand, with no help of autograd."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from dojo.checks.aspects import aspect
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.rows import Row
from dojo.checks.tracing import expect_no_autograd_pass

BY_HAND = "Write the gradient as a formula: no backward, grad, vjp or jvp runs during the call."


class BackwardByHand(PureFunction):
    """The laws of a function that computes gradients in closed form.

    Its inputs may be tracked; whether its results are is not judged. ``hints`` may have "by hand".
    """

    recorded: ClassVar[bool] = False
    forbidden: ClassVar[str] = ".+_backward.*"

    @aspect("structure")
    def test_runs_no_pass_of_autograd(self, solution: Any, device: str) -> None:
        """It is computed by hand: autograd computes no derivative during the call."""
        for place, case in enumerate(self.cases if device == "cpu" else self.cases[:1]):
            row = Row(self, case, self.dtypes[place % len(self.dtypes)], place)
            arguments = self.arguments_of(row, device)
            for index, name, _ in row.named:
                if name not in self.fixed:
                    arguments[index].requires_grad_()
            solution.hint = self.hint_of(row)
            call = functools.partial(self.call, solution, arguments)
            expect_no_autograd_pass(call, hint=self.hint("by hand") or BY_HAND)
