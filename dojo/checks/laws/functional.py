"""The laws of a function that is handed a function, such as one that differentiates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect
from dojo.checks.laws.handed import (
    FULL,
    FunctionFailed,
    HandedFunction,
    HandedModule,
    change_of_grad,
    function_in,
    numbers_before_and_now,
)
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Asked
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import KEEP, law
from dojo.checks.messages import describe
from dojo.devices.tags import device_of

GRADS = (
    "`backward` adds to the `.grad` of every leaf that it meets; `torch.autograd.grad` returns"
    " gradients, and adds to none."
)
DETACH = "Detach what you return: nobody is to differentiate it further."
TRACKED = "{name} may require grad before the call, as a leaf or as a result."
ERRORS = "What f raises is for the caller: let it go on, and leave everything as it was."
_LAST_FAILURE = 4  # the call of f that fails at last


def _with_memory(got: Any, device: torch.device) -> Any:
    """Return what came back; zeros that forward mode has made without memory get some."""
    if type(got) is not torch.Tensor or not got._is_zerotensor():
        return got
    return torch.zeros(got.shape, dtype=got.dtype, device=device, requires_grad=got.requires_grad)


class FunctionalFunction(PureFunction):
    """The laws of a function that is handed a function, which comes first in a call.

    In a case it comes behind the tensors, as a ``Handed``: ``([1.0, 2.0], Handed(…), True)``.
    Whatever is computed with it, its parameters and modules stay as they are.

    Attributes:
        untracked: whether the result is untracked, whatever the inputs and f are.
        lets_errors_through: whether an error of f goes on, with everything as it was.
        keeps_the_shape: whether f is called with tensors of the shape of the first tensor.
    """

    untracked: ClassVar[bool] = False
    lets_errors_through: ClassVar[bool] = True
    keeps_the_shape: ClassVar[bool] = True

    def times(self, *arrays: Any) -> range | None:  # noqa: ARG002 - for those who count
        """Return how often the answer may call f for these arguments; None if that is open."""
        return None

    # ---------------------------------------------------------------- asking

    def given(self, row: Row, device: str) -> list[Any]:
        """Return the arguments of a call, with a function of its own."""
        arguments = super().given(row, device)
        place = len(self.tensors)
        arguments[place] = arguments[place].made(row.dtype, device)
        return arguments

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call the answer with the function first, then with the tensors and what is left."""
        __tracebackhide__ = True
        place = len(self.tensors)
        tensors, rest = arguments[:place], arguments[place + 1 :]
        got = getattr(solution, self.name)(arguments[place], *tensors, *rest)
        return _with_memory(got, device_of(tensors[0]))

    def function_of(self, arguments: Sequence[Any]) -> HandedFunction:
        """Return the function among the arguments of a call."""
        return function_in(arguments[len(self.tensors)])

    def changed(self, arguments: Sequence[Any]) -> str:
        """Say in words what a call changed of its function; empty if nothing."""
        value = arguments[len(self.tensors)]
        words = value.change() if isinstance(value, HandedModule) else ""
        return words or function_in(value).change()

    def hint(self, law: str) -> str:
        """Return the kata's hint for a law; where it has none, one that holds for the family."""
        tracked = TRACKED.format(name=" and ".join(self.tensors))
        usual = {"memory": f"{KEEP} {GRADS}", "untracked": DETACH, "errors": ERRORS}
        usual["tracked"] = tracked
        return super().hint(law) or usual.get(law, "")

    @once
    def handed_rows(self) -> list[Row]:
        """Every case with tracked tensors, which are leaves in turns; the first case as both."""
        names = tuple(name for name in self.tensors if name not in self.fixed)
        dtypes = self.dtypes
        return [
            Row(self, case, dtypes[n % len(dtypes)], n, "values", names, n % 2 == 0)
            for n, case in enumerate([*self.cases[:1], *self.cases])
        ]

    def handed_on(self, device: str) -> list[Row]:
        """The rows with tracked tensors: on the GPU a leaf and a result."""
        return self.handed_rows if device == "cpu" else self.handed_rows[:2]

    def all_rows(self) -> list[Row]:
        """Return every row that a law of this contract asks."""
        return [*super().all_rows(), *self.handed_rows]

    # ---------------------------------------------------------------- the laws

    @aspect("shape")
    @law("keeps_the_shape")
    def test_calls_f_with_the_shape(self, solution: Any, device: str) -> None:
        """f is called with tensors of the shape of {x}, whatever that is."""
        for record in self.callable_records(solution, device, self.first_rows(device)):
            right = tuple(record.arguments[0].shape)
            for shape in self.function_of(record.arguments).shapes:
                sentence = f"called f with a tensor of shape {shape}; expected shape {right}."
                expect(shape == right, sentence, self.hint("called"))

    @aspect("values")
    def test_takes_tracked_inputs(self, solution: Any, device: str) -> None:
        """{inputs} may require grad, as a leaf or as a result: the numbers are the same."""
        for record in self.records(solution, device, self.handed_on(device)):
            self.expect_truth(record)

    @aspect("gradient")
    @law("untracked")
    def test_gives_an_untracked_result(self, solution: Any, device: str) -> None:
        """The result does not require grad, whatever {inputs} and f are."""
        rows = [*self.usual(device), *self.handed_on(device)]
        for record in self.records(solution, device, rows):
            is_free = record.kept is None or not record.got.requires_grad
            sentence = "returned a tensor that requires grad; expected one that does not."
            expect(bool(is_free), sentence, self.hint("untracked"))

    @aspect("memory")
    def test_leaves_its_inputs(self, solution: Any, device: str) -> None:
        """{inputs} and what belongs to f stay as they are: values, requires_grad, mode, .grad."""
        super().test_leaves_its_inputs(solution, device)
        for record in self.records(solution, device, self.handed_on(device)):
            expect(not record.change, record.change, self.hint("memory"))

    @aspect("memory")
    def test_leaves_each_grad(self, solution: Any, device: str) -> None:
        """A `.grad` that is there before the call is there after it, with the same numbers."""
        for row in self.handed_on(device)[:2]:
            asked = Asked(row, device)
            for leaf in asked.leaves.values():
                leaf.grad = torch.full_like(leaf, FULL)
            solution.hint = self.hint_of(row)
            self.call(solution, asked.arguments)
            for name, leaf in asked.leaves.items():
                before, now = torch.full_like(leaf, FULL).detach(), leaf.grad
                if change := change_of_grad(now, before):
                    sentence = f"{change} the .grad of {name}{numbers_before_and_now(before, now)}."
                    raise CheckFailed(sentence, self.hint("memory"))

    @aspect("errors")
    @law("lets_errors_through")
    def test_lets_errors_of_f_through(self, solution: Any) -> None:
        """An error of f goes on to the caller, and all is then as before."""
        place = len(self.tensors)
        having = [row for row in self.plain if row.case[place].parameters]
        having.sort(key=lambda row: not row.case[place].is_module)
        failures = [(row, 1 + n) for row in self.plain[:1] for n in range(_LAST_FAILURE)]
        for row, number in [*failures, *((row, 1 + n) for row in having[:1] for n in range(2))]:
            asked = Asked(Row(self, row.case, row.dtype, number - 1), "cpu")
            f = self.function_of(asked.arguments)
            f.fails_at = number
            solution.hint = self.hint("errors")
            sentence = ""
            with settings_watched(solution) as found:
                try:
                    got = self.call(solution, asked.arguments)
                    if f.calls >= number:
                        sentence = f"returned {describe(got)}, though f raised an error"
                except FunctionFailed:
                    pass
                except Exception as error:
                    if f.calls < number:  # or it is not started
                        raise
                    sentence = f"raised {type(error).__name__} where f raised an error of its own"
            which = f"Here call number {number} of f raises." if f.calls >= number else ""
            hint = f"{self.hint('errors')} {which}".strip()
            expect(not sentence, f"{sentence}; expected that error of f.", hint)
            with torch._C.DisableTorchFunction():
                change = asked.change() or found.text
            expect(not change, change, hint)

    @aspect("cost")
    @law("is_counted")
    def test_calls_f_as_often_as_it_may(self, solution: Any) -> None:
        """f is called as often as the docstring says."""
        for record in self.records(solution, "cpu", self.plain):
            times, calls = self.times(*record.row.arrays), self.function_of(record.arguments).calls
            if times is not None and calls not in times:
                most = "" if len(times) == 1 else "at most "
                words = f"called f {calls} times; expected {most}{times[-1]}."
                raise CheckFailed(words, self.hint("times"))

    def __init_subclass__(cls) -> None:
        is_counted = cls.times is not FunctionalFunction.times
        cls.is_counted = is_counted  # type: ignore[attr-defined]
        super().__init_subclass__()
