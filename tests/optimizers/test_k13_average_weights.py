"""The checks of optimizers/k13_average_weights: means by fractions, and what is held meanwhile."""

import functools
import gc
import types
from fractions import Fraction

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from dojo.checks import (
    aspect,
    describe,
    expect,
    expect_device,
    expect_raises,
    expect_values,
    in_layout,
    shares_storage,
    untouched,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import rounded

A_DICT = "Return a dict with one tensor per key."
KEYS = "Take keys and order of the first state dict; later ones may have another order."
MEAN = "Add up all that stands under this key, in float64, and divide by how many there are."
ROUNDED = "Add up in float64, and give the mean the dtype of the entry at the end."
LAST = "Ints and bools are not averaged: copy those of the last state dict."
ONCE = "state_dicts may be a generator: go through it once, and count on the way."
TIED = "Here two entries share memory: make a sum of its own for each key."
NEW = "Make a new tensor for each key; `.to(torch.float64)` makes none of a float64 tensor."
READ = "Only read the state dicts: sums go into tensors of your own."
UNTRACKED = "Compute under torch.no_grad(): the entries may be parameters."
CALLS = "Make a new dict and new tensors in each call: keep nothing from call to call."
HELD = "Keep one sum per key, and no list of state dicts; a variable for the first holds it too."
DEVICE = "Sum where the entries are."
NONE = "Without any state dict there is nothing to average: raise ValueError."
SAME_KEYS = "Compare the keys of each state dict with those of the first, in both directions."
SAME_SHAPES = "Compare the shapes before you add: torch would broadcast some of them."

F16, BF16, F32, F64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
FLOATS = (F32, F64, BF16, F16)
PLAIN = [{"weight": [1.0, 2.0]}, {"weight": [4.0, 8.0]}, {"weight": [7.0, -1.0]}]
THREE = [
    {"a": [[1.0, 2.0, -3.0], [0.5, 0.0, 7.0]], "b": [4.0], "none": [], "c": 2.0},
    {"a": [[5.0, -2.0, 1.0], [2.5, 0.0, 1.0]], "b": [-8.0], "none": [], "c": 0.25},
    {"a": [[2.0, 4.5, -9.0], [1.0, 3.0, 2.0]], "b": [1.5], "none": [], "c": -7.0},
]
ONE = [{"a": [0.1, -0.7], "b": 3.0}]
FIVE = [{"a": [float(n**3), -1.0 / 2**n]} for n in range(5)]
# what a sum in a narrow dtype loses
LARGE = {
    F16: [[60000.0, 0.5], [50000.0, 2048.0], [55008.0, 1.0]],
    BF16: [[2.0**30, 1.0], [3.0, 256.0], [-(2.0**30), 1.0]],
    F32: [[1e8, 16777216.0], [1.0, 1.0], [-1e8, 1.0]],
}
COUNTS = [
    (torch.int64, [[2**53 + 1, 3], [5, -7], [2**53 + 3, 8]]),
    (torch.uint8, [200, 100]),
    (torch.bool, [[True, False, True], [False, False, True]]),
]


def made(states, dtype=F32, device="cpu", layout="contiguous"):
    return [
        {key: in_layout(torch.tensor(x, dtype=dtype).to(device), layout) for key, x in one.items()}
        for one in states
    ]


def mean(tensors):
    """The mean by fractions, rounded to float64 and then to the dtype; of ints the last one."""
    last, columns = tensors[-1], [one.double().flatten().tolist() for one in tensors]
    if not last.is_floating_point():
        return last
    sums = [sum(map(Fraction, column)) for column in zip(*columns, strict=True)]
    numbers = [float(one / len(tensors)) for one in sums]
    return torch.tensor(numbers, dtype=F64).to(last.dtype).reshape(last.shape)


def why(got, tensors, hint):
    """The sentence of the mistake that gives what was found; the hint if none is known."""
    wide, count = [one.double() for one in tensors], len(tensors)
    mistakes = {
        "This is the sum: divide by the number of state dicts.": sum(wide),
        "This is divided by one less than the number of state dicts.": sum(wide) / (count - 1 or 1),
        "This is the entry of the last state dict.": wide[-1],
        "This is the entry of the first state dict.": wide[0],
        "In the dtype of the entry, the sum loses digits or overflows.": sum(tensors) / count,
        "In float32 the sum loses digits.": sum(one.float() for one in tensors) / count,
    }
    found = [words for words, one in mistakes.items() if torch.equal(got, one.to(got.dtype))]
    return " ".join([*found[:1], hint])


def averaged(solution, given, hint):
    solution.hint = hint
    words = f"a {type(given).__name__}" if given else "no state dict"
    if given and isinstance(given, list):
        words = [f"{k!r}: {rounded(x.tolist())}" for k, x in given[0].items()]
        words = f"{len(given)} state dicts, the first one {{{', '.join(words)}}}"
    got = solution.average_weights(given)
    solution.last_call = f"average_weights of {words[:120]}{'…' * (len(words) > 120)}"
    return got


def named(states):
    return {f"{k!r} in state dict {n}": x for n, one in enumerate(states) for k, x in one.items()}


def places(states):
    return [[(key, id(x)) for key, x in one.items()] for one in states]


def expect_right(solution, states, hint=MEAN, given=None):
    """Keys, order and every entry are right."""
    before = [{k: x.detach().cpu().clone() for k, x in one.items()} for one in states]
    with untouched(READ, **named(states)):
        got = averaged(solution, states if given is None else given, hint)
    expect(isinstance(got, dict), f"returned {describe(got)}; expected a dict.", A_DICT)
    words = f"returned the keys {list(got)}; expected {list(states[0])}."
    expect(list(got) == list(states[0]), words, KEYS)
    for key, found in got.items():
        tensors = [one[key] for one in before]
        expected = mean(tensors)
        words = hint if expected.is_floating_point() else LAST
        if words == MEAN and isinstance(found, torch.Tensor) and found.dtype != expected.dtype:
            words = ROUNDED
        largest = max(x.double().abs().amax().item() if x.numel() else 0 for x in tensors)
        atol = 1e-12 * largest if expected.dtype == F64 else 0
        if isinstance(found, torch.Tensor) and found.dtype == expected.dtype in FLOATS:
            x = found.detach().cpu()
            words = hint if torch.equal(x, expected) else why(x, tensors, hint)
        expect_values(found, expected, words, repr(key), rtol=0, atol=atol)
    return got


@aspect("values")
def test_averages_floats(solution, device):
    """Each entry of floats is the mean of all, in its own dtype."""
    for dtype in FLOATS if device == "cpu" else (F32,):
        for case in (PLAIN, THREE):
            states = made(case, dtype, device)
            for n, one in enumerate(states):
                one["steps"] = torch.tensor(n).to(device)
            for found in expect_right(solution, states).values():
                expect_device(found, device, DEVICE)
    for case in (ONE, FIVE):
        expect_right(solution, made(case, F64, device))
    expect_right(solution, [{}, {}], KEYS)


@aspect("values")
def test_sums_in_float64(solution):
    """A sum that the dtype of the entry cannot hold is no harm: the mean is rounded once."""
    for dtype, rows in LARGE.items():
        expect_right(solution, made([{"a": row} for row in rows], dtype))


@aspect("values")
def test_takes_counters_of_the_last(solution):
    """Entries of ints and bools are those of the last state dict, exactly."""
    for dtype, rows in COUNTS:
        states = made([{"steps": row} for row in rows], dtype)
        for one in states:
            one["w"] = torch.ones(2)
        expect_right(solution, states, LAST)


@aspect("values")
def test_takes_any_iterable(solution):
    """A generator is gone through once; mappings may be read-only, their keys in any order."""
    for case in (THREE, ONE):
        states = made(case)
        mixed = [states[0], *({key: one[key] for key in reversed(one)} for one in states[1:])]
        expect_right(solution, mixed, KEYS)
        frozen = [types.MappingProxyType(one) for one in states]
        for given in ((one for one in frozen), tuple(frozen)):
            expect_right(solution, states, ONCE, given)


@aspect("values")
def test_takes_tied_entries(solution):
    """Entries that share memory get their mean, each for itself."""
    for dtype in (F32, F64):
        states = made(THREE, dtype)
        for one in states:
            one["tied"], one["turned"] = one["a"], one["a"].T
            one["row"] = one["b"].expand(3)
        expect_right(solution, states, TIED)


@aspect("gradient")
def test_is_not_tracked(solution):
    """The average of parameters is not tracked."""
    states = [{key: torch.nn.Parameter(x) for key, x in one.items()} for one in made(THREE)]
    for some in (states, states[:1]):
        for key, found in expect_right(solution, some, UNTRACKED).items():
            sentence = f"returned {key!r} tracked by autograd; expected it untracked."
            expect(not found.requires_grad, sentence, UNTRACKED)


@aspect("memory")
def test_leaves_the_inputs(solution):
    """State dicts stay as they are, and share no memory with the average."""
    for dtype, layout in ((F32, "contiguous"), (F64, "transposed"), (F64, "every second element")):
        for case in (THREE, ONE):
            states = made(case, dtype, layout=layout)
            for one in states:
                one["tied"], one["n"] = one["a"], torch.tensor(3)
            before = places(states)
            with settings_watched(solution, layout == "contiguous") as found:
                got = expect_right(solution, states, NEW)
            expect(not found.text, found.text, READ)
            expect(places(states) == before, "changed what stands in a state dict.", READ)
            for key, x in got.items():
                rest = named(states) | {repr(k): y for k, y in got.items() if k != key}
                shared = [name for name, y in rest.items() if shares_storage(x, y)]
                words = f"returned {key!r} in the memory of {''.join(shared[:1])}."
                expect(not shared, words, NEW)


@aspect("memory")
def test_leaves_earlier_results(solution):
    """What came back stays as it is in later calls."""
    first = expect_right(solution, states := [{**one, "n": torch.tensor(3)} for one in made(THREE)])
    before = {key: x.clone() for key, x in first.items()}
    for later in ([states[1], {**states[2], "n": torch.tensor(7)}], made(PLAIN)):
        averaged(solution, later, CALLS)
        is_same = list(first) == list(before) and all(
            map(torch.equal, first.values(), before.values())
        )
        expect(is_same, "changed what an earlier call has returned.", CALLS)


@aspect("memory")
def test_holds_one_at_a_time(solution):
    """While a generator makes the next state dict, only the one before is still held."""
    seen, held = [], []

    def generator():
        for n in range(5):
            old = [one for some in seen[:-1] for one in some]
            if not all(one.expired() for one in old):
                gc.collect()
            held.append(sum(any(not one.expired() for one in some) for some in seen[:-1]))
            state = {str(d): torch.full((9,), n, dtype=d) for d in (F16, F32, F64, torch.int64)}
            seen.append([StorageWeakRef(x.untyped_storage()) for x in state.values()])
            yield state
            del state

    averaged(solution, generator(), HELD)
    words = f"holds {max(held, default=0)} more than the last one of 5 state dicts; expected none."
    expect(not any(held), words, HELD)


def expect_refused(solution, states, hint):
    shapes = [{key: tuple(x.shape) for key, x in one.items()} for one in states]
    for given in (states, (one for one in states)):
        call = functools.partial(averaged, solution, given, hint)
        with untouched(hint, **named(states)):
            expect_raises(ValueError, call, hint, f"the shapes {shapes}" if states else "")


@aspect("errors")
def test_refuses_nothing(solution):
    """Without any state dict ValueError is raised."""
    expect_refused(solution, [], NONE)


@aspect("errors")
def test_refuses_other_keys(solution):
    """Keys that only one has raise ValueError."""
    full, less, other = {"a": [1.0], "b": [2.0]}, {"a": [1.0]}, {"a": [1.0], "c": [2.0]}
    for case in ([full, less], [less, full], [full, other], [full, full, less], [{}, less]):
        expect_refused(solution, made(case), SAME_KEYS)


@aspect("errors")
def test_refuses_other_shapes(solution):
    """Shapes that differ raise ValueError, also where they would broadcast, or of ints."""
    pairs = ([1, 2], [1, 2, 3]), ([1, 2], [3]), ([3], [1, 2]), ([[1]], [1]), (1, [1])
    for dtype in (F32, torch.int64):
        for a, b in pairs if dtype == F32 else pairs[1:2]:
            expect_refused(solution, made([{"a": a}, {"a": a}, {"a": b}], dtype), SAME_SHAPES)
