"""A contract: what the function of a kata takes and promises, and how that is put to the test.

``facts`` has what a check file says, ``covering`` which rows are asked. The families of laws
inherit from ``Contract``; ``dojo.checks.laws`` says how a check file uses them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from dojo.checks.expect import CheckFailed, expect_shape, expect_values
from dojo.checks.laws.covering import Coverage
from dojo.checks.laws.numbers import is_rounded, largest_of
from dojo.checks.laws.record import Asked, Record, ask
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import DRAWN_FROM_TORCH
from dojo.checks.laws.wording import DIGITS, KEEP, OWN, RANDOM, TRACKED, word_laws
from dojo.checks.messages import describe


class Contract(Coverage):
    """How the rows of a contract are asked, and how a record is judged; families have laws."""

    # ---------------------------------------------------------------- classes of a check file

    def __init_subclass__(cls) -> None:
        """Word the laws for the function, leave out those that do not apply, and order them."""
        if "name" in vars(cls):
            frame: Any = sys._getframe(1)
            while frame.f_code.co_name == "__init_subclass__":  # of a family
                frame = frame.f_back
            cls.dojo_line = frame.f_lineno
            word_laws(cls)

    # ---------------------------------------------------------------- asking

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call the answer's function."""
        __tracebackhide__ = True
        return getattr(solution, self.name)(*arguments)

    def as_argument(self, name: str, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return what is handed to the answer for a tensor; here the tensor itself."""
        return x

    def make_ready(self, solution: Any, arguments: Sequence[Any]) -> None:
        """Do what belongs to a call but is not watched; here nothing."""

    def records(self, solution: Any, device: str, rows: Iterable[Row]) -> Iterator[Record]:
        """Yield the record of each row, or of each result of it, where several come back.

        What was asked before is not asked again.
        """
        __tracebackhide__ = True
        kept = solution.records
        for row in rows:
            key = row, device
            if key not in kept:
                try:
                    kept[key] = ask(self, solution, device, row)
                except (RuntimeError, ValueError):
                    self.expect_unchanged_inputs(solution)  # the error may come from that
                    raise
            record = kept[key]
            for part in record.parts:
                solution.last_call, solution.last_line = record.call, record.line
                yield part

    def ask_again(
        self,
        solution: Any,
        device: str,
        row: Row,
        arguments: Sequence[Any] | None = None,
        thoroughly: bool = False,
    ) -> Record:
        """Ask a row that may have been asked before; the arguments are those of ``record.ask``."""
        __tracebackhide__ = True
        return ask(self, solution, device, row, arguments, thoroughly)

    def expect_unchanged_inputs(self, solution: Any) -> None:
        """Fail if an earlier call has changed an input."""
        __tracebackhide__ = True
        for record in self.kept_records(solution):
            if record.change:
                solution.last_call, solution.last_line = record.call, record.line
                raise CheckFailed(record.change, self.hint("memory") or KEEP) from None

    def arguments_of(self, row: Row, device: str) -> list[Any]:
        """Return new arguments for a call that is not recorded."""
        return Asked(row, device).arguments

    def kept_records(self, solution: Any) -> list[Record]:
        """Return the records of all rows of this contract that were asked so far."""
        return [
            part
            for record in solution.records.values()
            if isinstance(record, Record) and type(record.row.contract) is type(self)
            for part in record.parts
        ]

    # ---------------------------------------------------------------- judging

    def hint(self, law: str) -> str:
        """Return the kata's hint for a law; empty if it has none."""
        return self.hints.get(law, "")

    def hint_of(self, row: Row) -> str:
        """Return where to look if the call of this row raises."""
        hint = self.hint("raises") or self.hint(row.law) or self.hint("values")
        if row.tracked:  # that is why it raises: the other rows come first
            cut = self.hint("tracked") or TRACKED.format(name=" and ".join(row.tracked))
            hint = f"{self.hint('memory') or KEEP} {cut}"
        return f"{hint} {row.words}".strip()

    def expected(
        self, arrays: Sequence[Any], dtype: torch.dtype, part: int | None = None
    ) -> torch.Tensor:
        """Return the truth for these arguments, or a part of it, with the result's dtype."""
        with np.errstate(all="ignore"):
            truth = self.truth(*arrays)
        dtype = self.result_dtype(dtype)
        if part is not None:
            truth = truth[part]
            dtype = dtype[part] if isinstance(dtype, tuple) else dtype
        # torch takes no negative strides
        return torch.tensor(np.array(truth, order="C"), dtype=dtype)

    def expect_results(self, got: Any) -> None:
        """Fail unless as many results came back as there should be, in a tuple or list."""
        __tracebackhide__ = True
        if not self.results:
            return
        kind, count = self.results_type, len(self.results)
        # a named tuple, such as torch.max gives, is a tuple too
        is_right = issubclass(type(got), kind) and len(got) == count
        if not is_right:
            wanted = f"a {kind.__name__} of {count} tensors, {' and '.join(self.results)}"
            raise CheckFailed(f"returned {describe(got)}; expected {wanted}.", self.hint("type"))

    def results_of(self, got: Any) -> list[tuple[str, Any]]:
        """Return what came back by the words for each result, once these are all there."""
        __tracebackhide__ = True
        self.expect_results(got)
        return list(zip(self.results, got, strict=True)) if self.results else [("", got)]

    def limit(self, dtype: torch.dtype) -> float:
        """Return by which share of itself a result of this dtype may be off."""
        if not dtype.is_floating_point and not dtype.is_complex:
            return 0.0
        if dtype in self.of_largest:
            return self.of_largest[dtype]
        ulps = self.ulps.get(dtype, 8) if isinstance(self.ulps, dict) else self.ulps
        return ulps * float(torch.finfo(dtype).eps)

    def limits(self, expected: torch.Tensor) -> tuple[float, float]:
        """Return by which share of itself, and by how much, each number of a result may be off."""
        limit = self.limit(expected.dtype)
        if expected.dtype in self.of_largest:
            return 0.0, limit * largest_of(expected)
        return limit, limit if self.absolute else 0.0

    def expect_truth(self, record: Record, words: str = "") -> None:
        """Fail unless the result has the shape, the dtype and the numbers of the truth."""
        __tracebackhide__ = True
        if record.is_true:  # another law has asked that
            return
        row, got, kept = record.row, record.got, record.kept
        expected = row.expected
        if kept is not None and kept.dtype == expected.dtype and kept.shape == expected.shape:
            limits = row.limits
            with contextlib.suppress(CheckFailed), torch._C.DisableTorchFunction():
                if not torch.equal(kept, expected):
                    self.compare(record, expected, "", *limits)
                record.is_true = True
                return
            if _equal(kept, expected):  # NaN included
                return
            if record.change:
                raise CheckFailed(record.change, self.hint("memory") or KEEP)
            # only now: to look for the very mistake takes longer than to compare
            why = self.why(row.law, row.arrays, kept, expected)
            why = why or (RANDOM if record.setting == DRAWN_FROM_TORCH else "")
            hint = why or self.hint(row.law) or self.hint("values")
            digits = self.hint("precise") or DIGITS
            if not why and is_rounded(kept, expected) and hint != digits:
                hint = f"{hint} {digits}"
            hint = " ".join(filter(None, (hint, row.words, words)))
            self.compare(record, expected, hint, *limits)
            return
        self.expect_right_shape(record, words)
        expect_values(got, expected, self.hint("dtype"), row.subject)

    def expect_right_shape(self, record: Record, words: str = "") -> None:
        """Fail unless the result has the shape of the truth."""
        __tracebackhide__ = True
        row, got = record.row, record.got
        hint = self.hint("shape")
        if record.kept is not None and got.shape != row.expected.shape:
            hint = self.why_shape(row.arrays, tuple(got.shape)) or hint
            hint = f"{hint} {words}".strip()
        expect_shape(got, row.expected.shape, hint, row.subject)

    def compare(
        self, record: Record, expected: torch.Tensor, hint: str, rtol: float, atol: float
    ) -> None:
        """Fail unless the numbers that came back are as close as that to the expected ones."""
        __tracebackhide__ = True
        expect_values(record.kept, expected, hint, record.row.subject, rtol, atol)

    def expect_kept(self, records: Iterable[Record]) -> None:
        """Fail if a result of an earlier call has other numbers by now."""
        __tracebackhide__ = True
        for record in records:
            if record.kept is None or record.owner:
                continue
            now = record.got
            with torch._C.DisableTorchFunction():
                now = now.detach().cpu() if now.is_cuda else now.detach()
                is_kept = now.shape == record.kept.shape and _equal(now, record.kept)
            if not is_kept:
                sentence = "returned a tensor whose numbers a later call has changed."
                raise CheckFailed(sentence, self.hint("kept") or OWN)


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors of one shape and dtype hold the same; NaN equals NaN."""
    return torch.equal(a, b) or bool((a == b).logical_or_((a != a).logical_and_(b != b)).all())
