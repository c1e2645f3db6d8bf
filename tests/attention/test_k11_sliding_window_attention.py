"""The checks of attention/k11_sliding_window_attention: a band of all scores in NumPy, a trace."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.attention import attend, causal, qkv, scores_of, softmax_of
from dojo.checks.laws import AttentionFunction
from dojo.checks.laws.attention import LARGE


def with_all_scores(q, k, v, window):
    """Right for as many queries as keys, with a tensor of all scores."""
    hidden = torch.ones(len(q[0]), len(k[0]), dtype=torch.bool, device=q.device)
    hidden = hidden.triu(1) | hidden.tril(-window)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return scores.masked_fill(hidden, -torch.inf).softmax(-1) @ v


BENCHMARK = Benchmark(
    "sliding_window_attention",
    means="q, k and v: shape (2, n, 64), float32, window 64",
    inputs=lambda n: (*(torch.randint(4, (2, n, 64)).float() for _ in "qkv"), 64),
    sizes=(512, 1024, 4096),
    bytes_moved=lambda n: 4 * 4 * 2 * n * 64,  # read q, k and v, write the result
    operations=lambda n: 2 * 2 * 2 * n * 64 * 64,
    naive=with_all_scores,
)
PLAIN = qkv(queries=7, keys=7, size=2, of_values=3, seed=10)
PLAIN[0][-1], PLAIN[1][-2] = [1, 1], [1, -1]  # the last query has the score 0 with a key it sees


def band(queries, keys, most, least=0):
    """Which keys each query sees: those that lie from least to most places before its own."""
    gap = np.arange(keys - queries, keys)[:, None] - np.arange(keys)
    return (gap >= least) & (gap <= most)


class TestSlidingWindowAttention(AttentionFunction):
    name = "sliding_window_attention"
    cases = [
        (*PLAIN, 3),
        (*qkv(2, queries=2, keys=5, size=3, of_values=2, seed=1), 2),
        (*qkv(2, 3, queries=3, keys=4, size=2, of_values=4, seed=3), 9),
        (*qkv(2, queries=1, keys=6, size=3, of_values=2, seed=5), 3),
        (*qkv(1, 3, 1, queries=4, keys=4, size=1, of_values=2, seed=4), 1),  # v alone is tracked
    ]
    wild = [(*LARGE, 3)]  # what is hidden: a place before the first key, later and earlier keys
    large = [(*qkv(2, queries=67, keys=67, size=1, of_values=1, seed=7), 2)]
    refused = [
        (
            (*qkv(queries=queries, keys=2, size=2, of_values=4, seed=9), window),
            None,
            ValueError,
            hint,
        )
        for queries, window, hint in [
            (2, 0, "A window of 0 has no key: raise ValueError."),
            (1, -1, "A window below 0 has no key: raise ValueError."),
            (3, 2, "There are more queries than places: raise ValueError."),
        ]
    ]
    hints = AttentionFunction.hints | {
        "values": "The query at place p = K - Q + i sees the keys p - window + 1 to p, and the"
        " softmax goes over these alone.",
        "nan": "A row of -inf alone has the softmax NaN: each query sees its own key at least.",
        "raises": "The window may be larger than K, and there may be fewer queries than keys.",
        "large": "A band cut out of all Q * K scores saves nothing: give each query, or each block"
        " of queries, the keys of its window. A mask counts as well.",
    }
    sentences = AttentionFunction.sentences | {
        "test_makes_no_large_tensor": "No tensor of all scores, nor a mask of them, is made,"
        " forward or backward.",
        "test_refuses": "A window below 1, or more queries than keys, raises ValueError.",
    }

    def seen(self, q, k, window):
        return band(q.shape[-2], k.shape[-2], window - 1)

    def largest(self, q, k, v, window):
        return q[..., 0, 0].size * q.shape[-2] * k.shape[-2] // 2 - 1

    def others(self, q, k, v, window):
        queries, keys = q.shape[-2], k.shape[-2]
        seen, scores = self.seen(q, k, window), scores_of(q, k)
        first, more = np.arange(queries)[:, None] - np.arange(keys), window - 1
        block_of_query = np.arange(keys - queries, keys)[:, None] // window
        block_of_key = np.arange(keys) // window
        times = np.ones((queries, keys))  # what lies before place 0, and place 0 itself
        times[:, 0] = np.maximum(window - np.arange(keys - queries, keys), 1)
        front = [(0, 0)] * (q.ndim - 2)
        padded = [np.pad(one, [*front, (more, 0), (0, 0)]) for one in (k, v)]
        ways = {
            "The window has one key too many: with its own, a query sees `window` keys.": (
                band(queries, keys, window)
            ),
            "The window has one key too few: with its own, a query sees `window` keys.": (
                band(queries, keys, max(window - 2, 0))
            ),
            "A query sees its own key too, not only those before it.": (
                band(queries, keys, window, 1)
            ),
            "The window goes to both sides here: later keys are hidden.": (
                band(queries, keys, window - 1, 1 - window)
            ),
            "The window is centred here; a query is the last place of its window.": (
                band(queries, keys, window // 2, -(window // 2))
            ),
            "The window hides what is far back, but later keys are seen here.": (
                band(queries, keys, window - 1, -keys)
            ),
            "The window looks ahead here; a query is the last place of its window.": (
                band(queries, keys, 0, 1 - window)
            ),
            "The queries stand at the first places here; they are the last Q: p = K - Q + i.": (
                (first >= 0) & (first < window)
            ),
            "A query sees everything before it here: window is ignored.": causal(queries, keys),
            "Blocks do not overlap here: a query sees its own block alone, and its window reaches"
            " into the one before.": seen & (block_of_query == block_of_key),
            "Places below 0 count from the end: the first queries see the last keys here.": (
                (first + keys - queries) % keys < window
            ),
            "A query sees all of the block before its own here, up to 2 * window - 1 keys.": (
                band(queries, keys, keys) & (block_of_query - block_of_key <= 1)
            ),
            "A score of 0 is taken for a hidden one: make the mask of positions, not of scores.": (
                seen & (scores != 0)
            ),
        }
        found = {hint: attend(q, k, v, way) for hint, way in ways.items()}
        counted = np.where(seen, scores, -np.inf) + np.log(times)
        found |= {
            "Rows of zeros in front of the first key have the score 0 here, and a share.": (
                attend(q, *padded, band(queries, keys + more, more))
            ),
            "Places before the first key become place 0 here, which counts several times.": (
                softmax_of(counted) @ v
            ),
            "Hide keys before the softmax: the weights of the rest have to add up to 1.": (
                (softmax_of(scores) * seen) @ v
            ),
            "A hidden key has the score 0 here, and so a weight above 0: give it -inf.": (
                softmax_of(scores * seen) @ v
            ),
        }
        return found | super().others(q, k, v, window)
