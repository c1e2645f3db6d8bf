"""The checks of autograd/k03_stop_gradient: the loss in NumPy, and its slope for value alone."""

import numpy as np
import torch

from dojo.checks import aspect, expect_values, gradients, untouched
from dojo.checks.laws import PureFunction

T, F = True, False
ONE_SHAPE = "Compare the four shapes: what broadcasts gives differences of entries that do not"
ONE_SHAPE += " belong together."
ROUNDED = "gamma was rounded to float32 here, as in gamma * done.float() or torch.tensor(gamma)."
CONSTANT = "The target counts as a constant: no gradient goes through reward or next_value."


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case(done, *gamma, seed):
    """Random numbers in the shape of done."""
    shape = np.shape(done)
    return (*(numbers(*shape, seed=3 * seed + n) for n in range(3)), done, *gamma)


class TestTdLoss(PureFunction):
    name = "td_loss"
    tensors = ("value", "reward", "next_value", "done")
    fixed = {"done": torch.bool}
    constants = ("reward", "next_value")
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([1.0, 2.0], [0.5, 1.0], [4.0, 8.0], [F, T], 0.5),
        case([[F, T, F], [F, F, T]], seed=1),
        case([F, F, F, F], 1.0, seed=2),
        case([[T], [F], [F]], 0, seed=3),
        case([[[F, F], [T, F]]], seed=4),
        case([[F]], 0.9, seed=5),
        (2.5, 1.0, 4.0, F, 0.25),
        (2.5, 1.0, 4.0, T),
    ]
    ulps = 32
    refused = [
        ((numbers(3, 1), numbers(3), numbers(3), [F, T, F]), None, ValueError, ONE_SHAPE),
        ((numbers(3), numbers(3, 1), numbers(3), [F, T, F]), None, ValueError, ONE_SHAPE),
        ((numbers(3), numbers(3), numbers(1), [F, T, F]), None, ValueError, ONE_SHAPE),
        ((numbers(2, 3), numbers(2, 3), numbers(2, 3), [F, T, F]), None, ValueError, ONE_SHAPE),
        ((numbers(2, 3), numbers(3, 2), numbers(3, 2), [[F, F]] * 3), None, ValueError, ONE_SHAPE),
        ((numbers(3), 1.0, 2.0, F), None, ValueError, ONE_SHAPE),
    ]
    hints = {
        "constant": CONSTANT,
        "shape": "The loss is one number for all entries: their mean, without a dimension.",
        "dtype": "The loss has the dtype of value.",
        "values": "The mean of (value - target)²; the target is reward + gamma * next_value, or"
        " where done is True the reward alone.",
        "gradient": "With n entries, the gradient of a value is 2 * (value - target) / n.",
        "tracked": "The loss has to depend on value by torch's operations: detach the target, and"
        " not the value or the loss.",
        "memory": "Detach into a new tensor: the inputs stay tracked, and keep their numbers.",
    }
    sentences = {
        "test_values": "The loss is the mean of the squared differences from the target.",
        "test_gradients": "The gradient reaches value, and neither reward nor next_value.",
        "test_refuses": "Shapes that differ raise ValueError, even if they broadcast.",
    }

    def truth(self, value, reward, next_value, done, gamma=0.99):
        tensors = value, reward, next_value, done
        rows = zip(*(one.flatten().tolist() for one in tensors), strict=True)
        squares = [(v - (r if end else r + gamma * n)) ** 2 for v, r, n, end in rows]
        return sum(squares) / len(squares)

    def gradient(self, weights, value, reward, next_value, done, gamma=0.99):
        return [2 * (value - reward - gamma * np.where(done, 0, next_value)) / value.size * weights]

    def why(self, law, arguments, got, expected):
        if law in ("gradient", "type"):
            return ""
        value, reward, next_value, done, *rest = arguments
        gamma, kept = rest[0] if rest else 0.99, np.where(done, 0, next_value)
        all_taken = np.where(done, 0, reward + gamma * next_value)
        others = {
            "This is the sum; divide by the number of entries.": float(expected) * value.size,
            "Here done takes the reward away too: it takes away next_value alone.": (
                (value - all_taken) ** 2
            ).mean(),
            "Here next_value is kept where done is True, and left out where it is False.": (
                self.truth(value, reward, next_value, ~done, gamma)
            ),
            "Here gamma is a factor of the reward too: it is that of next_value alone.": (
                (value - gamma * (reward + kept)) ** 2
            ).mean(),
            "Here next_value counts where done is True too.": (
                self.truth(value, reward, next_value, done & False, gamma)
            ),
            "gamma is an argument: 0.99 is only its default.": self.truth(*arguments[:4]),
        }
        rounded = self.truth(value, reward, next_value, done, float(np.float32(gamma)))
        if np.isclose(rounded, float(got), 1e-12, 0) and abs(rounded / float(expected) - 1) > 1e-10:
            return ROUNDED
        told = (hint for hint, one in others.items() if not np.isclose(one, float(expected)))
        return next((hint for hint in told if np.isclose(others[hint], float(got))), "")

    @aspect("gradient")
    def test_one_network_makes_both_values(self, solution, device):
        """Where value and next_value come from the same weights, these learn by value alone."""
        arrays = numbers(4, 2, seed=7), numbers(4, 2, seed=8), numbers(4, seed=9)
        features, next_features, reward = (torch.tensor(one).to(device) for one in arrays)
        w = torch.tensor([0.5, -1.5], dtype=torch.float64).to(device).requires_grad_()
        done = torch.tensor([F, T, F, F]).to(device)
        value, next_value = features @ w, next_features @ w
        with untouched(self.hints["memory"], value=value, next_value=next_value):
            got = self.call(solution, [value, reward, next_value, done, 0.9])
        found = gradients(got, {"w": w}, torch.ones_like(value[0]), self.hints["tracked"])
        target = reward + 0.9 * next_value * ~done
        expected = (value - target)[:, None].mul(features).mean(0) * 2
        words = "Here value = a @ w and next_value = b @ w."
        expect_values(found["w"], expected, f"{CONSTANT} {words}", "the gradient of w")

    @aspect("gradient")
    def test_one_tensor_is_both_values(self, solution, device):
        """Where reward or next_value is the tensor value itself, its gradient is that of value."""
        data = torch.tensor([1.5, -2.0, 0.5, 3.0], dtype=torch.float64).to(device)
        done = torch.tensor([F, T, F, F]).to(device)
        for name, place in (("next_value", 2), ("reward", 1)):
            x = data.clone().requires_grad_()
            arguments = [x, data, data, done, 0.5]
            arguments[place] = x
            with untouched(self.hints["memory"], value=x):
                got = self.call(solution, arguments)
            found = gradients(got, {"x": x}, data.new_ones(()), self.hints["tracked"])["x"]
            expected = 2 * (data - (data + 0.5 * data * ~done)) / 4
            hint = f"Here {name} is the same tensor as value. {CONSTANT}"
            expect_values(found, expected, hint, "the gradient of value")
