"""The checks of training/k05_collate_padded: rows filled by NumPy, of three samples."""

import functools
import itertools
import math
import operator

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_new_memory, expect_raises, expect_values
from dojo.checks.laws import FLOATS, PureFunction
from dojo.checks.laws.numbers import with_all_digits

INF, NAN = math.inf, math.nan
BEHIND = "Row i begins with sequence i, as it is; behind it stands padding_value."
FRONT = "The padding stands in front here; it belongs behind the sequence."
ORDER = "These are the rows in another order: row i is that of sample i, as label i is."
EQUAL = "A real entry may equal padding_value: take the mask from the lengths."
INVERTED = "This mask is the other way round: True is for real entries."
ROUNDED = "lengths are those of the sequences, before anything is padded."
MORE = "A length that is a multiple already stays: -(-n // m) * m rounds up."
EMPTY = "Where all sequences are empty, L is 0, which is a multiple too."
MULTIPLE = "L is the smallest multiple of pad_to_multiple_of that no sequence exceeds."
EVERY = "The mask is True for the L_i entries of sequence i, and False at all places behind them."
ENTRIES = "The mask has one bool for each place of a row, however many numbers an entry has."
KEPT = "samples is the caller's: sort, pop or change nothing in it, or work on a list of your own."
OWN = "Whoever writes into the batch must not find it in a sequence: copy a single one too."
NONE = "Look at the number of samples first, and `raise ValueError(...)` if it is 0."


def sequences(lengths, rest=()):
    """Arrays of whole numbers from 0 on, all different, as floats."""
    ends, size = np.cumsum(lengths), math.prod(rest)
    return [
        np.arange((end - n) * size, end * size, dtype=float).reshape(n, *rest)
        for n, end in zip(lengths, ends, strict=True)
    ]


DIGITS = [one.astype(int) for one in sequences([2, 3, 1])]  # get all the digits of a dtype


class TestCollatePadded(PureFunction):
    name = "collate_padded"
    tensors = ("samples[0][0]", "samples[1][0]", "samples[2][0]")
    dtypes = (*FLOATS, torch.int64, torch.int32, torch.uint8)
    recorded = False
    results = ("padded", "lengths", "mask", "labels")
    cases = [
        ([5, 0, 7], [4], [6, 8], (1, 0, 1)),
        (*sequences([1, 3, 2], (2,)), (7, -5, 2**40)),
        (*sequences([2, 4, 1]), (0, 1, 2), 9, 4),
        (*sequences([2, 4, 5], (2,)), (2, 1, 0), 3, 3),
        (*sequences([2, 0, 3], (2, 3)), (5, 5, 4), 1, 8),
        (*sequences([2, 2, 2], (1,)), (1, 2, 3), 1),
        (*sequences([0, 0, 0], (2,)), (3, 1, 2), 7, 4),
    ]
    wild = [([1], [NAN, INF], [], (4, 5, 6), -INF, 3)]
    precise = [(torch.int64, (*DIGITS, (2**62 + 1, -(2**62) - 1, 0), 2**53 - 1))]
    precise += [(torch.int32, (*DIGITS, (1, 2, 3), -7)), (torch.uint8, (*DIGITS, (1, 2, 3), 200))]
    precise += [
        (torch.float64, (*DIGITS, (1, 2, 3), 0.1)),
        (torch.float16, ([1], [], [], (1, 2, 3), NAN)),
    ]
    ulps = 0
    hints = {
        "shape": MULTIPLE,
        "dtype": "padded has the sequences' dtype, lengths and labels are int64, mask is bool:"
        " torch.full and torch.zeros make float32 if no dtype is named.",
        "device": "Tensors made of numbers lie on the CPU, unless you name the sequences' device.",
        "values": "lengths, mask and labels have a row for each sample, in the order of samples.",
        "wild": "Copy the entries and fill the rest: inf * 0 is NaN, so multiply by no mask.",
        "precise": "Copy in the dtype of the sequences, and make labels int64: other dtypes lose"
        " digits.",
        "raises": "A sequence may be empty, and an entry may be a number or a tensor of its own.",
        "memory": "The sequences are only read: the batch is new.",
        "own memory": OWN,
    }
    sentences = {
        "test_has_the_shape": "padded is (B, L, *F), the mask (B, L), lengths and labels (B,).",
        "test_has_the_dtype": "padded has the sequences' dtype; int64, bool and int64 follow.",
        "test_stays_on_the_device": "All four lie where the sequences lie.",
        "test_values": "Each row is a sequence and its padding, beside its length, mask and label.",
        "test_wild_values": "inf and NaN come out as they were, and may be the padding.",
        "test_no_digit_is_lost": "Numbers, padding and labels keep all their digits.",
    }

    def call(self, solution, arguments):
        *given, labels = arguments[:4]
        return solution.collate_padded(list(zip(given, labels, strict=True)), *arguments[4:])

    def tensor(self, name, value, dtype):
        is_exact = isinstance(value, np.ndarray) and value.dtype.kind == "i"
        return with_all_digits(value, dtype) if is_exact else super().tensor(name, value, dtype)

    def truth(self, a, b, c, labels, value=0, multiple=1):
        given = a, b, c
        lengths = np.array([len(one) for one in given])
        longest = math.ceil(lengths.max() / multiple) * multiple
        padded = np.full((3, longest, *a.shape[1:]), value, a.dtype)
        mask = np.zeros(padded.shape[:2], bool)
        for i, one in enumerate(given):
            padded[i, : len(one)], mask[i, : len(one)] = one, True
        return padded, lengths, mask, np.array(labels)

    def result_dtype(self, dtype):
        return dtype, torch.int64, torch.bool, torch.int64

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        padded, lengths, mask, labels = self.truth(*arguments)
        if expected.dtype == torch.bool and expected.dim() == 2:
            value = (*arguments[4:], 0)[0]
            entries = (padded != value).reshape(*mask.shape, -1)
            found = {INVERTED: [~mask], EQUAL: [entries.any(-1), entries.all(-1)], EVERY: [got]}
        elif expected.dim() > 1:
            front = np.stack([np.roll(row, -n, 0) for row, n in zip(padded, lengths, strict=True)])
            orders = [padded[list(order)] for order in itertools.permutations(range(3))]
            found = {FRONT: [front], ORDER: orders, BEHIND: [got]}
        elif np.array_equal(expected, lengths):
            found = {ROUNDED: [np.full(3, padded.shape[1]), np.full(3, lengths.max())]}
            found[ORDER] = [lengths[list(order)] for order in itertools.permutations(range(3))]
        else:
            found = {ORDER: [labels[list(order)] for order in itertools.permutations(range(3))]}
        same = [hint for hint, ones in found.items() if any(np.array_equal(got, x) for x in ones)]
        return "".join(same[:1])

    def why_shape(self, arguments, shape):
        padded, *_ = self.truth(*arguments)
        multiple = (*arguments[5:], 1)[0]
        if len(shape) < 2:
            return self.hints["values"]
        if len(shape) > 2 and shape == padded.shape:
            return ENTRIES
        more = MORE if padded.shape[1] else EMPTY
        return more if shape[1] == padded.shape[1] + multiple else MULTIPLE

    @aspect("values")
    def test_takes_any_number_of_samples(self, solution):
        """There may be one sample or many, in a list or a tuple."""
        for lengths in ([3], [0], [1, 4], [2, 0, 3, 1, 2]):
            given = [torch.tensor(x).float() for x in sequences(lengths, (2,))]
            mask = [[n > t for t in range(max(lengths))] for n in lengths]
            expected = [
                torch.nn.utils.rnn.pad_sequence(given, batch_first=True),
                torch.tensor(lengths),
                torch.tensor(mask, dtype=torch.bool),
                torch.arange(len(lengths)),
            ]
            solution.hint = self.hints["raises"]
            samples = tuple((x, label) for label, x in enumerate(given))
            results = self.results_of(solution.collate_padded(samples))
            for (subject, got), right in zip(results, expected, strict=True):
                expect_values(got, right, self.hints["values"], subject, 0, 0)

    @aspect("memory")
    def test_leaves_the_samples(self, solution, device):
        """The list of samples stays as it is, and a single sequence is copied too."""
        for lengths in ([2, 3, 1], [2], [2, 2]):
            given = [
                (torch.tensor(x).to(device), label) for label, x in enumerate(sequences(lengths))
            ]
            listed = list(given)
            padded = self.results_of(solution.collate_padded(listed))[0][1]
            is_same = len(listed) == len(given) and all(map(operator.is_, listed, given))
            sentence = (
                "changed the list that it got: other samples stand in it, or in another order."
            )
            expect(is_same, sentence, KEPT)
            expect_new_memory(padded, *(x for x, _ in given), hint=OWN)

    @aspect("errors")
    def test_refuses_no_samples(self, solution):
        """An empty list of samples raises ValueError."""
        for multiple in (1, 8):
            call = functools.partial(solution.collate_padded, [], 0, multiple)
            expect_raises(ValueError, call, NONE)
