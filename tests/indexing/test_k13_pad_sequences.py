"""The checks of indexing/k13_pad_sequences: rows filled by NumPy."""

import functools
import math

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    describe,
    expect,
    expect_new_memory,
    expect_raises,
    expect_values,
    gradients,
)
from dojo.checks.laws import FLOATS, INTEGERS, PureFunction
from dojo.checks.laws.numbers import with_all_digits

INF, NAN = math.inf, math.nan
PADDING = "Behind its sequence a row holds value, and nothing else."
FINITE = "Infinity and NaN are numbers like others here: copy them, don't calculate with them."
LISTS = "Lists of rows are no tensor: new_full makes one, and the sequences are copied into it."
ELEMENT = "Here an element of a sequence has the shape {shape}: a list has to be filled up with as"
ELEMENT += " many numbers for each. new_full and slices need no lists."
SAME_LIST = "The list is the caller's: make one of your own."
OWN = "Whoever writes into the result must not find it in a sequence: copy a single one too."
EMPTY = "Look at the length of the list first, and `raise ValueError(...)` if it is 0."


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
    """Arrays of whole numbers from 2 on, all different."""
    ends, size = np.cumsum(lengths), math.prod(rest)
    return [
        np.arange(2 + (end - t) * size, 2 + end * size).reshape(t, *rest)
        for t, end in zip(lengths, ends, strict=True)
    ]


class TestPadSequences(PureFunction):
    name = "pad_sequences"
    tensors = ("sequences[0]", "sequences[1]", "sequences[2]")
    dtypes = (*FLOATS, *INTEGERS, torch.bool)
    cases = [  # lengths, what follows, and a value that every dtype holds
        (*arrays(lengths, rest), value)
        for lengths, rest, value in [
            ([2, 3, 1], (), 1.0),
            ([2, 4, 1], (2,), 0),
            ([2, 2, 2], (3,), 1),
            ([2, 0, 3], (2, 3), 1),
            ([0, 2, 0], (), 1),
            ([0, 0, 0], (2,), 1),
            ([3, 1, 2], (1,), 0.0),
        ]
    ]
    gradient_cases = [case for case in cases if all(map(len, case[:3]))]
    wild = [(*arrays([1, 3, 2], (1,)), INF), (*arrays([3, 2, 1], (2,)), NAN)]
    wild += [([1, INF], [NAN, 2, -INF, 3], [5.0], 0.0), (*arrays([1, 2, 0]), -INF)]
    precise = [(dtype, (*arrays([2, 3, 1]), -7)) for dtype in INTEGERS[:4]]
    precise += [(torch.uint8, (*arrays([2, 3, 1]), 200)), (torch.bool, (*arrays([2, 4, 1]), 1))]
    precise += [(torch.int64, (*arrays([2, 3, 1]), 2**53 - 1))]
    precise += [(torch.float64, (*arrays([2, 3, 1]), 0.1))]
    ulps = 0
    gradient_ulps = 0
    hints = {
        "shape": "(B, T, ...): one row for each sequence, all of them as long as the longest"
        " sequence.",
        "dtype": "torch.full and torch.zeros make float32, if no dtype is given.",
        "device": "A tensor that is made from numbers lies on the CPU, if no device is given.",
        "values": "Row b begins with sequences[b], all of it, as it is.",
        "precise": "Stay in the dtype of the sequences: on the way through another one, digits get"
        " lost.",
        "tracked": "Copy or join tensors; lists, NumPy, `.data` and `detach` are out of autograd's"
        " sight.",
        "gradient": "Each element of a sequence goes to one place of the result, and its gradient"
        " comes back.",
        "memory": "The sequences are read and the result is new: write to no tensor that came in.",
        "own memory": OWN,
    }
    sentences = {
        "test_has_the_shape": "The shape is (B, T, ...), where T is the length of the longest"
        " sequence.",
        "test_has_the_dtype": "The result has the dtype of the sequences.",
        "test_stays_on_the_device": "The result lies where the sequences lie.",
        "test_values": "Row b is sequences[b], and value behind it.",
        "test_wild_values": "Infinity and NaN come out as they were, and may be the value.",
        "test_no_digit_is_lost": "Numbers come out as they were, beside any value that the dtype"
        " can hold.",
        "test_gradients": "The gradient of each sequence is that of its places in the result.",
        "test_leaves_its_inputs": "The sequences stay as they are, and a result is tracked only"
        " where one of them is.",
    }

    def call(self, solution, arguments):
        *sequences, value = arguments
        return solution.pad_sequences(sequences, value)

    def tensor(self, name, value, dtype):
        is_exact = np.asarray(value).dtype.kind == "i"
        return with_all_digits(value, dtype) if is_exact else super().tensor(name, value, dtype)

    def truth(self, *arguments):
        *sequences, value = arguments
        shape = len(sequences), max(map(len, sequences)), *sequences[0].shape[1:]
        result = np.full(shape, value, dtype=sequences[0].dtype)
        for row, sequence in zip(result, sequences, strict=True):
            row[: len(sequence)] = sequence
        return result

    def gradient(self, weights, *arguments):
        return [row[: len(x)] for row, x in zip(weights, arguments, strict=False)]

    def why(self, law, arguments, got, expected):
        *sequences, _ = arguments
        if law == "type":
            return LISTS if isinstance(got, list | tuple) else ""
        if law == "gradient":
            return ""
        wrong = ((got != expected) & ~(got.isnan() & expected.isnan())).nonzero()[0].tolist()
        hint = PADDING if wrong[1] >= len(sequences[wrong[0]]) else self.hints["values"]
        return f"{hint} {FINITE}" if law == "wild" else hint

    def hint_of(self, row):
        shape = row.arrays[0].shape[1:]
        return f"{super().hint_of(row)} {ELEMENT.format(shape=shape) if shape else ''}".strip()

    @aspect("values")
    def test_takes_any_number_of_sequences(self, solution, device):
        """There may be one sequence or many."""
        for lengths in ([3], [0], [1, 4], [2, 0, 3, 1, 2]):
            sequences = arrays(lengths, (2,))
            given = [torch.tensor(x).float().to(device) for x in sequences]
            expected = torch.tensor(self.truth(*sequences, 9)).float()
            got = self.call(solution, [*given, 9.0])
            expect_values(got, expected, self.hints["values"], rtol=0, atol=0)

    @aspect("gradient")
    def test_a_single_sequence_gets_its_gradient(self, solution, device):
        """The gradient of a single sequence is that of the result."""
        x = torch.ones(2, 3, device=device, requires_grad=True)
        weights = torch.arange(6.0, device=device).reshape(1, 2, 3)
        got = self.call(solution, [x, 0.0])
        found = gradients(got, {"sequences[0]": x}, weights, self.hints["tracked"])
        what, hint = "the gradient of sequences[0]", self.hints["gradient"]
        expect_values(found["sequences[0]"], weights[0], hint, what, rtol=0, atol=0)

    @aspect("memory")
    def test_leaves_the_list(self, solution, device):
        """The list stays as it is, and a single sequence is copied too."""
        for lengths in ([2, 3, 1], [2], [2, 2]):
            given = [torch.tensor(x).to(device) for x in arrays(lengths)]
            listed = list(given)
            got = solution.pad_sequences(listed, -1)
            what = f"it has {len(listed)} tensors now, and had {len(given)}"
            expect(len(listed) == len(given), f"changed the list that it got: {what}.", SAME_LIST)
            for b, (now, before) in enumerate(zip(listed, given, strict=True)):
                what = f"sequences[{b}] is another tensor now, {describe(now)}"
                expect(now is before, f"changed the list that it got: {what}.", SAME_LIST)
            expect_new_memory(got, *given, hint=OWN)
        x = torch.ones(2, 3, device=device, requires_grad=True)
        expect_new_memory(solution.pad_sequences([x], 0.0), x, hint=OWN)

    @aspect("errors")
    def test_raises_for_an_empty_list(self, solution):
        """An empty list raises ValueError."""
        expect_raises(ValueError, functools.partial(solution.pad_sequences, [], 0.0), EMPTY)
