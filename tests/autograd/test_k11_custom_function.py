"""The checks of autograd/k11_custom_function: slopes of every order in NumPy, memory by a trace."""

import numpy as np
import torch
import torch.utils.checkpoint

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect,
    expect_derivatives,
    expect_tensor,
    expect_values,
    in_layout,
    kept_for_backward,
    runs_of,
)
from dojo.checks.laws import PureFunction

LOST = "backward itself is differentiated: make it of torch's operations on ctx.saved_tensors and"
LOST += " grad. What forward has computed is a constant to it."
POINTS = [0.0, 0.75, -1.5, 3.0, -4.0, 1e6, -1e6]
AGAIN = "Keep x alone, by ctx.save_for_backward(x), and compute sigmoid(x) again in backward."
OTHERS = {
    "This is the sigmoid alone: x in front of it has a slope too.": lambda _x, s: s,
    "This is x * s * (1 - s), with s = sigmoid(x): the slope of x itself is missing.": (
        lambda x, s: x * s * (1 - s)
    ),
    "This is the slope of the sigmoid; it is that of x * sigmoid(x) that is asked for.": (
        lambda _x, s: s * (1 - s)
    ),
}


def slope(x, order):
    """The derivative of x * sigmoid(x) of this order, from 0 to 4."""
    with np.errstate(over="ignore"):
        s = 1 / (1 + np.exp(-x))
    first = s * (1 - s)
    ofs = [s, first, first * (1 - 2 * s), first * (1 - 6 * first)]
    ofs.append(ofs[2] * (1 - 12 * first))
    return x * ofs[order] + (order * ofs[order - 1] if order else 0)


def gradient_by(function, x):
    """The gradient of the sum for x."""
    return torch.autograd.grad(function(x).sum(), x)[0]


BENCHMARK = Benchmark(
    "silu",
    means="x: shape (n,), float32; forward and backward",
    inputs=lambda n: ((torch.arange(n) % 7.0 - 3).requires_grad_(),),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 4 * 4 * n,  # read x, write the result; read x, write the gradient
    operations=lambda n: n,
    torchs=lambda x: gradient_by(torch.nn.functional.silu, x),
    naive=lambda x: gradient_by(lambda x: x / (1 + torch.exp(-x)), x),
    call=lambda answer, x: gradient_by(answer.silu, x),
)


class TestSilu(PureFunction):
    name = "silu"
    dtypes = (torch.float32, torch.float64)
    cases = [([[0.0, 1.0, -1.0], [3.0, -0.5, 0.25]],), (np.linspace(-9, 9, 8).reshape(2, 2, 2),)]
    cases += [([-4.0, 2.0],), (-1.5,), ([[2.5]],), (np.ones((0,)),), (np.ones((3, 0)),)]
    wild = [([[1e6, -1e6, 100.0], [-100.0, 800.0, -800.0]],), (-1e6,)]
    wild_gradients = wild
    twice = True
    forbidden = "silu(_backward)?"
    hints = {
        "values": "The result is x * sigmoid(x), for each entry by itself.",
        "wild": "exp(1000) is inf, and inf / inf and inf * 0 are NaN: torch.sigmoid has no such"
        " trouble.",
        "gradient": "With s = sigmoid(x), the slope is s + x * s * (1 - s).",
        "wild gradient": "exp(1000) is inf, and inf / inf and inf * 0 are NaN: make the slope of"
        " torch.sigmoid(x).",
        "tracked": "Return what `apply` of your torch.autograd.Function gives, called with x"
        " itself.",
        "second gradient": LOST,
        "raises": "forward gets ctx and x, and backward gets ctx and a gradient for each result.",
        "forbidden": "The kata is to write both directions yourself.",
    }
    sentences = {
        "test_values": "The result is x * sigmoid(x), in every shape, dtype and layout.",
        "test_wild_values": "Entries of 1,000,000 and -1,000,000 give no inf and no NaN.",
        "test_gradients": "The gradient is that of x * sigmoid(x), in every dtype and layout.",
        "test_wild_gradients": "The gradient is 1 or 0 at 1,000,000 and -1,000,000.",
        "test_is_made_without": "It is made without torch's silu, forward and backward.",
    }

    def truth(self, x):
        return slope(x, 0)

    def gradient(self, weights, x):
        return [weights * slope(x, 1)]

    def why(self, law, arguments, got, expected):
        if law != "gradient" or got.numel() < 2:
            return ""
        x = arguments[0]
        share = got.double().numpy() / expected.double().numpy() * slope(x, 1)
        s = 1 / (1 + np.exp(-x))
        return "".join(hint for hint, of in OTHERS.items() if np.allclose(of(x, s), share, 1e-3))

    @aspect("gradient")
    def test_every_order(self, solution, device):
        """Derivatives are right up to the fourth order, and so are those of its square."""
        for dtype in self.dtypes:
            x = torch.tensor(POINTS, dtype=dtype).to(device).requires_grad_()
            y0, y1, y2, y3, _ = truths = [slope(np.array(POINTS), order) for order in range(5)]
            squares = [y0**2, 2 * y0 * y1, 2 * (y1**2 + y0 * y2), 6 * y1 * y2 + 2 * y0 * y3]
            for subject, power, exact in (("silu(x)", 1, truths), ("silu(x)²", 2, squares)):
                expected = [torch.tensor(one, dtype=dtype) for one in exact[1:]]
                y = self.call(solution, [x]) ** power
                expect_derivatives(y, x, expected, LOST, subject, rtol=1e-5, atol=1e-5)

    @aspect("gradient")
    def test_calls_wait_for_their_backward(self, solution, device):
        """Several calls may wait for their backward, and backward may run twice on a graph."""
        rows = [1.0, 2.0], [-1.0, 0.5], [[3.0], [-2.0], [0.25]]
        inputs = [torch.tensor(one).to(device).requires_grad_() for one in rows]
        results = [self.call(solution, [x]) for x in inputs]
        for words in ("first", "second"):
            for x, y, row in zip(inputs, results, rows, strict=True):
                (got,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
                expected = torch.tensor(slope(np.array(row), 1), dtype=x.dtype)
                hint = f"Three calls wait here, and this is the {words} backward of one of them."
                hint += " Keep x with the call that it came to, by ctx.save_for_backward(x)."
                expect_values(got, expected, hint, f"the gradient for x = {row}")

    @aspect("memory")
    def test_keeps_x_alone(self, solution):
        """For backward it keeps x, and no memory that the call has made."""
        for layout, shape, dtype in (
            ("contiguous", (300, 300), torch.float32),
            ("transposed", (300, 300), torch.float64),
            ("contiguous", (90_000,), torch.float64),
        ):
            x = in_layout(torch.linspace(-3, 3, 90_000, dtype=dtype).view(shape), layout)
            x.requires_grad_()
            if len(shape) == 1:
                x = x.view_as(x)  # no leaf
            own = x.numel() * x.element_size()
            kept = kept_for_backward(lambda *inputs: self.call(solution, inputs), x)
            sentence = f"keeps {kept.total} bytes for backward beside x, which has {own} bytes"
            hint = AGAIN if layout == "contiguous" else f"Here x is {layout}: a copy counts too."
            hint = f"The result is among them. {hint}" if kept.of_result else hint
            expect(kept.total == 0, f"{sentence}; expected 0.", hint)

    @aspect("errors")
    def test_sees_a_change_of_x(self, solution, device):
        """If x is changed in place after the call, backward raises RuntimeError."""
        for is_leaf in (True, False):
            leaf = torch.tensor([1.0, -2.0, 3.0]).to(device).requires_grad_()
            x = leaf if is_leaf else leaf * 2
            got = self.call(solution, [x])
            expect_tensor(got)
            with torch.no_grad():
                x.mul_(2)
            try:
                torch.autograd.grad(got.sum(), leaf)
            except RuntimeError:
                continue
            sentence = "gave a gradient, though x was changed in place after the call; expected"
            hint = "ctx.save_for_backward(x) notes the version of x, which `ctx.x = x` does not."
            raise CheckFailed(f"{sentence} RuntimeError.", hint)

    @aspect("structure")
    def test_runs_no_checkpoint(self, solution):
        """It is made without torch.utils.checkpoint."""
        x = torch.tensor([1.0, -2.0], requires_grad=True)
        with runs_of(torch.utils.checkpoint) as names:
            self.call(solution, [x])
        sentence = "ran torch.utils.checkpoint, which is forbidden here."
        expect(not names, sentence, self.hints["forbidden"])
