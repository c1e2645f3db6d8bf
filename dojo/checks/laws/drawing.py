"""The laws of a function that makes a tensor of random numbers, on the device that it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect, expect_shape
from dojo.checks.laws.making import MakingFunction
from dojo.checks.laws.wording import OWN
from dojo.checks.memory import shares_storage


class DrawingFunction(MakingFunction):
    """The laws of a function that draws numbers; of which kind, the tests of a kata say.

    Attributes:
        shape: that of the result, where no case names another one.
    """

    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32,)
    cases: ClassVar[Sequence[tuple[Any, ...]]] = [()]
    shape: ClassVar[tuple[int, ...]] = ()
    test_values: Any = None  # the numbers are free

    def truth(self, *sizes: Any) -> Any:
        """Return numbers of the right shape: the first of the sizes is one, if there are any."""
        return np.zeros(sizes[0] if sizes else self.shape)

    def drawn(self, solution: Any, arguments: Sequence[Any], calls: int) -> np.ndarray:
        """Return the numbers of so many calls as float64, those of a call in a row."""
        __tracebackhide__ = True
        rows = []
        for _ in range(calls):
            row = self.call(solution, arguments)
            expect_shape(row, np.shape(self.truth(*arguments[: -len(self.last)])))
            rows.append(row.detach().clone())  # it may be written to once more
        return torch.stack(rows).cpu().double().flatten(1).numpy()

    @aspect("memory")
    def test_remembers_nothing(self, solution: Any, device: str) -> None:
        """Each call makes a new tensor, and leaves the earlier results alone."""
        hint = self.hint("kept") or OWN
        for record in list(self.records(solution, device, self.plain)):
            again = self.ask_again(solution, device, record.row)
            is_new = not shares_storage(record.got, again.got)
            expect(is_new, "gave the memory of an earlier result again.", hint)
        self.expect_kept(self.kept_records(solution))
