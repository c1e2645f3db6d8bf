"""The laws of a function that is handed a function: a right one keeps them, a fault breaks them."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, Call, aspect_of
from dojo.checks.laws import FunctionalFunction, Handed
from dojo.checks.laws.functional import GRADS
from dojo.checks.laws.handed import HandedModule, function_in

DEVICES = ("cpu", "cuda")
X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]
W = [3.0, 0.5, -1.0]

SQUARES = Handed("lambda x: (x * x).sum()", lambda x: (x * x).sum(), lambda x: 2 * x)
SCALED = Handed(
    "lambda x: (w * x).sum()", lambda x, w: (w * x).sum(), lambda x, w: w + 0 * x, {"w": W}
)
NET = Handed(
    "Net: x -> (x * scale).sum() + shift",
    lambda x, scale, shift: (x * scale).sum() + shift,
    lambda x, scale, shift: scale + 0 * x,
    {"scale": W, "shift": 2.0},
    is_module=True,
)
CONSTANT = Handed("lambda x: x.new_ones(())", lambda x: x.new_ones(()), lambda x: 0 * x)


class Slope(FunctionalFunction):
    """The gradient of f at x, plus a number; f is called once or twice."""

    name = "slope"
    dtypes = (torch.float32, torch.float64)
    cases = [([1.0, 2.0], SQUARES), (X, SCALED), (X, NET, 1.0), (2.0, SQUARES), (X, CONSTANT)]
    recorded = False
    untracked = True

    def truth(self, x, f, more=0.0):
        return f.truth(x) + more

    def times(self, x, *_):
        return range(1, 3)


class Open(Slope):
    """The same, but that much is open."""

    name = "slope"
    untracked = False
    lets_errors_through = False
    keeps_the_shape = False

    times = FunctionalFunction.times


def slope(f, x, more=0.0):
    point = x.detach().requires_grad_()
    y = f(point)
    if not y.requires_grad:
        return torch.zeros_like(point).detach() + more
    return torch.autograd.grad(y, point)[0] + more


def by_vjp(f, x, more=0.0):
    y, pull_back = torch.func.vjp(f, x.detach())
    return pull_back(torch.ones_like(y))[0].detach() + more


def afterwards(act):
    """A right function that then does something with f and x."""

    def wrapper(f, x, more=0.0):
        got = slope(f, x, more)
        act(f, x)
        return got

    return wrapper


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("function", [slope, by_vjp])
@pytest.mark.parametrize("contract", [Slope, Open])
def test_a_right_function_keeps_every_law(red_of, contract, function, place):
    assert red_of(contract, function, place) == {}


def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of):
    laws = [vars(Slope)[name] for name in laws_of(Slope)]
    assert [one.__name__ for one in laws if not one.__doc__ or "{" in one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)


def test_laws_whose_facts_do_not_hold_are_left_out(laws_of):
    left_out = {
        "test_gives_an_untracked_result",
        "test_lets_errors_of_f_through",
        "test_calls_f_with_the_shape",
        "test_calls_f_as_often_as_it_may",
    }
    assert set(laws_of(Slope)) - set(laws_of(Open)) == left_out


# ---------------------------------------------------------------- what is handed out


@pytest.mark.parametrize("handed", [SQUARES, NET])
def test_a_call_shows_the_text_of_a_function(handed):
    f = handed.made(torch.float32, "cpu")
    call = Call("slope", (f, torch.tensor([1.0, 2.0])), {})
    assert str(call) == f"slope({handed.text}, tensor([1., 2.]))"
    assert repr(f) == repr(handed.made(torch.float64, "cpu")) == handed.text


def test_a_function_has_parameters_of_its_own_in_the_dtype():
    one, other = (SCALED.made(torch.float64, "cpu") for _ in range(2))
    assert one.parameters["w"].dtype == torch.float64
    assert one.parameters["w"].requires_grad
    one.parameters["w"].data.zero_()
    assert other.parameters["w"].tolist() == W
    assert other.change() == ""
    assert SCALED.truth(np.ones(3)).tolist() == W


def test_some_parameters_have_a_grad_and_some_have_none():
    f = function_in(NET.made(torch.float32, "cpu"))
    assert f.parameters["scale"].grad.tolist() == [7.0] * 3
    assert f.parameters["shift"].grad is None


def test_a_module_is_one_and_has_the_parameters():
    f = NET.made(torch.float32, "cpu")
    assert isinstance(f, torch.nn.Module)
    assert [name for name, _ in f.named_parameters()] == ["scale", "shift", "part.frozen"]
    assert [name for name, one in f.named_parameters() if one.requires_grad] == ["scale", "shift"]
    assert f(torch.ones(3)).item() == 4.5
    assert f.change() == ""


def test_a_function_knows_how_it_was_called(answer_of):
    contract = Slope()
    record = next(contract.records(answer_of(Slope, slope), "cpu", contract.plain))
    f = contract.function_of(record.arguments)
    assert (f.calls, f.shapes) == (1, [(2,)])


# ---------------------------------------------------------------- faults, as a learner is told


def zero_grads(f, x):
    for one in function_in(f).parameters.values():
        one.grad = None


def backward(f, x):
    y = f(x.detach())
    if y.requires_grad:
        y.backward()


def freeze(f, x):
    if isinstance(f, torch.nn.Module):
        f.requires_grad_(False)


def write(f, x):
    for one in function_in(f).parameters.values():
        one.data.add_(1)


def widen(f, x):
    for one in function_in(f).parameters.values():
        one.data = one.data.to(torch.float64)
        one.grad = None


def evaluate(f, x):
    if isinstance(f, HandedModule):
        f.eval()


def train(f, x):
    if isinstance(f, HandedModule):
        f.train()


def unfreeze(f, x):
    if isinstance(f, torch.nn.Module):
        f.requires_grad_(True)


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "act, sentence",
    [
        (
            backward,
            (
                "changed the .grad of w, a parameter of f:"
                " it was [7., 7., 7.] and is now [8.5, 10., 4.]."
            ),
        ),
        (zero_grads, "took away the .grad of w, a parameter of f."),
        (freeze, "changed the requires_grad of scale, a parameter of f, from True to False."),
        (unfreeze, "changed the requires_grad of frozen, a parameter of f, from False to True."),
        (write, "changed the values of w, a parameter of f."),
        (widen, "changed the dtype of w, a parameter of f."),
        (evaluate, "put a part of f into eval mode."),
        (train, "put a part of f into train mode."),
    ],
)
def test_a_change_of_what_belongs_to_f_is_named(red_of, act, sentence, place):
    red = red_of(Slope, afterwards(act), place)
    assert red["test_leaves_its_inputs"].sentence == sentence
    assert GRADS in red["test_leaves_its_inputs"].hint


def test_a_grad_that_is_filled_is_named(red_of):
    def fill(f, x):
        for one in function_in(f).parameters.values():
            one.grad = torch.ones_like(one) if one.grad is None else one.grad

    red = red_of(Slope, afterwards(fill))
    assert red["test_leaves_its_inputs"].sentence == "filled the .grad of shift, a parameter of f."


def modes_of(f):
    return [(one, one.training) for one in f.modules()] if isinstance(f, HandedModule) else []


def in_eval_mode(f, x, more=0.0):
    modes = modes_of(f)
    for one, _ in modes:
        one.training = False
    try:
        return slope(f, x, more)
    finally:
        for one, mode in modes:
            one.training = mode


def test_a_module_that_is_called_in_another_mode_is_named(red_of):
    red = red_of(Slope, in_eval_mode)
    assert list(red) == ["test_leaves_its_inputs", "test_lets_errors_of_f_through"]
    sentence = "put a part of f into eval mode while it called f."
    assert {one.sentence for one in red.values()} == {sentence}


def fill_leaf(f, x):
    if x.requires_grad and x.is_leaf and x.grad is None:
        x.grad = torch.zeros_like(x)


def fill_what_lies_behind(f, x):
    if not x.is_leaf:
        x.sum().backward()


@pytest.mark.parametrize(
    "act, sentence",
    [
        (fill_leaf, "filled the .grad of x."),
        (fill_what_lies_behind, "filled the .grad of the leaf behind x."),
    ],
)
def test_a_grad_of_an_input_that_is_filled_is_named(red_of, act, sentence):
    red = red_of(Slope, afterwards(act))
    assert "test_leaves_its_inputs" in red
    assert red["test_leaves_its_inputs"].sentence == sentence


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda grad: None, "took away the .grad of x."),
        (
            lambda grad: grad.add_(1),
            "changed the .grad of x: it was [7., 7.] and is now [8., 8.].",
        ),
    ],
)
def test_a_grad_that_was_there_and_changes_is_named(red_of, change, sentence, place):
    def act(f, x):
        if x.is_leaf and x.grad is not None:
            x.grad = change(x.grad)

    red = red_of(Slope, afterwards(act), place)
    assert list(red) == ["test_leaves_each_grad"]
    assert red["test_leaves_each_grad"].sentence == sentence


@pytest.mark.parametrize("is_leaf", [True, False])
def test_numbers_that_are_wrong_where_x_is_tracked_are_seen(red_of, is_leaf):
    def wrong(f, x, more=0.0):
        return slope(f, x, more + (x.requires_grad and x.is_leaf == is_leaf))

    assert list(red_of(Slope, wrong)) == ["test_takes_tracked_inputs"]


@pytest.mark.parametrize("source", [lambda f, x: x, lambda f, x: f(x.detach())])
def test_a_result_that_is_tracked_is_seen(first_red, source):
    def wrong(f, x, more=0.0):
        return slope(f, x, more) + 0 * source(f, x).sum()

    assert first_red(Slope, wrong) == (
        "test_gives_an_untracked_result",
        "returned a tensor that requires grad; expected one that does not.",
    )


def test_a_function_that_is_called_with_another_shape_is_named(red_of):
    def wrong(f, x, more=0.0):
        if x.dim() != 2:
            return slope(f, x, more)
        return torch.stack([slope(f, one, more) for one in x])

    red = red_of(Slope, wrong)
    assert red["test_calls_f_with_the_shape"].sentence == (
        "called f with a tensor of shape (3,); expected shape (2, 3)."
    )


def test_a_function_that_is_called_too_often_is_named(red_of):
    def wrong(f, x, more=0.0):
        return sum(slope(f, x, more) for _ in range(3)) / 3

    red = red_of(Slope, wrong)
    assert list(red) == ["test_calls_f_as_often_as_it_may"]
    assert (
        red["test_calls_f_as_often_as_it_may"].sentence == "called f 3 times; expected at most 2."
    )


def ignoring(error):
    def wrong(f, x, more=0.0):
        try:
            return slope(f, x, more)
        except error:
            return torch.zeros_like(x)

    return wrong


def raising_another(f, x, more=0.0):
    try:
        return slope(f, x, more)
    except RuntimeError:
        raise ValueError("wrong f") from None


def writing_before(f, x, more=0.0):
    data = x.detach()
    if data.is_contiguous():
        data.view(-1)[0] += 1
    got = f(x)
    if data.is_contiguous():
        data.view(-1)[0] -= 1
    return slope(f, x, more) + 0 * got.detach()


@pytest.mark.parametrize(
    "function, sentence",
    [
        (
            ignoring(RuntimeError),
            (
                "returned a float32 tensor of shape (2,) [0., 0.], though f raised an error;"
                " expected that error of f."
            ),
        ),
        (
            raising_another,
            "raised ValueError where f raised an error of its own; expected that error of f.",
        ),
        (
            writing_before,
            "changed the values of its input x: it was [1., 2.] and is now [2., 2.].",
        ),
    ],
)
def test_an_error_of_f_that_does_not_go_on_as_it_is_is_told(red_of, function, sentence):
    red = red_of(Slope, function)
    assert list(red) == ["test_lets_errors_of_f_through"]
    error = red["test_lets_errors_of_f_through"]
    assert error.sentence == sentence
    assert error.hint.endswith("Here call number 1 of f raises.")


def frozen_meanwhile(f, x, more=0.0):
    names = [one for one in function_in(f).parameters.values() if isinstance(f, HandedModule)]
    for one in names:
        one.requires_grad_(False)
    got = slope(f, x, more)
    for one in names:
        one.requires_grad_(True)
    return got


def without_grad_mode(f, x, more=0.0):
    torch.set_grad_enabled(False)
    f(x)
    torch.set_grad_enabled(True)
    return slope(f, x, more)


@pytest.mark.parametrize(
    "function, sentence",
    [
        (
            frozen_meanwhile,
            "changed the requires_grad of scale, a parameter of f, from True to False.",
        ),
        (
            without_grad_mode,
            ("changed whether autograd records (torch.set_grad_enabled) from True to False."),
        ),
    ],
)
def test_what_is_not_put_back_after_an_error_is_told(red_of, function, sentence):
    red = red_of(Slope, function)
    assert red["test_lets_errors_of_f_through"].sentence == sentence


def test_an_error_of_f_at_its_second_call_is_told(red_of):
    def wrong(f, x, more=0.0):
        got = slope(f, x, more)
        try:
            f(x)
        except RuntimeError:
            return got
        return got

    red = red_of(Slope, wrong)
    assert list(red) == ["test_lets_errors_of_f_through"]
    assert "Here call number 2 of f raises." in red["test_lets_errors_of_f_through"].hint


def test_zeros_that_have_no_memory_are_zeros(red_of):
    def without_memory(f, x, more=0.0):
        got = slope(f, x, more)
        return got if got.any() else torch._efficientzerotensor(got.shape, dtype=got.dtype)

    assert red_of(Slope, without_memory) == {}
