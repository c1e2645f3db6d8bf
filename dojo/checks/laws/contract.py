"""A contract: what the function of a kata takes and promises, and how that is put to the test.

The families of laws inherit from it; ``dojo.checks.laws`` says how a check file uses them.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.expect import CheckFailed, expect_shape, expect_values
from dojo.checks.laws.layouts import LAYOUTS
from dojo.checks.laws.numbers import FLOATS, slopes
from dojo.checks.laws.once import once
from dojo.checks.laws.record import Asked, Record, ask
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import DIGITS, KEEP, TRACKED, word_laws

_PAIRS = 20  # dtypes times layouts, up to which each is asked with each


class Contract:
    """What a contract declares, and how rows are asked. The families have the laws.

    Attributes:
        name: the public name.
        tensors: the parameters that are tensors; they come first in a case.
        written: those of them that the function may write.
        dtypes: what the tensors may be, all of one dtype at a time; the first is the usual one.
        fixed: tensors that have a dtype of their own, such as a mask: name → dtype.
        layouts: how the tensors may lie in memory.
        cases: tuples of arguments, the tensors as lists or arrays: every law looks at them. The
            first one is the plainest: a message shows it if all is wrong.
        wild: the same with inf, NaN or the largest numbers, in every float dtype.
        precise: (dtype, arguments): numbers whose digits a narrower dtype does not hold.
        ulps: by how many units in the last place a result may differ, of 1 or of the result.
            A dict gives them by dtype; what it lacks has 8.
        absolute: whether small results may be off by as much as 1 may; else only by their share.
        gradient_ulps: the same for gradients.
        refused: (arguments, dtypes or None for all, error, hint): what raises.
        forbidden: a regular expression of torch's operations that may not run.
        recorded: whether gradients reach the inputs.
        draws: whether the function draws random numbers.
        fixes_strides: whether the strides of the result are part of the contract.
        hints: law → where to look: type, shape, dtype, device, values, wild, precise, gradient,
            tracked, memory, forbidden.
        sentences: name of a test → the sentence that says what it is about, in place of its own.
    """

    name: ClassVar[str]
    tensors: ClassVar[Sequence[str]] = ("x",)
    written: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = FLOATS
    fixed: ClassVar[dict[str, torch.dtype]] = {}
    layouts: ClassVar[Sequence[str]] = tuple(LAYOUTS)
    cases: ClassVar[Sequence[tuple[Any, ...]]] = ()
    wild: ClassVar[Sequence[tuple[Any, ...]]] = ()
    precise: ClassVar[Sequence[tuple[torch.dtype, tuple[Any, ...]]]] = ()
    ulps: ClassVar[float | dict[torch.dtype, float]] = 8
    absolute: ClassVar[bool] = True
    gradient_ulps: ClassVar[float] = 32
    refused: ClassVar[Sequence[tuple[Any, ...]]] = ()
    forbidden: ClassVar[str] = ""
    recorded: ClassVar[bool] = True
    draws: ClassVar[bool] = False
    fixes_strides: ClassVar[bool] = False
    hints: ClassVar[dict[str, str]] = {}
    sentences: ClassVar[dict[str, str]] = {}
    dojo_line: ClassVar[int] = 0  # of the class in its check file

    # ---------------------------------------------------------------- what a kata says

    def truth(self, *arguments: Any) -> Any:
        """Return the right result for arrays of float64, int64, complex128 or bool."""
        raise NotImplementedError

    def result_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Return the dtype of the result for inputs of this one."""
        return dtype

    def gradient(self, weights: np.ndarray, *arguments: Any) -> Any:
        """Return the gradients of ``(truth * weights).sum()``, one for each tensor not ``fixed``.

        Where a kata gives no formula, the truth is differentiated by differences.
        """
        return [
            None if arguments[index] is None else slopes(self.truth, weights, arguments, index)
            for index, name in enumerate(self.tensors[: len(arguments)])
            if name not in self.fixed
        ]

    def why(  # what a kata knows of its own mistakes; here, of none
        self,
        law: str,  # noqa: ARG002
        arguments: Sequence[Any],  # noqa: ARG002
        got: Any,  # noqa: ARG002
        expected: Any,  # noqa: ARG002
    ) -> str:
        """Return a hint that names the very mistake of what came back; empty if none is known.

        Args:
            law: what is judged: "type" (``expected`` is None then), "values", "gradient" and so on.
            arguments: the oracle's arguments.
            got, expected: tensors on the CPU of one shape and dtype; any value for "type".
        """
        return ""

    def tensor(self, name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
        """Return a case's numbers as a contiguous tensor of this dtype."""
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.size else value
        return torch.tensor(value, dtype=self.fixed.get(name, dtype))

    def given(self, row: Row, device: str) -> list[Any]:  # noqa: ARG002 - for others' arguments
        """Return the arguments of a call; the tensors among them are made afterwards."""
        return list(row.case)

    def other_case(self, arrays: Sequence[Any]) -> list[Any]:
        """Return a case with other numbers: those of each tensor in another order."""
        tensors = [None if one is None else np.roll(one, 1) for one in arrays[: len(self.tensors)]]
        return tensors + list(arrays[len(self.tensors) :])

    # ---------------------------------------------------------------- classes of a check file

    def __init_subclass__(cls) -> None:
        """Word the laws for the function, leave out those that do not apply, and order them."""
        if "name" in vars(cls):
            frame: Any = sys._getframe(1)
            while frame.f_code.co_name == "__init_subclass__":  # of a family
                frame = frame.f_back
            cls.dojo_line = frame.f_lineno
            word_laws(cls)

    # ---------------------------------------------------------------- rows

    @once
    def plain(self) -> list[Row]:
        """Every case in the first dtype, contiguous: so a message is of the plain case first."""
        return [Row(self, case, self.dtypes[0]) for case in self.cases]

    @once
    def typed(self) -> list[Row]:
        """Every other dtype, contiguous, with cases in turns that can show its numbers."""
        cases = self.varied
        return [
            Row(self, cases[number % len(cases)], dtype)
            for number, dtype in enumerate(self.dtypes[1:], start=1)
        ]

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

    # ---------------------------------------------------------------- asking

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call the answer's function."""
        __tracebackhide__ = True
        return getattr(solution, self.name)(*arguments)

    def records(self, solution: Any, device: str, rows: Iterable[Row]) -> Iterator[Record]:
        """Yield the record of each row; what was asked before is not asked again."""
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
            solution.last_call, solution.last_line = record.call, record.line
            yield record

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
            record
            for record in solution.records.values()
            if isinstance(record, Record) and type(record.row.contract) is type(self)
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

    def expected(self, arrays: Sequence[Any], dtype: torch.dtype) -> torch.Tensor:
        """Return the truth for these arguments as a tensor of the result's dtype."""
        with np.errstate(all="ignore"):
            found = np.array(self.truth(*arrays), order="C")  # torch takes no negative strides
        return torch.tensor(found, dtype=self.result_dtype(dtype))

    def limit(self, dtype: torch.dtype) -> float:
        """Return by which share of itself a result of this dtype may be off."""
        if not dtype.is_floating_point and not dtype.is_complex:
            return 0.0
        ulps = self.ulps.get(dtype, 8) if isinstance(self.ulps, dict) else self.ulps
        return ulps * float(torch.finfo(dtype).eps)

    def expect_truth(self, record: Record, words: str = "") -> None:
        """Fail unless the result has the shape, the dtype and the numbers of the truth."""
        __tracebackhide__ = True
        row, got, kept = record.row, record.got, record.kept
        expected = row.expected
        if kept is not None and kept.dtype == expected.dtype and kept.shape == expected.shape:
            if torch.equal(kept, expected) or _equal(kept, expected):
                return
            hint = self.why(row.law, row.arrays, kept, expected) or self.hint(row.law)
            hint = hint or self.hint("values")
            is_float = expected.is_floating_point() or expected.is_complex()
            digits = self.hint("precise") or DIGITS
            is_near = is_float and torch.allclose(kept, expected, 1e-2, 0, equal_nan=True)
            if is_near and hint != digits:
                hint = f"{hint} {digits}"
            limit = self.limit(expected.dtype)
            hint = " ".join(filter(None, (hint, row.words, words)))
            try:
                self.compare(record, expected, hint, limit, limit if self.absolute else 0.0)
            except CheckFailed:
                if not record.change:
                    raise
                raise CheckFailed(record.change, self.hint("memory") or KEEP) from None
            return
        expect_shape(got, expected.shape, self.hint("shape"))
        expect_values(got, expected, self.hint("dtype"))

    def compare(
        self, record: Record, expected: torch.Tensor, hint: str, rtol: float, atol: float
    ) -> None:
        """Fail unless the numbers that came back are as close as that to the expected ones."""
        __tracebackhide__ = True
        expect_values(record.kept, expected, hint, rtol=rtol, atol=atol)

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
                raise CheckFailed(
                    "returned a tensor whose numbers a later call has changed.",
                    self.hint("kept")
                    or "Make a new tensor at each call, so that the caller can"
                    " keep the earlier ones.",
                )


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors of one shape and dtype hold the same; NaN equals NaN."""
    return torch.equal(a, b) or bool((a == b).logical_or_((a != a).logical_and_(b != b)).all())
