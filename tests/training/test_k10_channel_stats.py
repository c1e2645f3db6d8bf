"""The checks of training/k10_channel_stats: all pixels of a channel in one row, in NumPy."""

import functools

import numpy as np
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_raises,
    expect_shape,
    expect_values,
)
from dojo.checks.laws import PureFunction
from dojo.checks.streams import expect_lets_go

FAR = "E[x²] - E[x]² loses all digits where the mean is large: take squares of pixel - mean."
SAME = "Rounding can make E[x²] - E[x]² negative, and its root NaN."
ONCE = "Batches may come from a generator: go through them once, and keep three sums."
EMPTY = "A batch without images has no mean: skip it."
NOTHING = "Without a pixel there is no mean: ValueError, where the number of pixels is 0."
SUMS = "Add up in float64: float32 has 7 digits, and a sum of many pixels needs more."
HELD = "Add each batch to a few sums, and let it go: a list of batches fills the memory."
DIVISOR = "This divides by n - 1; divide by the number of pixels n."
EACH = "Each {} counts alike here"
WRAPS = "Squares of uint8 wrap around at 256: widen the pixels before you square."
RIGHT = 1e-9  # the share by which results may be off


def pixels(shape, seed=0, scale=1.0):
    """Whole numbers from 0 to 255, times a scale; each image is brighter than the one before."""
    draw = np.random.RandomState(seed)
    brightness = np.arange(shape[0]).reshape(-1, 1, 1, 1) * 37 % 180
    return (draw.randint(0, 75, shape) + brightness + 20 * seed % 90) * scale


PLAIN = [[[[0.0, 10.0]]], [[[40.0, 50.0]]]], [[[[90.0, 20.0, 100.0]]]]
STREAM = [pixels((n, 2, 2, n), n) for n in (1, 2, 3, 1, 2)]
# the deviations are above 1
FAR_ONES = pixels((3, 3, 2, 3), 1) / 30 + np.array([9e7, -7e7, 5.0]).reshape(1, 3, 1, 1)
EQUAL_ONES = np.full((2, 2, 3, 1), 0.1) * [[[[1.0]], [[1e8]]]]


def in_rows(batches):
    """All pixels of each channel in a row."""
    return np.concatenate([np.moveaxis(x, 1, 0).reshape(x.shape[1], -1) for x in batches], 1)


def moments(batch):
    """The number of pixels, the means and the variances of a batch."""
    rows = in_rows([batch])
    return rows.shape[1], rows.mean(1), rows.var(1)


def batches_of(arguments):
    return [one for one in arguments if one is not None]


class TestChannelStats(PureFunction):
    name = "channel_stats"
    tensors = ("batches[0]", "batches[1]", "batches[2]")
    results = ("the means", "the deviations")
    dtypes = (torch.uint8, torch.float32, torch.float64, torch.float16)
    cases = [  # None is no batch
        (*PLAIN, None),
        (pixels((2, 2, 2, 3)), pixels((3, 2, 2, 1), 1), None),
        (pixels((1, 2, 1, 2)), pixels((2, 2, 1, 1), 3), pixels((2, 2, 1, 2), 2)),
        (pixels((1, 2, 3, 2)), np.zeros((0, 2, 2, 2)), pixels((2, 2, 1, 1), 3)),
        (np.zeros((0, 1, 1, 3)), pixels((2, 1, 2, 3), 1), np.zeros((0, 1, 1, 1))),
        ([[[[7.0]], [[250.0]]]], None, None),
        (np.full((2, 2, 2, 2), 201.0), np.full((1, 2, 3, 1), 201.0), None),
    ]
    precise = [
        (dtype, (pixels((2, 2, 3, 2), 1, scale), pixels((1, 2, 2, 2), 2, 0.1), None))
        for dtype, scale in ((torch.float16, 150.0), (torch.float32, 3.3), (torch.float64, 3.3))
    ]
    ulps = RIGHT * 2.0**52
    recorded = False
    hints = {
        "type": "Return the two tensors as `return mean, deviation`.",
        "shape": "One number for each channel: dimension 1.",
        "dtype": "Compute in float64 from the first batch on, and return that.",
        "device": "Make the sums where the batches are.",
        "values": "Count pixels: sums over all images, heights and widths, divided by the number of"
        " pixels.",
        "precise": "Widen each batch to float64 first: 16 bits overflow, and 32 lose digits.",
        "raises": EMPTY,
        "memory": "Write into no batch: it may be a part of the data set.",
    }
    sentences = {
        "test_has_the_shape": "Means and deviations have the shape (C,).",
        "test_has_the_dtype": "Both are float64, whatever the dtype of the batches.",
        "test_values": "They are those of all pixels, in batches and images of any sizes.",
        "test_no_digit_is_lost": "They are computed in float64.",
        "test_leaves_its_inputs": "The batches stay as they are.",
    }

    def call(self, solution, arguments):
        return solution.channel_stats(batches_of(arguments))

    def result_dtype(self, dtype):
        return torch.float64

    def truth(self, *arguments):
        rows = in_rows(batches_of(arguments)).astype(float)
        means = rows.mean(1)
        return means, np.sqrt(((rows - means[:, None]) ** 2).mean(1))

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        batches = [one.astype(float) for one in batches_of(arguments)]
        rows = in_rows(batches)
        wrapped = (rows**2 % 256).mean(1) - rows.mean(1) ** 2
        is_byte = arguments[0].dtype.kind == "i"
        if got.isnan().any():
            if any(len(one) == 0 for one in batches):
                return EMPTY
            return WRAPS if is_byte and (wrapped < 0).any() else SAME
        others = {
            "This is the variance; the deviation is its root.": rows.var(1),
            DIVISOR: np.sqrt(rows.var(1) * rows.shape[1] / max(rows.shape[1] - 1, 1)),
            "Nothing is added to the variance: it may be 0.": np.sqrt(rows.var(1) + 1e-8),
            "This is divided by 255; pixels are to be taken as they are.": expected.numpy() / 255,
        }
        images = [image[None] for one in batches for image in one]
        for kind, parts in (("image", images), ("batch", [one for one in batches if len(one)])):
            counts, means, variances = zip(*map(moments, parts), strict=True)
            within, alike = np.average(variances, 0, counts), np.mean(variances, 0)
            others |= {
                f"This is the mean of the deviations of each {kind}.": np.sqrt(variances).mean(0),
                f"These are squares around the mean of each {kind}, not of all.": np.sqrt(within),
                f"{EACH.format(kind)}.": np.sqrt(alike + np.var(means, 0)),
                f"{EACH.format(kind)}, but they differ in size.": np.mean(means, 0),
            }
        if is_byte:
            others[WRAPS] = np.sqrt(np.maximum(wrapped, 0))
        for words, one in others.items():
            if np.allclose(one, got, 1e-6) and not np.allclose(one, expected, 1e-6):
                return words
        return ""

    def expect_stats(self, got, truth, hint):
        for (subject, one), right in zip(self.results_of(got), truth, strict=True):
            expect_values(one, torch.tensor(right), hint, subject, RIGHT, RIGHT)

    @aspect("values")
    def test_is_right_far_from_zero(self, solution, device):
        """Channels whose mean is 1e8 deviations keep their deviation, also equal pixels."""
        both = ((np.split(FAR_ONES, [1]), FAR), ([EQUAL_ONES[:1], *[EQUAL_ONES] * 2], SAME))
        for batches, hint in both:
            given = [torch.tensor(one).to(device) for one in batches]
            solution.hint = hint
            got = solution.channel_stats(given)
            means, deviations = map(torch.tensor, self.truth(*batches))
            (_, mean), (subject, deviation) = self.results_of(got)
            expect_values(mean, means, hint, "the means", RIGHT, 0)
            expect_shape(deviation, means.shape, hint, subject)
            off = (deviation.cpu() - deviations).abs()
            if hint == FAR or not bool((off <= 1e-7 * means).all()):
                expect_values(deviation, deviations, hint, subject, 1e-3, 0)

    @aspect("values")
    def test_goes_through_the_batches_once(self, solution, device):
        """The batches may come from a generator, or from an object that is looped over once."""

        class Source:
            loops = 0

            def __iter__(self):
                self.loops += 1
                return iter(given)

        given = [torch.tensor(one).float().to(device) for one in STREAM]
        source = Source()
        for batches in ((one for one in given), source, tuple(given)):
            solution.hint = ONCE
            got = solution.channel_stats(batches)
            self.expect_stats(got, self.truth(*STREAM), ONCE)
        expect(source.loops == 1, f"went through the batches {source.loops} times.", ONCE)

    @aspect("errors")
    def test_refuses_nothing(self, solution, device):
        """No pixel at all raises ValueError."""
        empty = torch.zeros(0, 3, 2, 2, dtype=torch.uint8).to(device)
        sources = {"no batch": iter(()), "a batch without images": [empty.float()]}
        for words, batches in {**sources, "two such batches": [empty, empty]}.items():
            solution.hint = NOTHING
            call = functools.partial(solution.channel_stats, batches)
            expect_raises(ValueError, call, NOTHING, words)

    @aspect("cost")
    def test_lets_the_batches_go(self, solution):
        """When a batch is asked for, those before the last one are gone, and no copy is left."""
        count, shape, size = 5, (1, 3, 100, 100), 30_000  # torch would use threads for more
        source = (np.arange(count * size) % 59 + 197).astype(np.uint8).reshape(count, *shape)
        given, solution.hint = [torch.from_numpy(one) for one in source], HELD
        got = expect_lets_go(solution.channel_stats, given, "batch", HELD)
        solution.last_call = f"With {count} uint8 batches of shape {shape}: channel_stats(…)"
        self.expect_stats(got, self.truth(*source), SUMS)
