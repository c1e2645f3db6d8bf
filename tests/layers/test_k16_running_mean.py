"""The checks of layers/k16_running_mean: sums of rows in NumPy, and batches of several sizes."""

import numpy as np
import torch

from dojo.checks.draws import Constant
from dojo.checks.laws import StatefulModule

FIRST = [[1.0, 2.0], [3.0, 6.0]]
MORE = [[2.0, 1.0], *FIRST]
SHAPE = "x has two dimensions, and its second is num_features: ask both before anything changes."


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


class TestRunningMean(StatefulModule):
    name = "RunningMean"
    tensors = ("x", "mean", "count")
    buffers = ("mean", "count")
    fixed = {"count": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [(FIRST, [0.0, 0.0], 0, True), (MORE, [5.0, -1.0], 4, True)]
    cases += [(numbers(3, 2), [0.5, 2.0], 5, False), (numbers(1, 3), [1.0, 0.5, -2.0], 2, True)]
    cases += [(numbers(3, 3), [1.0, 0.5, -2.0], 1, False), (numbers(4, 1), [0.5], 1, True)]
    cases += [(np.zeros((0, 2)), [1.5, -2.0], n, train) for n, train in ((3, True), (3, False))]
    cases += [(np.zeros((0, 3)), [0.0, 0.0, 0.0], 0, True), (FIRST, [5.0, -1.0], 2**24 + 1, True)]
    refused = [
        ((x, mean, 2, train), None, ValueError, SHAPE)
        for x, mean, train in (
            (numbers(3, 1), [0.5, 1.0], True),
            ([1.0, 2.0], [0.5, 1.0], True),
            ([1.0, 2.0], [0.5, 1.0], False),
            (numbers(2, 3), [0.5], False),
            (numbers(3, 1), [0.5, 1.0], False),
            (np.zeros((0, 3)), [0.5, 1.0], True),
            (numbers(2, 3, 2), [0.5, 1.0], False),
            (3.0, [0.5], True),
        )
    ]
    driven_with = (2,)
    batches = [numbers(3, 2, seed=1), numbers(1, 2, seed=2), numbers(5, 2, seed=3)]
    drawn_with = [(3,)]
    ulps = 16
    hints = {
        "buffers": "Register `mean` and `count` with `register_buffer`: float32 zeros, and an int64"
        " 0-d 0.",
        "parameters": "Neither is trained by gradients: `register_buffer` makes a buffer.",
        "state_dict": "Both buffers are saved: `persistent=False` would keep them out.",
        "initial": "Without any row the mean is 0, and so is the count.",
        "shape": "Each row of x comes out in its place.",
        "dtype": "The result has the dtype of x and of mean.",
        "values": "In train mode mean becomes (mean * count + the sum of x's rows) / (count + N),"
        " by what the buffers hold; then x - mean comes out. In eval mode mean stays, and x - mean"
        " comes out.",
        "update": "In train mode count grows by N, and mean becomes (mean * count + the sum of the"
        " rows of x) / (count + N), with the old count.",
        "precise": "Only the last digits differ: a number divided by an int64 tensor is float32.",
        "own": "Each call goes on from what `mean` and `count` hold at that moment.",
        "tracked": "Compute x - mean from x itself, without detach, .data or no_grad.",
        "gradient": "The mean counts as a constant: detach it from x, so that the gradient is 1.",
    }
    sentences = {
        "test_values": "x minus the mean comes out; in train mode x is in that mean already.",
        "test_gradients": "The gradient of x is the one that comes in, in both modes.",
    }

    def made_with(self, x, mean, count, training):
        return (len(mean),)

    def trains(self, x, mean, count, training):
        return training

    def after(self, x, mean, count, training):
        total = count + len(x)
        return {"mean": (mean * count + x.sum(0)) / max(total, 1), "count": total}

    def truth(self, x, mean, count, training):
        return x - (self.after(x, mean, count, training)["mean"] if training else mean)

    def gradient(self, weights, x, *others):
        return [weights, None]

    def initial(self, num_features):
        return {"mean": Constant(0.0), "count": Constant(0)}

    def why(self, law, arguments, got, expected):
        x, mean, count, training = arguments
        if not training or law not in ("values", "buffer mean", "buffer count"):
            return ""
        if not len(x):
            return "The mean of no rows is 0 / 0, which is NaN: without rows, nothing changes."
        if law == "buffer count":
            counts_batches = int(got) == count + 1 != int(expected)
            return "It is the rows that count, not the batches." if counts_batches else ""
        new = x.mean(0)
        means = {
            "This is the mean of batch means: each row counts as much as any other.": (mean + new)
            / 2,
            "This is the mean of this batch alone.": new,
            "This is a moving average; each row counts as much as any other.": 0.9 * mean
            + 0.1 * new,
        }
        if law == "buffer mean":
            found = means
        else:
            found = {words: x - one for words, one in means.items()}
            found["This is x minus the old mean: first the rows of x go into it."] = x - mean
        return next((words for words, one in found.items() if np.allclose(one, got, 1e-4)), "")
