"""The laws of a function that makes a tensor of sizes, on the device that it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect_device
from dojo.checks.laws.layouts import CONTIGUOUS
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.rows import Row

# The ways to name a device, which the rows take in turns.
DEVICES: dict[str, list[Any]] = {
    "cpu": ["cpu", torch.device("cpu")],
    "cuda": ["cuda", torch.device("cuda"), "cuda:0", torch.device("cuda", 0)],
}


class MakingFunction(PureFunction):
    """The laws of a function that makes a tensor of sizes, and takes no tensor.

    Attributes:
        dtypes: those that it is asked for, or the one that it always makes.
        last: what follows the case in a call, in this order: "device", "dtype".
    """

    tensors: ClassVar[Sequence[str]] = ()
    layouts: ClassVar[Sequence[str]] = (CONTIGUOUS,)
    last: ClassVar[Sequence[str]] = ("device",)
    recorded: ClassVar[bool] = False

    def given(self, row: Row, device: str) -> list[Any]:
        """Return the case, then the device by one of its names, and the dtype if asked for."""
        names = DEVICES[device]
        values = {"device": names[row.place % len(names)], "dtype": row.dtype}
        return [*row.case, *(values[one] for one in self.last)]

    def hint_of(self, row: Row) -> str:
        """Return where to look if the call of this row raises."""
        return super().hint_of(row) or self.hint("device")

    @once
    def plain(self) -> list[Row]:
        """Every case in the first dtype; the last one has the device by another name."""
        last = len(self.cases) - 1
        return [Row(self, case, self.dtypes[0], n == last > 0) for n, case in enumerate(self.cases)]

    @once
    def named_rows(self) -> list[Row]:
        """The first case with each name of a device but the first."""
        most = max(map(len, DEVICES.values()))
        return [Row(self, self.cases[0], self.dtypes[0], n) for n in range(1, most)]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *self.named_rows]

    @once
    def varied(self) -> list[Sequence[Any]]:
        """All cases: there is no tensor that could lie in memory in another way."""
        return list(self.cases)

    test_has_memory_of_its_own: Any = None  # there is no input in whose memory it could lie

    @aspect("dtype")
    def test_has_the_dtype(self, solution: Any, device: str) -> None:
        """The result has the dtype that is asked for."""
        super().test_has_the_dtype(solution, device)

    @aspect("device")
    def test_stays_on_the_device(self, solution: Any, device: str) -> None:
        """The result lies on the device that is asked for, whichever way it is named."""
        super().test_stays_on_the_device(solution, device)
        for record in self.records(solution, device, self.named_rows[: len(DEVICES[device]) - 1]):
            expect_device(record.got, device, self.hint("device"))

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """The numbers are right."""
        super().test_values(solution, device)

    @aspect("memory")
    def test_leaves_its_inputs(self, solution: Any, device: str) -> None:
        """The result does not require grad."""
        super().test_leaves_its_inputs(solution, device)
