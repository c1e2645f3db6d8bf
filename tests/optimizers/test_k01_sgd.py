"""The checks of optimizers/k01_sgd: a run of steps beside the formula in NumPy."""

from dojo.checks.laws import OptimizerClass


def speed(state, g, momentum, share=1.0):
    """v after one more gradient."""
    state["v"] = momentum * state["v"] + share * g if "v" in state else share * g
    return state["v"]


def ahead(g, v, momentum, nesterov):
    """The direction of a step."""
    return g + momentum * v if nesterov else v


def with_rate_inside(p, g, state, lr, momentum, weight_decay, nesterov):
    g = lr * (g + weight_decay * p)
    return p - ahead(g, speed(state, g, momentum), momentum, nesterov)


def with_average(p, g, state, lr, momentum, weight_decay, nesterov):
    g = g + weight_decay * p
    return p - lr * ahead(g, speed(state, g, momentum, 1 - momentum), momentum, nesterov)


def with_dampening(p, g, state, lr, momentum, weight_decay, nesterov):
    g, share = g + weight_decay * p, 1 - momentum if "v" in state else 1.0
    return p - lr * ahead(g, speed(state, g, momentum, share), momentum, nesterov)


def without_decay(p, g, state, lr, momentum, weight_decay, nesterov):
    return p - lr * ahead(g, speed(state, g, momentum), momentum, nesterov)


def with_decay_of_its_own(p, g, state, lr, momentum, weight_decay, nesterov):
    return without_decay(p, g, state, lr, momentum, 0.0, nesterov) - lr * weight_decay * p


def without_nesterov(p, g, state, lr, momentum, weight_decay, nesterov):
    return p - lr * speed(state, g + weight_decay * p, momentum)


def with_the_gradient_itself(p, g, state, lr, momentum, weight_decay, nesterov):
    g, state["n"] = g + weight_decay * p, state.get("n", 0) + 1
    if state["n"] == 2:
        state["v"] = g
    return p - lr * ahead(g, speed(state, g, momentum), momentum, nesterov)


def without_state(p, g, state, lr, momentum, weight_decay, nesterov):
    return p - lr * (g + weight_decay * p)


class TestSGD(OptimizerClass):
    name = "SGD"
    runs = (
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.3, "nesterov": True},
    )
    second = {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.1, "nesterov": False}
    later = {"momentum": 0.7, "weight_decay": 0.2, "nesterov": True}
    allowed = ({"lr": 0.0}, {"momentum": 1.5, "nesterov": True})
    refused = [
        ({"lr": -0.1}, "lr is 0 or more."),
        ({"momentum": -0.9}, "momentum is 0 or more."),
        ({"weight_decay": -0.1}, "weight_decay is 0 or more."),
        ({"nesterov": True}, "nesterov looks ahead along v, and without momentum there is no v."),
    ]
    hints = {
        "values": "g = p.grad + weight_decay * p; v = momentum * v + g; p -= lr * v.",
    }

    def update(self, p, g, state, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        g = g + weight_decay * p
        return p - lr * ahead(g, speed(state, g, momentum), momentum, nesterov)

    def mistakes(self):
        return {
            "lr is inside of v here: v sums up g alone, and lr multiplies last.": with_rate_inside,
            "g comes into v as it is, not times 1 - momentum.": with_average,
            "After the first gradient g comes into v times 1 - momentum; it should not.": (
                with_dampening
            ),
            "weight_decay has no effect here: g = p.grad + weight_decay * p.": without_decay,
            "The decay goes around v here; add weight_decay * p to g first.": with_decay_of_its_own,
            "nesterov has no effect here: g + momentum * v takes the new v.": without_nesterov,
            "v is the gradient tensor itself here, and changes with it; keep a copy.": (
                with_the_gradient_itself
            ),
            "The old v is lost: self.state[p] keeps it, as a tensor of its own.": without_state,
        }
