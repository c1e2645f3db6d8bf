"""The checks of attention/k01_scaled_dot_product_attention: weights in NumPy, by logaddexp."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.attention import attend, qkv
from dojo.checks.laws import AttentionFunction
from dojo.checks.laws.attention import LARGE, of_masks

T, F = True, False
ROWS = [[T, F, T, T], [F, F, F, F], [F, T, F, T]]  # the second query sees nothing
PADDED = np.array([[T, T, F, F], [T, F, F, T]])[:, None, None]  # for all heads and queries
BY_HEAD = np.stack([np.tri(3, dtype=bool).T, np.tri(3, dtype=bool)])
LOW = [[T, T, F, F], [F, F, T, T], [F, F, F, F]]  # of ``LARGE``, what is hidden has larger scores


def by_all_products(q, k, v):
    """Right, with a tensor of all D products of each query and key."""
    scores = (q[..., :, None, :] * k[..., None, :, :]).sum(-1) / q.shape[-1] ** 0.5
    return scores.softmax(-1) @ v


BENCHMARK = Benchmark(
    "scaled_dot_product_attention",
    means="q, k and v: shape (4, n, 64), float32, no mask",
    inputs=lambda n: tuple(torch.randint(4, (4, n, 64)).float() for _ in "qkv"),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 4 * 4 * 4 * n * 64,  # read q, k and v, write the result
    operations=lambda n: 4 * 2 * 2 * n * n * 64,
    torchs=torch.nn.functional.scaled_dot_product_attention,
    naive=by_all_products,
    naive_up_to=128,
)
PLAIN = (
    [[1.0, 0.0, 2.0], [0.0, -1.0, 0.5]],
    np.eye(4, 3),
    [[1.0, 0.0], [2.0, 8.0], [4.0, 3.0], [9.0, -1.0]],
)
SQUARE = qkv(2, 2, queries=3, keys=3, size=2, of_values=4, seed=3)
HEADS = qkv(2, 3, queries=2, keys=4, size=5, of_values=2, seed=4)
FEW = qkv(2, queries=3, keys=4, size=3, of_values=2, seed=5)


class TestScaledDotProductAttention(AttentionFunction):
    name = "scaled_dot_product_attention"
    tensors = ("q", "k", "v", "mask")
    fixed = {"mask": torch.bool}
    cases = [
        PLAIN,
        (*FEW, ROWS),
        (*HEADS, PADDED, -0.5),
        (*SQUARE, BY_HEAD),
        (*FEW, None, 0.0),
        (*qkv(1, 2, 1, queries=1, keys=3, size=4, of_values=5, seed=6), [F, T, T]),
        (*qkv(2, queries=2, keys=1, size=1, of_values=3, seed=7), [[[T], [F]], [[F], [F]]]),
    ]
    wild = [LARGE, (*LARGE, LOW)]
    hints = AttentionFunction.hints | {
        "values": "softmax(scale * q @ k transposed) along the keys, then the product with v.",
        "raises": "The mask has any shape that broadcasts to (..., Q, K), or is None, and there are"
        " any number of leading dimensions.",
    }

    def seen(self, q, k, mask=None, scale=None):
        return True if mask is None else mask

    def scale(self, mask=None, scale=None):
        return scale

    def others(self, q, k, v, mask=None, scale=None):
        if scale == 0:
            return {"A scale of 0 is a number too: ask `scale is None`.": attend(q, k, v)}
        seen, found = self.seen(q, k, mask), {}
        if scale is None:
            found = super().others(q, k, v, mask)
        else:
            found = {
                "A scale that is given takes the place of 1/√D; here both are multiplied in.": (
                    attend(q, k, v, seen, scale * q.shape[-1] ** -0.5)
                ),
                "The scale that is given is not used here.": attend(q, k, v, seen),
                "A scale below 0 counts as it is.": attend(q, k, v, seen, abs(scale)),
            }
        return found | ({} if mask is None else of_masks(q, k, v, mask, scale))
