"""The checks of layers/k08_batch_norm: the formula in NumPy, with its gradient and averages."""

import numpy as np
import torch

from dojo.checks import Benchmark, Call, aspect, expect_values
from dojo.checks.draws import Constant
from dojo.checks.laws import StatefulModule
from dojo.checks.laws.layouts import CONTIGUOUS, STRIDED, TRANSPOSED
from dojo.checks.laws.numbers import as_array

FIRST = [[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]]
SHAPE = "x is (N, C) or (N, C, L): the channels are its second dimension, in train and in eval."
FEW = "One value has no variance: in train mode each channel needs two, over N and L together."
FAR = "Subtract the mean before you square: large squares lose the digits that matter."
BY_BATCH = "This is normalised by the batch, which is for train mode."
BY_AVERAGES = "This is normalised by the running averages, which is for eval mode."
UNBIASED = "To normalise, divide by n; n - 1 is for running_var alone."
WHOLE = "These are the mean and variance of all of x; each channel has its own."
REVERSED = "momentum is the weight of the new batch, and 1 - momentum that of the old average."
ALONE = "This is what the batch gives alone; the old average has the weight 1 - momentum."
BIASED = "This is an average of variances that divide by n; running_var takes those with n - 1."
SAMPLES = "n is N * L: each place of each sample is a value."
# shape of x, and whether the module trains
CASES = [((2, 3, 1), False), ((2, 3, 4), True), ((1, 3, 2), True), ((1, 3, 1), False)]
CASES += [((0, 3), False), ((3, 2, 1), True), ((1, 1), False)]
# shape of x, C, whether it trains, and why that is refused
REFUSED = [((2, 4, 3), 3, True, SHAPE), ((2, 4), 3, False, SHAPE), ((3,), 3, True, SHAPE)]
REFUSED += [((2, 1), 3, True, SHAPE), ((2, 3, 2, 2), 3, False, SHAPE), ((1, 3), 3, True, FEW)]
REFUSED += [((2, 1), 3, False, SHAPE), ((1, 3, 1), 3, True, FEW), ((0, 3, 4), 3, True, FEW)]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case_of(x, channels, *others):
    """A case with a weight, a bias and running averages."""
    held = [numbers(channels, seed=seed) for seed in range(1, 5)]
    return (x, *held[:3], np.abs(held[3]) + 0.5, 7, *others)


def rows_of(x):
    """x with its channels last, and all else in one dimension."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def normalised(x, weight, bias, mean, var, eps=1e-5, *_others):
    """x by these statistics, one for each channel or one for all."""
    mean, var, weight, bias = (
        np.reshape(one, (-1, *[1] * (x.ndim - 2))) for one in (mean, var, weight, bias)
    )
    return (x - mean) / np.sqrt(var + eps) * weight + bias


def channel_by_channel(x):
    """What a new module gives in train mode."""
    parts = []
    for channel in x.unbind(1):
        centred = channel - channel.mean()
        squares = centred**2
        parts.append((centred / torch.sqrt(squares.mean() + 1e-5)) * 1.0 + 0.0)
    return torch.stack(parts, 1)


BENCHMARK = Benchmark(
    "BatchNorm1d",
    means="x: shape (n, 64, 32), float32, in train mode",
    inputs=lambda n: (torch.randint(9, (n, 64, 32)).float(),),
    call=lambda answer, x: answer.BatchNorm1d(64)(x),
    sizes=(2, 32, 512),
    bytes_moved=lambda n: 2 * 4 * 64 * 32 * n,  # read x, write the result
    operations=lambda n: 7 * 64 * 32 * n,  # two sums, a difference, a square, the affine part
    naive=channel_by_channel,
)


class TestBatchNorm(StatefulModule):
    name = "BatchNorm1d"
    tensors = ("x", "weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    parameters = ("weight", "bias")
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    fixed = {"num_batches_tracked": torch.int64}
    torchs = torch.nn.BatchNorm1d
    dtypes = (torch.float32, torch.float64)
    cases = [(FIRST, [1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], 0, True)]
    cases += [
        case_of(numbers(*shape, seed=n), shape[1], train, 0.1, 0.3)
        for n, (shape, train) in enumerate(CASES)
    ]
    cases += [case_of([[2.5], [2.5], [2.5]], 1, True, 1e-3, 0.0)]
    refused = [
        (case_of(numbers(*shape), channels, train), None, ValueError, hint)
        for shape, channels, train, hint in REFUSED
    ]
    driven_with = (2,)
    batches = [numbers(3, 2, seed=1), numbers(2, 2, 3, seed=2), numbers(5, 2, seed=3)]
    drawn_with = [(3,)]
    gradient_cases = [*cases[:3], cases[-1]]
    layouts = (CONTIGUOUS, TRANSPOSED, STRIDED)
    ulps = 64
    gradient_ulps = 64
    forbidden = ".*(layer|batch|group|instance|rms|response)_norm.*"
    hints = {
        "parameters": "`weight` and `bias` are trained by gradients, so they are Parameters.",
        "buffers": "`running_mean` and `running_var` have the shape (C,); `num_batches_tracked` is"
        " an int64 0-d tensor. `register_buffer` makes them.",
        "state_dict": "The names are those of torch.nn.BatchNorm1d.",
        "initial": "weight and running_var begin as ones, all others as zeros.",
        "shape": "Every number of x has its place in the result, for (N, C) and for (N, C, L).",
        "dtype": "The result has the dtype of x and of the parameters.",
        "values": "(x - mean) / sqrt(variance + eps) * weight + bias, for each channel: by the"
        " batch in train mode, by running_mean and running_var in eval mode.",
        "update": "In train mode: running = (1 - momentum) * running + momentum * that of the"
        " batch, and num_batches_tracked grows by 1.",
        "gradient": "In train mode mean and variance depend on x too: gradients go through both.",
        "forbidden": "The kata is to make it from means, roots and the like.",
    }
    sentences = {
        "test_values": "Each channel is normalised: in train mode by the batch, in eval mode by the"
        " running averages.",
    }

    def made_with(self, x, weight, bias, mean, var, count, training, *others):
        return (len(weight), *others)

    def trains(self, x, weight, bias, mean, var, count, training, *others):
        return training

    def initial(self, num_features):
        one, zero = Constant(1.0), Constant(0.0)
        names = (*self.parameters, *self.buffers)
        return dict(zip(names, (one, zero, zero, one, zero), strict=True))

    def needed(self, x, weight, bias, mean, var, count, training, *others):
        return ("weight", "bias") if training else self.tensors[1:5]

    def truth(self, x, weight, bias, mean, var, count, training, *others):
        if training:
            mean, var = rows_of(x).mean(0), rows_of(x).var(0)
        return normalised(x, weight, bias, mean, var, *others)

    def after(self, x, weight, bias, mean, var, count, training, eps=1e-5, momentum=0.1):
        rows = rows_of(x)
        return {
            "running_mean": (1 - momentum) * mean + momentum * rows.mean(0),
            "running_var": (1 - momentum) * var + momentum * rows.var(0, ddof=1),
            "num_batches_tracked": count + 1,
        }

    def gradient(self, weights, x, weight, bias, mean, var, count, training, eps=1e-5, *others):
        normal = rows_of(self.truth(x, weight * 0 + 1, bias * 0, mean, var, count, training, eps))
        g = back = rows_of(weights)
        if training:
            var = rows_of(x).var(0)
            back = g - g.mean(0) - normal * (g * normal).mean(0)
        back = back / np.sqrt(var + eps) * weight
        back = np.moveaxis(back.reshape(np.moveaxis(x, 1, -1).shape), -1, 1)
        return [back, (g * normal).sum(0), g.sum(0), None, None]

    def why(self, law, arguments, got, expected):
        found = self.mistakes(law, *arguments)
        return next((words for words, one in found if np.allclose(one, got, 1e-4, 1e-4)), "")

    def mistakes(self, law, x, weight, bias, mean, var, _, training, eps=1e-5, momentum=0.1):
        """What is known to go wrong, and the numbers that it gives."""
        rows = rows_of(x)
        if len(rows) < 2:
            return []
        centre, biased, unbiased = rows.mean(0), rows.var(0), rows.var(0, ddof=1)

        def result(*statistics):
            return normalised(x, weight, bias, *statistics, eps)

        def average(old, new, share=momentum):
            return (1 - share) * old + share * new

        if law == "values" and not training:
            return [(BY_BATCH, result(centre, biased))]
        if law == "values":
            newest = average(mean, centre), average(var, unbiased)
            found = [(BY_AVERAGES, result(mean, var)), (BY_AVERAGES, result(*newest))]
            found += [(UNBIASED, result(centre, unbiased))]
            return [*found, (WHOLE, result(rows.mean(), rows.var()))]
        if law == "buffer running_mean" and training:
            return [(REVERSED, average(mean, centre, 1 - momentum)), (ALONE, centre)]
        if law == "buffer running_var" and training:
            samples = biased * len(x) / max(len(x) - 1, 1)
            found = [(REVERSED, average(var, unbiased, 1 - momentum)), (ALONE, unbiased)]
            return [*found, (BIASED, average(var, biased)), (SAMPLES, average(var, samples))]
        return []

    @aspect("values")
    def test_is_right_far_from_zero(self, solution):
        """Channels whose mean is far from 0 are right within 0.001."""
        x = np.array([1000.0, -1000.0]) + numbers(6, 2)
        module = solution.BatchNorm1d(2)
        handed = torch.tensor(x, dtype=torch.float32)
        arguments = (as_array(handed), np.ones(2), np.zeros(2), np.zeros(2), np.ones(2), 0, True)
        solution.last_call = Call("BatchNorm1d(2)", [handed], {})
        got = module(handed)
        expected = torch.tensor(self.truth(*arguments)).float()
        expect_values(got, expected, FAR, rtol=0, atol=1e-3)
        expected = torch.tensor(self.after(*arguments)["running_var"]).float()
        expect_values(module.running_var, expected, FAR, "running_var", rtol=0, atol=1e-3)
