"""The rows in which inputs are tracked by autograd, and how their gradients are judged."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.differences import differing
from dojo.checks.expect import expect, expect_values
from dojo.checks.gradients import gradients
from dojo.checks.inputs import random_like
from dojo.checks.laws.contract import Contract
from dojo.checks.laws.numbers import as_array, is_differentiable, largest_of, slopes
from dojo.checks.laws.once import once
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import KEEP, TRACKED

INCOMING = (
    "Other tensors get this gradient too, such as z of y + z: compute in new tensors, not in place."
)
CONSTANT = "No gradient goes through {name}, which counts as a constant: detach it."
LEAST = 1e-11  # of a gradient's error: that of differences in float64


class TrackedFunction(Contract):
    """A contract whose function can be recorded by autograd.

    Attributes:
        takes_leaves: whether a tracked input may be a leaf.
        gradient_cases: the cases in which gradients are asked for, if not in all.
        alone: the tensors of which each is tracked alone; None is all of them. What has a dozen
            parameters names some, since each costs a call and its gradients.
        wild_gradients: cases with inf, NaN or large numbers in which they are asked for, too.
        twice: whether the gradients have right gradients themselves, for the inputs and for what
            comes in; ``gradient`` gives the formula that is differentiated. So it is where a
            backward is written.
    """

    takes_leaves: ClassVar[bool] = True
    gradient_cases: ClassVar[Sequence[tuple[Any, ...]] | None] = None
    alone: ClassVar[Sequence[str] | None] = None
    wild_gradients: ClassVar[Sequence[tuple[Any, ...]]] = ()
    twice: ClassVar[bool] = False

    def traced_call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call for a trace, which goes back through the graph of what is returned."""
        return self.call(solution, arguments)

    def as_in(self, call: Any) -> contextlib.AbstractContextManager[Any]:  # noqa: ARG002
        """Have what was called be as it was in a call: a backward may compute that once more."""
        return contextlib.nullcontext()

    @once
    def tracked_rows(self) -> list[Row]:
        """Every case, and every float dtype with all inputs tracked; each alone; leaves and not."""
        dtypes = [dtype for dtype in self.dtypes if is_differentiable(dtype)]
        names = self.trackable
        cases = self.cases if self.gradient_cases is None else self.gradient_cases
        chosen = [tuple(names)] * len(dtypes)
        chosen += [(name,) for name in self.tracked_alone if len(names) > 1]
        chosen += chosen[:1] * (len(cases) - len(chosen))

        def given(names: tuple[str, ...], case: Sequence[Any]) -> tuple[str, ...]:
            return Row(self, case, dtypes[0], tracked=names).tracked

        rows: list[Row] = []
        for n, tracked in enumerate(chosen):
            case, dtype = cases[n % len(cases)], dtypes[n % len(dtypes)]
            asked = [(case, tracked)]
            if not given(tracked, case):  # None, or left out: then another case has it
                having = [one for one in cases if given(tracked, one)]
                asked = [(case, tuple(names)), *((one, tracked) for one in having[:1])]
            is_leaf = self.takes_leaves and n % 2 == 0
            rows += [Row(self, one, dtype, n, "gradient", which, is_leaf) for one, which in asked]
        return rows + self._rows_of_zeros(cases, names)

    @property
    def tracked_alone(self) -> Sequence[str]:
        """The tensors of which each is tracked alone in a call."""
        return self.trackable if self.alone is None else self.alone

    @property
    def optional(self) -> list[str]:
        """The tensors that some case gives and another one does not."""
        given = [
            Row(self, case, self.dtypes[0], tracked=self.tensors).tracked for case in self.cases
        ]
        return [name for name in self.tensors if 0 < sum(name in one for one in given) < len(given)]

    def _rows_of_zeros(self, cases: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Row]:
        """A row for each optional tensor that is all zeros: that is not the same as none."""
        rows = []
        for name in (one for one in self.optional if one in names):
            index = self.tensors.index(name)
            having = (case for case in cases if len(case) > index and case[index] is not None)
            for case in itertools.islice(having, 1):
                zeros = [*case[:index], np.zeros(np.shape(case[index])), *case[index + 1 :]]
                rows.append(Row(self, zeros, self.dtypes[0], 0, "gradient", names))
        return rows

    @once
    def traced_rows(self) -> list[Row]:
        """The rows in which operations are traced, which takes long: each kind of call once.

        Calls are of one kind if they have the same dtype, as many dimensions in the first tensor,
        or the same tensors and plain arguments.
        """
        seen: set[str] = set()
        chosen = []
        for row in self.tracked_rows if self.recorded else [*self.plain, *self.typed]:
            given = [name for _, name, _ in row.named]
            rank = row.templates[0].x.dim() if row.templates[0] is not None else 0
            rest = row.arrays[len(row.templates) :]
            facts = {f"{row.dtype}", f"{rank} dimensions", f"{given} {rest}"}
            if not facts <= seen:
                chosen.append(row)
                seen |= facts
        return chosen

    @once
    def wild_tracked_rows(self) -> list[Row]:
        """Every case of ``wild_gradients`` in every float dtype."""
        dtypes = [dtype for dtype in self.dtypes if is_differentiable(dtype)]
        names = tuple(self.trackable)
        return [
            Row(self, case, dtype, place, "wild gradient", names)
            for place, case in enumerate(self.wild_gradients)
            for dtype in dtypes
        ]

    def expect_second_gradients(self, record: Record) -> None:
        """Fail unless the gradients of the gradients are the true ones."""
        __tracebackhide__ = True
        row = record.row
        weights = row.weights.to(record.got.device).requires_grad_()
        leaves = {**record.leaves, "the incoming gradient": weights}
        total = (record.got * weights).sum()
        cut = self.hint("second gradient") or self.hint("tracked")
        expect(total.requires_grad, "returned a tensor that autograd does not track.", cut)
        first = torch.autograd.grad(total, list(record.leaves.values()), create_graph=True)
        more = [random_like(one, seed=n).to(one) for n, one in enumerate(first)]
        again = sum((one * weight).sum() for one, weight in zip(first, more, strict=True))
        is_tracked = isinstance(again, torch.Tensor) and again.requires_grad
        sentence = "has a gradient that autograd does not track, though create_graph is True."
        expect(is_tracked, sentence, cut)
        found = torch.autograd.grad(again, list(leaves.values()), allow_unused=True)
        truth = self._second_gradients(row, [as_array(one) for one in more])
        for (name, leaf), got, expected in zip(leaves.items(), found, truth, strict=True):
            got = torch.zeros_like(leaf) if got is None else got
            rounding = self.gradient_ulps * float(torch.finfo(row.dtype).eps)
            limit = max(rounding, 32 * LEAST)  # the truth has differences in it
            exact = torch.tensor(expected, dtype=leaf.dtype)
            what = f"the second gradient for {name}"
            expect_values(got, exact, cut, what, rtol=limit, atol=limit)

    def expect_incoming_gradient_stays(self, record: Record) -> None:
        """Fail if backward writes into the gradient that comes in."""
        __tracebackhide__ = True
        weights, other = record.row.weights, torch.zeros_like(record.got).detach()
        total = ((record.got + other.requires_grad_()) * weights).sum()
        leaves = [other, *record.leaves.values()]  # of the sum, both get the very same gradient
        same, *_ = torch.autograd.grad(total, leaves, allow_unused=True, retain_graph=True)
        sentence = "has a backward that writes into the gradient that comes in."
        expect(torch.equal(same, weights), sentence, self.hint("incoming") or INCOMING)

    def _second_gradients(self, row: Row, more: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of the weighted gradients: for each tracked tensor, then for weights."""
        names = [name for name in self.tensors[: len(row.templates)] if name not in self.fixed]

        def weighted(weights: np.ndarray, *arrays: Any) -> Any:
            firsts = dict(zip(names, self.gradient(weights, *arrays), strict=False))
            pairs = zip(row.tracked, more, strict=True)
            return sum((np.asarray(firsts[name]) * one).sum() for name, one in pairs)

        given = [as_array(row.weights), *row.arrays]
        places = [1 + self.tensors.index(name) for name in row.tracked]
        return [slopes(weighted, np.ones(()), given, place) for place in [*places, 0]]

    def tracked_on(self, device: str) -> list[Row]:
        """The rows with gradients: on the GPU each dtype once."""
        dtypes = sum(is_differentiable(dtype) for dtype in self.dtypes)
        return self.tracked_rows if device == "cpu" else self.tracked_rows[:dtypes]

    def expect_gradients(self, record: Record) -> None:
        """Fail unless the gradients for weights of the result are the true ones."""
        __tracebackhide__ = True
        self.expect_truth(record)
        if not is_differentiable(record.row.expected.dtype):
            return
        row, names = record.row, record.row.tracked
        which = f"Here {names[0]} alone requires grad." if self._is_alone(record) else ""
        which = " ".join(filter(None, (which, row.words)))
        cut = self.hint("tracked") or TRACKED.format(name=" and ".join(names))
        weights = row.weights.to(record.got.device) if record.got.is_cuda else row.weights
        try:
            leaves = {n: record.leaves[n] for n in row.slopes.names if n in record.leaves}
            if not leaves:
                return
            got = self._with_constants(record)
            found = gradients(got, leaves, weights, f"{cut} {which}".strip())
        except RuntimeError:  # such as for an input that was written to
            expect(not record.change, record.change, self.hint("memory") or KEEP)
            raise
        if self._are_right(row, found):
            return
        for name, one in found.items():
            expected, got = row.gradients[name], one.detach().to_dense().cpu()  # it may be sparse
            hint = self.hint(row.law) or self.hint("gradient")
            if name in self.constants:
                hint = self.hint("constant") or CONSTANT.format(name=name)
            rtol, atol = self.gradient_limits(expected)
            if got.shape == expected.shape and got.dtype == expected.dtype:
                if not differing(got, expected, rtol, atol):
                    continue
                hint = self.why(row.law, row.arrays, got, expected) or hint
            what = f"the gradient of {row.subject} for {name}"
            text = f"{hint} {which}".strip()
            what = what if row.subject else f"the gradient of {name}"
            expect_values(got, expected, text, what, rtol=rtol, atol=atol)

    def _are_right(self, row: Row, found: dict[str, torch.Tensor]) -> bool:
        """Whether gradients are surely right: all at once, as a module may have dozens of them."""
        with torch._C.DisableTorchFunction():
            is_alike = all(
                one.shape == row.gradients[name].shape and one.dtype == row.dtype
                for name, one in found.items()
            )
            is_alike = is_alike and list(found) == row.slopes.names
            return is_alike and row.slopes.are_near([one.cpu() for one in found.values()])

    def _with_constants(self, record: Record) -> torch.Tensor:
        """The result, to which constants add 0: so that no gradient is as good as one of 0."""
        got: torch.Tensor = record.got
        zeros = [leaf.sum() * 0 for name, leaf in record.leaves.items() if name in self.constants]
        if not zeros or (len(zeros) < len(record.leaves) and not got.requires_grad):
            return got  # what is not tracked, though it should be, stays so
        return got + sum(zeros)

    def gradient_limits(self, expected: torch.Tensor) -> tuple[float, float]:
        """Return by which share of itself, and by how much, a gradient may be off."""
        if expected.dtype in self.of_largest:
            return 0.0, self.of_largest[expected.dtype] * largest_of(expected)
        limit = self.gradient_ulps * max(float(torch.finfo(expected.dtype).eps), self.least_error)
        return limit, limit

    @property
    def least_error(self) -> float:
        """The error of the gradients in float64: that of differences, if there is no formula."""
        is_formula = type(self).gradient is not Contract.gradient
        return 0.0 if is_formula else LEAST

    def reaches(self, row: Row, name: str) -> bool:
        """Return whether a gradient must reach a tensor: not every result depends on each."""
        return not row.subject or bool(row.gradients[name].any())

    def _is_alone(self, record: Record) -> bool:
        if len(record.row.tracked) != 1:
            return False
        trackable = self.trackable
        return sum(name in trackable for _, name, _ in record.row.named) > 1
