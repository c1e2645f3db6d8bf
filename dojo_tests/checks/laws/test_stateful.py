"""The laws of modules with state: a right one keeps them all, and each fault breaks its law."""

import numpy as np
import pytest
import torch
from torch import nn

from dojo.checks.draws import Constant
from dojo.checks.laws import StatefulModule
from dojo.checks.laws.module_state import NO_BUFFER
from dojo.checks.laws.wording import DIGITS


def numbers(*shape, seed=0):
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


class TotalContract(StatefulModule):
    """weight * x, plus the sum of all rows that were seen in train mode."""

    name = "Total"
    tensors = ("x", "weight", "total", "rows")
    parameters = ("weight",)
    buffers = ("total", "rows")
    fixed = {"rows": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [
        (numbers(3, 2), numbers(2, seed=1), numbers(2, seed=6), 4, True),
        (numbers(3, 2), numbers(2, seed=1), numbers(2, seed=2), 4, False),
        (np.zeros((0, 3)), numbers(3, seed=1), numbers(3, seed=2), 0, True),
    ]
    refused = [((numbers(3), numbers(3), numbers(3), 1, True), None, ValueError, "Two dimensions.")]
    driven_with = (2,)
    batches = [numbers(3, 2, seed=3), numbers(1, 2, seed=4), numbers(4, 2, seed=5)]
    drawn_with = [(3,)]
    ulps = 32
    hints = {"update": "The rows of x are added to the total."}

    def made_with(self, x, weight, *others):
        return (len(weight),)

    def trains(self, x, weight, total, rows, training):
        return training

    def after(self, x, weight, total, rows, training):
        return {"total": total + x.sum(0), "rows": rows + len(x)}

    def truth(self, x, weight, total, rows, training):
        return x * weight + (total + x.sum(0) if training else total)

    def gradient(self, weights, x, weight, *others):
        return [weights * weight, (weights * x).sum(0), None]

    def initial(self, size):
        return {"weight": Constant(1.0), "total": Constant(0.0), "rows": Constant(0)}


class Total(nn.Module):
    """A right answer, which puts new tensors in the places of the buffers."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("total", torch.zeros(size))
        self.register_buffer("rows", torch.tensor(0))

    def forward(self, x):
        if x.dim() != 2:
            raise ValueError("x")
        if self.training:
            self.update(x.detach())
        return x * self.weight + self.total

    def update(self, x):
        self.total = self.total + x.sum(0)
        self.rows = self.rows + len(x)


class InPlace(Total):
    """Another right answer, which writes into the buffers."""

    @torch.no_grad()
    def update(self, x):
        self.total += x.sum(0)
        self.rows += len(x)


@pytest.mark.parametrize("right", [Total, InPlace])
def test_a_right_class_keeps_all_laws(red_of, device, right):
    assert not red_of(TotalContract, right, device)


class AddsTwice(Total):
    def forward(self, x):
        result = super().forward(x)
        if self.training:
            self.update(x.detach())
        return result


class CountsInEval(Total):
    def forward(self, x):
        result = super().forward(x)
        if not self.training:
            self.rows = self.rows + len(x)
        return result


class CountsInFloats(Total):
    def update(self, x):
        super().update(x)
        self.rows = self.rows * 1.0


class DropsTheTotal(Total):
    def update(self, x):
        super().update(x)
        self.kept, self.total = self.total, self.total.sum()

    def forward(self, x):
        return super().forward(x) if not self.training else self.of_kept(x)

    def of_kept(self, x):
        super().forward(x)
        return x * self.weight + self.kept


class StaysUnderNoGrad(Total):
    def update(self, x):
        if torch.is_grad_enabled():
            super().update(x)


class CountsBeside(Total):
    """What it counts beside its buffers shows from the second call on."""

    def __init__(self, size):
        super().__init__(size)
        self.calls = 0

    def update(self, x):
        self.calls += 1
        super().update(x)
        if self.calls == 3:
            self.rows = self.rows + 1


class LosesItsTotal(Total):
    def __deepcopy__(self, memo):
        return type(self)(len(self.weight))


class StaysInFloat32(Total):
    def update(self, x):
        super().update(x)
        self.total = self.total.float().to(self.total)


class StaysWhereXIsTracked(Total):
    def forward(self, x):
        old = self.total, self.rows
        result = super().forward(x)
        if x.requires_grad:
            self.total, self.rows = old
        return result


class KeepsTheGraph(Total):
    def forward(self, x):
        result = super().forward(x)
        if self.training:
            self.total = self.total + 0 * x.sum(0)
        return result


class WritesFirst(Total):
    def forward(self, x):
        if self.training:
            self.rows += 1
        result = super().forward(x)
        if self.training:
            self.rows -= 1
        return result


class ReplacesFirst(Total):
    def forward(self, x):
        old = self.total
        self.total = old + 1
        if x.dim() == 2:
            self.total = old
        return super().forward(x)


FAULTS = {
    AddsTwice: ("test_buffers_after_a_call", "has total [", " after the call; expected ["),
    CountsInEval: ("test_buffers_after_a_call", "has rows 7 after the call; expected 4."),
    CountsInFloats: ("test_buffers_after_a_call", "a float32 tensor; expected int64."),
    DropsTheTotal: ("test_buffers_after_a_call", "as total after the call."),
    StaysUnderNoGrad: ("test_buffers_after_batches", "returned as the output under no_grad"),
    CountsBeside: (
        "test_buffers_after_batches",
        "has rows 9 after the call of batch 3; expected 8",
    ),
    LosesItsTotal: ("test_goes_on_from_a_copy", "has total [0., 0.] of a deepcopy; expected ["),
    StaysInFloat32: ("test_buffers_after_a_call", "after the call; expected"),
    StaysWhereXIsTracked: ("test_buffers_have_no_graph", "has total [", ", as before; expected ["),
    KeepsTheGraph: ("test_buffers_have_no_graph", "has a buffer total that requires grad after"),
    WritesFirst: ("test_refuses", "changed rows, and then raised ValueError."),
    ReplacesFirst: ("test_refuses", "changed total, and then raised ValueError."),
}


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_breaks_its_law(red_of, wrong):
    law, *words = FAULTS[wrong]
    found = red_of(TotalContract, wrong)
    assert law in found
    for one in words:
        assert one in found[law].sentence


def test_a_buffer_with_too_few_digits_is_shown_with_all_of_them(red_of):
    failed = red_of(TotalContract, StaysInFloat32)["test_buffers_after_a_call"]
    assert any(len(word) > 12 for word in failed.sentence.partition("has total")[2].split())
    assert DIGITS in failed.hint


def test_a_hint_says_which_mode_decides(red_of):
    law = "test_buffers_after_batches"
    assert "under no_grad they change too" in red_of(TotalContract, StaysUnderNoGrad)[law].hint


def test_a_hint_says_that_eval_only_reads(red_of):
    law = "test_buffers_after_a_call"
    assert red_of(TotalContract, CountsInEval)[law].hint.startswith("In eval mode")


def test_a_buffer_that_stays_on_the_cpu_is_red_on_the_gpu(red_of):
    class StaysOnTheCpu(Total):
        def update(self, x):
            super().update(x)
            self.rows = self.rows.cpu()

    assert "test_buffers_after_a_call" in red_of(TotalContract, StaysOnTheCpu, "cuda")
    assert not red_of(TotalContract, StaysOnTheCpu)


def test_buffers_are_not_tracked(laws_of):
    contract = TotalContract()
    assert contract.trackable == ["x", "weight"]
    assert all("total" not in row.tracked for row in contract.tracked_rows)
    assert "test_buffers_after_a_call" in laws_of(TotalContract)


def test_a_message_shows_what_the_output_depends_on(red_of):
    class NeedsWeight(TotalContract):
        name = "Total"

        def needed(self, *arguments):
            return ("weight",)

    class OffByOne(Total):
        def forward(self, x):
            return super().forward(x) + 1

    hints = [
        red_of(contract, OffByOne, "cpu", ["test_values"])["test_values"].hint
        for contract in (TotalContract, NeedsWeight)
    ]
    assert ["total is [" in hint for hint in hints] == [True, False]
    assert all("weight is [" in hint for hint in hints)


def test_a_mistake_that_the_kata_knows_comes_before_old_numbers(red_of):
    class KnowsIt(TotalContract):
        name = "Total"

        def why(self, law, arguments, got, expected):
            return "The total is left out." if law == "values" else ""

    class LeavesOutTheTotal(Total):
        def forward(self, x):
            return super().forward(x) - self.total

    found = [
        red_of(contract, LeavesOutTheTotal, "cpu", ["test_values"])["test_values"].hint
        for contract in (TotalContract, KnowsIt)
    ]
    assert not found[0].startswith("The total is left out.")
    assert found[1].startswith("The total is left out.")


class HasPlainTensors(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.total, self.rows = torch.zeros(size), torch.tensor(0)


class IsNotSaved(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("total", torch.zeros(size), persistent=False)
        self.register_buffer("rows", torch.tensor(0), persistent=False)


@pytest.mark.parametrize("wrong", [HasPlainTensors, IsNotSaved])
def test_what_is_no_buffer_is_told_how_to_become_one(red_of, wrong):
    failed = red_of(TotalContract, wrong, "cpu", ["test_returns_a_tensor"])["test_returns_a_tensor"]
    assert failed.sentence.startswith("has no buffers; expected the buffers total (")
    assert failed.hint == NO_BUFFER
