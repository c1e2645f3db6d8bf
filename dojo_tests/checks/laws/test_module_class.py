"""The laws of a class of modules: a right one keeps them all, and each fault breaks its law."""

import math
import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

shared = runpy.run_path(str(Path(__file__).with_name("linear_module.py")))
numbers = shared["numbers"]
LinearContract = shared["LinearContract"]
Linear = shared["Linear"]
Frozen = shared["Frozen"]
Detaches = shared["Detaches"]


def test_a_right_class_keeps_all_laws(red_of, device):
    assert not red_of(LinearContract, Linear, device)


class OtherNames(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.w = self.weight
        del self.weight


class Transposed(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight = nn.Parameter(self.weight.detach().T.contiguous())


class PlainTensor(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        weight = self.weight.detach()
        del self.weight
        self.weight = weight


class Bare(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        for name, one in dict(self.named_parameters()).items():
            delattr(self, name)
            setattr(self, name, one.detach())


class InFloat64(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.double()


class OneMoreBuffer(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("count", torch.zeros(1))


class ReadsOnce(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.kept = self.weight.detach().T.clone()

    def forward(self, x):
        y = x @ self.kept.to(x)
        return y if self.bias is None else y + self.bias


class HasOwnConstant(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.one = torch.ones(1)

    def forward(self, x):
        return super().forward(x) * self.one.to(x.dtype)


class InFloat32(Linear):
    def forward(self, x):
        y = x.float() @ self.weight.float().T
        return (y if self.bias is None else y + self.bias.float()).to(x.dtype)


class OtherInEval(Linear):
    def forward(self, x):
        return super().forward(x) * (1 if self.training else 2)


class CachesOutputs(Linear):
    def forward(self, x):
        if not hasattr(self, "last") or self.last[0] is not x:
            self.last = x, super().forward(x)
        return self.last[1]


class WritesWeights(Linear):
    def forward(self, x):
        with torch.no_grad():
            self.weight.mul_(0.5)
        return super().forward(x)


class ReplacesWeights(Linear):
    def forward(self, x):
        self.weight = nn.Parameter(self.weight.detach().clone())
        return super().forward(x)


class SwitchesMode(Linear):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class UsesTorchs(Linear):
    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


class WrongBound(Linear):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        bound = math.sqrt(6 / (in_features + out_features))
        nn.init.uniform_(self.weight, -bound, bound)


class WrongBoundOfBias(Linear):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if bias:
            nn.init.zeros_(self.bias)


class Seeded(Linear):
    def __init__(self, *args):
        torch.manual_seed(0)
        super().__init__(*args)


class OwnGenerator(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        generator = torch.Generator()
        generator.seed()
        bound = self.weight.shape[1] ** -0.5
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=generator)


class RefusesNothing(Linear):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(max(in_features, 1), out_features, bias)


class Shared(Linear):
    KEPT = {}

    def __init__(self, *args):
        super().__init__(*args)
        self.weight = self.KEPT.setdefault(tuple(self.weight.shape), self.weight)


class BreaksCopies(Linear):
    def __deepcopy__(self, memo):
        return self


class OneRow(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        with torch.no_grad():
            self.weight[1:] = self.weight[0]


class BiasOfWeights(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        if self.bias is not None:
            self.bias = nn.Parameter(self.weight.detach()[:, 0].flip(0))


class OneMemory(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        if self.bias is not None:
            self.bias = nn.Parameter(torch.zeros(1).expand(len(self.bias)))


class WithoutShape(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight = nn.UninitializedParameter()


class HasHook(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight.register_hook(lambda gradient: gradient.clamp(-0.1, 0.1))


class ForgetsGradients(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight.register_post_accumulate_grad_hook(lambda one: setattr(one, "grad", None))


class FusesInEval(Linear):
    """It makes a constant of its weight in eval(), for calls without a gradient."""

    fused = None

    def train(self, mode=True):
        self.fused = None if mode else self.weight.detach().T.contiguous()
        return super().train(mode)

    def forward(self, x):
        if self.fused is None or torch.is_grad_enabled():
            return super().forward(x)
        y = x @ self.fused
        return y if self.bias is None else y + self.bias


class FusesAtFirst(FusesInEval):
    """It does so at the first call."""

    def forward(self, x):
        if not self.training and self.fused is None:
            self.train(False)
        return super().forward(x)

    def train(self, mode=True):
        self.fused = None
        return nn.Module.train(self, mode) if mode else super().train(mode)


class KeepsByVersion(Linear):
    """It keeps its transposed weight until that is written to, and forgets who writes by .data."""

    key = None

    def forward(self, x):
        key = id(self.weight), self.weight._version, x.dtype, torch.is_grad_enabled()
        if self.key != key:
            self.key, self.__dict__["kept"] = key, self.weight.T.detach().clone()
        y = x @ (self.weight.T if torch.is_grad_enabled() else self.kept)
        return y if self.bias is None else y + self.bias


class KeepsWithoutGraph(Linear):
    """It keeps a weight that was transposed under no_grad, and trains with it."""

    key = None

    def forward(self, x):
        key = id(self.weight), self.weight._version, x.dtype, x.device
        if self.key != key:
            self.key, self.__dict__["kept"] = key, self.weight.T.clone()
        y = x @ self.kept
        return y if self.bias is None else y + self.bias.detach()


class WritesIntoGradients(Linear):
    def forward(self, x):
        y = super().forward(x)
        if y.requires_grad:
            y.register_hook(lambda gradient: gradient.mul_(1))
        return y


class EnablesGrad(Linear):
    def forward(self, x):
        with torch.enable_grad():
            return super().forward(x)


class StaysInFloat32(Linear):
    def _apply(self, change, recurse=True):
        super()._apply(change, recurse)
        self.weight.data = self.weight.data.float()
        return self

    def forward(self, x):
        y = x @ self.weight.T.to(x.dtype)
        return y if self.bias is None else y + self.bias


class KeepsResult(Linear):
    def forward(self, x):
        self.transposed = self.weight.T
        y = x @ self.transposed
        return y if self.bias is None else y + self.bias


FAULTS = {
    BiasOfWeights: (
        "test_initial_values",
        "made a module whose bias repeats the numbers of weight; expected each to be drawn for",
    ),
    OneMemory: (
        "test_returns_a_tensor",
        "has a parameter bias whose numbers lie in one and the same memory.",
    ),
    WithoutShape: ("test_returns_a_tensor", "has a parameter weight that has no shape yet."),
    HasHook: ("test_trains_its_own_parameters", "returned as weight.grad"),
    ForgetsGradients: (
        "test_trains_its_own_parameters",
        "has no gradient in weight.grad after backward().",
    ),
    FusesInEval: ("test_follows_what_it_holds", "in eval mode under no_grad,"),
    FusesAtFirst: ("test_follows_what_it_holds", "in eval mode under no_grad,"),
    KeepsByVersion: ("test_follows_what_it_holds", "in eval mode under no_grad,"),
    KeepsWithoutGraph: ("test_follows_what_it_holds", "returned"),
    WritesIntoGradients: (
        "test_trains_its_own_parameters",
        "more than one element of the written-to tensor refers to a single memory location",
    ),
    EnablesGrad: (
        "test_follows_what_it_holds",
        "returned a tensor that requires grad under no_grad.",
    ),
    StaysInFloat32: ("test_follows_what_it_holds", "holds weight in float32 after .double()."),
    KeepsResult: (
        "test_follows_what_it_holds",
        "keeps a tensor that was computed from a parameter; so deepcopy fails.",
    ),
    OtherNames: ("test_returns_a_tensor", "has the parameters bias (2,), w (2, 3); expected the"),
    Transposed: ("test_returns_a_tensor", "weight (3, 2)"),
    PlainTensor: ("test_returns_a_tensor", "has the parameters bias (2,); expected"),
    Frozen: ("test_returns_a_tensor", "has a parameter weight that is not trainable."),
    InFloat64: ("test_returns_a_tensor", "has a float64 parameter weight."),
    OneMoreBuffer: ("test_returns_a_tensor", "has the buffers count (1,); expected no buffers."),
    ReadsOnce: ("test_values", "returned"),
    Detaches: ("test_gradients", "no gradient reaches weight"),
    InFloat32: ("test_values", "returned"),
    OtherInEval: ("test_values", "returned"),
    CachesOutputs: ("test_remembers_nothing", "returned"),
    WritesWeights: ("test_leaves_its_inputs", "changed the values of its parameter weight"),
    ReplacesWeights: ("test_values", "replaced weight by another tensor in forward."),
    SwitchesMode: ("test_values", "changed its own mode in forward."),
    UsesTorchs: ("test_is_made_without", "ran torch's linear, which is forbidden here."),
    WrongBound: ("test_initial_values", "weight holds"),
    WrongBoundOfBias: ("test_initial_values", "whose bias lies between 0 and 0; expected uniform"),
    OneRow: (
        "test_initial_values",
        "weight holds only 40 different numbers in 2400 places; expected",
    ),
    Seeded: ("test_initial_values", "made two modules with the same numbers in weight."),
    OwnGenerator: ("test_initial_values", "though torch.manual_seed was the same."),
    RefusesNothing: ("test_is_not_made_with", "expected ValueError."),
    Shared: ("test_shares_nothing", "made two modules that share the memory of weight."),
    BreaksCopies: ("test_shares_nothing", "made a module and a deepcopy that share the memory"),
}


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_breaks_its_law(red_of, wrong):
    law, words = FAULTS[wrong]
    found = red_of(LinearContract, wrong, "cpu")
    assert law in found
    assert words in getattr(found[law], "sentence", str(found[law]))


def test_a_constant_that_does_not_move_is_red_on_the_gpu(red_of):
    found = red_of(LinearContract, HasOwnConstant, "cuda", ["test_moves_to_the_device"])
    sentence = found["test_moves_to_the_device"].sentence
    assert sentence == "computed with tensors on cpu and cuda after .to('cuda')."


def test_a_message_shows_the_parameters(red_of):
    error = red_of(LinearContract, OtherInEval, "cpu", ["test_values"])["test_values"]
    assert "weight is [[" in error.hint


HINTS = {
    ReadsOnce: ("test_values", "These are the numbers for what the module was made with"),
    OtherNames: ("test_returns_a_tensor", "A state_dict finds parameters and buffers by the names"),
    Bare: ("test_returns_a_tensor", "A module sees an nn.Parameter or a module in its attributes"),
    OneMoreBuffer: ("test_returns_a_tensor", "Keep what the docstring does not name"),
}


@pytest.mark.parametrize("wrong", HINTS, ids=lambda one: one.__name__)
def test_a_hint_says_where_to_look(red_of, wrong):
    law, words = HINTS[wrong]
    assert red_of(LinearContract, wrong, "cpu", [law])[law].hint.startswith(words)


def test_the_law_of_the_device_leaves_numbers_to_others(red_of, device):
    assert not red_of(LinearContract, OtherInEval, device, ["test_moves_to_the_device"])
