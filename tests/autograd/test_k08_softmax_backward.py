"""The checks of autograd/k08_softmax_backward: slopes of softmax itself, computed in NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark, MemoryTrace, aspect, cost_of, expect, expect_no_growth
from dojo.checks.laws import BackwardByHand, exact_slopes
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

PLAIN = [[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]], [[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]
# shape, dim; along dimension 0 the tensors of a layout that repeats it would not add up to 1
SHAPES = [((2, 3, 4), 1), ((3, 3), -1), ((4,), 0), ((), -1), ((3, 1), 1), ((0, 3), 1), ((2, 0), 1)]
ALONG_0 = [((3, 2), 0), ((2, 3, 2), -3)]
SURE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]
LARGE = [[1e4, -1e4, 5e3], [1e4, 1e4, 1e4], [-1e4, 9e3, 1e4]]
SIZES = [(2, 300), 1], [(300, 2), 0], [(2, 150, 2), -2]
SPARE = 10  # operations or lines that may come with the size: a branch, but no loop
THRIFTY = "One number for each row, the sum of grad * y, is all that is needed of the Jacobian."


def row_by_row(grad, y, dim):
    """Right, with the Jacobian of each row; only for a matrix and its last dimension."""
    pairs = zip(grad, y, strict=True)
    return torch.stack([(torch.diag(s) - torch.outer(s, s)) @ g for g, s in pairs])


BENCHMARK = Benchmark(
    "softmax_backward",
    means="grad and y: shape (n, 256), float32, along the last dimension",
    inputs=lambda n: (
        torch.randint(9, (n, 256)).float(),
        torch.softmax(torch.randint(5, (n, 256)).float(), 1),
        1,
    ),
    sizes=(4, 256, 16_384),
    bytes_moved=lambda n: 3 * 4 * 256 * n,  # read grad and y, write the gradient
    operations=lambda n: 4 * 256 * n,  # two products, a sum and a difference
    naive=row_by_row,
    naive_up_to=256,
)


def case_of(shape, dim):
    """grad, and the shares of random numbers."""
    draw = np.random.default_rng(len(shape))
    powers = np.exp(np.round(draw.uniform(-2, 2, shape), 1))
    return np.round(draw.uniform(-3, 3, shape), 1), powers / powers.sum(dim, keepdims=True), dim


class TestSoftmaxBackward(BackwardByHand):
    name = "softmax_backward"
    tensors = ("grad", "y")
    dtypes = (torch.float32, torch.float64)
    cases = [(*PLAIN, 1), *(case_of(*one) for one in SHAPES)]
    wild = [(LARGE, SURE, 1), *(case_of(*one) for one in ALONG_0)]
    ulps = {torch.float32: 84, torch.float64: 450}  # 1e-5 and 1e-13
    hints = {
        "shape": "Each entry of y has its place in the result: keep the dimension of the sum.",
        "dtype": "Stay in y's dtype: float64 has 16 digits, float32 only 7.",
        "raises": "Keep the dimension of the sum. y may have any number of dimensions, none too.",
        "values": "y * (grad - sum of grad * y along dim, with keepdim).",
        "wild": "y * (grad - sum of grad * y along dim), for each dim. Where y is 0 the gradient is"
        " 0: nothing has to be divided by y, or taken the logarithm of.",
        "forbidden": "Write the formula yourself, of a product and a sum.",
        "by hand": "Write the formula yourself: the kata is to do what autograd does.",
    }
    sentences = {
        "test_has_the_shape": "The gradient has y's shape, for a 0-d and an empty y too.",
        "test_values": "The gradient is that of softmax along dim.",
        "test_wild_values": "It is right along the first dimension, and where y holds 0 and 1.",
    }

    def truth(self, grad, y, dim):
        def weighted(steps):
            powers = y * np.exp(steps)
            return (grad * powers / powers.sum(dim, keepdims=True)).sum()

        return exact_slopes(weighted, [np.zeros(y.shape)], 0)

    def other_case(self, arrays):
        grad, y, dim = arrays
        return [np.roll(grad, 1), np.roll(y, 1, dim), dim]  # still adds up to 1 along dim

    @once
    def option_rows(self):
        grad, y = [[1.0, 2.0], [4.0, -1.0]], [[0.25, 0.75], [0.75, 0.25]]  # both ways add up to 1
        return [tuple(Row(self, (grad, y, dim), torch.float64) for dim in (1, 0))]

    def compare(self, record, expected, hint, rtol, atol):
        largest = np.abs(record.row.arrays[0]).max(initial=1)
        super().compare(record, expected, hint, rtol, rtol * largest)

    def why(self, law, arguments, got, expected):
        if law == "type" or got.isnan().any():
            return ""
        grad, y, dim = arguments
        total = (grad * y).sum(dim, keepdims=True)
        others = {
            "This is the diagonal of the Jacobian alone; the rest of it is not 0.": (
                grad * y * (1 - y)
            ),
            "The sum is missing: a share depends on each input of its row.": grad * y,
            "This is the sum over all of y; each row along dim has its own.": (
                y * (grad - (grad * y).sum())
            ),
            "The sum of grad * y is subtracted from grad * y here: it belongs inside of y * (…).": (
                grad * y - total
            ),
            "The factor y in front is missing.": grad - total,
            "This is the gradient of log_softmax.": grad - y * grad.sum(dim, keepdims=True),
            "The sum is that of grad * y, not of grad.": (
                y * (grad - grad.sum(dim, keepdims=True))
            ),
            "The sign is wrong.": y * (total - grad),
        }
        for other in range(y.ndim):
            if other != dim % y.ndim:
                hint = f"The sum is along dimension {other} here; dim is {dim}."
                others[hint] = y * (grad - (grad * y).sum(other, keepdims=True))
        return next((hint for hint, one in others.items() if np.allclose(one, got, 1e-3, 1e-5)), "")

    @aspect("memory")
    def test_makes_no_jacobian(self, solution):
        """No tensor that is made on the way has more than 4 times the entries of y."""
        for shape, dim in SIZES:
            grad, y, dim = case_of(shape, dim)
            grad, y = torch.tensor(grad), torch.tensor(y)
            with MemoryTrace() as trace:
                solution.softmax_backward(grad, y, dim)
            most = max(trace.new, default=0) // 8
            sentence = f"made a tensor of {most} entries on the way; y has {y.numel()}."
            expect(most <= 4 * y.numel(), sentence, THRIFTY)

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """The number of operations does not grow with the size of y."""
        for small, large, dim in (((2, 3), (24, 40), 1), ((3, 2), (40, 24), 0)):
            costs = []
            for shape in (small, large):
                grad, y, _ = case_of(shape, dim)
                cost = cost_of(solution.softmax_backward, torch.tensor(grad), torch.tensor(y), dim)
                steps = cost.lines + cost.numbers
                costs.append({"operations": cost.operations, "steps in Python": steps})
            words = f"y of shape {small}", f"y of shape {large}"
            expect_no_growth(*costs, words, SPARE, "Sum along dim for all rows at once.")
