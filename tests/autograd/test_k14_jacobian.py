"""The checks of autograd/k14_jacobian: a small imaginary step in NumPy gives each column."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, calls_of, expect, expect_values, gradients
from dojo.checks.laws import FunctionalFunction, Handed
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

FLAT = "The derivative is 0 where an output does not depend on x, also with create_graph:"
FLAT += " `allow_unused`, and a test for `requires_grad`."
STEP = 1e-30  # so small that its square is nothing: the imaginary part is the derivative alone
W = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
V = [2.0, -0.5]
X = [0.5, -1.25, 2.0]
GRID = [[0.5, -1.0, 0.25], [2.0, 1.5, -0.75]]

SCALED = Handed("lambda x: x[0] * x", lambda x: x[0] * x, lambda x: x[0] * x)
NET = Handed(
    "Net: x -> weight @ x.sin() + bias",
    lambda x, weight, bias: weight @ x.sin() + bias,
    lambda x, weight, bias: weight @ np.sin(x) + bias,
    {"weight": W, "bias": V},
    is_module=True,
)
TURNED = Handed("lambda x: (x * x).T", lambda x: (x * x).T, lambda x: (x * x).T)
ITSELF = Handed("lambda x: x", lambda x: x, lambda x: x)
NUMBER = Handed("lambda x: x.exp().sum()", lambda x: x.exp().sum(), lambda x: np.exp(x).sum())
SQUARE = Handed("lambda x: x * x", lambda x: x * x, lambda x: x * x)
CONSTANT = Handed("lambda x: x.new_ones(2)", lambda x: x.new_ones(2), lambda _: np.ones(2))
OWN = Handed("lambda x: v", lambda _, v: v, lambda _, v: v, {"v": V})
TOTAL = Handed("lambda x: x.sum(0)", lambda x: x.sum(0), lambda x: x.sum(0))
NOTHING = Handed("lambda x: x[:0]", lambda x: x[:0], lambda x: x[:0])


def anew_for_each_row(f, x):
    """One call of f and one pass backward for each output."""
    x = x.detach().requires_grad_()
    shape = f(x).shape
    rows = [torch.autograd.grad(f(x).flatten()[n], x)[0] for n in range(shape.numel())]
    return torch.stack(rows).reshape((*shape, *x.shape))


def triple(x):
    """A function for the benchmark: each output depends on three inputs."""
    return x * x.roll(1) + x.roll(-1)


BENCHMARK = Benchmark(
    "jacobian",
    means="x: shape (n,), f(x) of shape (n,)",
    inputs=lambda n: (triple, torch.arange(n) % 7.0 - 3),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 4 * n * n,  # write the result
    torchs=lambda f, x: torch.func.jacrev(f)(x),
    naive=anew_for_each_row,
)


class TestJacobian(FunctionalFunction):
    name = "jacobian"
    dtypes = (torch.float32, torch.float64)
    curved = [([2.0, 3.0], SCALED), (GRID, TURNED), (X, NET), (GRID, NUMBER), (1.5, SQUARE)]
    straight = [([[1.5]], ITSELF), (GRID, CONSTANT), (X, OWN)]
    straight += [(np.zeros((0, 3)), TOTAL), (GRID, NOTHING)]
    cases = [*curved, *straight]
    gradient_cases = [(*case, True) for case in curved]
    ulps = 32
    untracked = True
    hints = {
        "type": "`torch.autograd.grad` returns a tuple, with None for what was not used.",
        "shape": "First the shape of f(x), then the shape of x: (*f(x).shape, *x.shape).",
        "dtype": "Make the weights of a pass in x's dtype.",
        "device": "Make the weights of a pass on x's device.",
        "values": "[i..., j...] is the derivative of f(x)[i...] for x[j...].",
        "flat": FLAT,
        "precise": "Only the last digits differ: have autograd compute it, in x's dtype.",
        "gradient": "With create_graph the result depends on x itself, not on a detached copy.",
        "tracked": "With create_graph=True compute from x itself, and hand create_graph on.",
        "untracked": "Without create_graph nobody differentiates the result: detach it.",
        "forbidden": "The kata is to make it from single derivatives: `grad`, `vjp`, `jvp`.",
    }
    sentences = {
        "test_values": "Each output is differentiated for each input, also where that gives 0.",
        "test_gradients": "With create_graph, gradients of the result reach x.",
        "test_gives_an_untracked_result": "Without create_graph the result does not require grad.",
    }

    def truth(self, x, f, create_graph=False):
        steps = STEP * 1j * np.eye(x.size).reshape((x.size, *x.shape))
        columns = [np.imag(f.truth(x + step)) / STEP for step in steps]
        shape = np.shape(f.truth(x))
        return np.stack(columns or [np.zeros((*shape, 0))], -1).reshape((*shape, *x.shape))

    def why(self, law, arguments, got, expected):
        x = arguments[0]
        if law == "type" or "gradient" in law:
            return ""
        if x.ndim == 1 and got.shape == (x.size, x.size) and torch.allclose(got.T, expected):
            return "Rows and columns are swapped: the outputs come first."
        return ""

    def hint_of(self, row):
        return FLAT if any(row.case[1] is f for f in (CONSTANT, OWN)) else super().hint_of(row)

    @once
    def created_rows(self):
        """The cases with create_graph that no law of gradients asks, x tracked in turns."""
        return [
            Row(self, (*case, True), self.dtypes[n % 2], n, "flat", () if n % 2 else ("x",))
            for n, case in enumerate([*self.curved[:1], *self.straight])
        ]

    def all_rows(self):
        """Every row, those with create_graph too."""
        return [*super().all_rows(), *self.created_rows]

    @aspect("values")
    def test_create_graph_gives_the_same(self, solution):
        """With create_graph the numbers are the same."""
        for record in self.records(solution, "cpu", self.created_rows):
            self.expect_truth(record)

    @aspect("gradient")
    def test_reaches_the_parameters(self, solution):
        """With create_graph, gradients of the result reach the parameters of f."""
        for dtype, tracked in ((torch.float32, ()), (torch.float64, ("x",))):
            row = Row(self, (X, NET, True), dtype, 0, "values", tracked, True)
            record = self.ask_again(solution, "cpu", row)
            self.expect_truth(record)
            weight = self.function_of(record.arguments).parameters["weight"]
            found = gradients(record.got, {"weight": weight}, row.weights, self.hints["tracked"])
            expected = row.weights * torch.tensor(X, dtype=dtype).cos()
            what = "the gradient of weight, a parameter of f,"
            expect_values(found["weight"], expected, self.hints["tracked"], what)

    @aspect("memory")
    def test_create_graph_leaves_all(self, solution):
        """With create_graph too, x and what belongs to f stay as they are."""
        for record in self.records(solution, "cpu", self.created_rows):
            expect(not record.change, record.change, self.hint("memory"))

    @aspect("structure")
    def test_is_made_of_single_derivatives(self, solution):
        """It is made without jacrev, jacfwd, hessian and torch.autograd.functional.jacobian."""
        functional = torch.autograd.functional
        whole = (torch.func.jacrev, torch.func.jacfwd, torch.func.hessian)
        forbidden = (*whole, functional.jacobian, functional.hessian)
        arguments = self.arguments_of(self.plain[0], "cpu")
        with calls_of(*forbidden) as callers:
            self.call(solution, arguments)
        sentence = "called torch's own jacrev, jacfwd, hessian or jacobian: all are forbidden here."
        expect(not callers, sentence, self.hints["forbidden"])
