"""The checks of attention/k10_relative_position_bias: bucket by bucket, in Python."""

import functools
import math

import numpy as np
import torch

from dojo.checks.laws import ModuleClass


@functools.cache
def bucket_of(r, buckets=32, far=128, both=True, beyond=None):
    """The bucket of a key at r; ``beyond`` says how many buckets it is beyond the near ones."""
    size = buckets // 2 if both else buckets
    first, d = (size * (r > 0), abs(r)) if both else (0, max(-r, 0))
    near = size // 2
    if d < near:
        return first + d
    if beyond is None:
        more = math.floor((size - near) * math.log(d / near) / math.log(far / near))
    else:
        more = beyond(d)
    return first + min(size - 1, near + more)


def biases(weight, places, bucket):
    """The row of weight in the bucket of each place, heads first."""
    rows = [[bucket(int(r)) for r in row] for row in places]
    return weight[np.array(rows) % len(weight)].transpose(2, 0, 1)


def numbers(buckets, heads, seed):
    """From -3 to 3, with two decimals."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, (buckets, heads)), 2)


class TestRelativePositionBias(ModuleClass):
    name = "RelativePositionBias"
    tensors = parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    # no distance lies at the border of two buckets, but for e and max_distance themselves
    cases = [
        (np.arange(8.0)[:, None] + [0.5, 10.5], 2, 5, 8, 20, True),
        (numbers(8, 3, seed=1), 2, 25, 8, 20, False),
        (numbers(8, 2, seed=7), 2, 9, 8, 20, True),  # the module of the first case
        (numbers(8, 2, seed=8), 3, 5, 8, 20, True),
        (numbers(8, 2, seed=9), 2, 5, 8, 20, False),  # the sizes of the first case
        (numbers(32, 2, seed=2), 2, 14),
        (numbers(12, 1, seed=3), 23, 24, 12, 30, True),
        (numbers(12, 2, seed=4), 1, 600, 12, 128, True),
        (numbers(6, 2, seed=5), 5, 9, 6, 7, True),
        (numbers(4, 5, seed=6), 4, 4, 4, 6, False),
    ]
    hints = {
        "parameters": "`weight` has a row for each bucket, (num_buckets, num_heads): there is"
        " nothing else.",
        "shape": "There is a square of biases for each head, heads first: (num_heads, Q, K).",
        "dtype": "The result has the dtype of weight.",
        "values": "The bucket of r = j - (K - Q + i) says which row of weight it is.",
        "gradient": "Each row of weight gets the sum over all places that read it.",
        "raises": "No index may leave the table: d is clamped, far keys are in the last bucket.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (num_heads, Q, K).",
        "test_has_the_dtype": "The result has the dtype of weight.",
        "test_values": "Each pair gets the row of weight for the bucket of its distance.",
        "test_gradients": "Each row of weight gets the gradients of all places that read it.",
    }

    def made_with(self, weight, q_len, k_len, *options):
        return (weight.shape[1], *options)

    def called_with(self, weight, q_len, k_len, *options):
        return q_len, k_len

    def places(self, q_len, k_len):
        """The position of each key minus that of each query."""
        return np.arange(k_len) - np.arange(k_len - q_len, k_len)[:, None]

    def truth(self, weight, q_len, k_len, *options):
        if len(weight) != (options or (32,))[0]:
            raise ValueError("weight has a row for each bucket")
        return biases(weight, self.places(q_len, k_len), lambda r: bucket_of(r, *options))

    def gradient(self, weights, weight, q_len, k_len, *options):
        table = np.arange(len(weight))[:, None] + np.zeros_like(weight, int)
        rows = self.truth(table, q_len, k_len, *options)
        return [np.stack([(weights * (rows == n)).sum((1, 2)) for n in range(len(weight))])]

    def why_shape(self, arguments, shape):
        weight, *sizes = arguments[:3]
        if len(shape) == 3 and shape[0] == weight.shape[1] and sorted(shape[1:]) != sorted(sizes):
            q_len, k_len = sizes
            return f"In this call Q is {q_len} and K is {k_len}, whatever they were in another one."
        return {
            (*sizes, weight.shape[1]): "`weight[buckets]` has the heads last: move them to the"
            " front.",
            (1, weight.shape[1], *sizes): "There is no dimension of a batch here: (num_heads, Q,"
            " K).",
        }.get(shape, "")

    def others(self, weight, q_len, k_len, *options):
        buckets, far, both = (*options, *(32, 128, True)[len(options) :])
        size, places = buckets // 2 if both else buckets, self.places(q_len, k_len)
        near = size // 2
        base = far / near  # of the logarithm whose floor counts

        def right(r):
            return bucket_of(r, buckets, far, both)

        def beyond(count):
            return lambda r: bucket_of(r, buckets, far, both, count)

        found = {
            "The sign of r is wrong: it is the position of the key minus that of the query.": (
                lambda r: right(-r)
            ),
            "Distances have a bucket each here, up to the last one; from e on they share buckets,"
            " by the logarithm.": beyond(lambda d: d - near),
            "The logarithm is rounded to the nearest number here; take its floor.": (
                beyond(lambda d: round((size - near) * math.log(d / near, base)))
            ),
            "ln(d / e) is divided by ln(max_distance) here; divide by ln(max_distance / e).": (
                beyond(lambda d: int((size - near) * math.log(d / near, far)))
            ),
            "The logarithm has the factor n - e; here it is n.": (
                beyond(lambda d: int(size * math.log(d / near, base)))
            ),
            "max_distance is 128 here, whatever is given.": (
                lambda r: bucket_of(r, buckets, 128, both)
            ),
        }
        if both:
            found |= {
                "bidirectional is True here: keys after the query have buckets of their own.": (
                    lambda r: bucket_of(r, buckets, far, False)
                ),
                "Keys on both sides share buckets here: where r > 0, n is added.": (
                    lambda r: right(-abs(r))
                ),
                "n is added where r > 0; here it is added at r = 0 too.": (
                    lambda r: right(r) + size * (r == 0)
                ),
            }
        else:
            found |= {
                "bidirectional is False here: all buckets are for keys up to the query.": (
                    lambda r: bucket_of(r, buckets, far, True)
                ),
                "Keys after the query are in bucket 0, like its own position.": (
                    lambda r: right(-abs(r))
                ),
                "d is below 0 for keys after the query, and reads the table from its end: clamp"
                " it to 0.": lambda r: right(r) if r <= 0 else -r,
            }
        results = {hint: biases(weight, places, bucket) for hint, bucket in found.items()}
        first = "The last query stands at the last key; here the first one stands at the first key."
        return {first: biases(weight, places + k_len - q_len, right), **results}
