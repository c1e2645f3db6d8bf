"""The checks of generation/k04_top_k: each row sorted in Python, and rows with equal entries."""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_shape
from dojo.checks.laws import FLOATS, PureFunction

LOW = -math.inf
TIES = [[5.0, 5.0, 5.0, 0.0], [1.0, 2.0, 2.0, 2.0], [3.0, 1.0, 1.0, 1.0]]
HIDDEN = [[LOW, 1.0, LOW, 2.0], [0.5, LOW, -1.0, -2.0]]
# different in their own dtype alone
CLOSE = {dtype: np.array([0.0, 1.0, -1.0, 2.0]) * torch.finfo(dtype).eps + 1 for dtype in FLOATS}
TOPS = {dtype: torch.finfo(dtype).max for dtype in FLOATS}
PAIR = "`topk` and `sort` give values and indices; the logits are asked for."
LET_THROUGH = "A hidden entry gets a gradient here: it is replaced by -inf, and nothing is added."
EQUAL = (
    "What is larger than the k-th largest stays; of those equal to it as many as k needs, or more."
)


def numbers(*shape, seed=0):
    """From -6 to 6, each number once, in steps that all dtypes hold."""
    places = np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)
    return (places - places.size // 2) / 4 + 0.125


class TestTopKFilter(PureFunction):
    name = "top_k_filter"
    tensors = ("logits",)
    cases = [
        ([[1.0, 3.0, 2.0, 5.0, 4.0], [9.0, 6.0, 8.0, 7.0, 5.0]], 2),
        (numbers(3, 5, seed=1), 1),
        (numbers(2, 3, 4, seed=2), 3),
        (numbers(5, seed=3), 2),
        (numbers(2, 4, seed=4), 4),
        (numbers(3, 2, seed=5), 50),
        (numbers(2, 2, 1, 5, seed=6) - 4, 4),
        ([[2.0], [-1.0]], 1),
        (numbers(1, 3, seed=7), 2),
    ]
    wild = [(HIDDEN, 1), (HIDDEN, 3), (HIDDEN, 9), ([LOW, LOW, LOW], 2)]
    wild_gradients = [(HIDDEN, 2), ([[3.0, LOW, LOW], [LOW, -1.0, LOW]], 1)]
    precise = [(dtype, (row, k)) for dtype, row in CLOSE.items() for k in (1, 3)]
    precise += [(dtype, ([[-top, 0.0, top], [top, -1.0, -top]], 2)) for dtype, top in TOPS.items()]
    ulps = 0
    refused = [
        (([[1.0, 2.0]], k), None, ValueError, "k = 0 would leave nothing to draw: refuse k < 1.")
        for k in (0, -1)
    ]
    hints = {
        "shape": "Each entry keeps its place: some become -inf, and none is taken out.",
        "dtype": "Nothing is computed: the logits keep their dtype.",
        "values": "The k largest of each row stay as they are, and all others become -inf.",
        "wild": "-inf is smaller than every number, and stays what it is; a finite logit goes only"
        " if k others are larger.",
        "precise": "Logits that are close are told apart in their own dtype, and the largest and"
        " the smallest finite ones are logits like others.",
        "raises": "k may be larger than V: then every entry stays.",
        "tracked": "Gradients go to the entries that stay: use no `detach`, `.data`, or `no_grad`.",
        "gradient": "The gradient passes unchanged where an entry stays, and is 0 where it goes.",
        "memory": "`logits[mask] = ...` and `masked_fill_` write into the caller's logits.",
        "own memory": "Also where nothing is hidden, a new tensor comes back: clone it.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of logits, for every k.",
        "test_values": "The k largest of each row stay, and the others are -inf.",
        "test_wild_values": "-inf stays -inf, also where fewer than k logits are finite.",
        "test_no_digit_is_lost": "What stays is the same to the last bit, and close logits differ.",
        "test_gradients": "The gradient is 1 where an entry stays, and 0 where it goes.",
        "test_wild_gradients": "The gradient is right, and not NaN, beside -inf.",
        "test_refuses": "k below 1 raises a ValueError.",
    }

    def kept(self, logits, k):
        """Which entries stay: the first k places of each row, sorted."""
        rows = logits.reshape(-1, logits.shape[-1]).tolist()
        best = [sorted(range(len(row)), key=lambda i: -row[i])[:k] for row in rows]
        marks = [[i in places for i in range(logits.shape[-1])] for places in best]
        return np.array(marks).reshape(logits.shape)

    def truth(self, logits, k):
        return np.where(self.kept(logits, k), logits, LOW)

    def gradient(self, weights, logits, k):
        return [np.where(self.kept(logits, k), weights, 0.0)]

    def others(self, logits, k):
        rows = logits.reshape(-1, logits.shape[-1])
        order = np.sort(rows, 1)[:, ::-1]
        last = order[:, [min(k, rows.shape[1]) - 1]]
        stays = {
            "The k-th largest is hidden too: hide only what is smaller.": rows > last,
            "One more than k stays.": rows >= order[:, : k + 1][:, -1:],
            "The k largest are hidden here; they are to stay.": rows < last,
            "The k smallest stay here.": ~self.kept(rows, max(rows.shape[1] - k, 0)),
            "k of all rows together stay; each row has k of its own.": self.kept(rows.ravel(), k),
            "All rows have the k-th largest of the first row as limit; each has its own.": (
                rows >= last[0]
            ),
            "A row lies along the last dimension, not along the first.": np.moveaxis(
                self.kept(np.moveaxis(logits, 0, -1), k), -1, 0
            ),
        }
        made = {
            hint: np.where(one.reshape(logits.shape), logits, LOW) for hint, one in stays.items()
        }
        in_order = np.where(np.arange(rows.shape[1]) < k, order, LOW).reshape(logits.shape)
        hint = "The logits are in sorted order; each belongs to the token of its place."
        return made | {hint: in_order}

    def why(self, law, arguments, got, expected):
        if law == "type":
            return PAIR if isinstance(got, tuple) else ""
        if law == "gradient" and got[expected == 0].any():
            return LET_THROUGH
        if "gradient" in law:
            return ""
        if got.isnan().any():
            return "0 * inf and inf - inf are NaN: choose between the logit and -inf."
        powers = got.double().exp().sum(-1), got.double().sum(-1)
        if any(torch.allclose(one, torch.ones_like(one), 1e-2) for one in powers):
            return "These are probabilities or their logarithms; the logits are asked for."
        if law == "values" and got[expected == LOW].isfinite().any() and got.isfinite().all():
            is_kept = got[expected > LOW].equal(expected[expected > LOW])
            return "What is hidden has a finite logit here: it can be drawn." if is_kept else ""
        return super().why(law, arguments, got, expected)

    @aspect("values")
    def test_ties(self, solution, device):
        """Of entries equal to the k-th largest at least as many stay as k needs."""
        for k in (1, 2, 3):
            logits = torch.tensor(TIES).to(device)
            got = solution.top_k_filter(logits, k)
            expect_shape(got, logits.shape)
            for row, kept in zip(TIES, got.tolist(), strict=True):
                last = sorted(row)[-k]
                allowed = [{x} if x > last else {x, LOW} if x == last else {LOW} for x in row]
                pairs = zip(kept, allowed, strict=True)
                is_right = all(y in each for y, each in pairs) and kept.count(LOW) <= len(row) - k
                sentence = f"gave {kept} for the row {row}, with k = {k}."
                expect(is_right, sentence, EQUAL)
