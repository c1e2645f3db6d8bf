"""The checks of attention/k06_grouped_query_attention: head by head in NumPy, with its own keys."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.attention import attend, qkv
from dojo.checks.laws import AttentionFunction
from dojo.checks.laws.attention import LARGE, of_masks

T, F = True, False
BY_HEAD = np.arange(48).reshape(6, 2, 4) % 7 % 3 > 0  # another one for each head
BY_HEAD[0] = BY_HEAD[4, 1] = False  # these see nothing
TRIANGLES = np.stack([np.tri(4, 4, n, dtype=bool) for n in (0, 1, -1)])
PADDED = np.array([[T, T, F], [T, F, F]])[:, None, None]  # for all heads and queries
LOW = [[T, T, F, F], [F, F, T, T], [F, F, F, F]]  # of ``LARGE``, what is hidden has larger scores


def repeated(q, k, v):
    """Right, with as many heads of keys and values as of queries."""
    k, v = (one.repeat_interleave(q.shape[1] // one.shape[1], 1) for one in (k, v))
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v


BENCHMARK = Benchmark(
    "grouped_query_attention",
    means="q: shape (1, 32, 1, 64), k and v: shape (1, 4, n, 64), float32, no mask",
    inputs=lambda n: tuple(
        torch.randint(3, shape).float() for shape in [(1, 32, 1, 64), *[(1, 4, n, 64)] * 2]
    ),
    sizes=(16, 256, 4096),
    bytes_moved=lambda n: 2 * 4 * 4 * n * 64,  # read k and v
    operations=lambda n: 32 * 2 * 2 * n * 64,
    naive=repeated,
)


def grouped(batch, heads, groups, seed, **sizes):
    """q with some heads, k and v with others."""
    q, _, _ = qkv(batch, heads, seed=seed, **sizes)
    return q, *qkv(batch, groups, seed=seed + 100, **sizes)[1:]


def read_by(heads, *shared):
    """What each of so many heads reads of the keys and values."""
    return [one[:, np.arange(heads) * one.shape[1] // heads] for one in shared]


def large(groups):
    """Large scores in two heads; those of the second one have the other sign if it shares keys."""
    q, k, v = (np.array(one) for one in LARGE)
    return np.stack([q, -q])[None], *(np.stack(two[:groups])[None] for two in ((k, -k), (v, v)))


PLAIN = (
    [[[[1.0, 0.0]], [[0.0, 1.0]], [[2.0, 0.0]], [[1.0, -1.0]]]],
    [[[[1.0, 2.0], [0.0, -1.0]], [[1.0, 1.0], [3.0, 0.5]]]],
    [[[[1.0], [2.0]], [[10.0], [30.0]]]],
)


class TestGroupedQueryAttention(AttentionFunction):
    name = "grouped_query_attention"
    tensors = ("q", "k", "v", "mask")
    fixed = {"mask": torch.bool}
    cases = [
        PLAIN,
        (*grouped(2, 6, 2, queries=2, keys=4, size=3, of_values=2, seed=2), BY_HEAD),
        (*grouped(2, 6, 3, queries=1, keys=3, size=4, of_values=2, seed=3), PADDED),
        (*grouped(3, 3, 1, queries=4, keys=4, size=2, of_values=3, seed=4), TRIANGLES),
        (*grouped(3, 2, 2, queries=2, keys=3, size=1, of_values=4, seed=5), [[T], [F]]),
        grouped(1, 6, 2, queries=3, keys=2, size=4, of_values=3, seed=6),
        (*grouped(2, 1, 1, queries=1, keys=1, size=3, of_values=1, seed=7), [T]),
    ]
    wild = [large(1), (*large(2), LOW)]
    refused = [
        (
            grouped(1, heads, groups, queries=2, keys=3, size=2, of_values=2, seed=8),
            None,
            ValueError,
            f"{heads} heads cannot share {groups} heads of keys evenly: raise ValueError.",
        )
        for heads, groups in [(4, 3), (2, 4), (1, 2)]
    ]
    hints = AttentionFunction.hints | {
        "shape": "The result has a row of v's size for each query of each head: (B, H, Q, E).",
        "values": "Head h reads key head h // (H / G), and the rest is as in k01.",
        "raises": "G divides H here; the mask has any shape that broadcasts to (B, H, Q, K).",
        "gradient": "The gradient of a key head is the sum over all query heads that read it.",
    }
    sentences = AttentionFunction.sentences | {
        "test_values": "Each head of queries reads its own head of keys and values.",
        "test_gradients": "Gradients reach q, k and v, and those of heads that share add up.",
        "test_refuses": "G heads of keys that H heads cannot share evenly raise ValueError.",
    }

    def seen(self, q, k, mask=None):
        return True if mask is None else mask

    def truth(self, q, k, v, mask=None):
        return super().truth(q, *read_by(q.shape[1], k, v), mask)

    def gradient(self, weights, q, k, v, mask=None):
        of_q, *of_each = super().gradient(weights, q, *read_by(q.shape[1], k, v), mask)
        shape = (len(q), k.shape[1], -1)
        return of_q, *(one.reshape(*shape, *one.shape[2:]).sum(2) for one in of_each)

    def sees(self, q, k, v, mask=None):
        seen = super().sees(q, *read_by(q.shape[1], k, v), mask)["k"]
        seen = seen.reshape(len(q), k.shape[1], -1, *seen.shape[2:]).any(2)  # by one head or more
        return {"k": seen, "v": seen}

    def others(self, q, k, v, mask=None):
        (batch, heads, queries, _), groups = q.shape, k.shape[1]
        own, seen = read_by(heads, k, v), self.seen(q, k, mask)
        times = heads // groups
        tiled = tuple(np.tile(one, (1, times, 1, 1)) for one in (k, v))
        along = (np.repeat(one, times, 2).reshape(batch, heads, k.shape[2], -1) for one in (k, v))
        means = q.reshape(batch, groups, times, queries, -1).mean(2)
        moved = self.truth(q, k, v, mask).reshape(batch, groups, times, queries, -1).swapaxes(1, 2)
        found = {
            "Head h reads key head h mod G here, as `repeat` gives it; neighbours share one: head h"
            " reads h // (H / G).": attend(q, *tiled, seen),
            "The values stand in another order than the keys here.": attend(
                q, own[0], tiled[1], seen
            ),
            "Every head reads the first head of keys here.": attend(q, k[:, :1], v[:, :1], seen),
            "The keys are repeated along the sequence here; their heads are dimension 1.": (
                attend(q, *along, seen)
            ),
            "The queries of a group are averaged here; each head keeps its own.": (
                attend(*read_by(heads, means), *own, seen)
            ),
            "The heads of the result stand in another order than those of q.": (
                moved.reshape(batch, heads, queries, -1)
            ),
        }
        if mask is None:
            return found | super().others(q, *own)
        of_each = np.broadcast_to(mask, (batch, heads, queries, k.shape[2]))
        of_first = np.repeat(of_each[:, ::times], times, 1)
        words = "A group has the mask of its first head here; each head has its own."
        found[words] = attend(q, *own, of_first)
        turned = of_each.reshape(batch, times, groups, queries, -1).swapaxes(1, 2)
        words = "The masks of the heads stand in another order here than the heads of q."
        found[words] = attend(q, *own, turned.reshape(of_each.shape))
        return found | of_masks(q, *own, mask)

    def why_shape(self, arguments, shape):
        q, k = arguments[:2]
        if k.shape[1] < q.shape[1] and shape[1:2] == (k.shape[1],):
            return "There is a result for each head of keys here; each head of queries has its own."
        return ""
