"""What is right for a module that holds the numbers of a row, made before an answer is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn

from dojo.checks.laws.class_of_modules import ClassOfModules
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row


class OwnCase(NamedTuple):
    """What is right for a module after the numbers of a row were written into it.

    Attributes:
        row: its inputs are handed to the module.
        state: what the module holds, by its names.
        arrays: the arguments for the oracle.
        truths: the right results, by their places among several.
    """

    row: Row
    state: dict[str, torch.Tensor]
    arrays: list[Any]
    truths: dict[int | None, torch.Tensor]


class OwnCases(ClassOfModules):
    """A contract of modules that knows the truth for what its laws write into a module."""

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for _, row in self.different():
            for dtype in (row.dtype, torch.float64):
                self.own_case(row, dtype).row.prepare()

    def different(self) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Yield each way in which the cases have a module made, with the first row for it."""
        seen = []
        for row in self.plain:
            made_with = self.made_with(*row.arrays)
            if made_with not in seen:
                seen.append(made_with)
                yield made_with, row

    def kinds(self) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Yield the first of these ways for each set of parameters and kinds of arguments."""
        seen = []
        for made_with, row in self.different():
            kind = set(self.state_in(row.arrays)), [type(one) for one in made_with]
            if kind not in seen:
                seen.append(kind)
                yield made_with, row

    def own_case(self, row: Row, dtype: torch.dtype) -> OwnCase:
        """Return what is right for a module that holds the numbers of a row, in its own dtype."""
        if (row, dtype) not in self._own_cases:
            asked = row if row.dtype == dtype else Row(self, row.case, dtype)
            given = [one and _in_dtype(one.x, dtype) for one in row.templates]
            state = self.state_in(given)
            arrays = list(asked.arrays)
            for name in state:
                arrays[self.tensors.index(name)] = row.arrays[self.tensors.index(name)]
            truths = {one.part: self.expected(arrays, dtype, one.part) for one in asked.parts}
            self._own_cases[row, dtype] = OwnCase(asked, state, arrays, truths)
        return self._own_cases[row, dtype]

    @once
    def _own_cases(self) -> dict[tuple[Row, torch.dtype], OwnCase]:
        return {}

    def arrays_of(self, module: nn.Module, case: OwnCase) -> list[Any]:
        """Return the arguments for the oracle: inputs, and what a module holds."""
        held = {name: self.held(module, name) for name in case.state}
        with torch._C.DisableTorchFunction():
            numbers = {name: one.detach().cpu() for name, one in held.items()}
            if all(_are_equal(numbers[name], one) for name, one in case.state.items()):
                return case.arrays
            arrays = list(case.arrays)
            for name, one in numbers.items():
                arrays[self.tensors.index(name)] = as_array(one)
        return arrays


def _in_dtype(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor as a module holds it that was converted to a dtype."""
    return x.to(dtype) if x.is_floating_point() else x


def _are_equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.dtype == b.dtype and torch.equal(a, b)
