"""How laws make modules of their own, and judge them by what these hold themselves."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from dojo.checks.expect import CheckFailed, expect, expect_values
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.once import once
from dojo.checks.laws.own_cases import OwnCases
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.messages import Call, dtype_name, numbers_text, returned

OLD = (
    "These are the numbers for what the module was made with: read its parameters at each call, and"
    " not before."
)
OWN = "Each call computes with the parameters and buffers that the module holds at that moment."
UNTRACKED = "Under torch.no_grad() nothing is recorded: leave the grad mode as it is."
KEPT = "Compute what comes from a parameter in forward, at each call, and keep none of it."
CONVERTED = "All that is a parameter or a buffer is converted by itself: leave it so."


class OwnModules(OwnCases):
    """A contract of a class of modules whose laws make modules of their own."""

    def expect_truth(self, record: Record, words: str = "") -> None:
        """Fail unless the output is the truth; then the message shows the parameters too."""
        __tracebackhide__ = True
        try:
            super().expect_truth(record, words)
        except CheckFailed as error:
            if error.got is not None and not self._is_known(record):
                error.hint = OLD if self._is_of_old_state(record) else error.hint
            state, needed = self.state_in(record.arguments), self.needed(*record.arguments)
            seen = {name: numbers_text(state[name]).strip() for name in needed if name in state}
            shown = " and ".join(f"{name} is {text}" for name, text in seen.items() if text)
            if shown and error.got is not None:
                error.hint = f"{error.hint} Here {shown}.".strip()
            raise

    def _is_known(self, record: Record) -> bool:
        """Whether the kata itself knows which mistake this is."""
        row, kept = record.row, record.kept
        return kept is not None and bool(self.why(row.law, row.arrays, kept, row.expected))

    def _is_of_old_state(self, record: Record) -> bool:
        """Whether an output is that for parameters that the module was made with, one or all."""
        old = getattr(record.call, "old", {})
        for chosen in [list(old), *([name] for name in old)]:
            arrays = list(record.row.arrays)
            for name in chosen:
                arrays[self.tensors.index(name)] = as_array(old[name])
            numbers = self.expected(arrays, record.row.dtype, record.row.part)
            if torch.allclose(numbers, record.row.expected, 1e-2, 1e-2):
                continue
            if record.kept is not None and torch.allclose(record.kept, numbers, 1e-2, 1e-2):
                return True
        return False

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for _, row in self.own_rows:
            row.prepare()

    @once
    def own_rows(self) -> list[tuple[tuple[Any, ...], Row]]:
        """The rows in which a module's own parameters get the gradients of the output's sum.

        Of several results, it is that of the first one.
        """
        found = []
        for made_with, plain in self.kinds():
            row = Row(self, plain.case, plain.dtype, 0, "gradient", tuple(self.trained)).parts[0]
            if row.tracked:
                row.weights = torch.ones_like(row.expected)
                found.append((made_with, row))
        return found

    def new(
        self, solution: Any, made_with: Sequence[Any], row: Row, device: str = "cpu"
    ) -> nn.Module:
        """Return a module that no other law has used, on a device."""
        __tracebackhide__ = True
        solution.hint = self.hint("made") or self.hint_of(row)
        module = self.make(solution, made_with, self.state_in(row.arrays))
        return module if device == "cpu" else module.to(device)  # it is made on the CPU

    def expect_own(
        self,
        solution: Any,
        module: nn.Module,
        row: Row,
        device: str,
        what: str,
        hint: str = "",
        is_copy: bool = False,
    ) -> None:
        """Fail unless the output is the truth for what the module itself holds, in each mode.

        Args:
            solution: the answer.
            module: one that was made for this row.
            row: its inputs are asked, in the dtype of the module.
            device: where the module lies.
            what: has happened to the module, in words.
            hint: where to look, if not at what the module holds.
            is_copy: whether another module was asked in each mode: then one mode is enough.
        """
        __tracebackhide__ = True
        held = itertools.chain(module.parameters(), module.buffers())
        dtype = next((one.dtype for one in held if one.is_floating_point()), torch.float32)
        case = self.own_case(row, dtype)
        asked, truths = case.row, {}
        mode = self.trains(*asked.arrays)
        modes = sorted(self.modes if mode is None else [mode], key=lambda on: on != module.training)
        if device != "cpu" or is_copy:  # where the modes differ, they differ on the CPU, too
            modes = modes[:1]
        for training in modes:  # the mode in which it is comes first, and is not set anew
            arrays = self.arrays_of(module, case)
            if arrays is case.arrays:
                truths = case.truths
            elif not truths or self.updated:  # else both modes compute the same
                parts = asked.parts
                truths = {one.part: self.expected(arrays, dtype, one.part) for one in parts}
            handed = self.given_to_module(asked, device)
            words = "in train mode" if training else "in eval mode under no_grad"
            solution.last_call = Call(str(Call(self.name, self.made_with(*arrays), {})), handed, {})
            if module.training != training:
                module.train(training)
            with torch.set_grad_enabled(training):
                got = module(*handed)
            is_tracked = training and self.recorded
            is_tracked &= bool(self.state_in(asked.arrays).keys() & self.trained)
            for part, (subject, one) in zip(asked.parts, self.results_of(got), strict=True):
                expected = truths[part.part]
                with torch._C.DisableTorchFunction():
                    largest = float(expected.abs().max())
                limit = self.limit(expected.dtype) * max(1.0, largest)
                hint = hint or self.hint("own") or OWN
                text = f"{subject or 'the output'} {what}, {words},"
                expect_values(one, expected, hint, text, rtol=limit, atol=limit)
                is_free = training or not one.requires_grad
                expect(is_free, "returned a tensor that requires grad under no_grad.", UNTRACKED)
                if is_tracked:
                    sentence = f"{returned(subject)} a tensor that autograd does not track"
                    expect(one.requires_grad, f"{sentence}, {what}, {words}.", KEPT)

    def copied(self, module: nn.Module) -> nn.Module:
        """Return a deepcopy of a module."""
        __tracebackhide__ = True
        try:
            return copy.deepcopy(module)
        except RuntimeError as error:
            if "graph leaves" not in str(error):
                raise
            sentence = "keeps a tensor that was computed from a parameter; so deepcopy fails."
            raise CheckFailed(sentence, self.hint("graph") or KEPT) from None

    def converted(self, module: nn.Module, dtype: torch.dtype) -> nn.Module:
        """Return a module after it was converted to a dtype, with all that it holds."""
        __tracebackhide__ = True
        module.to(dtype)
        for name, one in [*module.named_parameters(), *module.named_buffers()]:
            with torch._C.DisableTorchFunction():
                is_other = one.dtype != dtype and one.is_floating_point()
            if is_other:
                sentence = f"holds {name} in {dtype_name(one.dtype)} after {_converting(dtype)}."
                raise CheckFailed(sentence, CONVERTED)
        return module

    def write(self, module: nn.Module, row: Row) -> None:
        """Write the numbers of a row into what a module holds, as training would."""
        for _, name, template in row.named:
            if name not in self.handed:
                held = self.held(module, name)
                with torch._C.DisableTorchFunction():
                    held.data.copy_(template.x)  # as an optimizer may: no version counts it


def _converting(dtype: torch.dtype) -> str:
    return ".double()" if dtype == torch.float64 else f".to({dtype})"
