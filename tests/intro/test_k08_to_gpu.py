"""The checks of intro/k08_to_gpu: machines with and without a GPU, both made where they lack."""

import contextlib

import torch
from torch.overrides import TorchFunctionMode

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    calls_of,
    expect,
    expect_device,
    expect_dtype,
    expect_same_object,
    expect_shape,
    expect_tensor,
    expect_values,
    gpu,
    layouts,
    no_gpu,
    shares_storage,
    untouched,
)
from dojo.checks.laws.bridge import SHAPES, VALUES
from dojo.checks.laws.settings import settings_untouched

RETURNED = "The answer is True here, and x never moves: return the copy that the move returns."
NO_GPU = "Here torch.cuda.is_available() is False, so x itself is the answer, not a copy of it."
THERE = "x is on the GPU already, so there is nothing to copy."
ASK_FIRST = "Without a GPU every move to it fails. Ask first, and mind the parentheses of a call."
CHOOSE = "Ask with `if`, then move x or return it: the numbers of x decide nothing."
LEAVE = "The answer to the question is False here: then leave torch.cuda alone, and return x."
KEEP = "Only the place changes: keep x's shape, dtype and values."
STAYS = "Make a copy on the GPU; `x.data = …` and operations ending in _ change x itself."
NOTHING_ELSE = "Name the device in the move: nothing has to be set or seeded for all that follows."
NEW_COPY = "Make a copy at each call, and keep none for the next one."
INSIDE = "Call torch.cuda.is_available() inside of the function, and keep no earlier answer."
WHEREVER = "Ask first, and look only then where x is."
ORDER = "Ask whether there is a GPU before the first move, not after a failed one."

RAISED = "raised {kind} on a machine without a GPU ({text}); expected x itself."
NOT_ASKED = "did not ask torch.cuda.is_available() {where}; expected it at each call."
TOO_EARLY = "tried to move x to the GPU {where} before it asked torch.cuda.is_available()."

# Values that a narrower dtype, or another kind of number, does not hold.
SPECIAL = {getattr(torch, name): values for name, values in VALUES.items()}
SPECIAL[torch.bfloat16] = [0.5, -3e38, float("inf"), float("nan")]
NO_GPU_WORDS = ("CUDA", "NVIDIA", "accelerator")  # in what torch raises where there is no GPU
MACHINES = {"cpu": "on a machine without a GPU", "cuda": "on a machine with a GPU"}


def with_a_copy(x):
    """x where it should be, by way of a copy that nobody needs."""
    return x.clone().to("cuda" if torch.cuda.is_available() else "cpu")


BENCHMARK = Benchmark(
    "to_gpu_if_available",
    means="x: shape (n,), float32, on the CPU",
    inputs=lambda n: (torch.ones(n, device="cpu"),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=with_a_copy,
)


class Moves(TorchFunctionMode):
    """Notes whether the GPU was named to torch before the question was asked.

    Attributes:
        asked: grows by one with each question.
        too_early: whether there was such a move.
    """

    def __init__(self, asked):
        super().__init__()
        self.asked, self.too_early = asked, False

    def __torch_function__(self, func, _types, args=(), kwargs=None):
        kwargs = kwargs or {}
        is_move = func == torch.Tensor.cuda or any(map(is_gpu, (*args[1:], *kwargs.values())))
        is_move |= func == torch.Tensor.to and any(type(one) is int for one in args[1:2])
        self.too_early |= is_move and not self.asked
        return func(*args, **kwargs)


def is_gpu(argument):
    return isinstance(argument, str | torch.device) and str(argument).startswith("cuda")


def without_gpu():
    """A machine without a GPU: the real one, if it has none and nothing simulates one."""
    return no_gpu() if torch.cuda.is_available() else contextlib.nullcontext()


def numbers(shape=(2, 3), dtype=torch.float32, place="cpu"):
    """x with small numbers in it."""
    count = torch.Size(shape).numel()
    return torch.tensor(range(1, count + 1), dtype=dtype, device="cpu").reshape(shape).to(place)


def places(device):
    """Where x may be on this device's machine, in words too."""
    yield "cpu", MACHINES[device]
    if device == "cuda":
        yield "cuda", f"{MACHINES[device]}, with x on it already"


def watch(solution, x, device):
    """What the learner's function returns on this device's machine, and what it asked and moved.

    The fixture ``device`` makes the machine with a GPU.
    """
    machine = without_gpu() if device == "cpu" else contextlib.nullcontext()
    solution.hint = CHOOSE
    function = solution.to_gpu_if_available  # their file is loaded on the machine at hand
    with machine, calls_of(torch.cuda.is_available) as asked, Moves(asked) as moves:
        try:
            return function(x), moves
        except (AssertionError, RuntimeError) as error:
            if device == "cuda" or not any(word in str(error) for word in NO_GPU_WORDS):
                raise
            text = str(error).splitlines()[0]
            sentence = RAISED.format(kind=type(error).__name__, text=text)
            raise CheckFailed(sentence, LEAVE if asked else ASK_FIRST) from None


def call(solution, x, device):
    """What the learner's function returns on this device's machine."""
    return watch(solution, x, device)[0]


@aspect("type")
def test_returns_a_tensor(solution, device):
    """The result is a tensor, with a GPU and without."""
    for place, _ in places(device):
        expect_tensor(call(solution, numbers(place=place), device))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The result has the shape of x."""
    for shape in SHAPES:
        expect_shape(call(solution, numbers(shape), device), shape, KEEP)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in SPECIAL:
        expect_dtype(call(solution, numbers(dtype=dtype), device), dtype, KEEP)


@aspect("device")
def test_lies_on_the_gpu_if_there_is_one(solution, device):
    """The result lies on the GPU, and without a GPU on the CPU."""
    for shape in SHAPES:
        for place, _ in places(device):
            got, moves = watch(solution, numbers(shape, place=place), device)
            hint = NO_GPU if device == "cpu" else RETURNED if moves.asked else INSIDE
            expect_device(got, device, hint)


@aspect("device")
def test_follows_the_machine(solution):
    """The answer follows the machine from one call to the next."""
    for device in ("cpu", "cuda", "cpu", "cuda"):
        with gpu() if device == "cuda" else contextlib.nullcontext():
            expect_device(call(solution, numbers(), device), device, INSIDE)


@aspect("values")
def test_has_the_values_of_x(solution, device):
    """The result has the values of x, whatever its dtype and strides."""
    special = [torch.tensor(few, dtype=dtype, device="cpu") for dtype, few in SPECIAL.items()]
    for x in (*special, *layouts(numbers()).values(), numbers()[:1].expand(2, 3)):
        expected = x.clone()
        expect_values(call(solution, x, device), expected, KEEP, rtol=0, atol=0)


@aspect("memory")
def test_x_comes_back_itself_if_it_need_not_move(solution, device):
    """Without a GPU, and for an x on the GPU already, the result is x itself."""
    hint = THERE if device == "cuda" else NO_GPU
    kinds = [numbers(shape, place=device) for shape in SHAPES]
    kinds += [numbers(dtype=dtype, place=device) for dtype in SPECIAL]
    for x in (*kinds, numbers(place=device).T):
        got = call(solution, x, device)
        expect_tensor(got)
        expect_same_object(got, x, hint)


@aspect("memory")
def test_x_stays_where_it_was(solution, device):
    """x stays where it was, with the values that it had."""
    for place, _ in places(device):
        x = numbers(place=place)
        with untouched(STAYS, x=x):
            call(solution, x, device)


@aspect("memory")
def test_each_copy_is_new(solution, device):
    """Torch stays as it is, and two calls with an equal x on the CPU return two copies."""
    x = numbers()
    with settings_untouched(solution, NOTHING_ELSE, thoroughly=True):
        copies = [call(solution, one, device) for one in (x, x.clone())]
    for one in copies:
        expect_tensor(one)
    sentence = "returned the copy of an earlier call; expected a new one."
    expect(not shares_storage(*copies), sentence, NEW_COPY)


@aspect("structure")
def test_asks_at_each_call(solution, device):
    """torch.cuda.is_available() is asked at each call, wherever x is."""
    for place, words in places(device):
        x = numbers(place=place)
        hint = WHEREVER if place == "cuda" else INSIDE
        for _ in range(2):  # once more with the same x: a kept answer asks nothing
            _, moves = watch(solution, x, device)
            expect(len(moves.asked) > 0, NOT_ASKED.format(where=words), hint)


@aspect("structure")
def test_asks_before_it_moves(solution, device):
    """torch.cuda.is_available() is asked before anything is moved to the GPU."""
    for place, words in places(device):
        _, moves = watch(solution, numbers(place=place), device)
        expect(not moves.too_early, TOO_EARLY.format(where=words), ORDER)
