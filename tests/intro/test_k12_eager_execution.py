"""The checks of intro/k12_eager_execution: layers with known outputs, which note their runs."""

import functools
import math

import torch
from torch import nn

from dojo.checks import (
    aspect,
    describe,
    device_of,
    expect,
    expect_statements,
    expect_values,
    layouts,
    module_untouched,
    untouched,
)
from dojo.checks.laws.settings import settings_untouched

INDEX = "Return the index itself: an int, counted from 0, or None after the last layer."
FIRST = "Look at each output at once, and stop at the first one that has a NaN anywhere."
FROM_0 = "The first layer has the index 0."
MISSED = "Your test does not see this NaN: one NaN among numbers is enough, inf is something else,"
MISSED += " and nan == nan is False."
NOT_RUN = "Layer {index} did not run: does a `return` inside of the loop end it too early?"
LOST_0 = "0 is an index, and as false as None to `or`, `and` and `if`."
NO_NAN = "None of these elements is NaN, so the answer is None."
INFINITE = "inf is not NaN, and inf − inf or inf · 0 makes a NaN that no layer made."
ONE = "A single NaN counts, wherever it is, and so do many: ask each element."
INPUT = "Only outputs count: look at what a layer returns, not at what it gets."
PLACE = "The place in the list counts, which neither the layer nor `layers.index` knows."
ANY = "A layer is whatever can be called; nothing else is known of it."
FED = "x goes into the first layer, and each output into the next layer as it is."
STAYS = "Hand on x and each output as they are: where they lie is for the layers to say."
ONCE = "Call a layer once, keep what it returned, and look at that."
STOP = "`return` as soon as an output has a NaN; the layers behind it must not run."

NUMPY = "A layer may return bfloat16, which NumPy does not have: ask torch for NaN."
TAKES_OFF = "Others may use that list: go through it by `for`, and take nothing out of it."
AS_IT_WAS = "Only look at the outputs: x, the layers and torch stay as they are."

NAN, INF = math.nan, math.inf

RECORDS = "PyTorch records whatever runs on tensors that require grad; the others are told before."
SESSIONS = "That was TensorFlow 1; in TensorFlow 2 the value is there at once, without a session."
READS = "torch.compile lets Python run that part; the others trace with stand-ins for the numbers."
JAX = "Only jit, vmap and the like trace: first_nan_layer could be written with jax.numpy, too."
PRINTS = "Both run the Python code while they trace; later calls run only the traced operations."
TRUTH = {
    "A": (True, RECORDS),
    "B": (False, SESSIONS),
    "C": (False, "torch.compile does, since PyTorch 2.0."),
    "D": (True, READS),
    "E": (True, JAX),
    "F": (False, PRINTS),
}


def run(solution, device, outputs, x=(1.0, 2.0)):
    """What the answer returns for layers with these outputs, and which layer got what, in order."""
    runs = []

    def noting(index):
        def layer(value):
            is_tensor = isinstance(value, torch.Tensor)
            runs.append((index, value.detach().clone() if is_tensor else value))
            return outputs[index]

        return layer

    outputs = [out.to(device) for out in outputs]
    layers = [noting(index) for index in range(len(outputs))]
    return solution.first_nan_layer(layers, torch.as_tensor(x).to(device)), runs


def expect_index(got, expected, outputs, hint):
    """The index or None, with the outputs in the message."""
    is_right = got is None if expected is None else type(got) is int and got == expected
    shown = "; ".join(f"{index}: {described(out)}" for index, out in enumerate(outputs))
    sentence = f"returned {describe(got)}; expected {expected}. Outputs in order: {shown or '-'}."
    expect(is_right, sentence, hint)


def described(out):
    """An output as a message shows it: its numbers, or its size and its NaN's place."""
    if out.numel() <= 12:
        dtype = "" if out.dtype == torch.float32 else f" ({str(out.dtype).removeprefix('torch.')})"
        return f"{out.tolist()}{dtype}"
    places = (out != out).nonzero().tolist()
    return f"shape {tuple(out.shape)} with a NaN at {tuple(places[0])}" if places else "no NaN"


def judge(solution, device, expected, outputs, hint="", x=(1.0, 2.0)):
    """The index is this one, for layers with these outputs."""
    got, runs = run(solution, device, [out.clone() for out in outputs], x)
    expect_index(got, expected, outputs, hint or where_to_look(got, expected, runs))


def where_to_look(got, expected, runs):
    """What may have led to this index, where there is an output with a NaN."""
    if got is not None:
        return FROM_0 if got == expected + 1 else FIRST
    if expected not in [index for index, _ in runs]:
        return NOT_RUN.format(index=expected)
    return MISSED if expected else LOST_0


def numbers(*rows):
    """Small float32 tensors, one for each list."""
    return [torch.tensor(row) for row in rows]


@aspect("type")
def test_returns_an_int_or_none(solution):
    """The result is an int, or None."""
    solution.hint = ANY
    for outputs in (numbers([1.0, 2.0], [1.0, NAN]), numbers([1.0, 2.0])):
        got, _ = run(solution, "cpu", outputs)
        sentence = f"returned {describe(got)}; expected an int or None."
        expect(type(got) in (int, type(None)), sentence, INDEX)


@aspect("device")
def test_gives_the_layers_what_lies_where_it_was(solution, device):
    """x and the outputs stay on their device, whether there is a GPU or not."""
    for index, got in run(solution, device, numbers([1.0, 2.0], [3.0, NAN]))[1]:
        place = device_of(got) if isinstance(got, torch.Tensor) else None
        sentence = f"gave layer {index} a tensor on {place}; expected one on {device}."
        expect(place is None or place.type == device, sentence, STAYS)


@aspect("values")
def test_finds_the_first_output_with_a_nan(solution, device):
    """The index of the first output with a NaN, whatever comes behind it."""
    for first in (1, 2, 3, 0):  # 0 at last: who has found the others may lose it alone
        outputs = numbers([1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0])
        outputs[first][1] = NAN
        judge(solution, device, first, outputs)
        for out in outputs[first + 1 :]:
            out[0] = NAN
        judge(solution, device, first, outputs)


@aspect("values")
def test_is_none_without_a_nan(solution, device):
    """None if no output has a NaN, or if there is no layer."""
    judge(solution, device, None, numbers([1.0, -2.0], [0.0, 0.5], [3.0, 4.0]), NO_NAN)
    judge(solution, device, None, numbers([0.0, 0.0]), NO_NAN)
    judge(solution, device, None, [], NO_NAN)
    judge(solution, device, None, [], INPUT, x=[NAN])


@aspect("values")
def test_infinities_are_no_nan(solution, device):
    """Infinite outputs do not count, in whatever mixture."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        solution.hint = NUMPY if dtype == torch.bfloat16 else ""
        huge = torch.finfo(dtype).max
        rows = [[INF, 1.0], [-INF, 0.0], [INF, -INF], [huge, huge], [-huge, huge]]
        outputs = [torch.tensor(row, dtype=dtype) for row in rows]
        for out in outputs:
            judge(solution, device, None, [out], INFINITE)
        judge(solution, device, 1, [outputs[2], torch.tensor([INF, NAN], dtype=dtype)], INFINITE)


@aspect("values")
def test_one_nan_among_many_elements_is_found(solution, device):
    """One NaN is enough, at the beginning, in the middle or at the end of a large output."""
    for place in ((0, 0), (8, 31), (16, 60)):
        first, second = torch.ones(2, 17, 61)
        second[place] = NAN
        judge(solution, device, 1, [first, second], ONE)


@aspect("values")
def test_outputs_may_have_any_shape_and_layout(solution, device):
    """A NaN is found in outputs of any shape, 0-d too, and any memory layout."""
    for shape in ((), (1,), (3, 1), (2, 1, 3), (2, 3, 1, 2)):
        out = torch.full(shape, 2.0)
        out.view(-1)[-1] = NAN
        for spoilt in layouts(out.to(device)).values():
            judge(solution, device, 1, [torch.full(shape, 3.0), spoilt], ONE)


@aspect("values")
def test_outputs_may_be_whole_numbers_or_bools(solution, device):
    """Int and bool outputs have no NaN; a float output behind them may have one."""
    for dtype in (torch.int64, torch.int32, torch.uint8, torch.bool):
        whole = torch.tensor([1, 0, 1], dtype=dtype)
        outputs = [whole, whole.clone(), torch.tensor([0.0, NAN])]
        judge(solution, device, 2, outputs, x=[4, 5])
        judge(solution, device, None, outputs[:2], NO_NAN)


@aspect("values")
def test_a_nan_in_x_counts_only_in_an_output(solution, device):
    """A NaN in x itself counts once a layer returns it."""
    nan, whole = [NAN, 1.0], [0.0, 1.0]
    for expected, rows in ((None, [whole]), (1, [whole, nan]), (0, [nan, whole])):
        judge(solution, device, expected, numbers(*rows), INPUT, x=nan)


@aspect("values")
def test_one_layer_may_stand_in_several_places(solution, device):
    """The index is the place in the list, also where one layer stands there more than once."""

    def layer(value):
        return (value - 2.0).sqrt()

    outputs = numbers([2.0, 2.0], [0.0, 0.0], [NAN, NAN], [NAN, NAN])
    got = solution.first_nan_layer([layer] * 4, torch.tensor([6.0, 6.0]).to(device))
    expect_index(got, 2, outputs, FED if got is None else PLACE)


class Shift:
    """Something that can be called and is neither a function nor a module."""

    def __call__(self, value):
        return value + 2.0

    def back(self, value):
        return value - 3.0


@aspect("values")
def test_layers_may_be_any_callables(solution, device):
    """Functions, lambdas, modules, partials, bound methods and other callables are layers."""
    linear = nn.Linear(2, 2)
    nn.init.constant_(linear.weight, 1.0)
    nn.init.constant_(linear.bias, 0.5)
    kinds = [
        linear.to(device),  # its output requires grad
        nn.ReLU(),
        torch.neg,
        functools.partial(torch.mul, other=3.0),
        Shift(),
        Shift().back,
        lambda value: value + 1.0,
    ]
    for place in (None, *range(len(kinds) + 1)):
        spoils = [] if place is None else [lambda value: value * NAN]
        layers = [*kinds[: place or 0], *spoils, *kinds[place or 0 :]]
        got = solution.first_nan_layer(layers, torch.tensor([1.0, 2.0]).to(device))
        sentence = f"returned {describe(got)}; expected {place}."
        expect(got == place and type(got) is not bool, sentence, ANY)


@aspect("values")
def test_names_the_true_statements(solution):
    """The letters are those of the true statements."""
    expect_statements(solution.true_statements(), TRUTH)


@aspect("memory")
def test_leaves_all_as_it_is(solution, device):
    """The list, the layers, x and torch stay as they are."""
    for kinds in ([nn.Linear(2, 2), nn.ReLU()], [nn.Identity()]):  # the last one returns x itself
        net = nn.ModuleList(kinds).to(device)
        layers, x = [*net], torch.tensor([1.0, 2.0]).to(device)
        with (
            settings_untouched(solution, AS_IT_WAS, thoroughly=True),
            module_untouched(net, AS_IT_WAS),
            untouched(AS_IT_WAS, x=x),
        ):
            solution.first_nan_layer(layers, x)
        sentence = f"left {len(layers)} layers in the list that it was given; expected {len(net)}."
        expect(len(layers) == len(net), sentence, TAKES_OFF)
        expect(layers == [*net], "changed the list that it was given.", TAKES_OFF)


@aspect("structure")
def test_each_layer_gets_the_output_before(solution, device):
    """The first layer gets x, and each other one the output of the layer before it."""
    x = torch.tensor([[1.5, NAN, INF]], dtype=torch.float64).to(device)
    outputs = [
        torch.tensor([3, 4, 5]),
        torch.tensor([INF, -2.0, 0.1]),
        torch.tensor([-INF, 1e300, 0.1], dtype=torch.float64),
        torch.tensor(6.0),
        torch.tensor([7.0, NAN]),
    ]
    wanted = [value.to(device, copy=True) for value in (x, *outputs)]
    _, runs = run(solution, device, outputs, x)
    expect(bool(runs), "ran no layer at all.", FED)
    for index, got in runs:
        source = f"the output of layer {index - 1}" if index else "x"
        sentence = f"gave layer {index} this: {describe(got)}; expected {source}: "
        is_same = describe(got) == describe(wanted[index])  # with dtype, device and some digits
        expect(is_same, f"{sentence}{describe(wanted[index])}.", FED)
        expect_values(got, wanted[index], FED, f"the input of layer {index}:", 0, 0)


@aspect("cost")
def test_runs_each_layer_once_and_in_order(solution, device):
    """No layer runs twice, none is left out, and they run in the order of the list."""
    for count in (1, 3, 6):
        expect_runs(solution, device, torch.arange(2.0 * count).view(count, 2), count)


@aspect("cost")
def test_does_not_run_the_layers_behind_a_nan(solution, device):
    """Layers behind the first output with a NaN do not run."""
    for first in (0, 1, 3):
        outputs = torch.arange(8.0).view(4, 2)
        outputs[first, 0] = NAN
        expect_runs(solution, device, outputs, first + 1)


def expect_runs(solution, device, outputs, count):
    """So many layers run, each once; the last one that may run has an output with a NaN."""
    order = [index for index, _ in run(solution, device, outputs)[1]]
    late = next((index for index in order if index >= count), None)
    sentence = f"ran layer {late}, though the output of layer {count - 1} has a NaN."
    expect(late is None, sentence, STOP)
    sentence = f"ran the layers {order}; expected each once, in order: {list(range(count))}."
    expect(order == list(range(count)), sentence, ONCE)
