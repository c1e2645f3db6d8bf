"""The checks of indexing/k13_pad_sequences: rows filled by NumPy."""

import functools
import math

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    describe,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_raises,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

SHAPE = "(B, T, ...): one row for each sequence, all of them as long as the longest sequence."
DTYPE = "torch.full and torch.zeros make float32, if no dtype is given."
DEVICE = "A tensor that is made from numbers lies on the CPU, if no device is given."
IN_ORDER = "Row b begins with sequences[b], all of it, as it is."
PADDING = "Behind its sequence a row holds value, and nothing else."
FINITE = "Infinity and NaN are numbers like others here: copy them, don't calculate with them."
DIGITS = "Stay in the dtype of the sequences: on the way through another one, digits get lost."
TRACKED = "Copy or join tensors; lists, NumPy, `.data` and `detach` are out of autograd's sight."
GRADIENT = (
    "Each element of a sequence goes to one place of the result, and its gradient comes back."
)
KEEP = "The sequences are read and the result is new: write to no tensor that came in."
SAME_LIST = "The list is the caller's: make one of your own."
OWN = "Whoever writes into the result must not find it in a sequence: copy a single one too."
EMPTY = "Look at the length of the list first, and `raise ValueError(...)` if it is 0."

CHANGED_LIST = "changed the list that it got: {what}."

INF, NAN = math.inf, math.nan
# A number of each dtype that a smaller one, or float for int, does not hold, and a value.
DTYPES = {
    torch.float32: (1 + 2.0**-20, 7.0),
    torch.float64: (1 + 2.0**-40, 7.0),
    torch.float16: (1 + 2.0**-10, 7.0),
    torch.bfloat16: (2.0**100, 7.0),
    torch.int64: (2**60 + 1, -7),
    torch.int32: (2**30 + 1, -7),
    torch.uint8: (200, 7),
    torch.bool: (False, True),
}
LAYOUTS = {
    "transposed": "Here they lie in memory column by column.",
    "every second element": "Here they are every second number of a larger memory.",
    "at an offset": "Here they begin inside of a larger memory.",
}
# lengths, what follows, value
CASES = [
    ([2, 3, 1], (), -1.0),
    ([3, 1, 2], (), 0.0),
    ([1, 4, 2], (2,), 0.5),
    ([2, 2], (3,), -1.0),
    ([3], (), 9.0),
    ([1, 0, 3], (2, 3), -1.0),
    ([0, 2, 0], (), -1.0),
    ([0, 0], (), -1.0),
    ([0], (2,), -1.0),
    ([1, 3], (1,), INF),
    ([3, 2, 1], (2,), NAN),
    ([1, 2], (1, 2), -INF),
]
# dtype, lengths, what follows
TRACKED_INPUTS = [(torch.float64, [2, 3, 1], ()), (torch.float64, [2], (3,))]
TRACKED_INPUTS += [(dtype, [1, 2], (2,)) for dtype in DTYPES if dtype.is_floating_point]


def pads_and_stacks(sequences, value):
    """Every sequence is copied into a longer one first, and that into the result."""
    longest = max(map(len, sequences))
    rows = [torch.nn.functional.pad(x, (0, 0, 0, longest - len(x)), value=value) for x in sequences]
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "pad_sequences",
    means="n sequences of shape (t, 64), t from 1 to 32, float32",
    inputs=lambda n: ([torch.ones(1 + b % 32, 64) for b in range(n)], 0.0),
    sizes=(32, 512, 8192),
    bytes_moved=lambda n: 4 * 64 * (n * 33 // 2 + n * 32),  # read the sequences, write the rows
    naive=pads_and_stacks,
)


def arrays(lengths, rest=()):
    """Arrays of whole numbers from 1 on, all different."""
    ends = np.cumsum(lengths)
    size = math.prod(rest)
    return [
        np.arange(1.0 + (end - t) * size, 1.0 + end * size).reshape(t, *rest)
        for t, end in zip(lengths, ends, strict=True)
    ]


def padded(sequences, value):
    """The expected result, as an array."""
    longest = max(map(len, sequences))
    result = np.full((len(sequences), longest, *sequences[0].shape[1:]), value, dtype=float)
    for row, sequence in zip(result, sequences, strict=True):
        row[: len(sequence)] = sequence
    return result


def tensors(sequences, device, dtype=torch.float32):
    return [torch.tensor(sequence, dtype=dtype).to(device) for sequence in sequences]


def of_lengths(lengths):
    """The end of a hint: how long the sequences are, which the call doesn't show."""
    listed = ", ".join(map(str, lengths))
    return f"Here the sequences have these lengths: {listed}."


def expect_rows(got, sequences, expected, why=""):
    """The result has the expected numbers; the hint tells if a sequence or its padding is wrong."""
    __tracebackhide__ = True
    lengths = [len(sequence) for sequence in sequences]
    expect_shape(got, expected.shape, f"{SHAPE} {of_lengths(lengths)}")
    expect_dtype(got, expected.dtype, DTYPE)
    found, right = np.array(got.tolist(), dtype=float), np.array(expected.tolist(), dtype=float)
    wrong = np.argwhere((found != right) & ~(np.isnan(found) & np.isnan(right)))
    in_padding = len(wrong) > 0 and wrong[0][1] >= lengths[wrong[0][0]]
    hints = (PADDING if in_padding else IN_ORDER, why, of_lengths(lengths))
    expect_values(got, expected, " ".join(filter(None, hints)), rtol=0, atol=0)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """pad_sequences returns a tensor."""
    expect_tensor(solution.pad_sequences(tensors(arrays([2, 3, 1]), device), -1.0))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (B, T, ...), where T is the length of the longest sequence."""
    for lengths, rest, value in CASES[:8]:
        got = solution.pad_sequences(tensors(arrays(lengths, rest), device), value)
        shape = (len(lengths), max(lengths), *rest)
        expect_shape(got, shape, f"{SHAPE} {of_lengths(lengths)}")


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of the sequences."""
    for dtype, (_, value) in DTYPES.items():
        got = solution.pad_sequences(tensors(arrays([1, 3, 0]), device, dtype), value)
        expect_dtype(got, dtype, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where the sequences lie."""
    got = solution.pad_sequences(tensors(arrays([2, 3, 1]), device), -1.0)
    expect_device(got, device, DEVICE)


@aspect("values")
def test_fills_up_behind_each_sequence(solution, device):
    """Row b is sequences[b], and value behind it."""
    for lengths, rest, value in CASES:
        sequences = arrays(lengths, rest)
        got = solution.pad_sequences(tensors(sequences, device), value)
        expected = torch.tensor(padded(sequences, value), dtype=torch.float32)
        expect_rows(got, sequences, expected, "" if math.isfinite(value) else FINITE)


@aspect("values")
def test_keeps_each_number(solution, device):
    """What the sequences hold comes out as it was: every digit, infinity and NaN."""
    for dtype, (number, value) in DTYPES.items():
        sequences = [[number], [number] * 2]
        got = solution.pad_sequences(tensors(sequences, device, dtype), value)
        expected = torch.tensor([[number, value], [number] * 2], dtype=dtype)
        expect_values(got, expected, f"{IN_ORDER} {PADDING} {DIGITS}", rtol=0, atol=0)
    sequences = [np.array([1, INF]), np.array([NAN, 2, -INF, 3]), np.array([5.0])]
    got = solution.pad_sequences(tensors(sequences, device), 0.0)
    expected = torch.tensor(padded(sequences, 0.0), dtype=torch.float32)
    expect_rows(got, sequences, expected, FINITE)


@aspect("values")
def test_takes_every_layout(solution, device):
    """The rows are right however the sequences lie in memory."""
    sequences = arrays([2, 3, 1], (2,))
    expected = torch.tensor(padded(sequences, -1.0), dtype=torch.float32)
    for layout, where in LAYOUTS.items():
        inputs = [in_layout(x, layout) for x in tensors(sequences, device)]
        expect_rows(solution.pad_sequences(inputs, -1.0), sequences, expected, where)
    parts = torch.tensor(np.concatenate(sequences), dtype=torch.float32).to(device).split([2, 3, 1])
    got = solution.pad_sequences(list(parts), -1.0)
    expect_rows(got, sequences, expected, "Here they are parts of one memory.")


@aspect("gradient")
def test_gradients_reach_each_sequence(solution, device):
    """The gradient of each sequence is that of its places in the result."""
    for dtype, lengths, rest in TRACKED_INPUTS:
        everyone = range(len(lengths))
        for tracked in (everyone, *([b] for b in everyone)):
            inputs = tensors(arrays(lengths, rest), device, dtype)
            leaves = {f"sequences[{b}]": inputs[b].requires_grad_() for b in tracked}
            got = solution.pad_sequences(inputs, -1.0)
            expect_shape(got, (len(lengths), max(lengths), *rest), SHAPE)
            expect_dtype(got, dtype, DTYPE)
            cotangent = random_like(torch.ones(got.shape, dtype=dtype), seed=6)
            where = f"{of_lengths(lengths)} They are {dtype_name(dtype)}."
            found = gradients(got, leaves, cotangent.to(device), f"{TRACKED} {where}")
            for b, (name, gradient) in zip(tracked, found.items(), strict=True):
                mine = cotangent[b, : lengths[b]]
                what, hint = f"the gradient of {name}", f"{GRADIENT} {where}"
                expect_values(gradient, mine, hint, what, rtol=0, atol=0)


@aspect("memory")
def test_has_memory_of_its_own(solution, device):
    """The result is new, also for a single sequence; the list and its tensors stay as they were."""
    for lengths, rest in ([2, 3, 1], ()), ([1], (2,)), ([2, 2], ()), ([0, 2], ()):
        inputs = tensors(arrays(lengths, rest), device)
        given = list(inputs)
        with untouched(KEEP, **{f"sequences[{b}]": x for b, x in enumerate(given)}):
            got = solution.pad_sequences(inputs, -1.0)
        what = f"it has {len(inputs)} tensors now, and had {len(given)}"
        expect(len(inputs) == len(given), CHANGED_LIST.format(what=what), SAME_LIST)
        for b, (now, before) in enumerate(zip(inputs, given, strict=True)):
            what = f"sequences[{b}] is another tensor now, {describe(now)}"
            expect(now is before, CHANGED_LIST.format(what=what), SAME_LIST)
        expect_new_memory(got, *given, hint=OWN)


@aspect("errors")
def test_raises_for_an_empty_list(solution):
    """An empty list raises ValueError."""
    expect_raises(ValueError, functools.partial(solution.pad_sequences, [], 0.0), EMPTY)
