"""The checks of training/k15_best_weights: when a state is kept, and what restore puts back."""

import functools
import math

import torch
from torch import nn

from dojo.checks import (
    CheckFailed,
    MemoryTrace,
    aspect,
    describe,
    expect,
    expect_raises,
    module_untouched,
)
from dojo.checks.laws.settings import settings_watched

INF, NAN = math.inf, math.nan
BETTER = 'A metric is compared with the best one so far: less is better, or more with mode "max".'
TIES = "Better means strictly better: a metric that equals best keeps the older state."
NANS = "NaN is never better and never best: ask whether it is better, not if it is not worse."
FIRST = "The first number is always better, inf and 0.0 too: ask whether best is None."
INFS = "inf and -inf are numbers like others: only NaN is never better."
NEGATED = 'With mode "max" best is the metric itself, not the negated one.'
BOOL = "update returns True or False, a Python bool, on each path."
COPY = "state_dict() lies in the memory of the model: keep a clone of each tensor."
ALL = "Keep all of model.state_dict(): frozen parameters and buffers too, each in its own dtype."
AGAIN = "restore copies what is kept into the model that it gets, and no other; it keeps all of it."
ONLY_BEST = "Put back the state of the best metric: copy it whenever update returns True."
IN_PLACE = "Write into the tensors that are there, as load_state_dict does; change nothing else."
READ = "update only reads the model."
ONE = "Only the state of the best metric is kept: a new copy takes the place of the old one."
NOTHING = "Raise RuntimeError where no number came yet, before you touch the model."
EMPTY = "An empty state is a state: ask whether best is None, not whether the dict is empty."
OWN = "Each object begins with best = None, and keeps its own metric and state (self)."
REFUSED = 'mode is "min" or "max", or else ValueError is raised when the object is made.'

# mode: metrics, and whether each of them is kept
ROWS = {
    BETTER: [
        ("min", [3.0, 2.0, 4.0, 2.5, -1.0, 1.0, -2.0], "TTFFTFT"),
        ("min", [1.0, 1 - 2.0**-40, 1.0, 1 - 2.0**-39], "TTFT"),
        ("max", [0.5, 0.75, 0.25, 0.875], "TTFT"),
        ("max", [-3.0, -4.0, -2.0, 1.0], "TFTT"),
    ],
    TIES: [("min", [2.0, 2.0, 1.0, 1.0, 2.0], "TFTFF"), ("max", [2.0, 2.0, 3.0, 3.0], "TFTF")],
    FIRST: [
        ("min", [1.0, -INF, -INF, 0.0], "TTFF"),
        *(("min", [one, INF, 5.0, INF], "TFTF") for one in (INF, 1e300)),
        *(("max", [one, -INF, -5.0, -INF], "TFTF") for one in (-INF, -1e300)),
        ("min", [0.0, 1.0, 0.5, -1.0], "TFFT"),
        ("max", [-1.0, 0.0, -2.0, INF, 5.0], "TTFTF"),
    ],
    NANS: [
        ("min", [3.0, NAN, 4.0, 2.0, NAN, 1.0], "TFFTFT"),
        ("max", [3.0, NAN, 2.0, 4.0, NAN, 5.0], "TFFTFT"),
        *((mode, [NAN, NAN, 2.0, NAN, 2.0], "FFTFF") for mode in ("min", "max")),
    ],
}


class Net(nn.Module):
    """A model with all that a state_dict can hold, and modes, .grad, a hook, a buffer beside."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout())
        for one in self.layers[0].parameters():
            nn.init.zeros_(one)
        self.frozen = nn.Parameter(torch.full((2,), 1 / 3, dtype=torch.float64), False)
        self.tied = self.layers[0].weight
        self.register_buffer("count", torch.tensor(2**60 + 1))
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.layers[1].eval()
        self.layers[1].weight.grad, self.tied.grad = torch.ones(2), torch.full((2, 3), NAN)
        self.layers[0].register_forward_hook(print)


def trained(model, number):
    """The model, all of whose numbers have changed, and its state then, copied."""
    with torch.no_grad():
        for one in [*model.parameters(), *model.buffers()]:
            one.add_(number)
    return {name: one.detach().clone() for name, one in model.state_dict().items()}


def expect_state(model, state, hint):
    """The model has this state; a weight that is trained is named first."""
    for name in ("tied", "layers.0.bias", *state):
        got, expected = model.state_dict()[name], state[name]
        if not torch.equal(got, expected):
            numbers = [one.flatten()[0].item() for one in (got, expected)]  # all are equal
            sentence = f"left {name} full of {numbers[0]}; expected {numbers[1]}."
            raise CheckFailed(sentence, hint if name in ("tied", "layers.0.bias") else ALL)


@aspect("type")
def test_returns_a_bool(solution):
    """update returns a Python bool."""
    solution.hint, keep, model = BOOL, solution.KeepBest(), nn.Linear(3, 2)
    for metric in (3.0, 4.0, NAN, 2.0):
        got = keep.update(metric, model)
        solution.last_call = f"update({metric:g}, model)"
        expect(type(got) is bool, f"returned {describe(got)}; expected a bool.", BOOL)


@aspect("values")
def test_keeps_what_is_better(solution):
    """A metric is kept if it is strictly better than best; the first number is, and NaN never."""
    for hint, mode, metrics, kept in [(hint, *row) for hint, rows in ROWS.items() for row in rows]:
        solution.hint, best = hint, None
        keep, model = solution.KeepBest(mode), nn.Linear(1, 1)
        expect(keep.best is None, f"has best {describe(keep.best)} at first; expected None.", OWN)
        for at, metric in enumerate(metrics):
            got, is_kept = keep.update(metric, model), kept[at] == "T"
            best = metric if is_kept else best
            solution.last_call = f"KeepBest({mode!r}), after updates with {metrics[: at + 1]},"
            why = INFS if at and is_kept and math.isinf(metric) else hint
            expect(got is is_kept, f"returned {describe(got)}; expected {is_kept}.", why)
            is_best = type(keep.best) is type(best) and keep.best == best
            is_negated = type(keep.best) is type(best) is float and keep.best == -best
            why = NEGATED if is_negated and mode == "max" else hint
            expect(is_best, f"has best {describe(keep.best)}; expected {best}.", why)


@aspect("values")
def test_restores_the_best(solution, device):
    """restore puts back all that the state_dict held when the metric was best, again and again."""
    for metrics in ([3.0, 2.0, 5.0, 2.0, NAN], [2.0, 3.0], [4.0, 3.0, 1.0]):
        model = Net().to(device).train(len(metrics) > 2)
        keep, states = solution.KeepBest(), []
        for metric in metrics:
            states.append(trained(model, 1))
            keep.update(metric, model)
            if len(metrics) == 3:  # the model is at its best then, and the next one is better
                keep.restore(model)
        best = states[metrics.index(min(metrics))]
        calls = f"KeepBest(), trained and updated with {metrics}"
        for hint, words in ((None, ""), (AGAIN, ", restored"), (AGAIN, ", restored twice")):
            last = trained(model, 2)
            solution.hint = hint or COPY
            solution.last_call = f"{calls}{words}, trained on, restore(model)"
            keep.restore(model)
            stayed = all(torch.equal(last[name], one) for name, one in model.state_dict().items())
            expect(not stayed, "left the model as it was trained last.", hint or COPY)
            expect_state(model, best, hint or ONLY_BEST)
        expect(keep.best == min(metrics), f"made best {describe(keep.best)}.", AGAIN)


@aspect("values")
def test_restores_into_a_model_built_alike(solution):
    """A state can be put into another model, and comes from the one that update got."""
    first, second, third = Net(), Net().eval(), Net()
    solution.hint, keep, other = AGAIN, solution.KeepBest("max"), solution.KeepBest("min")
    for number, (metric, model) in enumerate(((1.0, first), (2.0, second), (0.5, third))):
        trained(model, number)
        for one in (keep, other):
            one.update(metric, model)
    states = [trained(one, 0) for one in (first, second, third)]
    trained(second, 1)
    solution.last_call = 'restore(first), after KeepBest("max") was updated with second,'
    with module_untouched(second, AGAIN), module_untouched(third, AGAIN):
        keep.restore(first)
    expect_state(first, states[1], OWN)
    other.restore(first)
    solution.last_call = 'restore(first), after another KeepBest("min") was updated with third,'
    expect_state(first, states[2], OWN)


@aspect("memory")
def test_changes_numbers_alone(solution):
    """update reads; restore keeps objects, memory, .grad, requires_grad, modes and hooks."""
    solution.hint, keep, model = READ, solution.KeepBest(), Net()
    with module_untouched(model, READ), settings_watched(solution, thoroughly=True) as found:
        for metric in (3.0, 4.0, 2.0):
            solution.last_call = "update(metric, model)"
            keep.update(metric, model)
    expect(not found.text, found.text, READ)
    trained(model.eval(), 1)
    model.layers[0].bias.requires_grad_(False).grad = torch.ones(2)
    model.frozen.requires_grad_(True)
    solution.hint, solution.last_call = IN_PLACE, "restore(model)"
    but = {"values": list(model.state_dict())}
    with module_untouched(model, IN_PLACE, but), settings_watched(solution, True) as found:
        keep.restore(model)
    expect(not found.text, found.text, IN_PLACE)


@aspect("memory")
def test_keeps_one_state(solution):
    """However often a metric is better, one state is in memory."""
    solution.hint, keep, model = ONE, solution.KeepBest(), nn.Linear(40, 25)
    size = sum(one.nbytes for one in model.state_dict().values())
    with MemoryTrace() as trace:
        for metric in (5.0, 4.0, 6.0, 3.0, 2.0, 1.0):
            keep.update(metric, model)
    solution.last_call = "KeepBest(), after 6 updates, 5 of which were better,"
    kept = sum(trace.alive)
    expect(kept < 2 * size, f"holds {kept:,} bytes; one state has {size:,}.", ONE)


@aspect("errors")
def test_needs_a_state(solution):
    """restore raises RuntimeError where nothing is kept; an empty state is kept, too."""
    solution.hint = NOTHING
    for metrics in ([], [NAN], [NAN, NAN]):
        model, keep = Net(), solution.KeepBest("max")
        for metric in metrics:
            keep.update(metric, model)
        with module_untouched(model, NOTHING):
            call = functools.partial(keep.restore, model)
            expect_raises(RuntimeError, call, NOTHING, f"restore, after updates with {metrics}")
    solution.hint, keep, model = EMPTY, solution.KeepBest(), nn.Sequential(nn.ReLU())
    keep.update(0.0, model)
    solution.last_call = "restore(nn.Sequential(nn.ReLU())), after an update with it,"
    keep.restore(model)


@aspect("errors")
def test_refuses_other_modes(solution):
    """Another mode raises ValueError."""
    solution.hint = REFUSED
    for mode in ("minimum", "", "MIN", "Max", "mi", "auto"):
        expect_raises(ValueError, functools.partial(solution.KeepBest, mode), REFUSED, repr(mode))
