"""The laws of an optimizer: a right one keeps them all, and each fault breaks its law."""

import pytest
import torch

from dojo.checks.laws import OptimizerClass


class MomentumContract(OptimizerClass):
    """v = momentum·v + g, p -= lr·v."""

    name = "Momentum"
    runs = ({"lr": 0.1, "momentum": 0.9}, {"lr": 0.05, "momentum": 0.0})
    second = {"lr": 0.02, "momentum": 0.5}
    refused = [({"lr": -1.0}, "lr is 0 or more.")]

    def update(self, p, g, state, lr, momentum):
        state["v"] = momentum * state.get("v", 0) + g
        return p - lr * state["v"]


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


class Torchs(torch.optim.SGD):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        super().__init__(params, lr=lr, momentum=momentum)


FAULTS = {
    RateInside: ("test_values", "the parameter weight after step 13"),
    KeepsTheGradient: ("test_writes_in_place", "changed the .grad of the parameter weight."),
    OptionsOnSelf: ("test_values", "the parameter transposed after step 1"),
    RebindsData: ("test_writes_in_place", "gave other memory to the parameter weight."),
    WritesGradients: ("test_writes_in_place", "changed the .grad of the parameter weight."),
    StateOutside: (
        "test_goes_on_from_a_state_dict",
        "after load_state_dict left the parameter",
    ),
    NoneIsZero: ("test_writes_in_place", "made a gradient for the parameter late."),
    StateAtOnce: ("test_writes_in_place", "keeps a state for a parameter that has had no"),
    FirstGroupOnly: ("test_values", "the parameter transposed after step 1"),
    ZeroIsNone: ("test_values", "the parameter bias after step 2"),
    ClosureWithoutGrad: ("test_calls_a_closure", "called the closure with grad mode off."),
    ClosureLast: ("test_calls_a_closure", "did not use the gradients that the closure has made."),
    ForgetsTheLoss: ("test_calls_a_closure", "returned None; expected the closure's result."),
    NoOptimizer: ("test_is_an_optimizer", "expected a torch.optim.Optimizer."),
    OptionsUnderOtherNames: ("test_is_an_optimizer", "has the option momentum None in its group"),
    Float32State: ("test_state_is_like_its_parameter", "keeps v as float32 for a float64"),
    SetsTheSeed: ("test_leaves_torch_as_it_is", "random generator"),
    LeavesGradOff: ("test_leaves_torch_as_it_is", "whether autograd records"),
    RefusesNothing: ("test_refuses", "expected ValueError."),
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
