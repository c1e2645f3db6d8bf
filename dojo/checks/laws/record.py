"""A record: one call of an answer, with all that the laws judge about it.

A row is asked once. Each law then reads the record, so that a call is paid for once, and a message
tells of the call that really happened.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from dojo.checks.expect import CheckFailed
from dojo.checks.laws.layouts import CONTIGUOUS, Template, in_same_layout
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched
from dojo.checks.memory import GRADIENT_FUNCTION, expect_state, facts_of, owner_of
from dojo.devices.select import tag_for


@dataclass(eq=False)
class Record:
    """What a call of an answer did.

    Attributes:
        row: what was asked.
        call, line: the call in words, and the line of the function, for a message.
        arguments: what was handed to the answer, as it is now.
        leaves: name → the leaf that requires grad from which an argument was computed.
        got: what came back.
        kept: the numbers that came back, as they were then; None if that is no tensor.
        owner: the name of the tensor in whose memory the result lies; empty if in none's.
        change: what the call changed of an input, in words; empty if nothing.
        setting: what the call changed of torch, in words; empty if nothing.
        written: what became of the first tensor that the function may write; None if of none.
        is_true: whether the result is known to be the truth.
        parts: the record of each result, where several come back; else the record itself.
    """

    row: Row
    call: Any
    line: int
    arguments: list[Any]
    leaves: dict[str, torch.Tensor]
    got: Any
    kept: torch.Tensor | None
    owner: str
    change: str
    setting: str
    written: Written | None
    is_true: bool = False

    @functools.cached_property
    def parts(self) -> list[Record]:
        if self.row.parts[0] is self.row:
            return [self]
        named = list(self.tensors.items())
        return [
            dataclasses.replace(
                self, row=row, got=got, kept=kept_of(got), owner=_owner_of(got, named)
            )
            for row, got in zip(self.row.parts, self.got, strict=True)
        ]

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The tensors that were handed to the answer, by their names."""
        return {name: self.arguments[index] for index, name, _ in self.row.named}


@dataclass(frozen=True)
class Written:
    """What became of a tensor that a function may write.

    Attributes:
        alias: what a view that was made before the call shows now.
        moved: what happened to its memory and strides, in words; empty if nothing.
        around: what changed in its memory beside its elements, in words; empty if nothing.
        is_recorded: whether autograd has recorded the call.
    """

    alias: torch.Tensor
    moved: str
    around: str
    is_recorded: bool


class Asked:
    """The arguments of one call, before and after it: for a record.

    Args:
        row: what is asked.
        device: "cpu" or "cuda".
    """

    def __init__(self, row: Row, device: str) -> None:
        self.row = row
        self.arguments: list[Any] = row.contract.given(row, device)
        self.leaves: dict[str, torch.Tensor] = {}
        self._memories: dict[str, torch.Tensor | None] = {}
        with torch._C.DisableTorchFunction():  # in half of the time of the simulated GPU's mode
            for index, name, template in row.named:
                x, memory = template.copy(device)
                if name in row.tracked:
                    # the memory of what is computed from a leaf is not that of a template
                    x, self._memories[name] = self._tracked(name, x, template.layout), None
                    tag_for(device, x, self.leaves[name])
                else:
                    self._memories[name] = memory
                self.arguments[index] = x
        for index, name, _ in row.named:  # a contract may move it
            self.arguments[index] = x = row.contract.as_argument(name, self.arguments[index])
            if name in self.leaves and x.is_leaf:
                self.leaves[name] = x
        with torch._C.DisableTorchFunction():
            self._facts = {name: facts_of(self.arguments[index]) for index, name, _ in row.named}
            self._alias = self.arguments[0].detach() if row.contract.written else None

    def _tracked(self, name: str, x: torch.Tensor, layout: str) -> torch.Tensor:
        if self.row.is_leaf:
            self.leaves[name] = x.requires_grad_()
            return x
        self.leaves[name] = leaf = x.contiguous().requires_grad_()
        return in_same_layout(leaf, layout if layout in self.row.contract.layouts else CONTIGUOUS)

    def change(self, written: Sequence[str] = ()) -> str:
        """Say in words what the call changed of its inputs, but for those that it may write."""
        for index, name, _ in self.row.named:
            if name in self.leaves and self.leaves[name].grad is not None:
                is_itself = self.arguments[index] is self.leaves[name]
                return f"filled the .grad of {'' if is_itself else 'the leaf behind '}{name}."
        for index, name, template in self.row.named:
            if name in written:
                continue
            memory, x = self._memories[name], self.arguments[index]
            if facts_of(x) == self._facts[name] and _holds(x, template, memory):
                continue  # the usual case
            try:
                expect_state(name, x, (template.x, self._facts[name]))
            except CheckFailed as error:
                return error.sentence.replace("input", self.row.contract.kind_of(name), 1)
            if memory is not None and not template.is_unchanged(memory):
                return f"changed the memory around its {self.row.contract.kind_of(name)} {name}."
        return str(self.row.contract.changed(self.arguments))

    def written(self) -> Written | None:
        """Return what became of the first tensor, where the function may write it."""
        if self._alias is None:
            return None
        _, name, template = self.row.named[0]
        x, memory = self.arguments[0], self._memories[name]
        alias = self._alias.cpu().clone()
        is_there = x.data_ptr() == self._alias.data_ptr() and x.stride() == self._alias.stride()
        moved = "" if is_there else f"moved {name} to other memory."
        is_clean = memory is None or template.is_unchanged_around(memory)
        around = "" if is_clean else f"wrote into the memory around {name}."
        is_recorded = x.grad_fn is not self._facts[name][GRADIENT_FUNCTION]
        return Written(alias, moved, around, is_recorded)


def _holds(x: torch.Tensor, template: Template, memory: torch.Tensor | None) -> bool:
    """Whether a tensor on the CPU surely holds the numbers of its template, and its memory too."""
    if memory is not None:
        return template.is_unchanged(memory)
    return not x.is_cuda and torch.equal(x.detach(), template.x)


def kept_of(got: Any) -> torch.Tensor | None:
    """Return a copy of the numbers that came back; None if that is no tensor."""
    with torch._C.DisableTorchFunction():
        is_tensor = isinstance(got, torch.Tensor) and got.layout == torch.strided
        return got.detach().cpu().clone() if is_tensor else None


def _owner_of(got: Any, named: Sequence[tuple[str, torch.Tensor]]) -> str:
    """Return the name of the input in whose memory a result lies; empty if in none's."""
    return owner_of(got, named) if named and isinstance(got, torch.Tensor) else ""


def ask(
    contract: Any,
    solution: Any,
    device: str,
    row: Row,
    arguments: Sequence[Any] | None = None,
    thoroughly: bool = False,
) -> Record:
    """Call the answer on a row, and record what happened.

    Args:
        contract: the ``Contract`` whose row it is.
        solution: the answer.
        device: "cpu" or "cuda".
        row: what is asked.
        arguments: objects that hold the numbers of the row already, to be used once more.
        thoroughly: watch the random generators of the GPU, Python and NumPy too.

    Raises:
        Exception: what the answer raises.
    """
    __tracebackhide__ = True
    row.prepare()
    asked = Asked(row, device) if arguments is None else None
    given = list(arguments or ()) if asked is None else asked.arguments
    is_about_device = device != "cpu" and row.place == 0  # on the CPU this row was asked before
    solution.hint = (is_about_device and contract.hint("device")) or contract.hint_of(row)
    contract.make_ready(solution, given)
    with settings_watched(solution, thoroughly, contract.draws) as found:
        got = contract.call(solution, given)
    contract.expect_results(got)
    with torch._C.DisableTorchFunction():
        change = "" if asked is None else asked.change(contract.changeable)
        written = None if asked is None else asked.written()
    record = Record(
        row=row,
        call=solution.last_call,
        line=solution.last_line,
        arguments=given,
        leaves={} if asked is None else asked.leaves,
        got=got,
        kept=kept_of(got),
        owner=_owner_of(got, [(name, given[index]) for index, name, _ in row.named]),
        change=change,
        setting=found.text,
        written=written,
    )
    _ = record.parts  # with their numbers as they are now
    return record
