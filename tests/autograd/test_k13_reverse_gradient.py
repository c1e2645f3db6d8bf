"""The checks of autograd/k13_reverse_gradient: the numbers of x, and gradients times -scale."""

import itertools

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_derivatives, expect_values, gradients
from dojo.checks.laws import PureFunction
from dojo.checks.laws.numbers import is_rounded

ROWS = [[1.0, -2.0, 3.5], [0.25, 4.0, -1.5]]
AGAIN = "Every pass through a call multiplies by -scale, that of the second derivative too: make"
AGAIN += " backward of torch's operations on grad, and detach nothing of it."
ROUNDED = "Only the last digits differ: keep scale as Python's number, in no float32 tensor."
PASSED = "Multiply each gradient, and only that: training with a scaled loss looks for NaN in it."
OF_ONE_CALL = "A scale belongs to one call: keep it on ctx, not on a class or in a global."


class TestReverseGradient(PureFunction):
    name = "reverse_gradient"
    memory = "free"
    dtypes = (torch.float32, torch.float64)
    cases = [(ROWS, 0.5), (np.linspace(-3.5, 3.6, 8).reshape(2, 2, 2), 0.1), ([-1.25, 7.5],)]
    cases += [(2.75, 3), ([[-0.75]], 0), (np.ones((0,)), 2.0), (np.ones((3, 0)),)]
    precise = [(torch.float64, ([1 + 2**-52, 1e300, -1e-300, 5e-324], 0.3))]
    precise += [(torch.float32, ([1 + 2**-23, 3e38, -1e-38, 1e-45], 0.3))]
    ulps, gradient_ulps, absolute = 0, 4, False
    twice = True
    hints = {
        "type": "An nn.Module is a layer; here x itself goes through, and a tensor comes out.",
        "values": "The numbers of x come out exactly as they are: only the gradient changes.",
        "precise": "Compute nothing with x in forward: a product and a sum round their digits.",
        "gradient": "The gradient for x is -scale times the one that comes in.",
        "tracked": "The result has to depend on x by what autograd records: return what `apply` of"
        " your torch.autograd.Function gives.",
        "memory": "Only a tracked x makes a tracked result, and x stays as it is: no hook on x.",
        "second gradient": AGAIN,
    }
    sentences = {
        "test_values": "The numbers of x come out as they are.",
        "test_gradients": "The gradient for x is multiplied by -scale.",
        "test_second_gradients": "Second gradients are right, for x and for what comes in.",
    }

    def truth(self, x, scale=1.0):
        return x

    def gradient(self, weights, x, scale=1.0):
        return [-scale * weights + np.zeros(x.shape)]

    def why(self, law, arguments, got, expected):
        if law != "gradient" or not got.numel():
            return ""
        scale = arguments[1] if len(arguments) > 1 else 1.0
        plain = expected / -scale if scale else expected
        others = {
            "This is the gradient that came in: nothing has changed it.": plain,
            "The sign is missing here: multiply by -scale.": -expected,
            "The scale is missing here, or it is always 1.": -plain,
        }
        if is_rounded(got, expected):
            return ROUNDED
        return next((hint for hint, one in others.items() if torch.allclose(one, got)), "")

    @aspect("gradient")
    def test_reverses_only_what_lies_before(self, solution, device):
        """Other uses of x keep their gradient, and so does the result itself."""
        weights = torch.tensor([[1.0, 2.0, -3.0], [0.5, -1.0, 4.0]]).to(device)
        for is_leaf in (True, False):
            leaf = torch.tensor(ROWS).to(device).requires_grad_()
            x = leaf if is_leaf else leaf * 1
            before = x * 3
            y = self.call(solution, [x, 0.25])
            loss = before + y * weights + x * 5
            ones, cut = torch.ones_like(x), self.hints["tracked"]
            found = gradients(loss, {"x": x}, ones, cut) | gradients(loss, {"y": y}, ones, cut)
            hint = "Here y = reverse_gradient(x, 0.25), and the loss is 3 * x + w * y + 5 * x."
            other = f"{hint} A hook on x changes the gradients of its other uses too."
            expect_values(found["x"], 8 - 0.25 * weights, other, "the gradient of x")
            own = f"{hint} The result's own gradient is not reversed: that of y is w."
            expect_values(found["y"], weights, own, "the gradient of y")

    @aspect("gradient")
    def test_every_gradient_passes(self, solution, device):
        """A gradient that is large is multiplied too, and NaN stays NaN."""
        x = torch.tensor(ROWS[0]).to(device).requires_grad_()
        weights = torch.tensor([1e6, -1e30, torch.nan]).to(device)
        got = self.call(solution, [x, 0.5])
        found = gradients(got, {"x": x}, weights, self.hints["tracked"])["x"]
        expect_values(found, -0.5 * weights, PASSED, "the gradient of x")

    @aspect("gradient")
    def test_two_behind_each_other(self, solution, device):
        """Two calls behind each other multiply the gradient by both scales."""
        x = torch.tensor(ROWS).to(device).requires_grad_()
        y = self.call(solution, [self.call(solution, [x, 3.0]), 0.5])
        weights = torch.tensor([[1.0, 2.0, -3.0], [0.5, -1.0, 4.0]]).to(device)
        found = gradients(y, {"x": x}, weights, self.hints["tracked"])["x"]
        hint = f"Here y = reverse_gradient(reverse_gradient(x, 3), 0.5). {OF_ONE_CALL}"
        expect_values(found, 1.5 * weights, hint, "the gradient of x")

    @aspect("gradient")
    def test_scales_do_not_mix(self, solution, device):
        """Several calls with different scales wait for one backward, and each keeps its own."""
        x = torch.tensor(ROWS).to(device).requires_grad_()
        others = [torch.tensor(ROWS).to(device).requires_grad_() for _ in range(3)]
        scales = 2.0, 0.0, 0.5
        sums = [self.call(solution, [one, s]) for one, s in zip(others, scales, strict=True)]
        sums += [self.call(solution, [x, s]) * (n + 1) for n, s in enumerate(scales)]
        leaves = {"a": others[0], "b": others[1], "c": others[2], "x": x}
        found = gradients(sum(sums), leaves, torch.ones_like(x), self.hints["tracked"])
        for name, expected in zip(leaves, (-2.0, 0.0, -0.5, -3.5), strict=True):
            hint = f"Calls with a scale of 2, 0 and 0.5 wait for one backward. {OF_ONE_CALL}"
            one = torch.full_like(x, expected)
            expect_values(found[name], one, hint, f"the gradient of {name}")

    @aspect("gradient")
    def test_powers_have_derivatives(self, solution, device):
        """The third power has its derivatives, each times another -scale."""
        for dtype in self.dtypes:
            x = torch.tensor(ROWS, dtype=dtype).to(device).requires_grad_()
            cube = self.call(solution, [x, 0.5]) ** 3
            expected = [-0.5 * 3 * x**2, 0.25 * 6 * x, torch.full_like(x, -0.125 * 6)]
            expect_derivatives(cube, x, expected, AGAIN, "reverse_gradient(x, 0.5)³")

    @aspect("memory")
    def test_is_another_object(self, solution, device):
        """The result is another object than x, tracked or not."""
        for (rows, *scale), is_tracked in itertools.product(self.cases, (True, False)):
            x = self.tensor("x", rows, torch.float32).to(device).requires_grad_(is_tracked)
            got = self.call(solution, [x, *scale])
            hint = "Return a view or a copy: `x.view_as(x)`, `x.clone()`."
            expect(got is not x, "returned its input itself; expected another tensor.", hint)
