"""The laws of a function that makes a new tensor out of tensors."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import (
    expect,
    expect_device,
    expect_dtype,
    expect_raises,
    expect_tensor,
)
from dojo.checks.laws.bounded import BoundedMemory
from dojo.checks.laws.hidden import HidesInputs
from dojo.checks.laws.once import once
from dojo.checks.laws.options import HasOptions
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_untouched
from dojo.checks.laws.wording import (
    BEFORE,
    KEEP,
    LEFT,
    NO_MEMORY,
    OWN,
    PUT_BACK,
    SETTINGS,
    UNTRACKED,
    law,
)
from dojo.checks.memory import expect_new_memory, shares_storage, untouched
from dojo.checks.messages import dtype_name
from dojo.checks.tracing import expect_made_without
from dojo.devices.select import gpu


class PureFunction(HidesInputs, BoundedMemory, HasOptions):
    """The laws of a function that makes a new tensor out of tensors.

    ``HidesInputs`` and ``BoundedMemory`` have laws that hold where a contract has their facts.
    ``HasOptions`` has what is said of options.

    Attributes:
        memory: "new", or "free" where the result may lie in the memory of an input.
    """

    memory: ClassVar[str] = "new"

    # ---------------------------------------------------------------- more rows

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        tracked = [*self.tracked_rows, *self.wild_tracked_rows] if self.recorded else []
        again = [row for pair in (*self.again_rows, *self.option_rows) for row in pair]
        return [*super().all_rows(), *tracked, *again]

    @once
    def again_rows(self) -> list[tuple[Row, Row]]:
        """Rows that are asked again, each with one of other numbers for the same tensors."""
        firsts = [*self.plain[:1], *self.typed[:2]]
        return [(row, Row(self, self.other_case(row.arrays), row.dtype)) for row in firsts]

    def first_rows(self, device: str) -> list[Row]:
        """The rows that say of what kind a result is: the plain ones, on the GPU one."""
        return self.plain if device == "cpu" else self.plain[:1]

    def wild_on(self, device: str) -> list[Row]:
        """The wild rows; on the GPU each case in one dtype: its numbers are those of the CPU."""
        return self.wild_rows if device == "cpu" else self.wild_rows[: len(self.wild)]

    def callable_records(
        self, solution: Any, device: str, rows: Iterable[Row], only: Row | None = None
    ) -> Iterator[Record]:
        """Yield the records but for layouts that make it raise, which the law of values judges.

        Args:
            only: the only row that may raise, where the next law asks all the others.
        """
        __tracebackhide__ = True
        for row in rows:
            try:
                yield from self.records(solution, device, [row])
            except Exception:  # noqa: PERF203
                if row is only or (only is None and not row.words):
                    raise

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_returns_a_tensor(self, solution: Any, device: str) -> None:
        """{name} returns a tensor."""
        rows = self.first_rows(device)
        for record in self.callable_records(solution, device, rows, only=rows[0]):
            hint = self.hint("type")
            if record.kept is None:
                hint = self.why("type", record.row.arrays, record.got, None) or hint
            expect_tensor(record.got, hint, record.row.subject)

    @aspect("shape")
    def test_has_the_shape(self, solution: Any, device: str) -> None:
        """The shape is right for every input."""
        for record in self.callable_records(solution, device, self.first_rows(device)):
            self.expect_right_shape(record)

    @aspect("dtype")
    def test_has_the_dtype(self, solution: Any, device: str) -> None:
        """The result has the dtype of {x}."""
        rows = [*self.plain, *self.typed] if device == "cpu" else self.thin
        for record in self.callable_records(solution, device, rows):
            row = record.row
            expect_dtype(record.got, row.expected.dtype, self.hint("dtype"), row.subject)

    @aspect("device")
    def test_stays_on_the_device(self, solution: Any, device: str) -> None:
        """The result lies where {x} lies."""
        if device != "cpu":
            usual = self.callable_records(solution, device, self.usual(device))
            # none of them may raise here: how wild cases are answered is told by the next law
            wild = self.callable_records(solution, device, self.wild_on(device), self.plain[0])
            for record in itertools.chain(usual, (one for one in wild if one.kept is not None)):
                expect_device(record.got, device, self.hint("device"), record.row.subject)
            return
        with gpu():  # a GPU is there, too: what takes any GPU must fail
            for row in [*self.kinds_of_calls, *self.typed[:1]]:
                solution.hint = self.hint("device") or self.hint_of(row)
                got = self.call(solution, self.arguments_of(row, device))
                for subject, one in self.results_of(got):
                    expect_device(one, device, self.hint("device"), subject)

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """The numbers are right in every dtype and however {x} lies in memory."""
        for record in self.records(solution, device, self.usual(device)):
            self.expect_truth(record)

    @aspect("values")
    @law("wild")
    def test_wild_values(self, solution: Any, device: str) -> None:
        """inf, NaN and the largest numbers are treated right in every dtype."""
        for record in self.records(solution, device, self.wild_on(device)):
            self.expect_truth(record)

    @aspect("values")
    @law("precise")
    def test_no_digit_is_lost(self, solution: Any, device: str) -> None:
        """The result is as precise as its dtype."""
        rows = self.precise_rows if device == "cpu" else self.precise_rows[:2]
        for record in self.records(solution, device, rows):
            self.expect_truth(record)

    @aspect("gradient")
    @law("recorded")
    def test_gradients(self, solution: Any, device: str) -> None:
        """Gradients reach {inputs}, in every float dtype."""
        for record in self.records(solution, device, self.tracked_on(device)):
            self.expect_gradients(record)

    @aspect("gradient")
    @law("recorded", "wild_gradients")
    def test_wild_gradients(self, solution: Any, device: str) -> None:
        """Gradients are right beside inf, NaN and the largest numbers."""
        rows = self.wild_tracked_rows
        step = 1 if device == "cpu" else max(1, len(rows) // len(self.wild_gradients))
        for record in self.records(solution, device, rows[::step]):
            self.expect_gradients(record)

    @aspect("gradient")
    @law("recorded", "twice")
    def test_second_gradients(self, solution: Any, device: str) -> None:
        """Gradients have right gradients of their own (create_graph=True)."""
        rows = [row for row in self.tracked_rows if row.dtype in (torch.float32, torch.float64)]
        for row in rows if device == "cpu" else rows[:1]:
            self.expect_second_gradients(self.ask_again(solution, device, row))

    @aspect("gradient")
    @law("recorded", "twice")
    def test_leaves_the_incoming_gradient(self, solution: Any) -> None:
        """backward writes nothing into the gradient that comes in."""
        for record in self.records(solution, "cpu", self.tracked_rows[:2]):
            self.expect_incoming_gradient_stays(record)

    @aspect("memory")
    def test_leaves_its_inputs(self, solution: Any, device: str) -> None:
        """Nothing of {inputs} changes, and a result is tracked only where an input is."""
        rows = self.tracked_on(device) if self.recorded else []
        for record in self.records(solution, device, [*self.usual(device), *rows]):
            expect(not record.change, record.change, self.hint("memory") or KEEP)
            is_free = record.kept is None or not record.got.requires_grad or record.row.tracked
            sentence = "returned a tensor that requires grad; no input does."
            expect(bool(is_free), sentence, UNTRACKED)

    @aspect("memory")
    @law("is_new")
    def test_has_memory_of_its_own(self, solution: Any, device: str) -> None:
        """The result lies in memory of its own, in that of no input."""
        tracked = self.tracked_on(device) if self.recorded else []
        for record in self.records(solution, device, [*self.usual(device), *tracked]):
            expect_tensor(record.got)
            if record.owner:
                hint = self.hint("own memory") or self.hint("memory")
                expect_new_memory(record.got, *record.tensors.values(), hint=hint)

    @aspect("memory")
    def test_remembers_nothing(self, solution: Any, device: str) -> None:
        """Each call is right whatever was asked before, and leaves the earlier results alone."""
        pairs = self.again_rows if device == "cpu" else self.again_rows[:1]
        for row, other in pairs:
            first = list(self.records(solution, device, [row]))
            second = self.ask_again(solution, device, row)
            for one, again in zip(first, second.parts, strict=True):
                expect_tensor(one.got)
                self.expect_truth(again, NO_MEMORY)
                if self.memory == "new":
                    is_new = not shares_storage(one.got, again.got)
                    expect(is_new, "returned a tensor in the memory of an earlier result.", OWN)
            with torch._C.DisableTorchFunction():
                for index, _, template in other.named:
                    second.arguments[index].copy_(template.x)
            for part in self.ask_again(solution, device, other, second.arguments).parts:
                self.expect_truth(part, NO_MEMORY)
            self.expect_kept(second.parts)
        self.expect_own_options(solution, device)
        self.expect_kept(self.kept_records(solution))

    @aspect("memory")
    def test_leaves_torch_as_it_is(self, solution: Any, device: str) -> None:
        """It changes no setting of torch, and leaves the random generators alone."""
        again = self.ask_again(solution, device, self.plain[0], thoroughly=True)
        hint = self.hint("setting") or SETTINGS
        expect(not again.setting, again.setting, hint)  # before another call is the last one
        for record in self.records(solution, device, self.usual(device)):
            expect(not record.setting, record.setting, hint)
        if device != "cpu":
            return
        arguments = self.arguments_of(self.plain[0], device)
        kept = settings_untouched(solution, PUT_BACK, may_draw=True)
        with torch.no_grad(), kept, contextlib.suppress(Exception):
            self.call(solution, arguments)  # it need not give a result here

    @aspect("errors")
    @law("refused")
    def test_refuses(self, solution: Any, device: str) -> None:
        """What it cannot take raises an error, and changes nothing."""
        for number, (case, dtypes, error, hint) in enumerate(self.refused):
            is_one_of = len(dtypes or self.dtypes) > 1
            for index, dtype in enumerate(dtypes or self.dtypes):
                place = number + index if device == "cpu" else 0
                row = Row(self, case, dtype, place)
                arguments = self.arguments_of(row, device)
                solution.hint = hint
                call = functools.partial(self.call, solution, arguments)
                inputs = {name: arguments[n] for n, name, _ in row.named}
                kept = settings_untouched(solution, LEFT, may_draw=True)
                with kept, untouched(BEFORE, **inputs):
                    expect_raises(error, call, hint, dtype_name(dtype) if is_one_of else "")

    @aspect("structure")
    @law("forbidden")
    def test_is_made_without(self, solution: Any) -> None:
        """It is made without the forbidden operations of torch, forward and backward."""
        for row in self.traced_rows:
            arguments = self.arguments_of(row, "cpu")
            solution.hint = self.hint_of(row)
            call = functools.partial(self.traced_call, solution, arguments)
            expect_made_without(self.forbidden, call, hint=self.hint("forbidden"))

    def __init_subclass__(cls) -> None:
        cls.is_new = cls.memory == "new"  # type: ignore[attr-defined]
        super().__init_subclass__()
