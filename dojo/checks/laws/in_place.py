"""The laws of a function that writes into its first tensor and returns that very tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_tensor
from dojo.checks.laws.layouts import WRITABLE
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import NO_MEMORY, UNTRACKED
from dojo.checks.messages import describe, numbers_text

IN_PLACE = "`x + 1` makes a new tensor. Which operations, ending in _, write into {x} itself?"
ITSELF = "{x} itself is meant: the object that came in, not another one with the same numbers."
MEMORY = "Give {x} no other memory: write into the memory that it has."
COPIED = "`reshape`, `flatten` and `contiguous` copy such a tensor: write into {x} itself."
ONLY_X = "Only the elements of {x} may change."


class InPlaceFunction(PureFunction):
    """The laws of a function that writes into its first tensor, x, and returns x itself.

    The oracle returns what x holds afterwards. ``hints`` may have "in place" for a new tensor, and
    "unchanged" for an x that came back as it was.
    """

    layouts: ClassVar[Sequence[str]] = WRITABLE
    memory: ClassVar[str] = "in place"
    takes_leaves: ClassVar[bool] = False  # no leaf may be written

    def __init_subclass__(cls) -> None:
        if "name" in vars(cls) and not cls.written:
            cls.written = cls.tensors[:1]
        super().__init_subclass__()

    @once
    def goes_on_rows(self) -> list[tuple[Row, Row]]:
        """Rows that are asked, each with one that asks the same tensors once more."""
        firsts = [*self.plain[:1], *self.typed[:3]]
        return [
            (row, Row(self, [row.expected.tolist(), *row.case[1:]], row.dtype)) for row in firsts
        ]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *(then for _, then in self.goes_on_rows)]

    def expect_itself(self, record: Record) -> None:
        """Fail unless x itself came back."""
        __tracebackhide__ = True
        name, x, got = self.tensors[0], record.arguments[0], record.got
        if got is x:
            return
        expect_tensor(got, self.hint("type"))
        if record.owner == name:
            sentence = f"returned another tensor in the memory of {name}; expected {name} itself."
            raise CheckFailed(sentence, self.hint("itself") or ITSELF.format(x=name))
        with torch._C.DisableTorchFunction():
            is_old = torch.equal(x.detach().cpu(), record.row.named[0][2].x)
        if is_old:
            which = [other for other, one in record.tensors.items() if one is got]
            hint = self.hint("in place") or IN_PLACE.format(x=name)
            if record.row.words and not which:  # a contiguous x was written to
                hint = f"{record.row.words} {self.hint('copied') or COPIED.format(x=name)}"
            what = which[0] if which else f"{describe(got)}, a new one"
            sentence = f"left {name} as it was and returned {what}; expected {name} itself"
            raise CheckFailed(f"{sentence}, with the result in it.", hint)
        sentence = f"changed {name}, but returned a new tensor; expected {name} itself."
        raise CheckFailed(sentence, self.hint("itself") or ITSELF.format(x=name))

    def expect_truth(self, record: Record, words: str = "") -> None:
        """Fail unless x holds the truth; where it holds what it held before, say so."""
        __tracebackhide__ = True
        old, kept = record.row.named[0][2].x, record.kept
        is_old = kept is not None and kept.dtype == old.dtype and torch.equal(kept, old)
        if is_old and not torch.equal(old, record.row.expected):
            name = self.tensors[0]
            hint = self.hint("unchanged") or self.hint("in place") or IN_PLACE.format(x=name)
            if record.row.law != "values":  # plain numbers were right: these are special
                why = self.why(record.row.law, record.row.arrays, kept, record.row.expected)
                hint = why or self.hint(record.row.law) or hint
            elif record.row.words:  # a contiguous x was written to
                hint = self.hint("copied") or COPIED.format(x=name)
            text = " ".join(filter(None, (record.row.words, hint, words)))
            raise CheckFailed(f"left {name} as it was.", text, kept, record.row.expected)
        super().expect_truth(record, words)

    def expect_gradients(self, record: Record) -> None:
        """Fail unless the gradients are the true ones, and the call itself was recorded."""
        __tracebackhide__ = True
        super().expect_gradients(record)
        is_recorded = record.written is not None and record.written.is_recorded
        is_recorded = is_recorded or not record.arguments[0].numel()  # no element is written then
        hint = self.hint("tracked") or self.hint("gradient")
        expect(is_recorded, "left the operation out of autograd's record.", hint)

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_returns_a_tensor(self, solution: Any, device: str) -> None:
        """{name} returns {x} itself."""
        rows = self.usual(device)
        for record in self.callable_records(solution, device, rows, only=rows[0]):
            self.expect_itself(record)

    @aspect("device")
    def test_stays_on_the_device(self, solution: Any, device: str) -> None:
        """It works where {x} lies, whether there is a GPU or not."""
        super().test_stays_on_the_device(solution, device)

    test_has_memory_of_its_own: Any = None

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """{x} holds the right numbers, in every dtype and however it lies in memory."""
        for record in self.records(solution, device, self.usual(device)):
            self.expect_truth(record)

    @aspect("memory")
    def test_writes_into_the_memory_of_x(self, solution: Any, device: str) -> None:
        """A view of {x} made before the call sees the result, and {x} has not moved."""
        name = self.tensors[0]
        for record in self.records(solution, device, self.usual(device)):
            expected, written = record.row.expected, record.written
            if written is None:
                continue
            hint = self.hint("moved") or MEMORY.format(x=name)
            if not written.moved:
                hint = self.hint("in place") or IN_PLACE.format(x=name)
            hint = f"{hint} {record.row.words}".strip()
            limit = self.limit(expected.dtype)
            seen = written.alias
            is_seen = torch.equal(seen, expected) or torch.allclose(
                seen, expected, rtol=limit, atol=limit, equal_nan=True
            )
            old = numbers_text(seen) or " the old numbers"
            sentence = f"put the result into other memory: a view of {name} made before still shows"
            expect(is_seen, f"{sentence}{old}.", hint)
            expect(not written.moved, written.moved, self.hint("moved") or MEMORY.format(x=name))
            expect(not written.around, written.around, ONLY_X.format(x=name))

    @aspect("memory")
    def test_leaves_its_inputs(self, solution: Any, device: str) -> None:
        """Nothing but {x} changes, and {x} is tracked only where an input is."""
        rows = self.tracked_on(device) if self.recorded else []
        for record in self.records(solution, device, [*self.usual(device), *rows]):
            expect(
                not record.change,
                record.change,
                self.hint("memory") or ONLY_X.format(x=self.tensors[0]),
            )
            is_free = not record.arguments[0].requires_grad or record.row.tracked
            sentence = f"made {self.tensors[0]} require grad, though no input did."
            expect(bool(is_free), sentence, UNTRACKED)

    @aspect("memory")
    def test_remembers_nothing(self, solution: Any, device: str) -> None:
        """A second call with the same tensors goes on from what the first one has left."""
        for row, then in self.goes_on_rows if device == "cpu" else self.goes_on_rows[:1]:
            first = self.ask_again(solution, device, row)
            self.expect_truth(first)
            second = self.ask_again(solution, device, then, first.arguments)
            self.expect_truth(second, NO_MEMORY)
        self.expect_own_options(solution, device)
        self.expect_kept(self.kept_records(solution))
