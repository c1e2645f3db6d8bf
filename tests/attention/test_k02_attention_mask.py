"""The checks of attention/k02_attention_mask: pair by pair, in Python."""

import numpy as np
import torch

from dojo.checks import aspect, cost_of, expect_no_growth
from dojo.checks.laws import PureFunction

SMALL, MANY = (2, 3), (40, 60)  # sequences and tokens
SPARE = 6  # operations and steps: enough for a branch


class TestAttentionMask(PureFunction):
    name = "attention_mask"
    tensors = ("lengths",)
    dtypes = (torch.int64, torch.int32)
    recorded = False
    cases = [
        ([1, 3], 3),
        ([1, 3], 3, True),
        ([0, 4, 1, 2], 4),
        ([3, 0, 5], 6, True),
        ([1], 1),
        ([0], 2, True),
        ([2, 1, 2, 0, 1], 2, False),
    ]
    hints = {
        "shape": "One square for each sequence, and a dimension of size 1 for the heads:"
        " (B, 1, T, T).",
        "dtype": "A comparison makes bools. lengths may be int32 or int64.",
        "device": "`torch.arange` and `torch.ones` lie on the CPU unless they are told a device.",
        "values": "[b, 0, i, j] is j < lengths[b], with causal also j <= i.",
        "growth": "Compare all positions with all lengths at once, by broadcasting: no loop, no"
        " `tolist`, no `item`.",
    }
    sentences = {
        "test_values": "A query sees the keys that are words, with causal those up to itself.",
        "test_has_the_dtype": "The mask is of bools.",
    }

    def result_dtype(self, dtype):
        return torch.bool

    def truth(self, lengths, max_length, causal=False):
        places = range(max_length)
        return np.array(
            [
                [[[j < n and (j <= i or not causal) for j in places] for i in places]]
                for n in lengths.tolist()
            ]
        )

    def why_shape(self, arguments, shape):
        size, tokens = len(arguments[0]), arguments[1]
        if shape == (size, tokens, tokens):
            return (
                "(B, T, T) is read as (1, B, T, T) beside scores of (B, H, T, T): each head would"
                " get the mask of a sequence. Keep a dimension for the heads."
            )
        if shape[-2:] == (1, tokens):
            return "Each query has a row of its own: expand the padding to T rows."
        return ""

    def others(self, lengths, tokens, causal=False):
        rows, columns = np.indices((tokens, tokens))
        lengths = lengths[:, None, None, None]
        words, right = lengths > columns, self.truth(lengths[:, 0, 0, 0], tokens, causal)
        before = columns <= rows if causal else True
        found = {
            "True means that the query sees the key; this is the reverse.": ~right,
            "Padding is hidden as queries here, row by row; hide it as keys, the last dimension.": (
                words.mT & before
            ),
            "Padded queries are hidden too; they see the words as all queries do.": (
                words & words.mT & before
            ),
            "Position j is a word where j < length: length itself is the first one behind.": (
                (lengths >= columns) & before
            ),
            "A sequence begins with its words, and padding follows: here padding comes first.": (
                (columns >= tokens - lengths) & before
            ),
            "A token of padding does not see itself: nobody sees padding.": right
            | (rows == columns),
            "A length of 0 has no word at all, and gives False everywhere.": (
                (np.maximum(lengths, 1) > columns) & before
            ),
        }
        if causal:
            found |= {
                "The padding is not hidden here: j < lengths[b] holds with causal too.": (
                    np.broadcast_to(before, right.shape)
                ),
                "A token sees itself: j <= i, not j < i.": words & (columns < rows),
                "This is the upper triangle; a token sees what comes before it.": (
                    words & (columns >= rows)
                ),
                "causal hides the later tokens, j > i.": np.broadcast_to(words, right.shape),
            }
        return found

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """The number of operations does not grow with the batch or with the length."""
        for causal in (False, True):
            costs = []
            for size, tokens in (SMALL, MANY):
                lengths = torch.arange(size) % (tokens + 1)
                cost = cost_of(solution.attention_mask, lengths, tokens, causal)
                steps = cost.lines + cost.numbers
                costs.append({"operations": cost.operations, "steps in Python": steps})
            sizes = tuple(f"{size} sequences of {tokens}" for size, tokens in (SMALL, MANY))
            expect_no_growth(*costs, sizes, SPARE, self.hints["growth"])
