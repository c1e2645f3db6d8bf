"""The law of results that do not see all of an input, such as causal attention."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import expect, expect_shape, expect_tensor, expect_values
from dojo.checks.inputs import random_like
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.laws.tracking import TrackedFunction
from dojo.checks.laws.wording import law
from dojo.checks.messages import rounded

UNSEEN = "What a result does not see changes nothing in it, and gets gradient exactly 0 from it."


class ChangedRow(Row):
    """A row with other numbers in hidden places, of which only one place of the result is judged.

    The truth about all of it is not asked for, nor are its gradients.
    """

    def prepare(self) -> None:
        """Make all that can be made before an answer is there."""
        _ = self.templates, self.arrays, self.words


class HiddenRow:
    """A case in which one place of the result is asked, and what it does not see is changed.

    Args:
        row: the case as it stands.
        place: the place of the result that is asked.
        unseen: name → the places that it does not see, with all dimensions of the tensor.
    """

    def __init__(self, row: Row, place: int, unseen: dict[str, np.ndarray]) -> None:
        contract: Any = row.contract
        self.row, self.place, self.unseen = row, place, unseen
        changed = list(row.arrays)
        for name, hidden in unseen.items():
            index = contract.tensors.index(name)
            x = row.arrays[index]
            changed[index] = np.where(hidden, contract.other_numbers(name, x), x)
        tracked = contract.trackable if contract.recorded else ()
        self.asked = ChangedRow(contract, changed, row.dtype, row.place, "hidden", tracked)

    @property
    def expected(self) -> torch.Tensor:
        """What stands in that place, whatever is hidden from it."""
        return self.row.parts[0].expected.select(self.row.contract.result_axis, self.place)


class HidesInputs(TrackedFunction):
    """A contract in which a place of the result may not see every place of an input.

    Attributes:
        hidden: name of a tensor → the number that stands in its hidden places in a second call.
            It should be as large as the docstring allows, since what leaks may be tiny.
        places: name → the dimension along which the places of a tensor lie, if that is not -2.
        result_axis: the dimension along which the places of the result lie. Of several results
            the first one is asked.
    """

    hidden: ClassVar[dict[str, float]] = {}
    places: ClassVar[dict[str, int]] = {}
    result_axis: ClassVar[int] = -2

    def sees(self, *arrays: Any) -> dict[str, Any]:
        """Return for each name in ``hidden`` which places of it each place of the result sees.

        Each is an array of bools of shape (…, places of the result, places of the tensor), of
        which … broadcasts to the leading dimensions of the tensor.
        """
        raise NotImplementedError

    def other_numbers(self, name: str, x: np.ndarray) -> np.ndarray:
        """Return the numbers that take the place of hidden ones."""
        return np.full_like(x, self.hidden[name])

    @once
    def unseen_rows(self) -> list[HiddenRow]:
        """Each case in which something is hidden, with one place of the result in turns."""
        found: list[HiddenRow] = []
        for n, case in enumerate(self.cases if self.hidden else ()):
            row = Row(self, case, self.dtypes[n % len(self.dtypes)], n)
            seen = self.sees(*row.arrays)
            places = row.parts[0].expected.shape[self.result_axis]
            choices = [(p, self._unseen(row, seen, p)) for p in range(places)]
            choices = [one for one in choices if any(hidden.any() for hidden in one[1].values())]
            if choices:
                found.append(HiddenRow(row, *choices[n % len(choices)]))
        assert found or not self.hidden, "no case hides anything"
        return found

    def _unseen(self, row: Row, seen: dict[str, Any], place: int) -> dict[str, np.ndarray]:
        """Return what a place of the result does not see of each tensor that is given."""
        found = {}
        for name, visible in seen.items():
            x, axis = row.arrays[self.tensors.index(name)], self.places.get(name, -2)
            hidden = ~np.asarray(visible)[..., place, :]
            hidden = hidden.reshape(hidden.shape + (1,) * (-1 - axis))
            found[name] = np.broadcast_to(hidden, x.shape)
        return found

    def prepare(self) -> None:
        """Make all that can be made before an answer is there."""
        super().prepare()
        for one in self.unseen_rows:
            _ = one.expected
            one.asked.prepare()

    @aspect("values")
    @law("hidden", last=True)
    def test_hidden_places_change_nothing(self, solution: Any, device: str) -> None:
        """What a place does not see changes nothing there."""
        for one in self.unseen_on(device):
            part = self._part_of(solution, device, one)
            rtol, atol = self.limits(one.row.parts[0].expected)
            hint = f"{self.hint('hidden') or UNSEEN} {self._words(one)}"
            what = f"the result at place {one.place}"
            expect_values(part.detach(), one.expected, hint, what, rtol=rtol, atol=atol)

    @aspect("gradient")
    @law("hidden", "recorded", last=True)
    def test_hidden_places_get_no_gradient(self, solution: Any, device: str) -> None:
        """What a place does not see gets gradient exactly 0 from it."""
        for one in self.unseen_on(device):
            part = self._part_of(solution, device, one)
            record = next(self.records(solution, device, [one.asked]))
            leaves = {name: x for name, x in record.leaves.items() if name in one.unseen}
            if not (leaves and part.requires_grad):
                continue
            weights = random_like(one.expected, seed=one.place).to(part)
            asked = (part * weights).sum(), list(leaves.values())
            with self.as_in(record.call):
                found = torch.autograd.grad(*asked, retain_graph=True, allow_unused=True)
            for name, gradient in zip(leaves, found, strict=True):
                self._expect_zeros(one, name, gradient)

    def unseen_on(self, device: str) -> list[HiddenRow]:
        """The rows for a device: on the GPU one is enough."""
        return self.unseen_rows if device == "cpu" else self.unseen_rows[:1]

    def _part_of(self, solution: Any, device: str, one: HiddenRow) -> torch.Tensor:
        """Return the place of the result that is asked, once it has a right shape."""
        __tracebackhide__ = True
        record = next(self.records(solution, device, [one.asked]))
        expect_tensor(record.got, self.hint("type"), record.row.subject)
        expect_shape(record.got, one.row.parts[0].expected.shape, self.hint("shape"))
        return record.got.select(self.result_axis, one.place)

    def _expect_zeros(self, one: HiddenRow, name: str, gradient: Any) -> None:
        """Fail unless the gradient is exactly 0 in all places that are hidden."""
        __tracebackhide__ = True
        if gradient is None:
            return
        of_hidden = gradient.detach().to_dense().cpu()[torch.tensor(one.unseen[name])]
        leaked = of_hidden[~(of_hidden == 0)]  # NaN is not 0
        first = rounded(leaked[:1].tolist()).strip("[]")
        sentence = f"has at place {one.place} a gradient of {first} for a hidden place of {name}"
        hint = f"{self.hint('hidden') or UNSEEN} {self._words(one)}"
        expect(not leaked.numel(), f"{sentence}; expected exactly 0.", hint)

    def _words(self, one: HiddenRow) -> str:
        """Say which numbers stand in the hidden places."""
        given = [name for name, hidden in one.unseen.items() if hidden.any()]
        numbers = " and ".join(f"{name} = {self.hidden[name]:g}" for name in given)
        return f"Here {numbers} in all that it does not see."
