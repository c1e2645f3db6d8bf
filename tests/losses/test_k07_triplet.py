"""The checks of losses/k07_triplet: triplet by triplet, by Python's own distance of two points."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction

# the anchor is its positive, its negative, both, its positive again, and neither
SAME = (
    [[1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [2.0, 1.0, 0.0], [1.5, 0.0, 1.0], [0.0, 1.0, 2.0]],
    [[1.0, 2.0, -1.0], [1.5, -1.0, 3.0], [2.0, 1.0, 0.0], [1.5, 0.0, 1.0], [1.0, 1.0, -2.0]],
    [[1.0, 2.5, -1.0], [0.5, -2.0, 3.0], [2.0, 1.0, 0.0], [0.5, 2.0, -1.0], [0.0, 3.0, 1.0]],
)
FAR = [[1e4, -1e4]] * 3, [[1e4 + 0.004, -1e4], [1e4, -1e4 - 0.03], [1e4, -1e4]]
FAR += ([[1e4, -1e4 + 0.002], [1e4 - 0.01, -1e4], [1e4 + 0.5, -1e4 - 0.25]],)
LARGE = [[1e15, -1e15], [0.0, 0.0]], [[-1e15, 1e15], [1e15, 0.0]], [[1e15, 1e14], [3e14, 1e14]]
NEGATIVE = "margin must be 0 or more: compare it before you compute, and raise ValueError."


def points(*shape, seed=0):
    """Anchors, positives and negatives from -3 to 3, with one decimal."""
    draw = np.random.default_rng(seed)
    return tuple(np.round(draw.uniform(-3, 3, shape), 1) for _ in range(3))


def rows(*arrays):
    """The points of each array, one by one."""
    return [one.reshape(-1, one.shape[-1]) for one in arrays]


def hinge(each):
    """The mean of what is left above 0."""
    return np.maximum(0, each).mean()


class TestTripletMarginLoss(LossFunction):
    name = "triplet_margin_loss"
    tensors = ("anchor", "positive", "negative")
    one_shape = tensors
    # 1e-12 under a root, which is common, makes 1e-6 of a distance of 0
    near = {torch.float32: (1e-5, 1e-5), torch.float64: (1e-9, 1e-5)}
    cases = [
        (
            [[1.0, 2.0, 4.0], [0.5, -2.0, 3.0], [1.0, 0.0, -1.0]],
            [[1.0, 2.0, 2.0], [1.5, -1.0, 0.0], [1.0, 1.0, -1.0]],
            [[0.0, 1.5, 4.0], [1.0, -2.5, 3.5], [-9.0, 2.0, 1.0]],
        ),
        (*points(4, 3, seed=1), 0.5),
        (*points(2, 3, 4, seed=2), 2.0),
        ([1.0, 2.0, -1.0, 0.5], [1.0, 2.0, -1.0, 0.5], [1.0, 2.5, -1.0, 0.5], 0.6),
        (*points(3, 1, 2, seed=3), 0.0),
        (*points(4, 1, seed=5), 3.0),
        (*SAME, 1.5),
    ]
    wild = [(*FAR, 0.01), (*LARGE, 0.25)]
    wild_gradients = wild[1:]
    precise = [(torch.float64, ([1e4, 2.0], [1e4 + 0.0054321, 2.0], [1e4, 2.0012345], 0.003))]
    refused = [((*points(2, 3), margin), None, ValueError, NEGATIVE) for margin in (-1.0, -1e-3)]
    forbidden = "triplet_margin.*loss|pairwise_distance|cdist.*"
    hints = {
        "one shape": "Compare all three shapes before you compute: broadcasting takes one point for"
        " many, and to reshape pairs points that do not belong together.",
        "shape": "The loss is one number for all triplets: the distance goes over the last"
        " dimension, the mean over all the rest.",
        "values": "max(0, d(anchor, positive) - d(anchor, negative) + margin) for each triplet,"
        " then the mean.",
        "raises": "Two points may coincide, and there may be no leading dimension.",
        "wild": "Subtract the points first, in their own dtype, then square: a² - 2ab + b² has no"
        " digit left for points that are far from zero and near each other.",
        "precise": "Subtract the points first, and in their own dtype: float32 does not hold what"
        " is between them.",
        "gradient": "A distance has the slope (a - b) / d for a, and its negative for b; the anchor"
        " has that of both distances. Triplets that give 0 have none.",
        "tracked": "Gradients reach all three inputs: compute from them by torch's own operations.",
        "forbidden": "The kata is to make the distance from differences, squares and a root.",
        "nan": "The root has the slope inf at 0, and 0 * inf is NaN; a `where` around it comes too"
        " late. `torch.linalg.vector_norm` gives the gradient 0, or choose before the root.",
        "common": "Here two points have one number in common, though they lie apart: take no root,"
        " and divide by nothing, before the squares are added up.",
        "skipped": "Two points coincide here. Their distance is 0, and the triplet counts like any"
        " other.",
        "same": "Two points coincide here. Their distance has the gradient 0, whatever you add"
        " against the NaN, and the other distance of the triplet keeps its own.",
        "large": "Numbers may be as large as 1e15: let distances be what they are.",
        "under": "Two points coincide here, and their distance is 0: what you add is too much.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each triplet compares its two distances, and the mean comes back.",
        "test_wild_values": "Distances are right far from zero, and for numbers of 1e15.",
        "test_no_digit_is_lost": "float64 makes no detour by float32.",
        "test_wild_gradients": "Gradients are right for numbers of 1e15.",
        "test_refuses": "A margin below 0 raises ValueError.",
        "test_is_made_without": "It is made without torch's triplet losses, pairwise_distance and"
        " cdist, forward and backward.",
    }

    def distances(self, anchor, positive, negative):
        a, p, n = rows(anchor, positive, negative)
        return np.array([list(map(math.dist, a, one)) for one in (p, n)])

    def truth(self, anchor, positive, negative, margin=1.0):
        near, far = self.distances(anchor, positive, negative)
        return math.fsum(max(0.0, one) for one in near - far + margin) / len(near)

    def gradient(self, weights, anchor, positive, negative, margin=1.0):
        a, p, n = rows(anchor, positive, negative)
        near, far = self.distances(anchor, positive, negative)
        share = (near - far + margin > 0)[:, None] * weights / len(near)
        to_p = (a - p) / np.where(near > 0, near, 1)[:, None] * share
        to_n = (a - n) / np.where(far > 0, far, 1)[:, None] * share
        return [one.reshape(anchor.shape) for one in (to_p - to_n, -to_p, to_n)]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        three, margin = arguments[:3], (*arguments[3:], 1.0)[0]
        a, p, n = rows(*three)
        near, far = self.distances(*three)
        has_same = not (near.all() and far.all())
        if got.isnan().any():
            is_near = not has_same and "gradient" in law
            return self.hints["common" if is_near else "nan" if has_same else "wild"]
        if "gradient" in law:
            if has_same and not near.all():
                return self.hints["same"]
            is_close = torch.allclose(got, expected, 1e-5, 0)
            return (
                "Only the last digits differ: add nothing to the differences." if is_close else ""
            )
        if law != "values":
            return self.hints["large"] if law == "wild" and np.max(three[0]) > 1e10 else ""
        right, n_triplets = self.truth(*arguments), len(near)
        first = three[0].shape[0] if three[0].ndim > 1 else 1
        sizes = [np.linalg.norm(one, axis=1)[:, None] for one in (a, p, n)]
        active = (near - far + margin > 0).sum()
        swapped = np.minimum(far, list(map(math.dist, p, n)))
        absolutes = [np.abs(a - one).sum(1) for one in (p, n)]
        others = {
            "Here max(0, ...) comes after the mean: it belongs to each triplet.": max(
                0, (near - far + margin).mean()
            ),
            "max(0, ...) is missing: a triplet that is good enough gives 0.": (
                (near - far + margin).mean()
            ),
            "Only triplets above 0 are counted in this mean; divide by the number of all.": (
                right * n_triplets / max(active, 1)
            ),
            "This is the sum; divide by the number of triplets.": right * n_triplets,
            "The sum is divided by the first size here; divide by the number of triplets.": (
                right * n_triplets / first
            ),
            "The signs are swapped: subtract d(anchor, negative).": hinge(far - near + margin),
            "These are squared distances: take the root.": hinge(near**2 - far**2 + margin),
            "The margin is subtracted here; add it.": hinge(near - far - margin),
            "margin is an argument: 1 is only its default.": hinge(near - far + 1),
            "A distance is the root of the sum of squares, not the sum of absolutes.": hinge(
                absolutes[0] - absolutes[1] + margin
            ),
            "The squares are averaged under the root here; add them up.": hinge(
                (near - far) / a.shape[1] ** 0.5 + margin
            ),
            "The points' lengths count too: nothing is normalised.": self.truth(
                a / sizes[0], p / sizes[1], n / sizes[2], margin
            ),
            "The distance of positive and negative takes no part.": hinge(near - swapped + margin),
        }
        if has_same and not got and right:
            return self.hints["skipped"]
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        why = next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
        return why or (self.hints["under"] if has_same and abs(got - right) < 1e-2 else "")
