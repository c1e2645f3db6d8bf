"""The checks of indexing/k04_scatter_mean: means of the rows of one group after the other."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect
from dojo.checks.laws import PureFunction
from dojo.checks.looping import expect_no_loop

INF, NAN = float("inf"), float("nan")
X = [[1, 2, 3], [4, 8, 16], [3, 4, 7], [6, 2, 1], [5, 0, 2], [2, 6, 10]]
GROUP = [3, 1, 3, 0, 3, 0]  # counts 2, 1, 0, 3, 0
# group 0 finite, 1 inf, 2 NaN, 3 empty, 4 -inf, 5 inf and -inf
WILD = [[INF, 1.0], [2.0, 3.0], [NAN, 4.0], [5.0, 6.0], [7.0, -INF], [INF, INF], [-INF, 8.0]]
WILD_GROUP = [1, 0, 2, 1, 4, 5, 5]
MANY = 2999  # rows; no 16-bit float and no 8-bit integer holds this number
# the sum is exact in any order, and so is each row divided by the count
MANY_ROWS = ([[i % 2 * MANY] for i in range(MANY)] + [[5]], [0] * MANY + [1], 2)
LAST = "Only the last row of each group arrived: all of them are to be added."
START = "This divides by one more than a group has rows: is a start value counted too?"
SIZES = ((6, 4), (60, 40))  # rows, groups
MOST_MORE = 8  # operations that may depend on the sizes; a loop adds 36 or more


def group_by_group(x, group, groups):
    """One group after the other."""
    means = []
    for k in range(groups):
        rows = x[group == k]
        means.append(rows.mean(0) if len(rows) else x.new_zeros(x.shape[1]))
    return torch.stack(means)


BENCHMARK = Benchmark(
    "scatter_mean",
    means="x: shape (n, 16), float32; 64 groups",
    inputs=lambda n: (torch.randint(9, (n, 16)).float(), torch.randint(64, (n,)), 64),
    sizes=(100, 1_000, 100_000),
    bytes_moved=lambda n: n * (8 + 16 * 4) + 64 * 16 * 4,  # read x and group, write the means
    operations=lambda n: n * 16,
    naive=group_by_group,
)


class TestScatterMean(PureFunction):
    name = "scatter_mean"
    tensors = ("x", "group")
    fixed = {"group": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [([[1, 2], [3, 4], [5, 6]], [2, 0, 2], 4), (X, GROUP, 5), ([[1, 2, 4]], [1], 3)]
    cases += [([[1], [2], [4]], [1, 0, 1], 2), ([[7]], [0], 1)]
    cases += [(np.zeros((0, 2)), np.zeros(0), groups) for groups in (3, 1)]
    wild = wild_gradients = [(WILD, WILD_GROUP, 6)]
    precise = [
        (dtype, ([[1 + tiny], [1 + 3 * tiny], [7.0], [1e8]], [1, 1, 2, 0], 3))
        for dtype, tiny in ((torch.float64, 2.0**-40), (torch.float32, 2.0**-20))
    ]
    precise += [(torch.float32, MANY_ROWS)]
    ulps = 4
    absolute = False
    hints = {
        "shape": "There is one row for each of the groups, also for those at the end that are"
        " empty.",
        "dtype": "The mean has x's dtype: make new tensors with that, such as by x.new_zeros.",
        "values": "Row k is the sum of x's rows of group k, divided by how many they are.",
        "wild": "0 * inf and inf - inf are NaN: a row may only be added to its own group.",
        "precise": "Stay in the dtype of x, divide by the exact count, and add up no rows of other"
        " groups.",
        "count": f"Group 0 has {MANY} rows: count in a dtype that holds such a number, as int64.",
        "tracked": "Use torch's operations on x, without `detach`, `.data`, `no_grad` or"
        " `torch.tensor`.",
        "gradient": "Each row gets the gradient of its group's mean, divided by the count of that"
        " group.",
        "memory": "Only look at x and group: methods with a trailing underscore change them.",
        "loop": "One operation can add all rows to the rows that an index names, and one count"
        " them.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (groups, d), also where there are few rows,"
        " or none.",
        "test_values": "Row k is the mean of x's rows of group k, and 0 where there are none.",
        "test_wild_values": "inf and NaN are the mean of their own group, and change no other.",
        "test_no_digit_is_lost": "The mean is as precise as the dtype of x, of thousands of rows"
        " too.",
        "test_gradients": "A row gets the gradient of its group's mean, divided by the number of"
        " rows in the group.",
    }

    def truth(self, x, group, groups):
        sums = [x[group == k].sum(0) / max((group == k).sum(), 1) for k in range(groups)]
        return np.array(sums)

    def gradient(self, weights, x, group, groups):
        return [weights[group] / np.bincount(group, minlength=groups)[group, None]]

    def why(self, law, arguments, got, expected):
        if law == "type" or "gradient" in law:
            return ""
        _, group, groups = arguments
        wrong = (got.isnan() & ~expected.isnan()).any(1)
        for k in range(groups):
            if law == "values" and wrong[k] and k not in group:
                return f"Group {k} has no rows, and its mean is 0: 0 / 0 is NaN, but 0 / 1 is 0."
            if expected[k, 0].isfinite() < got[k, 0].isfinite():
                return (
                    f"Group {k} holds {expected[k, 0]}, so that is its mean: take care of empty"
                    " groups before you divide."
                )
        if len(group) > MANY:
            return self.hints["count"]
        return super().why(law, arguments, got, expected)

    def others(self, x, group, groups):
        counts = np.array([[(group == k).sum()] for k in range(groups)])
        last = np.zeros((groups, x.shape[1]))
        for row, k in zip(x, group, strict=True):
            last[k] = row
        sums = self.truth(x, group, groups) * counts
        return {LAST: last / np.maximum(counts, 1), START: sums / (counts + 1)}

    @aspect("cost")
    def test_the_work_does_not_grow_with_the_data(self, solution):
        """Torch and Python do no more for many rows and groups than for few."""
        for tracked in (True, False):
            inputs = {
                f"{n} rows in {groups} groups": [
                    torch.ones(n, 3, requires_grad=tracked),
                    torch.arange(n) % groups,
                    groups,
                ]
                for n, groups in SIZES
            }
            expect_no_loop(solution.scatter_mean, inputs, MOST_MORE, self.hints["loop"])
