"""The laws of a class of modules: a right one keeps them all, and each fault breaks its law."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from dojo.checks.draws import Constant, Uniform
from dojo.checks.laws import ModuleClass
from dojo.checks.laws.module_calls import Part
from dojo.checks.laws.rows import Row


def numbers(*shape, seed=0):
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


class LinearContract(ModuleClass):
    """x·Wᵀ + b, or without b."""

    name = "Linear"
    tensors = ("x", "weight", "bias")
    parameters = ("weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = [
        (numbers(2, 3), numbers(2, 3, seed=1), numbers(2, seed=2)),
        (numbers(2, 4, 3), numbers(2, 3, seed=1), None),
        (numbers(3), numbers(4, 3, seed=1), numbers(4, seed=2)),
        (np.zeros((0, 3)), numbers(2, 3, seed=1), numbers(2, seed=2)),
    ]
    ulps = 32
    torchs = nn.Linear
    drawn_with = [(40, 60), (40, 60, False)]
    refused_when_made = [((0, 2), ValueError, "A size is at least 1.")]
    forbidden = "linear"

    def made_with(self, x, weight, bias=None):
        return (weight.shape[1], weight.shape[0], bias is not None)

    def truth(self, x, weight, bias=None):
        return x @ weight.T + (0 if bias is None else bias)

    def initial(self, in_features, out_features, bias=True):
        bound = Uniform(in_features**-0.5)
        return {"weight": bound, "bias": bound} if bias else {"weight": bound}


class Linear(nn.Module):
    """A right answer."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        if in_features < 1:
            raise ValueError("in_features")
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


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


class Frozen(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight.requires_grad_(False)


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


class Detaches(Linear):
    def forward(self, x):
        y = x @ self.weight.data.T
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


class Checkpoint(Linear):
    def forward(self, x):
        return torch.utils.checkpoint.checkpoint(super().forward, x, use_reentrant=False)


class TwoInOneMemory(Linear):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        if self.bias is not None:
            self.bias.data = self.weight.data[:, 0]


class PartsOfOneMemory(Linear):
    """Right: all numbers lie in one memory, each in a place of its own."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        held = [*self.parameters()]
        flat = torch.cat([one.detach().flatten() for one in held])
        for one, part in zip(held, flat.split([one.numel() for one in held]), strict=True):
            one.data = part.view(one.shape)


def test_each_parameter_has_a_place_of_its_own(red_of):
    red = red_of(LinearContract, TwoInOneMemory, "cpu", ["test_returns_a_tensor"])
    sentence = "has weight and bias in one and the same memory."
    assert red["test_returns_a_tensor"].sentence == sentence
    assert not red_of(LinearContract, PartsOfOneMemory, "cpu", ["test_returns_a_tensor"])


class ClearsGradients(Linear):
    def forward(self, x):
        self.zero_grad()
        return super().forward(x)


class LeavesHook(Linear):
    def forward(self, x):
        self.register_forward_hook(lambda *_: None)
        return super().forward(x)


class CountsCalls(Linear):
    """Right: what it counts in a buffer of its own is in no state_dict."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.register_buffer("calls", torch.zeros(1), persistent=False)

    def forward(self, x):
        self.calls = self.calls + 1
        return super().forward(x)


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        (ClearsGradients, "replaced the .grad of weight."),
        (LeavesHook, "changed the hooks of the module itself."),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_call_leaves_gradients_and_hooks_alone(red_of, wrong, sentence):
    red = red_of(LinearContract, wrong)
    assert red["test_trains_its_own_parameters"].sentence == sentence
    assert "leaves no hook" in red["test_trains_its_own_parameters"].hint


def test_a_call_may_change_what_no_state_dict_holds(red_of):
    assert not red_of(LinearContract, CountsCalls, "cpu", ["test_trains_its_own_parameters"])


class BySparseGradients(Linear):
    def forward(self, x):
        y = x @ self.weight.T
        if self.bias is None:
            return y
        places = torch.arange(len(self.bias), device=x.device)
        return y + self.bias.gather(0, places, sparse_grad=True)


@pytest.mark.parametrize("right", [Checkpoint, BySparseGradients], ids=lambda one: one.__name__)
def test_a_gradient_may_be_computed_in_another_way(red_of, right):
    assert not red_of(LinearContract, right)


class MovesItsOne(Linear):
    """Has a tensor that is no buffer, and moves and converts it by itself."""

    def __init__(self, *args):
        super().__init__(*args)
        self.one = torch.ones(1)

    def _apply(self, *args, **kwargs):
        super()._apply(*args, **kwargs)
        self.one = args[0](self.one)
        return self

    def forward(self, x):
        return super().forward(x) * self.one


class HasUnsavedBuffer(Linear):
    """Has a buffer that is not saved; torch moves and converts it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("one", torch.ones(1), persistent=False)

    def forward(self, x):
        return super().forward(x) * self.one


@pytest.mark.parametrize("right", [MovesItsOne, HasUnsavedBuffer])
def test_a_module_may_hold_more_that_moves_with_it(red_of, device, right):
    assert not red_of(LinearContract, right, device)


def test_a_message_shows_the_parameters(red_of):
    error = red_of(LinearContract, OtherInEval, "cpu", ["test_values"])["test_values"]
    assert "weight is [[" in error.hint


def test_parameters_lie_in_memory_as_they_were_made(red_of):
    class ByView(Linear):
        def forward(self, x):
            y = x @ self.weight.view(-1).view(self.weight.shape).T
            return y if self.bias is None else y + self.bias

    assert not red_of(LinearContract, ByView)


def test_a_record_keeps_the_parameters_of_its_call(answer_of):
    contract, rows = LinearContract(), LinearContract().plain
    answer = answer_of(LinearContract, Linear)
    record = next(contract.records(answer, "cpu", rows))
    contract.ask_again(answer, "cpu", Row(contract, rows[0].case, torch.float64))
    assert record.tensors["weight"].dtype == torch.float32


class KeepsAlias(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.kept = [self.weight]

    def forward(self, x):
        y = x @ self.kept[0].T
        return y if self.bias is None else y + self.bias


def test_what_was_kept_and_does_not_move_has_a_hint(answer_of, red_of):
    answer = answer_of(LinearContract, KeepsAlias)
    assert red_of(LinearContract, answer, "cpu", ["test_has_the_dtype"])
    assert answer.hint.startswith("Read the parameters from the module at each call")


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


class Scale(nn.Module):
    """A module with torch's names that is made with ones."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * self.weight


class ScaleContract(ModuleClass):
    """A module whose initial values are constants: to make it draws nothing."""

    name = "Scale"
    tensors = ("x", "weight")
    parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(2, 3), numbers(3, seed=1))]
    drawn_with = [(3,)]

    def made_with(self, x, weight):
        return (weight.shape[0],)

    def truth(self, x, weight):
        return x * weight

    def initial(self, size):
        return {"weight": Constant(1.0)}


def test_constants_are_judged(red_of):
    class Zeros(Scale):
        def __init__(self, size):
            super().__init__(size)
            nn.init.zeros_(self.weight)

    class Draws(Scale):
        def __init__(self, size):
            super().__init__(size)
            torch.rand(1)

    assert not red_of(ScaleContract, Scale)
    assert set(red_of(ScaleContract, Zeros)) == {"test_initial_values"}
    assert set(red_of(ScaleContract, Draws)) == {"test_initial_values"}


class Pair(nn.Module):
    """A module with two weights of one shape."""

    def __init__(self, size):
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.rand(size) * 2 - 1) for _ in range(2))

    def forward(self, x):
        return x * self.a * self.b


class PairContract(ScaleContract):
    name = "Pair"
    tensors = ("x", "a", "b")
    parameters = ("a", "b")
    cases = [(numbers(2, 3), numbers(3, seed=1), numbers(3, seed=2))]
    drawn_with = [(300,)]

    def made_with(self, x, a, b):
        return (a.shape[0],)

    def truth(self, x, a, b):
        return x * a * b

    def initial(self, size):
        return {"a": Uniform(1.0), "b": Uniform(1.0)}


class Tied(Pair):
    def __init__(self, size):
        super().__init__(size)
        self.b = self.a


class Copied(Pair):
    def __init__(self, size):
        super().__init__(size)
        self.b = nn.Parameter(self.a.detach().clone())


def test_each_parameter_is_one_of_its_own(red_of, first_red):
    assert not red_of(PairContract, Pair)
    sentence = "has one and the same parameter under the names a and b."
    assert first_red(PairContract, Tied) == ("test_returns_a_tensor", sentence)
    sentence = "made a module with the same numbers in a and b."
    assert first_red(PairContract, Copied) == ("test_initial_values", sentence)


class HalfContract(PairContract):
    """A module of which one parameter begins with a constant, and the other one with anything."""

    name = "Pair"
    alone = ("x", "b")

    def initial(self, size):
        return {"a": Constant(1.0)}


def test_what_has_no_initial_value_is_free(red_of):
    class Half(Pair):
        def __init__(self, size):
            super().__init__(size)
            nn.init.ones_(self.a)

    class Seeds(Half):
        def __init__(self, size):
            torch.manual_seed(0)
            super().__init__(size)

    assert not red_of(HalfContract, Half)
    assert set(red_of(HalfContract, Seeds)) == {"test_is_made_without_a_setting"}
    assert set(red_of(HalfContract, Pair)) == {"test_initial_values"}


def test_some_parameters_are_tracked_alone():
    def alone(contract):
        return {row.tracked[0] for row in contract().tracked_rows if len(row.tracked) == 1}

    assert alone(PairContract) == {"x", "a", "b"}
    assert alone(HalfContract) == {"x", "b"}


def test_a_function_or_a_class_of_something_else_is_no_module(first_red):
    class Plain:
        def __init__(self, size):
            pass

    law, sentence = first_red(ScaleContract, Plain)
    assert (law, "expected an instance of nn.Module" in sentence) == ("test_returns_a_tensor", True)


class Holder(nn.Module):
    """A module with one Parameter."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight


class Twice(nn.Module):
    """A module with one Parameter under two names."""

    def __init__(self, size):
        super().__init__()
        self.first = Holder(nn.Parameter(torch.ones(size)))
        self.last = Holder(self.first.weight)

    def forward(self, x):
        return x * self.first.weight + self.last.weight


class TwiceContract(ModuleClass):
    """x·w + w."""

    name = "Twice"
    tensors = ("x", "first.weight")
    parameters = ("first.weight",)
    tied = {"first.weight": ("last.weight",)}
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(2, 3), numbers(3, seed=1)), (numbers(4), numbers(4, seed=1))]

    def made_with(self, x, weight):
        return (weight.shape[0],)

    def truth(self, x, weight):
        return x * weight + weight


class TwoObjects(Twice):
    def __init__(self, size):
        super().__init__(size)
        self.last.weight = nn.Parameter(self.first.weight.detach())


class RegistersTheLastFirst(Twice):
    """A right one."""

    def __init__(self, size):
        super().__init__(size)
        first = self.first
        del self.first
        self.first = first


class OneName(Twice):
    def __init__(self, size):
        super().__init__(size)
        del self.last.weight

    def forward(self, x):
        return x * self.first.weight + self.first.weight


class UntiesInCopies(Twice):
    def __deepcopy__(self, memo):
        twin = UntiesInCopies(len(self.first.weight))
        twin.load_state_dict(self.state_dict())
        twin.last.weight = nn.Parameter(self.first.weight.detach().clone())
        return twin


class UntiesInLoading(Twice):
    def load_state_dict(self, state, strict=True):
        for name, one in state.items():
            part = self.get_submodule(name.partition(".")[0])
            part.weight = nn.Parameter(one.clone())


class LoadsOneName(Twice):
    def load_state_dict(self, state, strict=True):
        super().load_state_dict({"first.weight": state["first.weight"]}, strict=False)


class UntiesInDouble(Twice):
    def double(self):
        self.last.weight = nn.Parameter(self.first.weight.detach().double())
        return super().double()


class UntiesInForward(Twice):
    def forward(self, x):
        self.last.weight = nn.Parameter(self.first.weight.detach().clone())
        return super().forward(x)


UNTIED = {
    TwoObjects: ("test_returns_a_tensor", "holds two objects, in the same memory, as first"),
    OneName: ("test_returns_a_tensor", "expected the parameters first.weight (3,), last.weight"),
    UntiesInCopies: ("test_stays_tied", "first.weight and last.weight in a deepcopy;"),
    UntiesInLoading: ("test_stays_tied", "after load_state_dict with first.weight and last.weight"),
    LoadsOneName: ("test_stays_tied", "KeyError"),
    UntiesInDouble: ("test_stays_tied", "after .double(); expected one and the same."),
    UntiesInForward: ("test_values", "replaced last.weight by another tensor in forward."),
}


def test_a_parameter_under_two_names_is_one(red_of, device):
    assert not red_of(TwiceContract, Twice, device)
    assert not red_of(TwiceContract, RegistersTheLastFirst, device)


@pytest.mark.parametrize("wrong", UNTIED, ids=lambda one: one.__name__)
def test_two_in_its_place_are_red(red_of, wrong):
    law, words = UNTIED[wrong]
    found = red_of(TwiceContract, wrong)
    assert law in found
    assert words in getattr(found[law], "sentence", repr(found[law]))


class Around(nn.Module):
    """A module around another one."""

    def __init__(self, module, factor):
        super().__init__()
        self.module, self.factor = module, factor

    def forward(self, x):
        return self.module(x) * self.factor


class AroundContract(ModuleClass):
    """What is made with a module: a new one for each."""

    name = "Around"
    tensors = ("x", "module.weight")
    parameters = ("module.weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(2, 3), numbers(2, 3, seed=1), 2.0), (numbers(4, 3), None, -1.0)]
    drawn_with = [(Part("Scale(60)", lambda: Scale(60)), 2.0)]
    PARTS = (Part("nn.Linear(3, 2)", lambda: nn.Linear(3, 2, bias=False)), Part("Tanh()", nn.Tanh))

    def made_with(self, x, weight, factor):
        return self.PARTS[weight is None], factor

    def truth(self, x, weight, factor):
        return (np.tanh(x) if weight is None else x @ weight.T) * factor

    def initial(self, part, factor):
        return {"module.weight": Constant(1.0)}


def test_a_class_may_be_made_with_a_module(red_of, device):
    class ForgetsTheFactor(Around):
        def forward(self, x):
            return self.module(x)

    assert not red_of(AroundContract, Around, device)
    error = red_of(AroundContract, ForgetsTheFactor, device, ["test_values"])["test_values"]
    assert "module.weight is [[" in error.hint


def test_a_call_shows_how_the_part_is_made(answer_of):
    contract = AroundContract()
    record = next(contract.records(answer_of(AroundContract, Around), "cpu", contract.plain))
    assert str(record.call).startswith("Around(nn.Linear(3, 2), 2.0)(")


class Shifted(Linear):
    """A linear layer; a number may be added to each result."""

    def forward(self, x, shift=None):
        return super().forward(x) if shift is None else super().forward(x) + shift


class ShiftedContract(LinearContract):
    name = "Shifted"
    tensors = ("x", "shift", "weight", "bias")
    cases = [
        (x, shift, *held)
        for (x, *held), shift in zip(LinearContract.cases, [None, 0.5, 2.0, None], strict=True)
    ]
    torchs = None

    def made_with(self, x, shift, weight, bias=None):
        return super().made_with(x, weight, bias)

    def truth(self, x, shift, weight, bias=None):
        return super().truth(x, weight, bias) + (0 if shift is None else shift)


def test_a_tensor_that_is_not_given_is_left_out_at_the_end(red_of, answer_of):
    assert not red_of(ShiftedContract, Shifted)
    contract = ShiftedContract()
    records = list(contract.records(answer_of(ShiftedContract, Shifted), "cpu", contract.plain))
    assert [len(record.call._args) for record in records] == [1, 2, 2, 1]


def test_parameters_that_were_never_written_are_red(red_of):
    class Free(LinearContract):
        name = "Linear"
        drawn_with = ()

    class Unwritten(Linear):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.weight.data.fill_(torch.nan)

    red = red_of(Free, Unwritten)
    assert list(red) == ["test_follows_what_it_holds"]
    sentence = "made a module whose weight holds NaN or inf."
    assert red["test_follows_what_it_holds"].sentence == sentence


class Table(nn.Module):
    """What is called with two sizes, and with no tensor: the corner of a weight."""

    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(rows, columns))

    def forward(self, rows, columns):
        return self.weight[:rows, :columns] * 2


class TableContract(ModuleClass):
    name = "Table"
    tensors = parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(3, 4), 2, 3), (numbers(3, 4, seed=1), 3, 1), (numbers(2, 5), 1, 5)]

    def made_with(self, weight, rows, columns):
        return weight.shape

    def called_with(self, weight, rows, columns):
        return rows, columns

    def truth(self, weight, rows, columns):
        return weight[:rows, :columns] * 2


def test_a_module_may_be_called_with_numbers(red_of, answer_of, device):
    class Swapped(Table):
        def forward(self, rows, columns):
            return super().forward(columns, rows)

    assert not red_of(TableContract, Table, device)
    assert "test_has_the_shape" in red_of(TableContract, Swapped, device, ["test_has_the_shape"])
    contract = TableContract()
    record = next(contract.records(answer_of(TableContract, Table), device, contract.plain))
    assert str(record.call) == "Table(3, 4)(2, 3)"


@pytest.mark.parametrize("mode", [True, False])
def test_gradients_are_asked_in_both_modes(red_of, mode):
    class Detaches(Linear):
        def forward(self, x):
            y = super().forward(x)
            return y.detach() if self.training == mode else y

    class EachCaseAlone(LinearContract):
        """Modules that are called few times each."""

        name = "Linear"
        cases = [(numbers(2, n), numbers(n, n, seed=1), numbers(n, seed=2)) for n in range(2, 9)]

    assert "test_gradients" in red_of(EachCaseAlone, Detaches, "cpu", ["test_gradients"])


class WithMean(Linear):
    """A linear layer that returns the mean of its weight, too."""

    def forward(self, x):
        return super().forward(x), self.weight.mean()


class WithMeanContract(LinearContract):
    name = "WithMean"
    results = ("the output", "the mean")
    torchs = None
    forbidden = ""
    cases = LinearContract.cases[:3]

    def truth(self, x, weight, bias=None):
        return super().truth(x, weight, bias), weight.mean()


def test_a_module_may_return_several_tensors(red_of, device):
    assert not red_of(WithMeanContract, WithMean, device)


class OneAlone(WithMean):
    def forward(self, x):
        return super().forward(x)[0]


class WrongMean(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean + 1


class CutOffMean(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean.detach()


class MeanOnTheCpu(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean.cpu()


@pytest.mark.parametrize(
    "fault, law, words",
    [
        (OneAlone, "test_returns_a_tensor", "expected a tuple of 2 tensors"),
        (WrongMean, "test_values", "returned as the mean"),
        (CutOffMean, "test_follows_what_it_holds", "that autograd does not track"),
    ],
)
def test_each_of_several_tensors_is_judged(red_of, fault, law, words):
    assert words in red_of(WithMeanContract, fault)[law].sentence


def test_each_of_several_tensors_moves(red_of):
    law = "test_moves_to_the_device"
    red = red_of(WithMeanContract, MeanOnTheCpu, "cuda", [law])
    assert "the mean" in red[law].sentence


class FrozenContract(LinearContract):
    """The same with a weight that is not trained."""

    name = "Linear"
    frozen = ("weight",)
    torchs = None


class FillsAFrozenGradient(Frozen):
    def forward(self, x):
        y = super().forward(x)
        if y.requires_grad:
            y.register_hook(lambda _: setattr(self.weight, "grad", self.weight.detach().clone()))
        return y


def test_a_frozen_parameter_does_not_require_grad(red_of, device):
    assert not red_of(FrozenContract, Frozen, device)
    found = red_of(FrozenContract, Linear, device, ["test_returns_a_tensor"])
    assert found["test_returns_a_tensor"].sentence == "has a parameter weight that is trainable."


def test_a_frozen_parameter_gets_no_gradient(red_of):
    law = "test_trains_its_own_parameters"
    sentence = red_of(FrozenContract, FillsAFrozenGradient, "cpu", [law])[law].sentence
    assert sentence == "has a gradient in weight.grad, which is not trained."


class ShiftContract(ModuleClass):
    """x·w, plus a tensor that may be left out."""

    name = "Shift"
    tensors = ("x", "shift", "weight")
    parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [
        (numbers(2, 3), numbers(3, seed=1), numbers(3, seed=2)),
        (numbers(2, 3, seed=3), None, numbers(3, seed=2)),
    ]

    def made_with(self, x, shift, weight):
        return (len(weight),)

    def truth(self, x, shift, weight):
        return x * weight + (0 if shift is None else shift)


class Shift(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, x, shift=None):
        return x * self.weight if shift is None else x * self.weight + shift


class ShiftsByZero(Shift):
    def forward(self, x, shift=0.0):
        return x * self.weight + shift


class ShiftsAlways(Shift):
    def forward(self, x, shift):
        return super().forward(x, shift)


def test_a_tensor_may_be_left_out_or_none(red_of):
    assert not red_of(ShiftContract, Shift)
    assert "NoneType" in str(red_of(ShiftContract, ShiftsByZero)["test_values"])
    assert "test_values" in red_of(ShiftContract, ShiftsAlways)


class Places(ModuleClass):
    """x·Wᵀ + b, plus the place along the first dimension."""

    name = "Linear"
    tensors = ("x", "weight", "bias")
    parameters = ("weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = LinearContract.cases[:1]
    ulps = 32
    lengths = {"x": 0}
    made_with = LinearContract.made_with

    def truth(self, x, weight, bias):
        return x @ weight.T + bias + np.arange(len(x))[:, None]


class WithPlaces(Linear):
    def places(self, x):
        return torch.arange(len(x), device=x.device)

    def forward(self, x):
        return super().forward(x) + self.places(x)[:, None].to(x.dtype)


class KeepsPlaces(WithPlaces):
    kept = None

    def places(self, x):
        if self.kept is None or self.kept.device != x.device:
            self.kept = super().places(x)
        return self.kept


class AddsABuffer(WithPlaces):
    """Right: the buffer is made by the first call, and moves with the module."""

    def places(self, x):
        if "kept" not in self._buffers or len(self.kept) < len(x):
            self.register_buffer("kept", super().places(x), persistent=False)
        return self.kept[: len(x)]


def test_a_module_takes_other_lengths(red_of):
    assert not red_of(Places, WithPlaces)
    assert list(red_of(Places, KeepsPlaces)) == ["test_takes_other_lengths"]


def test_a_buffer_may_be_made_by_a_call(red_of, device):
    assert not red_of(Places, AddsABuffer, device)


class ManyContract(ModuleClass):
    """The sum of x and six parameters."""

    name = "Many"
    tensors = ("x", *"abcdef")
    parameters = tuple("abcdef")
    dtypes = (torch.float32, torch.float64)
    cases = [tuple(numbers(2, seed=n) for n in range(7))]

    def made_with(self, *_):
        return ()

    def truth(self, *arrays):
        return sum(arrays)


def many(**shapes):
    """A class of modules with six parameters, some of which have other shapes; 0 for none."""

    class Many(nn.Module):
        def __init__(self):
            super().__init__()
            for name, size in {**dict.fromkeys("abcdef", 2), **shapes}.items():
                if size:
                    self.register_parameter(name, nn.Parameter(torch.zeros(size)))

        def forward(self, x):
            return sum(self.parameters(), x)

    return Many


@pytest.mark.parametrize(
    "shapes, sentence",
    [
        ({}, ""),
        ({"b": 0}, "lacks the parameters b (2,), among 6 in all."),
        ({"b": 0, "z": 2}, "has the parameters z (2,); expected the parameters b (2,), among 6"),
        ({"c": 3}, "has the parameters c (3,); expected the parameters c (2,), among 6 in all."),
        ({"z": 3}, "has the parameters z (3,) beside the 6 expected ones."),
    ],
    ids=["right", "one less", "another name", "another shape", "one more"],
)
def test_of_many_parameters_those_that_differ_are_told(red_of, shapes, sentence):
    red = red_of(ManyContract, many(**shapes), "cpu", ["test_returns_a_tensor"])
    assert getattr(red.get("test_returns_a_tensor"), "sentence", "").startswith(sentence)
    assert bool(red) == bool(sentence)
