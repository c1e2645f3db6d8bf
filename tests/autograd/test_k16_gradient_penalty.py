"""The checks of autograd/k16_gradient_penalty: the critics' gradients in closed form, in NumPy."""

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_values, gradients
from dojo.checks.draws import Uniform, expect_drawn, seed_torch
from dojo.checks.laws import FunctionalFunction, Handed
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

STEP = 1e-30  # so small that its square is nothing: the imaginary part is the derivative alone
DRAWN = 4_000  # samples for which an alpha is drawn
OWN_ALPHA = "Each sample has one alpha: draw shape (B,), and give it sizes of 1 behind that."
AT_ZERO = "The root has the slope inf at 0, and inf * 0 is NaN. `torch.linalg.vector_norm` has 0"
AT_ZERO += " there; or add 1e-12 under the root."
STRIDES = (
    "`view(B, -1)` raises for a gradient that lies in memory in another order: `flatten(1)` works."
)
SMALL = "Only the last digits differ: 1e-12 or less may be added under the root, and nothing else."
MODE = "critic is called in the mode that it has: call neither its train() nor its eval()."
SEED = "Draw alpha by torch.rand, whose numbers depend on torch.manual_seed; set no seed yourself."
W, V = [0.5, -1.0, 2.0], [[[0.5, -1.0], [2.0, 1.5]], [[1.0, 0.25], [-0.75, 3.0]]]
WEIGHT = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]


def numbers(*shape, seed=0):
    """From -2 to 2, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-2, 2, shape), 1)


def slope_of_net(x, weight, bias):
    return (1 - np.tanh(x) ** 2) * weight.sum(0)


def slope_of_neighbours(x):
    """Each entry has a neighbour on both sides, but for the first and the last one."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    return padded[:, :, 2:] + padded[:, :, :-2]


SQUARE = Handed("lambda x: x.square().sum(1)", lambda x: x.square().sum(1), lambda x: 2 * x)
CUBE = Handed("lambda x: x**3 @ w", lambda x, w: x**3 @ w, lambda x, w: 3 * x**2 * w, {"w": W})
NET = Handed(
    "Net: x -> x.tanh() @ weight.T + bias",
    lambda x, weight, bias: x.tanh() @ weight.T + bias,
    slope_of_net,
    {"weight": WEIGHT, "bias": [2.0, -0.5]},
    is_module=True,
)
IMAGE = Handed(
    "lambda x: (x.sin() * v).flatten(1).sum(1, keepdim=True)",
    lambda x, v: (x.sin() * v).flatten(1).sum(1, keepdim=True),
    lambda x, v: np.cos(x) * v,
    {"v": V},
)
NEIGHBOURS = Handed(
    "lambda x: x[:, :, 1:] * x[:, :, :-1]",
    lambda x: x[:, :, 1:] * x[:, :, :-1],
    slope_of_neighbours,
)


SUM_OF_SQUARES = Handed(
    "lambda x: x.square().sum((1, 2, 3))",
    lambda x: x.square().sum((1, 2, 3)),
    lambda x: 2 * x,
)


def mean_of_penalties(slopes):
    """The penalty for the gradients of all samples."""
    norms = np.sqrt((slopes**2).reshape(len(slopes), -1).sum(1))
    return ((norms - 1) ** 2).mean()


class TestGradientPenalty(FunctionalFunction):
    name = "gradient_penalty"
    tensors = ("real", "fake", "alpha")
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[3.0, 4.0], [1.0, 2.0]], [[0.0, 0.0], [2.0, -1.0]], [0.5, 0.25], SQUARE),
        (numbers(3, 3), numbers(3, 3, seed=1), [0.2, 0.9, 0.5], CUBE),
        (numbers(4, 3), numbers(4, 3, seed=1), [0.0, 1.0, 0.5, 0.3], NET),
        (numbers(3, 2, 2, 2), numbers(3, 2, 2, 2, seed=1), [0.7, 0.4, 0.1], IMAGE),
        (numbers(2, 3, 4), numbers(2, 3, 4, seed=1), [0.6, 0.2], NEIGHBOURS),
        (numbers(1, 3), numbers(1, 3, seed=1), [0.8], CUBE),
        (numbers(2, 1) + 3, numbers(2, 1, seed=1), [0.3, 0.6], SQUARE),
    ]
    ulps = {torch.float32: 32, torch.float64: 1e6}  # 1e-12 may stand under the root
    recorded = False
    hints = {
        "shape": "The result is one number: the mean over all samples.",
        "values": "The mean over the samples of (norm - 1)², where the norm is that of all entries"
        " of the gradient of a sample's summed scores.",
        "called": "alpha has shape (B,), and mix has the shape of real: give alpha sizes of 1.",
        "times": "All that is asked of the critic is its scores for mix.",
        "tracked": "The gradient has to know of the critic's parameters: create_graph=True.",
        "memory": "Detach mix, not real or fake; `torch.autograd.grad` adds to no `.grad`.",
    }
    sentences = {
        "test_calls_f_with_the_shape": "critic is called with a tensor of real's shape.",
        "test_values": "It is the mean of (norm of the gradient - 1)² at mix, for each sample.",
        "test_takes_tracked_inputs": "real and fake may require grad: the numbers are the same.",
        "test_leaves_its_inputs": "real, fake and what belongs to critic stay as they are.",
        "test_lets_errors_of_f_through": "An error of critic goes on, and all is then as before.",
        "test_calls_f_as_often_as_it_may": "critic is called once.",
    }

    def times(self, *_arrays):
        return range(1, 2)

    def truth(self, real, fake, alpha, critic):
        alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))
        return mean_of_penalties(critic.truth(alpha * real + (1 - alpha) * fake))

    @once
    def handed_rows(self):
        """Every case with tracked samples, which are leaves in turns; the first case as both."""
        return [
            Row(self, case, self.dtypes[n % 2], n, "values", ("real", "fake"), n % 2 == 0)
            for n, case in enumerate([*self.cases[:1], *self.cases])
        ]

    def other_case(self, arrays):
        real, fake, alpha, critic = arrays  # a mean is the same in another order
        return [real + 0.5, fake - 1, alpha / 2, critic]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        real, fake, alpha, critic = arguments
        column = alpha.reshape(-1, *[1] * (real.ndim - 1))
        slopes = critic.truth(column * real + (1 - column) * fake)
        count, norms = len(real), np.sqrt((slopes**2).reshape(len(real), -1).sum(1))
        inner = np.sqrt((slopes**2).sum(1))
        others = {
            "Here alpha is the share of fake, and is to be that of real.": self.truth(
                fake, real, alpha, critic
            ),
            "This is the gradient of the mean of the scores; sum them.": mean_of_penalties(
                slopes / count
            ),
            "This is the sum over the samples; take their mean.": float(expected) * count,
            "This is 10 times the penalty: its weight in the loss is for the caller.": float(
                expected
            )
            * 10,
            "This is (norm² - 1)²: take the root first.": ((norms**2 - 1) ** 2).mean(),
            "Norms below 1 count too, not only those above it.": (
                np.maximum(norms - 1, 0) ** 2
            ).mean(),
            "This is the mean of |norm - 1|, without the square.": abs(norms - 1).mean(),
            "This is (mean of the norms - 1)²: each norm is squared by itself.": (norms.mean() - 1)
            ** 2,
            "These are norms over dim 1 alone: a sample has more dimensions.": (
                (inner - 1) ** 2
            ).mean(),
        }
        if real.ndim == 2 and real.shape[0] == real.shape[1]:
            slopes = critic.truth(alpha * real + (1 - alpha) * fake)
            hint = "alpha of shape (B,) meets the last dimension of real here: make it (B, 1)."
            others[hint] = mean_of_penalties(slopes)
        told = (hint for hint, one in others.items() if not np.isclose(one, float(expected)))
        found = next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
        return found or (SMALL if np.isclose(float(got), float(expected), 1e-5, 1e-5) else "")

    @aspect("values")
    def test_draws_alpha(self, solution, device):
        """Without alpha, each sample gets a uniform random number of its own."""
        seen = []

        def critic(x):
            seen[-1] = seen[-1] if len(seen[-1]) else x.detach().cpu().flatten(1)
            expect(x.shape == real.shape, f"called critic with shape {tuple(x.shape)}.", OWN_ALPHA)
            return x.square().flatten(1).sum(1)

        got, real = [], torch.ones(3, 2, device=device)
        seen.append([])
        solution.gradient_penalty(critic, real, -real)
        real = torch.ones(DRAWN, 2, 1, 2, device=device)
        for seed in (1, 1, None):
            if seed is not None:
                seed_torch(seed)
            seen.append([])
            got.append(solution.gradient_penalty(critic, real, -real))
        solution.last_call = f"gradient_penalty(critic, real, fake), with {DRAWN:,} samples,"
        seen = seen[1:]
        mix = seen[0]
        is_one = bool((mix - mix[:, :1]).abs().max() < 1e-5)
        expect(is_one, "has several alphas for one sample; expected one.", OWN_ALPHA)
        expect_drawn(mix[:, 0], Uniform(1.0), "mix, where real is 1 and fake is -1,", OWN_ALPHA)
        expect_values(got[0], self.penalty_at(mix), self.hints["values"], rtol=1e-4)
        is_same = torch.equal(seen[0], seen[1])
        expect(is_same, "gives another result after the same torch.manual_seed.", SEED)
        is_other = not torch.equal(seen[1], seen[2])
        expect(is_other, "draws the same alpha in two calls, one after the other.", SEED)

    @aspect("values")
    def test_takes_images_with_the_channels_last(self, solution):
        """Images may lie in memory with the channels last."""
        arrays = numbers(2, 3, 2, 2), numbers(2, 3, 2, 2, seed=1), np.array([0.7, 0.4])
        real, fake, alpha = map(torch.tensor, arrays)
        solution.hint = STRIDES
        critic = SUM_OF_SQUARES.made(torch.float64, "cpu")
        last = {"memory_format": torch.channels_last}
        got = solution.gradient_penalty(critic, real.to(**last), fake.to(**last), alpha)
        expected = torch.tensor(self.truth(*arrays, SUM_OF_SQUARES))
        expect_values(got, expected, STRIDES, rtol=1e-9)

    def penalty_at(self, mix):
        """The penalty of the squares' sum."""
        return torch.tensor(mean_of_penalties(2 * mix.double().numpy())).float()

    @aspect("gradient")
    def test_reaches_the_parameters(self, solution, device):
        """The gradient of the penalty reaches the parameters of critic."""
        asked = [(self.cases[1], "w", ()), (self.cases[2], "weight", ("real", "fake"))]
        for case, name, tracked in [*asked, (self.cases[3], "v", ("fake",))]:
            row = Row(self, case, torch.float64, 0, "values", tracked, True)
            record = self.ask_again(solution, device, row)
            self.expect_truth(record)
            parameters = self.function_of(record.arguments).parameters
            one = torch.ones((), dtype=torch.float64, device=device)
            chosen = {name: parameters[name]}
            found = gradients(record.got, chosen, one, self.hints["tracked"])[name]
            expected = torch.tensor(self.slope_for(name, *row.arrays))
            what, hint = f"the gradient of {name}, a parameter of critic,", self.hints["tracked"]
            expect_values(found, expected, hint, what, rtol=1e-7, atol=1e-7)

    def slope_for(self, name, real, fake, alpha, critic):
        """The gradient of the penalty for a parameter."""
        before, result = critic.parameters[name], np.zeros(critic.parameters[name].shape)
        try:
            for place in np.ndindex(before.shape):
                step = np.zeros(before.shape, dtype=complex)
                step[place] = STEP * 1j
                critic.parameters[name] = before + step
                result[place] = np.imag(self.truth(real, fake, alpha, critic)) / STEP
        finally:
            critic.parameters[name] = before
        return result

    @aspect("gradient")
    def test_is_finite_at_zero(self, solution, device):
        """A sample whose gradient is 0 counts 1, and adds 0 to the gradient of the parameters."""
        samples = np.array([[-1.0, -2.0, -0.5], [2.0, 1.0, -1.0], [0.0, 0.0, 0.0]])
        critics = {
            "lambda x: x.relu() @ w": (lambda x, w: x.relu() @ w, lambda x: (x > 0) * 1.0),
            "lambda x: x**2 @ w": (lambda x, w: x**2 @ w, lambda x: 2 * x),
        }
        asked = [(dtype, samples) for dtype in self.dtypes[: 2 if device == "cpu" else 1]]
        for dtype, points in [*asked, (torch.float32, samples[2:])]:  # and nothing but 0
            mix = torch.tensor(points, dtype=dtype).to(device)
            for text, (function, factor) in critics.items():
                w = torch.tensor(W, dtype=dtype).to(device).requires_grad_()

                def critic(x, function=function, w=w):
                    return function(x, w)

                critic.__name__ = text
                alpha = torch.full((len(points),), 0.5, dtype=dtype).to(device)
                got = solution.gradient_penalty(critic, mix, mix.clone(), alpha)
                slopes = factor(points) * W
                expected = torch.tensor(mean_of_penalties(slopes), dtype=dtype)
                expect_values(got, expected, AT_ZERO, rtol=2e-6, atol=2e-6)
                found = gradients(got, {"w": w}, torch.ones_like(got), self.hints["tracked"])["w"]
                norms = np.sqrt((slopes**2).sum(1, keepdims=True))
                shares = slopes / np.where(norms == 0, 1, norms)
                right = (2 * (norms - 1) * shares * factor(points)).mean(0)
                what = "the gradient of w, a parameter of critic,"
                exact = torch.tensor(right, dtype=dtype)
                expect_values(found, exact, AT_ZERO, what, rtol=1e-4, atol=1e-4)

    @aspect("gradient")
    def test_stops_at_the_samples(self, solution, device):
        """No gradient reaches real or fake."""
        for record in self.records(solution, device, self.handed_on(device)):
            if not record.got.requires_grad:
                continue
            leaves = record.leaves
            found = torch.autograd.grad(
                record.got, list(leaves.values()), retain_graph=True, allow_unused=True
            )
            for name, one in zip(leaves, found, strict=True):
                is_cut = one is None or not bool(one.any())
                hint = f"{name} counts as a constant: detach mix, and ask for its gradient then."
                expect(is_cut, f"has a gradient for {name}; expected none.", hint)

    @aspect("memory")
    def test_leaves_its_inputs(self, solution, device):
        """real, fake and what belongs to critic stay as they are."""
        for record in self.records(
            solution, device, [*self.usual(device), *self.handed_on(device)]
        ):
            change = record.change.replace("part of f ", "part of critic ")
            change = change.replace("parameter of f", "parameter of critic")
            expect(not change, change, MODE if " mode" in change else self.hint("memory"))
            for name, leaf in record.leaves.items():
                expect(leaf.grad is None, f"filled the .grad of {name}.", self.hint("memory"))
