"""The checks of attention/k14_linear_attention: the table of all weights, in NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.attention import attend, qkv
from dojo.checks.laws import LargeScores

KEYS_FIRST = (
    "A table of all queries with all keys is not needed: sum up phi(k)·v first, then multiply by"
    " phi(q)."
)


def by_all_weights(q, k, v):
    """Right, with a tensor of the weights of all keys for all queries."""
    weights = (torch.nn.functional.elu(q) + 1) @ (torch.nn.functional.elu(k) + 1).mT
    return (weights / weights.sum(-1, keepdim=True)) @ v


BENCHMARK = Benchmark(
    "linear_attention",
    means="q, k and v: shape (4, n, 32), float32, not causal",
    inputs=lambda n: tuple(torch.randint(4, (4, n, 32)).float() for _ in "qkv"),
    sizes=(64, 1024, 16384),
    bytes_moved=lambda n: 4 * 4 * 4 * n * 32,  # read q, k and v, write the result
    operations=lambda n: 4 * 2 * 2 * n * 32 * 32,
    naive=by_all_weights,
    naive_up_to=1024,
)
PLAIN = (
    [[1.0, 0.5, -2.0], [0.5, -1.0, 2.0]],
    [[0.5, 1.0, -1.0], [2.0, -0.5, 1.0], [-1.0, 3.0, 0.5], [1.0, -3.0, -2.0]],
    [[1.0, 0.0, 3.0, -2.0, 4.0], [2.0, 8.0, 0.5, 1.0, -1.0]] * 2,
)
SQUARE = (
    [[1.0, 0.5], [0.5, -1.0], [-2.0, 2.0]],
    [[-0.5, 1.0], [2.0, -1.0], [-1.0, 3.0]],
    [[1.0, 0.0, 3.0, -2.0], [2.0, 8.0, 0.5, 1.0], [4.0, -6.0, 9.0, 7.0]],
)
# at 0 some right forms of phi have other gradients, so all but one case avoid it
WITH_ZEROS = ([[0.0], [-0.0], [1.0]], [[1.0], [0.0], [-1.0]], [[1.0, 5.0], [2.0, -2.0], [4.0, 1.0]])


def some(*leading, **sizes):
    """q, k and v, of which q and k are not 0 anywhere."""
    q, k, v = qkv(*leading, **sizes)
    return q + 0.05, k - 0.05, v


def phi(x):
    """elu(x) + 1."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def slope(x):
    """The derivative of phi."""
    return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


def mean_of(weights, v):
    """The mean of v's rows, for each row of weights."""
    return weights @ v / weights.sum(-1, keepdims=True)


def by_features(q, k, v, causal):
    """The result if phi(k) is divided by its sum over the tokens, feature by feature."""
    if causal:
        tables = np.cumsum(k[..., None] * v[..., None, :], -3) / k.cumsum(-2)[..., None]
        return (q[..., None] * tables).sum(-2)
    return q @ ((k / k.sum(-2, keepdims=True)).swapaxes(-1, -2) @ v)


def running(q, k, v, axis):
    """The causal result, with running sums along a dimension of k's in place of the tokens."""
    tables = np.cumsum(k[..., None] * v[..., None, :], axis - 1)
    totals = (q * np.cumsum(k, axis)).sum(-1, keepdims=True)
    return (q[..., None] * tables).sum(-2) / totals


class TestLinearAttention(LargeScores):
    name = "linear_attention"
    tensors = ("q", "k", "v")
    dtypes = (torch.float32, torch.float64)
    cases = [
        PLAIN,
        (*SQUARE, True),
        (*some(2, queries=4, keys=3, size=2, of_values=5, seed=1), False),
        (*some(2, 3, queries=4, keys=4, size=3, of_values=2, seed=2), True),
        (*some(3, 2, queries=3, keys=5, size=4, of_values=1, seed=3),),
        (*some(1, 3, 1, queries=1, keys=1, size=2, of_values=3, seed=4), True),
    ]
    gradient_cases = list(cases)
    cases += [(*WITH_ZEROS, True)]
    refused = [
        ((*case, True), None, ValueError, "With causal, Q has to be K: else raise ValueError.")
        for case in (
            qkv(queries=3, keys=2, size=2, of_values=4, seed=6),
            qkv(2, queries=1, keys=4, size=3, of_values=2, seed=7),
        )
    ]
    hidden = {"k": 3.0, "v": 1e30}
    large = [  # more than two parts of 64, of which all scores together are no large tensor
        (*some(queries=170, keys=170, size=2, of_values=5, seed=8), True),
        (*some(2, queries=130, keys=130, size=4, of_values=2, seed=9), False),
    ]
    hints = {
        "shape": "The result has a row for each query, as long as a row of v: (..., Q, E).",
        "dtype": "Stay in q's dtype.",
        "device": "What you make beside q has to lie where q lies.",
        "values": "(sum of w·v) / (sum of w) for each query, with w = phi(q)·phi(k), and phi(x) ="
        " elu(x) + 1 for each number.",
        "raises": "Without causal, Q and K may differ. There may be any number of dimensions in"
        " front.",
        "precise": "Stay in q's dtype, and add nothing to the sum by which you divide.",
        "nan": "A query sees its own key at least, and phi is above 0: no sum of weights is 0.",
        "nan gradient": "No sum of weights is 0, since phi is above 0: then no NaN comes up.",
        "gradient": "Gradients go through both sums: that of w·v, and that of w, by which it is"
        " divided.",
        "tracked": "Compute with torch's own operations on q, k and v, without `detach`, `.data`"
        " or `no_grad`.",
        "hidden": "With causal both sums go over the keys 0 to i alone: what comes later is in none"
        " of them, and is not taken off again.",
        "large": KEYS_FIRST,
    }
    sentences = {
        "test_has_the_shape": "The result has a row for each query, of v's size.",
        "test_values": "Each query gets the mean of the values, weighted by phi(q)·phi(k).",
        "test_gradients": "Gradients reach q, k and v, and go through both sums.",
        "test_hidden_places_change_nothing": "With causal, later keys and values change nothing.",
        "test_hidden_places_get_no_gradient": "With causal, later keys and values get gradient"
        " exactly 0.",
        "test_makes_no_large_tensor": "Where T is large, no tensor has T·T / 2 elements, forward or"
        " backward.",
    }

    def seen(self, q, k, causal):
        shape = q.shape[-2], k.shape[-2]
        assert not causal or shape[0] == shape[1], "with causal, Q has to be K"
        return np.tri(*shape) if causal else np.ones(shape)

    def truth(self, q, k, v, causal=False):
        return mean_of(phi(q) @ phi(k).swapaxes(-1, -2) * self.seen(q, k, causal), v)

    def gradient(self, weights, q, k, v, causal=False):
        seen = self.seen(q, k, causal)
        products = phi(q) @ phi(k).swapaxes(-1, -2) * seen
        shares = products / products.sum(-1, keepdims=True)
        of_shares = weights @ v.swapaxes(-1, -2)
        back = (of_shares - (shares * of_shares).sum(-1, keepdims=True)) * seen
        back = back / products.sum(-1, keepdims=True)
        of_k = back.swapaxes(-1, -2) @ phi(q)
        return back @ phi(k) * slope(q), of_k * slope(k), shares.swapaxes(-1, -2) @ weights

    def sees(self, q, k, v, causal=False):
        seen = self.seen(q, k, causal).astype(bool)
        return {"k": seen, "v": seen}

    def largest(self, q, k, v, causal=False):
        return (int(np.prod(q.shape[:-1])) * k.shape[-2] - 1) // 2  # less than half of them

    def others(self, q, k, v, causal=False):
        seen, width = self.seen(q, k, causal), q.shape[-1] ** 0.5
        x, y = phi(q), phi(k)

        def by(queries, keys):
            return mean_of(queries @ keys.swapaxes(-1, -2) * seen, v)

        weights = x @ y.swapaxes(-1, -2) * seen
        found = {
            "Here nothing is divided by the sum of the weights.": weights @ v,
            "phi is elu(x) + 1; here the 1 is missing.": by(x - 1, y - 1),
            "phi is taken of the keys alone here; the queries need it too.": by(q, y),
            "phi is taken of the queries alone here; the keys need it too.": by(x, k),
            "phi is elu(x) + 1; here it is relu(x).": by(np.maximum(q, 0), np.maximum(k, 0)),
            "phi is elu(x) + 1; here it is relu(x) + 1.": by(
                np.maximum(q, 0) + 1, np.maximum(k, 0) + 1
            ),
            "phi is elu(x) + 1; here it is exp(x).": by(np.exp(q), np.exp(k)),
            "q is scaled by 1/√D here; there is no scale.": by(phi(q / width), y),
            "This is attention by softmax.": attend(q, k, v, seen > 0),
            "Each column of the table is divided by its own sum of phi(k) here: divide the row of a"
            " query by the sum of its weights.": by_features(x, y, v, causal),
        }
        if causal:
            found |= {
                "The sum of weights goes over all keys here; with causal it ends at key i too.": (
                    weights @ v / (x * y.sum(-2, keepdims=True)).sum(-1, keepdims=True)
                ),
                "Every query sees every key here: with causal both sums end at key i.": (
                    self.truth(q, k, v)
                ),
                "A query sees its own key too, not only those before it.": mean_of(
                    weights * np.tri(*seen.shape, -1), v
                ),
                "The running sums go along the features here: they go along the tokens.": running(
                    x, y, v, -1
                ),
            }
        if causal and q.ndim > 2:
            along = "The running sums go along the dimension before the tokens here."
            found[along] = running(x, y, v, -3)
        return found
