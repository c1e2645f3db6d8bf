"""The checks of autograd/k15_hessian_vector_product: a formula of the gradient, moved along v."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    MemoryTrace,
    aspect,
    calls_of,
    cost_of,
    expect,
    expect_no_growth,
)
from dojo.checks.laws import FunctionalFunction, Handed
from dojo.checks.laws.rows import Row

FLAT = "The gradient of this f does not depend on x, so the product is 0: autograd raises for that."
STEP = 1e-30  # so small that its square is nothing: the imaginary part is the derivative alone
W = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
X, V = [0.5, -1.25, 0.25], [1.0, 2.0, -0.5]
GRID, ALONG = [[0.5, -1.0, 0.25], [2.0, 1.5, -0.75]], [[1.0, 0.5, -2.0], [0.25, 4.0, -1.0]]
SMALL, LARGE = 3, 64  # entries of x
MOST = 4  # times the entries of the largest tensor in f
SPARE = 10  # operations or lines that may come with the size: a branch, but no loop

# as text, on tensors, and the gradient in closed form
MIXED = Handed(
    "lambda x: x[0] ** 2 * x[1]",
    lambda x: x[0] ** 2 * x[1],
    lambda x: np.stack([2 * x[0] * x[1], x[0] ** 2]),
)
SQUARED = Handed(
    "lambda x: x.sin().sum() ** 2",
    lambda x: x.sin().sum() ** 2,
    lambda x: 2 * np.sin(x).sum() * np.cos(x),
)
NET = Handed(
    "Net: x -> (weight @ x + bias).tanh().sum()",
    lambda x, weight, bias: (weight @ x + bias).tanh().sum(),
    lambda x, weight, bias: (1 - np.tanh(weight @ x + bias) ** 2) @ weight,
    {"weight": W, "bias": [2.0, -0.5]},
    is_module=True,
)
POWER = Handed("lambda x: x ** 4", lambda x: x**4, lambda x: 4 * x**3)
ROW = Handed("lambda x: x.sum() ** 3", lambda x: x.sum() ** 3, lambda x: 3 * x.sum() ** 2 + 0 * x)
LINEAR = Handed("lambda x: 5 * x.sum()", lambda x: 5 * x.sum(), lambda x: 5 + 0 * x)
SCALED = Handed(
    "lambda x: (w @ x).sum()", lambda x, w: (w @ x).sum(), lambda x, w: w.sum(0) + 0 * x, {"w": W}
)
CONSTANT = Handed("lambda x: x.new_ones(())", lambda x: x.new_ones(()), lambda x: 0 * x)
OWN = Handed(
    "lambda x: w.square().sum()", lambda _, w: w.square().sum(), lambda x, _: 0 * x, {"w": W}
)


def neighbours(x):
    """A function with a Hessian that is not diagonal; its largest tensors are as large as x."""
    return (x * x.roll(1)).sin().sum()


def slope_of_neighbours(x):
    """The gradient of that function: each entry has two neighbours."""
    factor, before = np.cos(x * np.roll(x, 1)), np.roll(x, 1)
    return factor * before + np.roll(factor * x, -1)


LONG = Handed("lambda x: (x * x.roll(1)).sin().sum()", neighbours, slope_of_neighbours)


def products(x):
    """A function for the benchmark, of which all derivatives are whole numbers."""
    return (x * x.roll(1)).square().sum()


def of_the_whole_hessian(f, x, v):
    """All second derivatives, row by row, and then a product of matrices."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [torch.autograd.grad(one, x, retain_graph=True)[0] for one in slope]
    return torch.stack(rows) @ v


BENCHMARK = Benchmark(
    "hvp",
    means="x and v: shape (n,)",
    inputs=lambda n: (products, torch.arange(n) % 5.0 - 2, torch.arange(n) % 3.0 - 1),
    sizes=(16, 256, 4096),
    bytes_moved=lambda n: 3 * 4 * n,  # read x and v, write the result
    naive=of_the_whole_hessian,
)


class TestHvp(FunctionalFunction):
    name = "hvp"
    tensors = ("x", "v")
    dtypes = (torch.float32, torch.float64)
    cases = [([2.0, 3.0], [1.0, 10.0], MIXED), (GRID, ALONG, SQUARED), (X, V, NET)]
    cases += [(1.5, -2.0, POWER), ([[0.5, 1.0]], [[1.0, -3.0]], ROW), (GRID, ALONG, LINEAR)]
    cases += [(X, V, SCALED), (GRID, ALONG, CONSTANT), (X, V, OWN), (X, V, LONG)]
    cases += [(np.zeros((0, 3)), np.zeros((0, 3)), SQUARED)]
    ulps = 128
    recorded = False
    untracked = True
    hints = {
        "type": "`torch.autograd.grad` returns a tuple, with None for what was not used.",
        "shape": "The result has an entry for each entry of x, in x's shape.",
        "values": "Differentiate the gradient once more, along v: (the gradient * v).sum() is one"
        " number.",
        "precise": "Only the last digits differ: have autograd compute it, in x's dtype.",
        "untracked": "Only the first derivative needs create_graph=True.",
        "cost": "Two derivatives of one number each are enough, whatever the size of x.",
        "forbidden": "The kata is to make it from single derivatives: `grad`, `vjp`, `jvp`.",
    }
    sentences = {
        "test_values": "The result is the Hessian times v, also where that is 0.",
        "test_gives_an_untracked_result": "The result does not require grad.",
    }

    def hint_of(self, row):
        is_flat = any(row.case[2] is f for f in (LINEAR, SCALED, CONSTANT, OWN))
        return FLAT if is_flat else super().hint_of(row)

    def truth(self, x, v, f):
        return np.imag(f.truth(x + STEP * 1j * v)) / STEP

    def why(self, law, arguments, got, expected):
        x, v, f = arguments
        if law != "values" or x.ndim != 1 or x.size != 2:  # the plain row shows which mistake it is
            return ""
        units = np.eye(x.size)
        columns = np.stack([self.truth(x, unit, f) for unit in units], -1)
        others = {
            "That is the gradient times v.": f.truth(x) * v,
            "These are the sums of the Hessian's rows, times v: v goes in before you differentiate"
            " again.": columns.sum(1) * v,
            "These are the second derivatives of each entry for itself, times v: those of two"
            " entries count too.": np.diag(columns) * v,
        }
        for hint, one in others.items():
            if np.allclose(one, got, 1e-3):
                return hint
        return ""

    @aspect("memory")
    def test_makes_no_matrix(self, solution):
        """No tensor on the way has over 4 times the entries of the largest one in f."""
        arguments = self.arguments_of(self.long_row(LARGE), "cpu")
        with MemoryTrace() as trace:
            self.call(solution, arguments)
        largest = max(trace.new) // arguments[0].element_size()
        sentence = f"made a tensor of {largest:,} entries; x and all in f have {LARGE} at most."
        expect(largest <= MOST * LARGE, sentence, self.hints["cost"])

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """The number of operations does not grow with x."""
        costs = []
        for size in (SMALL, LARGE):
            cost = cost_of(self.call, solution, self.arguments_of(self.long_row(size), "cpu"))
            steps = cost.lines + cost.numbers
            costs.append({"operations": cost.operations, "steps in Python": steps})
        sizes = f"{SMALL} entries", f"{LARGE} entries"
        expect_no_growth(*costs, sizes, SPARE, self.hints["cost"])

    def long_row(self, size):
        """A row with so many entries."""
        return Row(self, (np.arange(size) % 7 / 4, np.arange(size) % 3 - 1.0, LONG), torch.float64)

    @aspect("structure")
    def test_is_made_of_single_derivatives(self, solution):
        """It is made without hessian, and without hvp and vhp of torch.autograd.functional."""
        functional = torch.autograd.functional
        forbidden = (torch.func.hessian, functional.hessian, functional.hvp, functional.vhp)
        arguments = self.arguments_of(self.plain[0], "cpu")
        with calls_of(*forbidden) as callers:
            self.call(solution, arguments)
        sentence = "called torch's own hessian, hvp or vhp: all are forbidden here."
        expect(not callers, sentence, self.hints["forbidden"])
