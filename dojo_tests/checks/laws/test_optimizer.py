"""The laws of an optimizer: a right one keeps them all, and each fault breaks its law."""

import pathlib

import pytest
import torch

from dojo.checks.laws import OptimizerClass
from dojo.checks.laws.planned import AFTER_NONE, plan_of


class MomentumContract(OptimizerClass):
    """v = momentum·v + g, p -= lr·v."""

    name = "Momentum"
    runs = ({"lr": 0.1, "momentum": 0.9}, {"lr": 0.05, "momentum": 0.0})
    second = {"lr": 0.02, "momentum": 0.5}
    later = {"momentum": 0.7}
    allowed = ({"lr": 0.0},)
    refused = [({"lr": -1.0}, "lr is 0 or more.")]

    def update(self, p, g, state, lr=1e-3, momentum=0.0):
        state["v"] = momentum * state.get("v", 0) + g
        return p - lr * state["v"]

    def mistakes(self):
        def with_rate_inside(p, g, state, lr, momentum):
            state["v"] = momentum * state.get("v", 0) + lr * g
            return p - state["v"]

        def with_calls(p, g, state, lr, momentum):
            return p - lr * g / state["calls"]

        return {"lr is inside.": with_rate_inside, "It divides by the calls.": with_calls}


class Momentum(torch.optim.Optimizer):
    """A right answer."""

    def __init__(self, params, lr=1e-3, momentum=0.0):
        if lr < 0:
            raise ValueError("lr")
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p, group)
        return loss

    def change(self, p, group):
        state = self.state[p]
        if "v" not in state:
            state["v"] = torch.zeros_like(p)
        state["v"].mul_(group["momentum"]).add_(p.grad)
        p.sub_(group["lr"] * state["v"])


def test_a_right_optimizer_keeps_all_laws(red_of, device):
    assert not red_of(MomentumContract, Momentum, device)


class RateInside(Momentum):
    def change(self, p, group):
        state = self.state[p]
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad, alpha=group["lr"])
        p.sub_(v)


class KeepsTheGradient(Momentum):
    def change(self, p, group):
        state = self.state[p]
        state["v"] = state["v"].mul_(group["momentum"]).add_(p.grad) if "v" in state else p.grad
        p.sub_(group["lr"] * state["v"])


class OptionsOnSelf(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr, momentum)
        self.lr = lr

    def change(self, p, group):
        super().change(p, {**group, "lr": self.lr})


class RebindsData(Momentum):
    def change(self, p, group):
        p.data = p.data - 0
        super().change(p, group)


class WritesGradients(Momentum):
    def change(self, p, group):
        super().change(p, group)
        p.grad.mul_(group["lr"])


class StateOutside(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr, momentum)
        self.kept = {}

    def change(self, p, group):
        v = self.kept.setdefault(p, torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(group["lr"] * v)


class NoneIsZero(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        return super().step(closure)


class StateAtOnce(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr, momentum)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["v"] = torch.zeros_like(p)


class FirstGroupOnly(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        groups, self.param_groups = self.param_groups, self.param_groups[:1]
        try:
            return super().step(closure)
        finally:
            self.param_groups = groups


class ZeroIsNone(Momentum):
    def change(self, p, group):
        if p.grad.any():
            super().change(p, group)


class ClosureWithoutGrad(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        super().step()
        return loss


class ClosureLast(Momentum):
    def step(self, closure=None):
        super().step()
        return closure() if closure is not None else None


class ForgetsTheLoss(Momentum):
    def step(self, closure=None):
        super().step(closure)


class NoOptimizer:
    def __init__(self, params, lr=1e-3, momentum=0.0):
        pass


class OptionsUnderOtherNames(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "mu": momentum})


class Float32State(Momentum):
    def change(self, p, group):
        state = self.state[p]
        v = state.setdefault("v", torch.zeros_like(p, dtype=torch.float32))
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(group["lr"] * v)


class SetsTheSeed(Momentum):
    def change(self, p, group):
        torch.manual_seed(0)
        super().change(p, group)


class LeavesGradOff(Momentum):
    def step(self, closure=None):
        loss = super().step(closure)
        torch.set_grad_enabled(False)
        return loss


class RefusesNothing(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, abs(lr), momentum)


class RefusesZero(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr, momentum)
        if lr == 0:
            raise ValueError("lr")


class OtherDefault(Momentum):
    def __init__(self, params, lr=1e-2, momentum=0.0):
        super().__init__(params, lr, momentum)


class OtherOrder(Momentum):
    def __init__(self, params, momentum=0.0, lr=1e-3):
        super().__init__(params, lr, momentum)


class ListsParametersOnce(Momentum):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr, momentum)
        self.known = {p for group in self.param_groups for p in group["params"]}

    def change(self, p, group):
        if p in self.known:
            super().change(p, group)


class GoesOnWithoutGradient(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        loss = super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None and self.state.get(p):
                    p.sub_(group["lr"] * self.state[p]["v"].mul_(group["momentum"]))
        return loss


class StopsAtNone(Momentum):
    @torch.no_grad()
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    break
                self.change(p, group)
        return loss


class Clamps(Momentum):
    def change(self, p, group):
        old, p.grad = p.grad, p.grad.clamp(-1e4, 1e4)
        super().change(p, group)
        p.grad = old


class Records(Momentum):
    def change(self, p, group):
        super().change(p, group)
        self.state[p]["v"].requires_grad_()


class KeepsTheParameter(Momentum):
    def change(self, p, group):
        super().change(p, group)
        self.state[p]["old"] = p.detach()


class ChangesOptions(Momentum):
    def step(self, closure=None):
        loss = super().step(closure)
        self.param_groups[0]["lr"] *= 1 + 1e-12
        return loss


class KeepsWhatCannotBeLoaded(Momentum):
    def change(self, p, group):
        super().change(p, group)
        self.state[p]["kind"] = pathlib.PurePath("x")


class RoundsToFloat32(Momentum):
    def change(self, p, group):
        super().change(p, group)
        p.copy_(p.float())


class SkipsFrozen(Momentum):
    def change(self, p, group):
        if p.requires_grad:
            super().change(p, group)


class TrainsFrozen(Momentum):
    def change(self, p, group):
        super().change(p, group)
        p.requires_grad_()


class MomentumOfTheFirstGroup(Momentum):
    def change(self, p, group):
        super().change(p, {**group, "momentum": self.param_groups[0]["momentum"]})


class OptionsOfTheFirstGroup(Momentum):
    def change(self, p, group):
        super().change(p, self.param_groups[0])


class OldMomentum(Momentum):
    def change(self, p, group):
        momentum = self.state[p].setdefault("momentum", group["momentum"])
        self.state[p].setdefault("v", torch.zeros_like(p))
        super().change(p, {**group, "momentum": momentum})


class DividesByCalls(Momentum):
    def step(self, closure=None):
        self.calls = getattr(self, "calls", 0) + 1
        return super().step(closure)

    def change(self, p, group):
        p.sub_(group["lr"] * p.grad / self.calls)


class Fused(Momentum):
    def change(self, p, group):
        super().change(p, group)
        other = [torch.zeros(1)]
        options = {"weight_decay": 0.0, "momentum": 0.0, "lr": 0.1, "dampening": 0.0}
        options |= {"nesterov": False, "maximize": False, "is_first_step": True}
        torch._fused_sgd_(other, [torch.zeros(1)], [], **options)


class Torchs(torch.optim.SGD):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr=lr, momentum=momentum)


FAULTS = {
    RateInside: ("test_values", "the parameter weight after step 9"),
    KeepsTheGradient: ("test_writes_in_place", "changed the .grad of the parameter weight."),
    OptionsOnSelf: ("test_values", "the parameter transposed after step 1"),
    RebindsData: ("test_writes_in_place", "gave other memory to the parameter weight."),
    WritesGradients: ("test_writes_in_place", "changed the .grad of the parameter weight."),
    StateOutside: (
        "test_goes_on_from_a_state_dict",
        "after load_state_dict left the parameter",
    ),
    NoneIsZero: ("test_writes_in_place", "made the .grad of the parameter late."),
    StateAtOnce: ("test_writes_in_place", "keeps a state for a parameter that has had no"),
    FirstGroupOnly: ("test_values", "the parameter transposed after step 1"),
    ZeroIsNone: ("test_values", "the parameter bias after step 4"),
    ClosureWithoutGrad: ("test_calls_a_closure", "called the closure with grad mode off."),
    ClosureLast: ("test_calls_a_closure", "did not use the gradients that the closure has made."),
    ForgetsTheLoss: ("test_calls_a_closure", "returned None; expected the closure's result."),
    NoOptimizer: ("test_is_an_optimizer", "expected a torch.optim.Optimizer."),
    OptionsUnderOtherNames: ("test_is_an_optimizer", "has the option momentum None in its group"),
    Float32State: ("test_state_is_like_its_parameter", "keeps v as float32 for a float64"),
    SetsTheSeed: ("test_leaves_torch_as_it_is", "random generator"),
    LeavesGradOff: ("test_leaves_torch_as_it_is", "whether autograd records"),
    RefusesNothing: ("test_refuses", "expected ValueError."),
    RefusesZero: ("test_allows", "raised ValueError; expected an optimizer."),
    OtherDefault: ("test_is_an_optimizer", "has the option lr 0.01 in its group; expected 0.001."),
    OtherOrder: ("test_is_an_optimizer", "has the option lr 0.0 in its group; expected 0.05."),
    ListsParametersOnce: ("test_values", "the parameter added after step 6"),
    GoesOnWithoutGradient: ("test_values", "the parameter late after step 11"),
    StopsAtNone: ("test_values", "the parameter sizes after step 1"),
    Clamps: ("test_values", "the parameter sizes after step 1"),
    Records: ("test_writes_in_place", "keeps v of weight as a part of autograd's graph."),
    KeepsTheParameter: ("test_writes_in_place", "keeps old of weight in the memory of the param"),
    ChangesOptions: ("test_writes_in_place", "left the option lr of group 0 as 0.0500"),
    KeepsWhatCannotBeLoaded: ("test_goes_on_from_a_state_dict", "Weights only load failed"),
    RoundsToFloat32: ("test_values", "the parameter weight after step 1"),
    DividesByCalls: ("test_values", "the parameter weight after step 2"),
    SkipsFrozen: ("test_values", "the parameter frozen after step 1"),
    TrainsFrozen: ("test_writes_in_place", "changed the requires_grad of the parameter frozen."),
    Fused: ("test_is_made_without_torchs", "used aten._fused_sgd_.default"),
    Torchs: ("test_is_made_without_torchs", "used torch.optim.sgd, which is forbidden here."),
}


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_breaks_its_law(red_of, wrong):
    law, words = FAULTS[wrong]
    found = red_of(MomentumContract, wrong, "cpu")
    assert law in found
    assert words in getattr(found[law], "sentence", str(found[law]))


def test_one_fault_breaks_few_laws(red_of):
    values = {"test_values", "test_goes_on_from_a_state_dict"}
    assert set(red_of(MomentumContract, RateInside, "cpu")) == values
    assert set(red_of(MomentumContract, StateOutside, "cpu")) == {"test_goes_on_from_a_state_dict"}
    assert set(red_of(MomentumContract, Torchs, "cpu")) == {"test_is_made_without_torchs"}


HINTS = {
    RateInside: "lr is inside.",
    DividesByCalls: "It divides by the calls.",
    OptionsOnSelf: "Each group has its own lr; this is that of the first group.",
    OptionsOfTheFirstGroup: "Each group has its own options; these are the first group's.",
    FirstGroupOnly: "The parameter was not changed at all. `transposed` is in the second group.",
    StopsAtNone: f"The parameter was not changed at all. {AFTER_NONE}",
    MomentumOfTheFirstGroup: "Each group has its own momentum; this is that of the first group.",
    OldMomentum: "The option momentum has changed since: read it from the group.",
    SkipsFrozen: "The parameter was not changed at all. `frozen` has requires_grad False, but a"
    " gradient all the same.",
    ZeroIsNone: "A gradient of 0 is a gradient too: take the step.",
    GoesOnWithoutGradient: "A parameter without a gradient is skipped, and its state too.",
    Clamps: "Gradients of `sizes` are about 1e-6, 1e-3, 1e3 and 1e6.",
}


@pytest.mark.parametrize("wrong", HINTS, ids=lambda one: one.__name__)
def test_a_hint_names_the_mistake(red_of, wrong):
    found = red_of(MomentumContract, wrong, "cpu", only=["test_values"])
    assert found["test_values"].hint == HINTS[wrong]


def test_a_state_that_was_not_saved_is_named(red_of):
    (error,) = red_of(MomentumContract, StateOutside, "cpu").values()
    assert "empty state" in error.hint


def test_lost_digits_are_named(red_of):
    error = red_of(MomentumContract, RoundsToFloat32, "cpu", only=["test_values"])["test_values"]
    assert error.hint.startswith("Only the last digits differ")


def test_plans_are_made_before_an_answer_is_there():
    class Contract(MomentumContract):
        name = "Other"

    before = plan_of.cache_info().misses
    Contract().prepare()
    assert plan_of.cache_info().misses == before + 3
    Contract().prepare()
    assert plan_of.cache_info().misses == before + 3
