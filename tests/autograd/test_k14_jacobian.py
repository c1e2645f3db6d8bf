"""The checks of autograd/k14_jacobian: a small imaginary step in NumPy gives each column."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, calls_of, expect, expect_values, gradients
from dojo.checks.laws import FunctionalFunction, Handed
from dojo.checks.laws.rows import Row

STEP = 1e-30  # so small that its square is nothing: the imaginary part is the derivative alone
W = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
V = [2.0, -0.5]
X = [0.5, -1.25, 2.0]
GRID = [[0.5, -1.0, 0.25], [2.0, 1.5, -0.75]]

SCALED = Handed("lambda x: x[0] * x", lambda x: x[0] * x, lambda x: x[0] * x)
PRODUCT = Handed(
    "lambda x: w @ x.sin()", lambda x, w: w @ x.sin(), lambda x, w: w @ np.sin(x), {"w": W}
)
LINEAR = Handed(
    "nn.Linear(3, 2)",
    torch.nn.functional.linear,
    lambda x, weight, bias: x @ weight.T + bias,
    {"weight": W, "bias": V},
    is_module=True,
)
TURNED = Handed("lambda x: (x * x).T", lambda x: (x * x).T, lambda x: (x * x).T)
ITSELF = Handed("lambda x: x", lambda x: x, lambda x: x)
NUMBER = Handed("lambda x: x.exp().sum()", lambda x: x.exp().sum(), lambda x: np.exp(x).sum())
PAIR = Handed(
    "lambda x: torch.stack([x, x**3])",
    lambda x: torch.stack([x, x**3]),
    lambda x: np.stack([x, x**3]),
)
SQUARE = Handed("lambda x: x * x", lambda x: x * x, lambda x: x * x)
CONSTANT = Handed("lambda x: x.new_ones(2)", lambda x: x.new_ones(2), lambda _: np.ones(2))
OWN = Handed("lambda x: v * 3", lambda _, v: v * 3, lambda _, v: v * 3, {"v": V})
TOTAL = Handed("lambda x: x.sum(0)", lambda x: x.sum(0), lambda x: x.sum(0))
NOTHING = Handed("lambda x: x[:0]", lambda x: x[:0], lambda x: x[:0])


def row_by_row(f, x):
    """One pass backward for each output."""
    x = x.detach().requires_grad_()
    y = f(x)
    rows = [torch.autograd.grad(one, x, retain_graph=True)[0] for one in y.flatten()]
    return torch.stack(rows).reshape((*y.shape, *x.shape))


def triple(x):
    """A function for the benchmark: each output depends on three inputs."""
    return x * x.roll(1) + x.roll(-1)


BENCHMARK = Benchmark(
    "jacobian",
    means="x: shape (n,), f(x) of shape (n,)",
    inputs=lambda n: (triple, torch.arange(n) % 7.0 - 3),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 4 * n * n,  # write the result
    naive=row_by_row,
)


class TestJacobian(FunctionalFunction):
    name = "jacobian"
    dtypes = (torch.float32, torch.float64)
    cases = [([2.0, 3.0], SCALED), (GRID, TURNED), (X, PRODUCT), (GRID, LINEAR), (GRID, NUMBER)]
    cases += [(1.5, PAIR), (-2.0, SQUARE), ([[1.5]], ITSELF), (GRID, CONSTANT)]
    cases += [(X, OWN), (np.zeros((0, 3)), TOTAL), (GRID, NOTHING)]
    gradient_cases = [
        (*case, True)
        for case in (
            ([2.0, 3.0], SCALED),
            (GRID, TURNED),
            (X, PRODUCT),
            (GRID, NUMBER),
            (1.5, PAIR),
        )
    ]
    ulps = 32
    untracked = True
    hints = {
        "type": "`torch.autograd.grad` returns a tuple, with None for what was not used.",
        "shape": "First the shape of f(x), then the shape of x: (*f(x).shape, *x.shape).",
        "dtype": "Make the weights of a pass in x's dtype.",
        "device": "Make the weights of a pass on x's device.",
        "values": "[i..., j...] is the derivative of f(x)[i...] for x[j...].",
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

    @aspect("gradient")
    def test_reaches_the_parameters(self, solution, device):
        """With create_graph, gradients of the result reach the parameters of f."""
        for dtype, tracked in ((torch.float32, ()), (torch.float64, ("x",))):
            row = Row(self, (X, PRODUCT, True), dtype, 0, "values", tracked, True)
            record = self.ask_again(solution, device, row)
            self.expect_truth(record)
            weights = row.weights.to(device)
            f = self.function_of(record.arguments)
            found = gradients(record.got, f.parameters, weights, self.hints["tracked"])
            expected = row.weights * torch.tensor(X, dtype=dtype).cos()
            what = "the gradient of w, a parameter of f,"
            expect_values(found["w"], expected, self.hints["tracked"], what)

    @aspect("structure")
    def test_is_made_of_single_derivatives(self, solution):
        """It is made without jacrev, jacfwd, hessian and torch.autograd.functional.jacobian."""
        functional = torch.autograd.functional
        whole = (torch.func.jacrev, torch.func.jacfwd, torch.func.hessian)
        for function in (*whole, functional.jacobian, functional.hessian):
            arguments = self.arguments_of(self.plain[0], "cpu")
            with calls_of(function) as callers:
                self.call(solution, arguments)
            sentence = f"called torch's {function.__name__}, which is forbidden here."
            expect(not callers, sentence, self.hints["forbidden"])
