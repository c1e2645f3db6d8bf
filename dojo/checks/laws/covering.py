"""Which rows a contract asks: every case, dtype and layout where they mean something, and few."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from dojo.checks.laws.facts import Facts
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

_PAIRS = 20  # dtypes times layouts, up to which each is asked with each


class Coverage(Facts):
    """The rows of a contract; each is made once for its class."""

    @once
    def plain(self) -> list[Row]:
        """Every case in the first dtype, contiguous: so a message is of the plain case first."""
        return [Row(self, case, self.dtypes[0]) for case in self.cases]

    @once
    def kinds_of_calls(self) -> list[Row]:
        """A plain row for each kind: the tensors that are given, and their dimensions."""
        kinds: dict[tuple[Any, ...], Row] = {}
        for row in self.plain:
            kinds.setdefault(tuple((name, one.x.dim()) for _, name, one in row.named), row)
        return list(kinds.values())

    @once
    def typed(self) -> list[Row]:
        """Every other dtype, contiguous, with cases in turns that can show its numbers.

        Behind them each way to call, by what is given and what is left out, in each other dtype.
        """
        cases = self.varied
        found = [
            Row(self, cases[number % len(cases)], dtype)
            for number, dtype in enumerate(self.dtypes[1:], start=1)
        ]
        known = {(_given(row.case), row.dtype) for row in (*found, *self.laid_out)}
        for case, dtype in itertools.product(cases, self.dtypes[1:]):
            if (_given(case), dtype) not in known:
                known.add((_given(case), dtype))
                found.append(Row(self, case, dtype))
        return found

    @once
    def laid_out(self) -> list[Row]:
        """Every layout, and every dtype in a layout; each with each where these are few."""
        layouts, dtypes = range(1, len(self.layouts)), range(len(self.dtypes))
        pairs = list(itertools.product(layouts, dtypes))
        turns = [n + n // len(dtypes) for n in range(len(pairs))]
        if len(pairs) > _PAIRS and layouts:
            count = max(len(layouts), len(dtypes))
            pairs = [(1 + n % len(layouts), n % len(dtypes)) for n in range(count)]
            # else as many cases as layouts would pair each case with one layout for ever
            turns = [n % len(layouts) + n // len(layouts) for n in range(count)]
        cases = self.varied
        return [
            Row(self, cases[(turn + 1) % len(cases)], self.dtypes[n], place)
            for turn, (place, n) in zip(turns, pairs, strict=True)
        ]

    @once
    def varied(self) -> list[Sequence[Any]]:
        """The cases that lie in memory in more than one way: two sizes above 1 where there are."""
        counts = [sum(size > 1 for size in np.shape(case[0])) for case in self.cases]
        enough = min(2, max(counts))
        return [case for case, n in zip(self.cases, counts, strict=True) if n >= enough]

    @once
    def thin(self) -> list[Row]:
        """For the GPU: each case, dtype and layout once, a plain one first."""
        dtypes, varied = self.dtypes, self.varied
        rows = [
            Row(self, varied[n % len(varied)], dtypes[n % len(dtypes)], n)
            for n in range(max(len(varied), len(dtypes), len(self.layouts)))
        ]
        # some dtypes cannot hold the numbers of a case that is there for its shape
        others = [row for row in self.plain if not any(row.case is one for one in varied)]
        if varied[0] is self.cases[0]:
            return [*self.plain[:1], *rows[1:], *others]
        return [*others, *rows]

    def usual(self, device: str) -> list[Row]:
        """The rows that most laws read, the plain ones first."""
        return [*self.plain, *self.typed, *self.laid_out] if device == "cpu" else self.thin

    @once
    def wild_rows(self) -> list[Row]:
        """Every wild case in every float dtype, the layouts in turns."""
        floats = [dtype for dtype in self.dtypes if dtype.is_floating_point or dtype.is_complex]
        return [
            Row(self, case, dtype, place, "wild")
            for place, dtype in enumerate(floats)
            for case in self.wild
        ]

    @once
    def precise_rows(self) -> list[Row]:
        """The cases whose numbers have all digits of a dtype."""
        return [Row(self, case, dtype, 0, "precise") for dtype, case in self.precise]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        rows = [*self.plain, *self.typed, *self.laid_out, *self.thin]
        return [*rows, *self.wild_rows, *self.precise_rows]

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        for row in self.all_rows():
            row.prepare()


def _given(case: Sequence[Any]) -> tuple[int, ...]:
    """Return the places of the arguments that are given, and are not None."""
    return tuple(place for place, value in enumerate(case) if value is not None)
