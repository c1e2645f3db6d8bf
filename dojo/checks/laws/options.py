"""What is said of options: each call goes by its own, whatever an earlier call was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from dojo.checks.laws.contract import Contract
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import NO_MEMORY

_SCALARS = (int, float, bool, str, type(None))


class HasOptions(Contract):
    """A contract whose cases may have options: numbers, flags and words behind the tensors."""

    @once
    def option_rows(self) -> list[tuple[Row, Row]]:
        """For each option a case, and the same case with another value of it and another truth.

        The other value is one that the option has in another case. Where the oracle raises or
        gives the same numbers for each of them, there is no pair for this option. A contract whose
        options go with the very numbers of its tensors says ``option_rows = ()``.
        """
        places = range(len(self.tensors), max(map(len, self.cases), default=0))
        pairs = (self._option_pair(place) for place in places)
        return [pair for pair in pairs if pair is not None]

    def _option_pair(self, place: int) -> tuple[Row, Row] | None:
        dtype = torch.float64 if torch.float64 in self.dtypes else self.dtypes[0]
        for case in self.cases:
            row, others = Row(self, case, dtype), list(self._cases_with_another(case, place))
            truths = self._truths(row) if others else []
            for other in (Row(self, one, dtype) for one in others):
                found = self._truths(other)
                if truths and found and not any(map(self._are_near, truths, found)):
                    return row, other
        return None

    def _cases_with_another(self, case: Sequence[Any], place: int) -> Iterator[Sequence[Any]]:
        """Yield the case with each other value that stands in this place of a case."""
        known = list(case[place : place + 1])
        if place > len(case) or not all(map(_is_plain, known)):
            return
        values = [one[place] for one in self.cases if place < len(one) and _is_plain(one[place])]
        for value in values:
            if value not in known:
                known.append(value)
                yield (*case[:place], value, *case[place + 1 :])

    def _truths(self, row: Row) -> list[torch.Tensor]:
        """Return the truth about each result; none where the oracle cannot take the case."""
        try:
            return [part.expected for part in row.parts]
        except Exception:  # noqa: BLE001 - the case makes no sense
            return []

    def _are_near(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        rtol, atol = (2 * limit for limit in self.limits(one))
        return torch.allclose(one, other, rtol, atol, equal_nan=True)

    def expect_own_options(self, solution: Any, device: str) -> None:
        """Fail if a call goes by an option that an earlier call on such tensors was given.

        That is asked on the CPU alone: an answer keeps options there as it does on the GPU.
        """
        __tracebackhide__ = True
        for row, other in self.option_rows if device == "cpu" else ():
            list(self.records(solution, device, [row]))
            for part in self.ask_again(solution, device, other).parts:
                self.expect_truth(part, NO_MEMORY)


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, a flag, a word or None, or a list or tuple of such."""
    is_group = type(value) in (tuple, list)
    return type(value) in _SCALARS or (is_group and all(map(_is_plain, value)))
