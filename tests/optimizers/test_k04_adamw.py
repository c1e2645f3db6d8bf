"""The checks of optimizers/k04_adamw: a run of steps beside the formula in NumPy."""

import numpy as np

from dojo.checks.laws import OptimizerClass


def adam(g, state, betas, eps, count="t"):
    """The step of Adam for a gradient, without lr."""
    state["t"] = state.get("t", 0) + 1
    for n, beta in enumerate(betas):
        state[n] = state.get(n, 0.0) * beta + g ** (n + 1) * (1 - beta)
    m, v = (state[n] / (1 - beta ** state[count]) for n, beta in enumerate(betas))
    return m / (np.sqrt(v) + eps)


def with_decay_in_the_gradient(p, g, state, lr, betas, eps, weight_decay):
    return p - lr * adam(g + weight_decay * p, state, betas, eps)


def without_decay(p, g, state, lr, betas, eps, weight_decay):
    return p - lr * adam(g, state, betas, eps)


def with_decay_alone(p, g, state, lr, betas, eps, weight_decay):
    return p * (1 - weight_decay) - lr * adam(g, state, betas, eps)


def with_decay_last(p, g, state, lr, betas, eps, weight_decay):
    return (p - lr * adam(g, state, betas, eps)) * (1 - lr * weight_decay)


def with_decay_seen(p, g, state, lr, betas, eps, weight_decay):
    step = adam(g + weight_decay * p, state, betas, eps)
    return p * (1 - lr * weight_decay) - lr * step


def with_double_decay(p, g, state, lr, betas, eps, weight_decay):
    return p * (1 - lr * weight_decay) ** 2 - lr * adam(g, state, betas, eps)


def with_first_decay(p, g, state, lr, betas, eps, weight_decay):
    shrunk = state.setdefault("shrunk", 1 - lr * weight_decay)
    return p * shrunk - lr * adam(g, state, betas, eps)


def with_one_count(p, g, state, lr, betas, eps, weight_decay):
    return p * (1 - lr * weight_decay) - lr * adam(g, state, betas, eps, "calls")


class TestAdamW(OptimizerClass):
    name = "AdamW"
    runs = (
        {"lr": 0.05, "weight_decay": 0.4},
        {"lr": 0.5, "betas": (0.8, 0.95), "eps": 0.1, "weight_decay": 1.9},
    )
    second = {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-6, "weight_decay": 0.1}
    later = {"betas": (0.7, 0.8), "eps": 1e-3, "weight_decay": 2.5}
    allowed = ({"lr": 0.0, "betas": (0.0, 0.0), "weight_decay": 0.0},)
    refused = [
        ({"lr": -0.1}, "lr is 0 or more."),
        ({"eps": -1e-8}, "eps is 0 or more."),
        ({"weight_decay": -0.1}, "weight_decay is 0 or more."),
        ({"betas": (1.0, 0.999)}, "β₁ is below 1: else m stays 0, and is divided by 0."),
        ({"betas": (0.9, 1.0)}, "β₂ is below 1: else v stays 0, and is divided by 0."),
        ({"betas": (-0.1, 0.999)}, "β₁ is 0 or more."),
        ({"betas": (0.9, -0.1)}, "β₂ is 0 or more."),
    ]
    hints = {
        "values": "First p *= 1 - lr * weight_decay, and then a step of Adam:"
        " p -= lr * (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps).",
    }

    def update(self, p, g, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        return p * (1 - lr * weight_decay) - lr * adam(g, state, betas, eps)

    def mistakes(self):
        return {
            "The decay is in the gradient here, as in Adam's L2; shrink p by itself.": (
                with_decay_in_the_gradient
            ),
            "m and v see the decay here; they take the gradient as it came.": with_decay_seen,
            "weight_decay has no effect here: p *= 1 - lr * weight_decay.": without_decay,
            "The decay is not times lr here: p *= 1 - lr * weight_decay.": with_decay_alone,
            "The decay comes last here, and shrinks the step too; decay first.": with_decay_last,
            "The decay has an old lr or weight_decay; read both from the group.": with_first_decay,
            "p decays twice in each step here.": with_double_decay,
            "t counts the calls of step() here; count the gradients of this parameter.": (
                with_one_count
            ),
        }
