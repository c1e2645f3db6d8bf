"""The checks of attention/k09_alibi: slopes as powers of 2 in Python, distances place by place."""

import math

import numpy as np
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.laws.attention import OF_LARGEST


def scores_of(*shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def slopes_of(heads):
    """The slope of each head."""
    power = max(n for n in (1, 2, 4, 8, 16) if n <= heads)
    more = [2 ** (-(8 * n + 4) / power) for n in range(heads - power)]
    return np.array([2 ** (-8 * n / power) for n in range(1, power + 1)] + more)


def biased(scores, slopes, distances):
    """The scores minus each head's slope times the distances."""
    return scores - slopes[:, None, None] * distances


class TestAddAlibi(PureFunction):
    name = "add_alibi"
    tensors = ("scores",)
    dtypes = (torch.float32, torch.float64)
    of_largest = OF_LARGEST
    cases = [
        ([[[0.0, 1.0, 2.0], [0.5, -1.0, 0.0]], [[3.0, 0.0, 1.0], [1.0, 1.0, 1.0]]],),
        (scores_of(12, 2, 5, seed=1),),
        (scores_of(2, 3, 3, 3, seed=2),),
        (scores_of(1, 2, 6, 1, 4, seed=3),),
        (scores_of(4, 4, 4, seed=4),),
        (scores_of(2, 1, 2, 4, seed=6),),
        (scores_of(16, 1, 2, seed=7),),
        (scores_of(7, 1, 1, seed=8),),
    ]
    hints = {
        "shape": "The result has the shape of scores; slopes have one number for each head.",
        "dtype": "The result has the dtype of scores.",
        "device": "Slopes and positions that you make have to lie where scores lie.",
        "values": "scores - m * |K - Q + i - j|, with the slope m of each head.",
        "gradient": "The penalty is a constant: the gradient of scores goes through unchanged.",
        "precise": "Penalties in float32 have 7 digits: make slopes in the dtype of scores. A"
        " Python float times whole numbers is float32.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of scores.",
        "test_values": "Each score loses its head's slope times the distance.",
        "test_gradients": "The gradient goes through to scores unchanged.",
    }

    def truth(self, scores):
        heads, queries, keys = scores.shape[-3:]
        distances = [[abs(keys - queries + i - j) for j in range(keys)] for i in range(queries)]
        return biased(scores, slopes_of(heads), np.array(distances))

    def gradient(self, weights, scores):
        return [weights]

    def others(self, scores):
        heads, queries, keys = scores.shape[-3:]
        power = 2 ** int(math.log2(heads))
        steps = np.arange(1, heads + 1)
        i, j = np.indices((queries, keys))
        slopes, signed = slopes_of(heads), keys - queries + i - j
        distances = abs(signed)
        twice = 2.0 ** (-4 * np.arange(1, 2 * power + 1) / power)
        found = {
            "The penalty is added here: subtract it.": biased(scores, -slopes, distances),
            "The exponents begin with 0 here; the first one is -8/H.": (
                biased(scores, 2.0 ** (-8 * (steps - 1) / heads), distances)
            ),
            "The last query stands at the last key; here the first one stands at the first key.": (
                biased(scores, slopes, abs(i - j))
            ),
            "Keys after the query get a bonus here: take the absolute distance.": (
                biased(scores, slopes, signed)
            ),
            "Keys after the query have a distance too; here it is 0.": (
                biased(scores, slopes, signed.clip(0))
            ),
            "m·j is added here, the same for all queries: equal after a softmax, but the numbers"
            " themselves count.": biased(scores, slopes, -j),
            "The distance is that to the last key here; take that to the query's own position.": (
                biased(scores, slopes, keys - 1 - j)
            ),
        }
        found["The scores are missing here: add the penalty to them."] = self.truth(scores) - scores
        if heads > 1:
            found["All heads have the same slope here."] = biased(
                scores, np.full(heads, slopes[0]), distances
            )
            found["The slopes stand in reverse order here."] = biased(
                scores, slopes[::-1], distances
            )
        if heads > power:
            of_rest = {
                f"{heads} is no power of two, and one sequence is taken for all heads here.": (
                    2.0 ** (-8 * steps / heads)
                ),
                "The slopes are sorted here; the first P heads have those for P heads.": (
                    np.sort(slopes)[::-1]
                ),
                "The slopes are sorted here, the smallest first; do not sort them.": np.sort(
                    slopes
                ),
                f"These are the first {heads} slopes for {2 * power} heads.": twice[:heads],
                "The sequence for P heads goes on here; the rest of the heads have every second"
                " slope for 2·P heads.": 2.0 ** (-8 * steps / power),
                "The rest of the heads have every second slope for 2·P heads; here they have one"
                " after the other.": np.append(slopes[:power], twice[: heads - power]),
                "The rest of the heads begin with the first slope for 2·P heads; here it is the"
                " second one.": np.append(slopes[:power], twice[1::2][: heads - power]),
            }
            found |= {hint: biased(scores, one, distances) for hint, one in of_rest.items()}
        if heads == queries:
            found["The slopes lie along the queries here; give them the shape (H, 1, 1)."] = (
                scores - slopes[:, None] * distances
            )
        if heads == keys:
            found["The slopes lie along the keys here; give them the shape (H, 1, 1)."] = (
                scores - slopes * distances
            )
        return found

    def why(self, law, arguments, got, expected):
        if law == "values" and np.allclose(got.sum(-1), 1):
            return "This is a softmax: return the scores themselves."
        if law == "values" and got.isneginf().any():
            return "Nothing is hidden here: keys after the query get a penalty like all keys."
        return super().why(law, arguments, got, expected)
