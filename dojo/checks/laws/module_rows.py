"""Which rows a class of modules is asked on the GPU and in traces: few, as each has parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dojo.checks.laws.module_state import ModuleState
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row


class ModuleRows(ModuleState):
    """The rows of a contract of modules; elsewhere they are those of a function."""

    @once
    def thin(self) -> list[Row]:
        """For the GPU: each dtype, and each kind of call."""
        return _few(super().thin, lambda row: {row.dtype, self._kind_of(row)})

    @once
    def traced_rows(self) -> list[Row]:
        """The rows in which operations are traced: each dtype, and each kind of call."""
        rows = self.tracked_rows if self.recorded else [*self.plain, *self.typed]
        return _few(rows, lambda row: {row.dtype, self._kind_of(row)})

    def _kind_of(self, row: Row) -> str:
        """Return of what kind a call is: which inputs are given, their dimensions, and flags."""
        given = [(name, one.x.dim()) for _, name, one in row.named if name in self.handed]
        return f"{given} {[one for one in row.case[len(self.tensors) :] if type(one) is not int]}"


def _few(rows: Sequence[Row], facts_of: Callable[[Row], set[Any]]) -> list[Row]:
    """Return those of the rows that bring a fact which no earlier one has."""
    seen: set[Any] = set()
    chosen = []
    for row in rows:
        if not (facts := facts_of(row)) <= seen:
            chosen.append(row)
            seen |= facts
    return chosen
