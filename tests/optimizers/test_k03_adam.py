"""The checks of optimizers/k03_adam: a run of steps beside the formula in NumPy."""

import functools

import numpy as np

from dojo.checks.laws import OptimizerClass


def averages(g, state, betas):
    """m and v after one more gradient, and the number of gradients."""
    state["t"] = state.get("t", 0) + 1
    for key, value, beta in (("m", g, betas[0]), ("v", g**2, betas[1])):
        state[key] = beta * state.get(key, 0.0) + (1 - beta) * value
    return state["m"], state["v"], state["t"]


def with_count(p, g, state, lr, betas, eps, count):
    """A step in which t is what another count says."""
    m, v, t = averages(g, state, betas)
    t = state[count] if count else t - 1
    return p - lr * m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def with_eps_in_the_root(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas)
    return p - lr * m / (1 - betas[0] ** t) / np.sqrt(v / (1 - betas[1] ** t) + eps)


def with_early_eps(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas)
    size = (np.sqrt(v) + eps) / np.sqrt(1 - betas[1] ** t)
    return p - lr * m / (1 - betas[0] ** t) / size


def without_correction(p, g, state, lr, betas, eps):
    m, v, _ = averages(g, state, betas)
    return p - lr * m / (np.sqrt(v) + eps)


def without_that_of_v(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas)
    return p - lr * m / (1 - betas[0] ** t) / (np.sqrt(v) + eps)


def without_that_of_m(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas)
    return p - lr * m / (np.sqrt(v / (1 - betas[1] ** t)) + eps)


def with_swapped_betas(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas[::-1])
    return p - lr * m / (1 - betas[1] ** t) / (np.sqrt(v / (1 - betas[0] ** t)) + eps)


def with_stored_correction(p, g, state, lr, betas, eps):
    m, v, t = averages(g, state, betas)
    state["m"], state["v"] = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return p - lr * state["m"] / (np.sqrt(state["v"]) + eps)


def with_products(p, g, state, lr, betas, eps):
    m, v, _ = averages(g, state, betas)
    state["left"] = [one * beta for one, beta in zip(state.get("left", (1, 1)), betas, strict=True)]
    return p - lr * m / (1 - state["left"][0]) / (np.sqrt(v / (1 - state["left"][1])) + eps)


def with_sizes(p, g, state, lr, betas, eps):
    old = state.get("sizes", 0.0)
    m, _, t = averages(g, state, betas)
    state["sizes"] = betas[1] * old + (1 - betas[1]) * np.abs(g)
    return p - lr * m / (1 - betas[0] ** t) / (state["sizes"] / (1 - betas[1] ** t) + eps)


class TestAdam(OptimizerClass):
    name = "Adam"
    runs = ({"lr": 0.05}, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 0.1})
    second = {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-6}
    later = {"betas": (0.7, 0.8), "eps": 1e-3}
    allowed = ({"lr": 0.0, "betas": (0.0, 0.0)},)
    refused = [
        ({"lr": -0.1}, "lr is 0 or more."),
        ({"eps": -1e-8}, "eps is 0 or more."),
        ({"betas": (1.0, 0.999)}, "β₁ is below 1: else m stays 0, and is divided by 0."),
        ({"betas": (0.9, 1.0)}, "β₂ is below 1: else v stays 0, and is divided by 0."),
        ({"betas": (-0.1, 0.999)}, "β₁ is 0 or more."),
        ({"betas": (0.9, -0.1)}, "β₂ is 0 or more."),
    ]
    hints = {
        "values": "m and v are averages that begin at 0, t counts the gradients of this parameter:"
        " p -= lr * (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps).",
    }

    def update(self, p, g, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        m, v, t = averages(g, state, betas)
        return p - lr * m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)

    def mistakes(self):
        return {
            "t counts the calls of step() here; count the gradients of this parameter.": (
                functools.partial(with_count, count="calls")
            ),
            "t grows with every parameter here; each parameter has a t of its own.": (
                functools.partial(with_count, count="updates")
            ),
            "t is 0 at the first gradient here; count this gradient too.": (
                functools.partial(with_count, count="")
            ),
            "eps is under the root here; √(v / (1 - β₂ᵗ)) + eps has it outside.": (
                with_eps_in_the_root
            ),
            "eps is added before the correction here; correct v first.": with_early_eps,
            "m and v are not corrected here: divide by 1 - β₁ᵗ and 1 - β₂ᵗ.": without_correction,
            "v is not corrected here: divide it by 1 - β₂ᵗ.": without_that_of_v,
            "m is not corrected here: divide it by 1 - β₁ᵗ.": without_that_of_m,
            "The betas are swapped: β₁ is that of m, and β₂ that of v.": with_swapped_betas,
            "What is corrected goes into the state here; keep m and v as they are.": (
                with_stored_correction
            ),
            "β₁ᵗ and β₂ᵗ are products of old betas here; take powers of the new.": with_products,
            "v averages |g| here; it averages the squares.": with_sizes,
        }
