"""The checks of optimizers/k02_rmsprop: a run of steps beside the formula in NumPy."""

import numpy as np

from dojo.checks.laws import OptimizerClass


def averaged(state, value, share, begin=0.0, key="s"):
    """An average after one more value, of which the old one keeps a share."""
    state[key] = share * state.get(key, begin) + (1 - share) * value
    return state[key]


def summed(state, value, share):
    """b after one more value."""
    state["b"] = share * state.get("b", 0.0) + value
    return state["b"]


def with_eps_in_the_root(p, g, state, lr, alpha, eps, momentum):
    return p - lr * summed(state, g / np.sqrt(averaged(state, g**2, alpha) + eps), momentum)


def from_ones(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, alpha, 1.0))
    return p - lr * summed(state, g / (root + eps), momentum)


def from_first_square(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, alpha, g**2))
    return p - lr * summed(state, g / (root + eps), momentum)


def with_reversed_alpha(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, 1 - alpha))
    return p - lr * summed(state, g / (root + eps), momentum)


def with_momentum_of_g(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, alpha))
    return p - lr * summed(state, g, momentum) / (root + eps)


def with_rate_inside(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, alpha))
    return p - summed(state, lr * g / (root + eps), momentum)


def with_correction(p, g, state, lr, alpha, eps, momentum):
    state["t"] = state.get("t", 0) + 1
    root = np.sqrt(averaged(state, g**2, alpha) / (1 - alpha ** state["t"]))
    return p - lr * summed(state, g / (root + eps), momentum)


def with_average_of_sizes(p, g, state, lr, alpha, eps, momentum):
    size = averaged(state, np.abs(g), alpha)
    return p - lr * summed(state, g / (size + eps), momentum)


def with_average_as_momentum(p, g, state, lr, alpha, eps, momentum):
    root = np.sqrt(averaged(state, g**2, alpha))
    return p - lr * averaged(state, g / (root + eps), momentum, key="b")


def centred(p, g, state, lr, alpha, eps, momentum):
    mean = averaged(state, g, alpha, key="mean")
    root = np.sqrt(averaged(state, g**2, alpha) - mean**2)
    return p - lr * summed(state, g / (root + eps), momentum)


def without_momentum(p, g, state, lr, alpha, eps, momentum):
    return p - lr * g / (np.sqrt(averaged(state, g**2, alpha)) + eps)


class TestRMSprop(OptimizerClass):
    name = "RMSprop"
    runs = (
        {"lr": 0.05},
        {"lr": 0.05, "alpha": 0.9, "eps": 0.1},
        {"lr": 0.02, "alpha": 0.8, "eps": 1e-4, "momentum": 0.9},
    )
    second = {"lr": 0.02, "alpha": 0.7, "eps": 1e-3, "momentum": 0.5}
    later = {"alpha": 0.6, "eps": 0.01, "momentum": 0.7}
    allowed = ({"lr": 0.0, "alpha": 0.0, "momentum": 1.5},)
    refused = [
        ({name: -0.1}, f"{name} is 0 or more.") for name in ("lr", "alpha", "eps", "momentum")
    ]
    hints = {
        "values": "s = alpha * s + (1 - alpha) * g²; u = g / (√s + eps); b = momentum * b + u;"
        " p -= lr * b.",
    }

    def update(self, p, g, state, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0):
        root = np.sqrt(averaged(state, g**2, alpha))
        return p - lr * summed(state, g / (root + eps), momentum)

    def mistakes(self):
        return {
            "eps is under the root here; √s + eps has it outside.": with_eps_in_the_root,
            "s begins at 1 here, as in TensorFlow; it begins at 0.": from_ones,
            "s begins at g² here; it begins at 0.": from_first_square,
            "alpha is the weight of the old s, and 1 - alpha that of g².": with_reversed_alpha,
            "b sums up g here; it sums up u, what was divided already.": with_momentum_of_g,
            "lr is inside of b here: b sums up u alone, and lr multiplies last.": with_rate_inside,
            "s is divided by 1 - alpha^t here, as in Adam; take it as it is.": with_correction,
            "This averages √(g²); average the squares, and take the root last.": (
                with_average_of_sizes
            ),
            "u comes into b as it is, not times 1 - momentum.": with_average_as_momentum,
            "The mean is subtracted from s here, as in the centred variant.": centred,
            "momentum has no effect here: p -= lr * b.": without_momentum,
        }
