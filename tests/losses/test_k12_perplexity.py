"""The checks of losses/k12_perplexity: token by token, from the gaps to the target's logit."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction

NAN, INF = math.nan, math.inf
# what fills masked places: numbers that are no class, and logits that are no numbers
PADDED = [[[NAN, NAN], [1.0, 2.0], [0.5, -1.0]]], [[-100, 1, 1]], [[False, True, True]]
JUNK = (
    [[[0.5, 2.0], [INF, 1.0], [NAN, 1.0]], [[-1.0, 0.5], [-INF, -INF], [INF, -INF]]],
    [[1, -(2**62), -100], [0, 2, 10**12]],
    [[True, False, False], [True, False, False]],
)


def batch(*shape, kept, seed=0):
    """Logits from -3 to 3 with one decimal, classes, and as many tokens in each row as ``kept``."""
    draw = np.random.default_rng(seed)
    mask = np.arange(shape[1]) < np.array(kept)[:, None]
    return np.round(draw.uniform(-3, 3, shape), 1), draw.integers(shape[2], size=shape[:2]), mask


def costs_of(logits, target):
    """-log p[target] at each place."""
    gaps = logits - np.take_along_axis(logits, target[..., None].astype(int), -1)
    return np.logaddexp.reduce(gaps, axis=-1)


class TestPerplexity(LossFunction):
    name = "perplexity"
    tensors = ("logits", "target", "mask")
    fixed = {"target": torch.int64, "mask": torch.bool}
    placed = ("target", "mask")
    dtypes = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
    near = {torch.float32: (1e-4, 0.0), torch.float64: (1e-9, 0.0)}
    recorded = False
    cases = [
        ([[[2.0, 0.0], [0.0, 0.5]], [[1.0, 3.0], [1.5, 0.0]]], [[0, 0], [0, 1]], [[1, 1], [1, 0]]),
        batch(3, 4, 5, kept=[4, 1, 2], seed=1),
        batch(2, 5, 3, kept=[2, 5], seed=2),
        batch(1, 6, 4, kept=[6], seed=3),
        batch(4, 3, 2, kept=[3, 0, 1, 2], seed=4),
        batch(2, 3, 1, kept=[3, 2], seed=5),
        batch(2, 1, 7, kept=[1, 0], seed=6),
        (*batch(2, 4, 3, kept=[0, 0], seed=7)[:2], [[0, 1, 0, 1], [0, 0, 1, 1]]),
        batch(3, 2, 4, kept=[2, 2, 2], seed=8),
    ]
    wild = [
        PADDED,
        JUNK,
        (*JUNK[:2], [[False] * 3] * 2),
        ([[[0.0, 200.0], [3.0, 3.0]]], [[0, 1]], [[True, False]]),
        ([[[0.0, 500.0, 1000.0], [800.0, 0.0, 0.0]]], [[0, 1]], [[True, True]]),
        ([[[0.0, 150.0], [20.0, 0.0], [0.0, 20.0]]], [[0, 0, 1]], [[True] * 3]),
        ([[[1e3, 1e3], [-1e3, 1e3]]], [[0, 1]], [[True, True]]),
    ]
    precise = [
        (dtype, ([[[9.5, 0.0], [0.25, 8.0], [6.5, 0.5]]], [[1, 0, 1]], [[True] * 3]))
        for dtype in dtypes
    ]
    hints = {
        "shape": "One number comes back for the whole batch.",
        "dtype": "The result is float64 for float64 logits, and float32 for all others.",
        "values": "Add up -log p[target] of all tokens that count, divide by their number, and take"
        " exp at the end.",
        "raises": "Where mask is False target may hold anything: -100 is no index. Take out these"
        " places first. And if no token counts, NaN comes back, and no error.",
        "wild": "What stands at masked places must not be seen; and exp of a large mean is inf.",
        "precise": "float16 and bfloat16 logits become float32 before the softmax; float64 stays"
        " float64.",
        "nan": "NaN * 0 is NaN: take masked places out by `logits[mask]` or `where`, not by a"
        " product.",
        "some": "NaN comes back only where no token counts, and here some do.",
        "nothing": "Where no token counts the perplexity is NaN, the quotient 0 / 0: 1 would look"
        " like a perfect model.",
        "large": "exp of a mean of 200 is inf in float32, and float64 holds it. Cut nothing off.",
        "small": "exp of a large logit is inf, and the logarithm of a small p is -inf: take"
        " `log_softmax`.",
    }
    sentences = {
        "test_has_the_dtype": "The result is float64 for float64 logits, else float32.",
        "test_values": "All tokens that count weigh the same, and exp comes last.",
        "test_wild_values": "Masked places may hold anything, no token gives NaN, and exp may be"
        " inf.",
        "test_no_digit_is_lost": "No step is computed with 16 bits.",
        "test_refuses_other_shapes": "A target or mask of another shape raises ValueError.",
    }

    def result_dtype(self, dtype):
        return torch.float64 if dtype == torch.float64 else torch.float32

    def other_case(self, arrays):
        return [np.roll(one, 1) for one in arrays]  # so that target and mask stay together

    def truth(self, logits, target, mask):
        kept = mask.astype(bool)
        costs = costs_of(logits[kept], target[kept])
        return np.exp(math.fsum(costs) / len(costs)) if len(costs) else NAN

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        logits, target, mask = arguments
        if expected.isnan():
            return self.hints["nothing"]
        if law == "wild" and np.isfinite(logits).all():
            return self.hints["small" if logits.shape[1] > 2 or got.isnan() else "large"]
        if got.isnan():
            return self.hints["nan" if law == "wild" else "some"]
        if law != "values":
            return ""
        costs, lengths, right = costs_of(logits, target), mask.sum(1), float(expected)
        mean, total = math.log(right), (costs * mask).sum()
        means = (costs * mask).sum(1)[lengths > 0] / lengths[lengths > 0]
        moved, is_moved = costs_of(logits[:, :-1], target[:, 1:]), mask[:, 1:]
        with np.errstate(all="ignore"):
            others = {
                "This is the mean of -log p; exp comes last.": mean,
                "This is the mean of the sequences' perplexities; all tokens weigh the same.": (
                    np.exp(means).mean()
                ),
                "A mean for each sequence comes first here; all tokens weigh the same.": np.exp(
                    means.mean()
                ),
                "The mean of several 1 / p is no perplexity: take the mean of -log p first.": (
                    np.exp(costs)[mask].mean()
                ),
                "The sum is divided by the number of all places, padding too.": np.exp(
                    total / mask.size
                ),
                "The sum is divided by the number of sequences, not of tokens.": np.exp(
                    total / len(mask)
                ),
                "The sum is not divided by the number of tokens.": np.exp(total),
                "Masked places count here: mask is not looked at.": np.exp(costs.mean()),
                "mask is turned round: True means that a token counts.": np.exp(
                    costs[~mask].mean() if not mask.all() else 0
                ),
                "logits[b, t] judges target[b, t]: the two are shifted once more here.": np.exp(
                    moved[is_moved].mean() if is_moved.any() else 0
                ),
                "log is the natural one: then comes exp, and no power of 2.": 2**mean,
                "The sign is missing: this is 1 / perplexity.": 1 / right,
            }
        told = (hint for hint, one in others.items() if not np.isclose(one, right, 1e-3))
        told = (hint for hint in told if np.isclose(others[hint], float(got), 1e-3))
        is_near = np.isclose(float(got), right, 2e-2) and self.hints["precise"]
        return next(told, is_near or "")
