"""The checks of attention/k13_flash_attention: all scores at once in NumPy, and a trace."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.attention import attend, causal, qkv, scores_of
from dojo.checks.laws import AttentionFunction
from dojo.checks.laws.attention import LARGE


def with_all_scores(q, k, v):
    """Right, with a tensor of all scores."""
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v


BENCHMARK = Benchmark(
    "flash_attention",
    means="q, k and v: shape (2, n, 64), float32, blocks of 64",
    inputs=lambda n: tuple(torch.randint(4, (2, n, 64)).float() for _ in "qkv"),
    sizes=(256, 1024, 4096),
    bytes_moved=lambda n: 4 * 4 * 2 * n * 64,  # read q, k and v, write the result
    operations=lambda n: 2 * 2 * 2 * n * n * 64,
    naive=with_all_scores,
)
# the first query's largest score is in the second block, the second one's in the first block
PLAIN = (
    [[1.0, 0.0], [-1.0, 1.0]],
    [[0.0, 1.0], [1.0, -1.0], [3.0, 0.5]],
    [[1.0, 0.0, 2.0, -3.0], [2.0, 8.0, 5.0, 0.5], [4.0, -6.0, 9.0, 7.0]],
)
# the first query sees scores of -10,000 alone, and the second one +10,000 in a later block
RISING = ([LARGE[0][0], *LARGE[0][::2]], *LARGE[1:])


def softmax_parts(q, k, v, seen, block_size):
    """Of each block: the maximum so far, the sum of weights around it, the sum of values."""
    scores = np.where(seen, scores_of(q, k), -np.inf)
    starts = range(0, k.shape[-2], block_size)
    blocks = [scores[..., start : start + block_size] for start in starts]
    tops = np.maximum.accumulate([one.max(-1, keepdims=True) for one in blocks])
    weights = [np.exp(one - top) for one, top in zip(blocks, tops, strict=True)]
    return tops, [
        (w.sum(-1, keepdims=True), w @ v[..., start : start + block_size, :])
        for start, w in zip(starts, weights, strict=True)
    ]


def not_rescaled(tops, parts, both=True):
    """The result of sums that stay when the maximum grows: both, or that of values alone."""
    total = parts[0][0]
    for n in range(1, len(parts)):
        total = total * (1 if both else np.exp(tops[n - 1] - tops[n])) + parts[n][0]
    return sum(values for _, values in parts) / total


class TestFlashAttention(AttentionFunction):
    name = "flash_attention"
    cases = [
        (*PLAIN, 2),
        (*qkv(2, queries=3, keys=5, size=3, of_values=2, seed=1), 3, True),
        qkv(2, 3, queries=5, keys=3, size=2, of_values=4, seed=3),
        (*qkv(queries=4, keys=4, size=3, of_values=2, seed=2), 2, True),
        (*qkv(1, 3, 1, queries=1, keys=2, size=1, of_values=2, seed=4), 1, True),
        (*qkv(2, queries=3, keys=5, size=2, of_values=3, seed=5), 2),
    ]
    wild = [(*RISING, 2, True)]
    large = [  # few blocks, since each operation is traced
        (*qkv(2, queries=200, keys=66, size=1, of_values=1, seed=6), 22),
        (*qkv(queries=45, keys=45, size=1, of_values=1, seed=7), 9, True),
    ]
    refused = [
        (
            (*qkv(queries=3, keys=2, size=2, of_values=4, seed=8), 1, True),
            None,
            ValueError,
            "There are more queries than places: raise ValueError.",
        )
    ]
    hints = AttentionFunction.hints | {
        "values": "When a block brings a larger maximum, the sum of weights and that of values both"
        " shrink by exp(old - new). Divide at the end.",
        "nan": "A block that a query does not see is -inf alone, and -inf - (-inf) is NaN.",
        "raises": "Blocks need not divide Q or K, and may be larger. Without is_causal, Q may be"
        " larger than K.",
        "large": "Work with block_size keys, or queries, at a time; masks count as well, and what"
        " the backward makes.",
    }
    sentences = AttentionFunction.sentences | {
        "test_values": "The result is that of attention, whatever the size of a block.",
        "test_makes_no_large_tensor": "No tensor of all scores, nor a mask of them, is made,"
        " forward or backward.",
    }

    def seen(self, q, k, block_size=64, is_causal=False):
        return causal(q.shape[-2], k.shape[-2]) if is_causal else True

    def largest(self, q, k, v, block_size=64, is_causal=False):
        (queries, size), (keys, of_values) = q.shape[-2:], v.shape[-2:]
        return 2 * (queries + keys) * (block_size + size + of_values) * q[..., 0, 0].size

    def others(self, q, k, v, block_size=64, is_causal=False):
        queries, keys = q.shape[-2], k.shape[-2]
        seen, place = self.seen(q, k, block_size, is_causal), np.arange(keys)
        whole, more = keys // block_size * block_size, -keys % block_size
        front = [(0, 0)] * (q.ndim - 2)
        filled = (np.pad(one, [*front, (0, more), (0, 0)]) for one in (k, v))
        sees_filled = np.pad(seen, [(0, 0), (0, more)], constant_values=True) if is_causal else True
        tops, parts = softmax_parts(q, k, v, seen, block_size)
        alone = [values / sums for sums, values in parts]
        found = {
            "When the maximum grows, the sum of values so far has to shrink by exp(old - new), as"
            " the sum of weights does.": not_rescaled(tops, parts, both=False),
            "When the maximum grows, both sums so far have to shrink by exp(old - new).": (
                not_rescaled(tops, parts)
            ),
            "The last block is left out here where it is shorter.": (
                attend(q, k, v, seen & (place < whole))
            ),
            "The last block is filled up with keys of score 0 here, which take a share.": (
                attend(q, *filled, sees_filled)
            ),
            "Each block is divided by its own sum here, and then they are added.": sum(alone),
            "This is the mean of the blocks, each divided by its own sum.": sum(alone) / len(alone),
            "This is the last block alone.": alone[-1],
            "The sum of weights is missing here: divide by it at the end.": (
                attend(q, k, v, seen) * sum(sums for sums, _ in parts)
            ),
        }
        if is_causal:
            own = np.arange(keys - queries, keys)[:, None]
            ways = {
                "The triangle begins at the upper left here; the queries are the last Q places, so"
                " move it by K - Q.": place <= own - (keys - queries),
                "In each block the mask begins anew here: compare places in the whole row, start +"
                " j.": place % block_size <= own,
                "The triangle of each block lacks K - Q and where the block begins.": (
                    place % block_size <= np.arange(queries)[:, None] % block_size
                ),
                "Every query sees every key here: is_causal hides the later ones.": True,
                "Where a query sees the first key of a block, it sees all of it here.": (
                    place // block_size * block_size <= own
                ),
            }
            found |= {hint: attend(q, k, v, way) for hint, way in ways.items()}
        elif queries <= keys:
            words = "Later keys are hidden here; is_causal is False."
            found[words] = attend(q, k, v, causal(queries, keys))
        return found | super().others(q, k, v, block_size, is_causal)
