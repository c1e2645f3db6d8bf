"""The checks of losses/k06_focal: the formula by logaddexp, and its slope in closed form."""

import numpy as np
import torch

from dojo.checks.laws import LossFunction

SURE = [1e4, -1e4, 30.0, -40.0, 200.0], [1.0, 0.0, 1.0, 0.0, 1.0]  # right, and very sure of it
MIXED = [-1e4, 1e4, -30.0, 40.0, -200.0, 1e4, -1e4], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
GAMMA = "gamma must be 0 or more: compare it before you compute, and raise ValueError."
ALPHA = "alpha must be from 0 to 1, or None: compare it before you compute, and raise ValueError."


def pair(*shape, seed=0):
    """Logits from -3 to 3, with one decimal, and for about a third of them the target 1."""
    draw = np.random.default_rng(seed)
    return np.round(draw.uniform(-3, 3, shape), 1), (draw.random(shape) < 0.35) * 1.0


class TestSigmoidFocalLoss(LossFunction):
    name = "sigmoid_focal_loss"
    tensors = ("logits", "target")
    one_shape = tensors
    trackable = ("logits",)  # the gradient of target is not judged
    # logits of 10,000 leave no more digits where both p_t come from one log_softmax
    gradient_near = LossFunction.gradient_near | {torch.float32: (1e-3, 1e-7)}
    cases = [
        ([-1.0, 2.0, 0.5, 1.5, -0.5], [1.0, 0.0, 0.0, 1.0, 0.0]),
        (*pair(2, 3, seed=1), 1.5, 0.3),
        (*pair(3, 1, 2, seed=2), 0.5, None),
        (*pair(4, 2, seed=3), 0.0, 0.6),
        (*pair(3, 3, seed=7), 1.0, 0.0),
        (*pair(2, 4, seed=5), 5.0, 1.0),
        (-1.5, 1.0, 3.0, None),
        (1.5, 0.0, 0.0, 0.1),
        ([[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]], 2.0, 0.4),
    ]
    wild = [(*SURE, 1.0, None), (*SURE, 0.5), (*MIXED, 2.0, 0.9), (*MIXED, 0.0)]
    wild_gradients = wild
    refused = [
        *(((*pair(2, 3), *rest), None, ValueError, GAMMA) for rest in ((-1.0,), (-0.01, None))),
        *(((*pair(2, 3), 2.0, a), None, ValueError, ALPHA) for a in (-1.0, -0.01)),
        ((*pair(2, 3), 0.0, 1.01), None, ValueError, ALPHA),
    ]
    hints = {
        "shape": "The loss is one number for all entries: their mean, without a dimension.",
        "values": "-alpha_t * (1 - p_t)^gamma * log p_t for each entry, then the mean of all.",
        "raises": "gamma may be 0 or a fraction, and alpha may be 0, 1 or None.",
        "wild": "sigmoid rounds to 0 or 1 for large logits: take logsigmoid, not the logarithm.",
        "precise": "Digits are lost: add nothing to p_t, and make the weights of the two classes in"
        " the dtype of logits.",
        "gradient": "Both p_t have a slope, that in the factor and that in the logarithm.",
        "tracked": "The gradient reaches logits: compute from them by torch's own operations.",
        "power": "At p_t = 1 the factor is a power of 0, whose slope is inf for a gamma below 1:"
        " write it as exp(gamma * logsigmoid(...)).",
        "nan": "Somewhere 0 meets inf: exp of a large number, or log of a sigmoid that is 0.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each entry is weighed by its class and by how wrong it is; the mean comes"
        " back.",
        "test_wild_values": "The loss is finite and right for logits of 10,000.",
        "test_gradients": "The gradient reaches logits by both factors, in every float dtype.",
        "test_wild_gradients": "Gradients are right, and not NaN, for logits of 10,000.",
        "test_refuses": "A gamma below 0, or an alpha outside of 0 to 1, raises ValueError.",
    }

    def parts(self, logits, target, gamma=2.0, alpha=0.25):
        """alpha_t, log p_t, 1 - p_t and gamma."""
        z = np.where(target == 1, logits, -logits)
        weight = np.ones(z.shape) if alpha is None else np.where(target == 1, alpha, 1 - alpha)
        return weight, -np.logaddexp(0, -z), np.exp(-np.logaddexp(0, z)), gamma

    def truth(self, *arguments):
        weight, log_p, off, gamma = self.parts(*arguments)
        return (-weight * off**gamma * log_p).mean()

    def gradient(self, weights, logits, target, *rest):
        weight, log_p, off, gamma = self.parts(logits, target, *rest)
        slope = weight * off**gamma * (gamma * np.exp(log_p) * log_p - off)
        return [np.where(target == 1, slope, -slope) / logits.size * weights]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        logits, target, *rest = arguments
        weight, log_p, off, gamma = self.parts(*arguments)
        alpha = rest[1] if len(rest) > 1 else 0.25
        if got.isnan().any():
            return self.hints["power" if "gradient" in law and 0 < gamma < 1 else "nan"]
        if "gradient" in law:
            one_part = np.where(target == 1, -1, 1) * weight * off ** (gamma + 1)
            whole = self.gradient(1, *arguments)[0] * logits.size
            is_part = np.allclose(got.numpy() * whole, expected.numpy() * one_part, 1e-3, 1e-6)
            wrong = ~np.isclose(got, expected, 1e-3, 1e-6)
            if wrong.any() and not logits[wrong].any():
                return "At the logit 0 the curve has no corner, but `abs` and `clamp` have one."
            is_part = is_part and not np.allclose(whole, one_part, 1e-3, 1e-6)
            return "The factor (1 - p_t)^gamma counts as a constant here." if is_part else ""
        if law != "values":
            return ""
        p, right, n = 1 / (1 + np.exp(-logits)), self.truth(*arguments), logits.size
        given = 1 if alpha is None else alpha
        others = {
            "This is the sum; divide by the number of entries.": right * n,
            "The sum is divided by the number of targets that are 1; divide by that of all.": (
                right * n / max(target.sum(), 1)
            ),
            "The factor is (1 - p)^gamma here; for a target of 0 it is p^gamma.": (
                -weight * (1 - p) ** gamma * log_p
            ).mean(),
            "The factor is p_t^gamma here: it is large where the prediction is good.": (
                -weight * (1 - off) ** gamma * log_p
            ).mean(),
            "alpha weighs both classes here: a target of 0 has the weight 1 - alpha.": (
                -given * off**gamma * log_p
            ).mean(),
            "alpha and 1 - alpha have changed places: alpha is for the target 1.": (
                -(1 - weight) * off**gamma * log_p
            ).mean(),
            "alpha is 0 here, which is not None: a target of 1 has the weight 0." if alpha == 0
            else "The weight alpha_t is missing.": (-(off**gamma) * log_p).mean(),
            "The factor (1 - p_t)^gamma is missing.": (-weight * log_p).mean(),
            "gamma is an argument: 2 is only its default.": self.truth(logits, target, 2.0, alpha),
            "The sign is missing: log p_t is negative.": -right,
        }  # fmt: skip
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
