"""What a module of a contract has to hold: names, shapes, ties, and what it begins with."""

import runpy
from pathlib import Path

import pytest
import torch
from torch import nn

from dojo.checks.draws import Constant, Uniform
from dojo.checks.laws import ModuleClass

shared = runpy.run_path(str(Path(__file__).with_name("linear_module.py")))
numbers = shared["numbers"]
Scale = shared["Scale"]


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
