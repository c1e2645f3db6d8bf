"""The checks of optimizers/k11_reduce_on_plateau: the lr of each group after each metric."""

import copy
import functools
import gc
import itertools
import math
import sys

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_raises,
    untouched,
)
from dojo.checks.schedules import (
    expect_made_without_torchs,
    expect_only_lr_changes,
    expect_plain_state,
    optimizer_of,
)

INF, NAN = math.inf, math.nan
COUNT = "lr is reduced when more than patience steps in a row were no better; then count from 0."
DEFAULTS = 'The defaults are mode="min", factor=0.1, patience=10, threshold=1e-4, min_lr=0.0.'
BEST = "A metric is compared with the best one so far, and becomes the best only if it is better."
THRESHOLD = 'Better means below best - threshold, or above best + threshold with mode "max".'
ODD = "NaN is never better, and best is inf at first, or -inf: ask for better, not for worse."
FLOOR = "lr becomes max(lr * factor, min_lr), and is never raised: one below min_lr stays."
EACH = "Multiply the lr that each group has at that moment."
NUMBER = "float(metric) takes the number out of a tensor; compute with it and nothing else."
GROUPS = "Look at optimizer.param_groups in each step: the optimizer may have new ones."
A_FLOAT = "Write a Python float into lr."
GOES_ON = "The best metric and the count are both in the state, and load_state_dict takes them."
REFUSED = 'mode is "min" or "max", factor lies between 0 and 1, patience is at least 0.'

WRONG = {
    "early": "lr is reduced one step too early: when the count is above patience, not equal to it.",
    "late": "lr is reduced one step too late: when the count is patience + 1.",
    "goes on": "The count goes on after lr was reduced; it should begin from 0 again.",
    "stays": "The count goes on after a better metric; it should begin from 0 again.",
    "forgets": "The best metric is forgotten when lr is reduced: only the count should be.",
    "relative": "The threshold is taken as a share of the best metric; it is a difference.",
    "equal": "A metric that is better by exactly the threshold is no better.",
    "any": "The threshold is left out here: it is a difference, 1e-4 if none is given.",
    "wrong side": "The threshold is on the wrong side: a metric that is a little worse passes.",
    "last": "This compares with the last metric; compare with the best one.",
    "creeps": "A metric that is better by less than the threshold does not become the best one.",
    "NaN": "NaN counts as better here; it never is.",
    "NaN first": "NaN becomes the best metric here, and nothing is better than it.",
    "NaN skipped": "NaN is skipped here; it counts as no better.",
    "raises": "lr is raised to min_lr here; one that is below it stays.",
    "no floor": "min_lr has no part here.",
    "stops": "lr stays above min_lr here; the last reduction takes it to min_lr itself.",
    "eps": "Small changes of lr are left out here.",
    "inf": "inf counts as better at first here; best is inf then, and inf is no better.",
    "finite": "An infinite metric counts as no better here; -inf is below every best one.",
    "number": "best is a large number at first here; it is inf.",
    "other way": "The mode is the other way round here.",
}
# options, metrics
PATIENCES = [({"patience": n}, [1.0] * 10) for n in (2, 1, 0, 3)]
PATIENCES += [({"patience": 2, "factor": 0.5}, [5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3])]
DEFAULT = [({}, [1.0] * 25), ({}, [2.0, *[2.0 - 5e-5] * 12, 1.0, *[1.5] * 12])]
DEFAULT += [({"mode": "max"}, [1.0 + n for n in range(30)])]
DEFAULT += [({}, [1.0, *[1.0 - 1.5e-4] * 11, 0.5])]  # better by more than 1e-4
BESTS = [({"patience": 1, "factor": 0.5}, [4, 6, 5, 4.5, 4.25, 3, 9, 8, 7, 6])]
BESTS += [({"patience": 2, "factor": 0.5, "mode": "max"}, [4, 2, 3, 3.5, 3.75, 3.8, 5, 1, 2, 3])]
SLOW = [round(0.9 - 0.03 * n + 0.09 * (n % 2), 2) for n in range(16)]
BESTS += [({"patience": 3, "factor": 0.5, "threshold": 0.1}, SLOW)]
BESTS += [({"patience": 1, "factor": 0.5}, [2, 3, 3, 2.5, 2.5, 2.25, 1, 1])]
THRESHOLDS = [
    ({"patience": 0, "threshold": 0.25, "factor": 0.5, "mode": mode}, [sign * one for one in ones])
    for mode, sign in (("min", 1), ("max", -1))
    for ones in (
        [8, 7.75, 7.5, 7, 6.5, 6.25, 6.125, 6],
        [-4, -4.125, -4.25, -4.5, -5, -5.5, -5.75, -6],
        [0.5, 0.375, 0.25, 0.0, -0.125, -0.5],
        [4, 4.125, 4.25, 3.5, 3.625, 3.25],
    )
]
THRESHOLDS += [
    ({"patience": 0, "threshold": 0.0, "mode": mode}, [3, 3, 2, 2, 3, 4, 4])
    for mode in ("min", "max")
]
WILD = [
    ({"patience": 1, "factor": 0.5, "mode": mode}, [sign * one for one in ones])
    for mode, sign in (("min", 1), ("max", -1))
    for ones in (
        [NAN, NAN, 3.0, NAN, 2.0, NAN, NAN, 1.0, 1.0, NAN, 1.0, NAN, NAN, NAN],
        [3.0, NAN, 4.0, 3.0, NAN, 2.0],
        [INF, INF, 3.0, INF, INF, 2.0, 2.0],
        [-INF, -INF, 3.0, -INF, 3.0],
        [sys.float_info.max, sys.float_info.max, 2.0],
    )
]
OF_FLOORS = "raises", "no floor", "stops", "eps"
FLOORS = [({"patience": 0, "factor": 0.5, "min_lr": low}, [1.0] * 8) for low in (0.1, 0.2, 0.05)]
FLOORS += [({"patience": 0, "factor": 0.5, "min_lr": 5.0}, [1.0] * 4)]
TINY = [({"patience": 0, "min_lr": low}, [1.0] * 6) for low in (0.0, 2e-11)]


def lrs_of(metrics, lr, mode="min", factor=0.1, patience=10, threshold=1e-4, min_lr=0.0, wrong=""):
    """The lr after each metric; `wrong` is the mistake that is made, one of WRONG."""
    sign = 1 if (mode == "min") != (wrong == "other way") else -1
    best, count, found = sys.float_info.max if wrong == "number" else INF, 0, []
    limit = patience + {"early": -1, "late": 1}.get(wrong, 0)
    for metric in metrics:
        signed = sign * metric  # below is better, in both modes
        bound = best - threshold
        if wrong == "relative":
            bound = best * (1 - sign * threshold)
        bound = {"any": best, "wrong side": best + threshold}.get(wrong, bound)
        is_better = signed < bound or (wrong == "equal" and signed == bound)
        is_better |= wrong == "NaN" and not signed >= bound
        is_better &= not (wrong == "finite" and math.isinf(signed))
        is_better |= wrong == "inf" and signed == best == INF
        is_better |= wrong == "NaN first" and signed != signed and best == INF
        if is_better or wrong == "last":
            best = signed
        elif wrong == "creeps":
            best = min(best, signed)
        if not is_better:
            count += not (wrong == "NaN skipped" and signed != signed)
        elif wrong != "stays":
            count = 0
        if count > limit:
            count = count if wrong == "goes on" else 0
            best = INF if wrong == "forgets" else best
            new = lr * factor if wrong == "no floor" else max(lr * factor, min_lr)
            new = lr if wrong == "stops" and lr * factor < min_lr else new
            new = lr if wrong == "eps" and lr - new <= 1e-8 else new
            lr = new if wrong == "raises" else min(lr, new)
        found.append(lr)
    return found


def is_near(a, b):
    return abs(a - b) <= 1e-12 * abs(b)


def made(solution, options, lrs, hint, kind=torch.optim.SGD):
    solution.hint = hint
    optimizer = optimizer_of(lrs, kind)
    return optimizer, solution.ReduceLROnPlateau(optimizer, **options)


def worded(options, metrics, before=""):
    """What was called, in words."""
    args = "".join(f", {name}={value!r}" for name, value in options.items())
    shown = ", ".join(["…"] * (len(metrics) > 9) + [f"{one:g}" for one in metrics[-9:]])
    return f"ReduceLROnPlateau(optimizer{args}){before}, after steps with {shown},"


def expect_all(
    solution, table, hint, lrs=(0.8,), kind=torch.optim.SGD, metric_of=None, wrongs=WRONG
):
    """The lrs are right after each step of each row of the table."""
    for options, metrics in table:
        optimizer, schedule = made(solution, options, lrs, hint, kind)
        found = [group["lr"] for group in optimizer.param_groups]
        sentence = f"changed lr from {list(lrs)} to {found} when it was made."
        expect(found == list(lrs), sentence, COUNT)
        solution.last_call = worded(options, metrics)
        seen = [[] for _ in lrs]
        for metric in metrics:
            schedule.step((metric_of or float)(metric))
            for group, lrs_seen in zip(optimizer.param_groups, seen, strict=True):
                lrs_seen.append(group["lr"])
        right = [lrs_of(metrics, lr, **options) for lr in lrs]
        for at, n in itertools.product(range(len(metrics)), range(len(lrs))):
            got, expected = seen[n][at], right[n][at]
            if type(got) is float and is_near(got, expected):
                continue
            solution.last_call = worded(options, metrics[: at + 1])
            sentence = f"left lr {describe(got)} in group {n}; expected {expected:.9g}."
            expect(type(got) is float, sentence, A_FLOAT)
            known = mistake(seen, metrics, lrs, options, wrongs) if metric_of is None else ""
            raise CheckFailed(sentence, known or hint)


def mistake(seen, metrics, lrs, options, wrongs):
    """The sentence for the one mistake that explains all lrs; empty if none or several do."""
    names = []
    for wrong in wrongs:
        others = [lrs_of(metrics, lr, **options, wrong=wrong) for lr in lrs]
        if all(map(is_near, itertools.chain(*seen), itertools.chain(*others))):
            names.append(WRONG[wrong])
    return names[0] if len(names) == 1 else ""


@aspect("values")
def test_waits_for_patience(solution):
    """lr is reduced after more than patience steps that were no better, and then again."""
    expect_all(solution, PATIENCES, COUNT)


@aspect("values")
def test_compares_with_the_best(solution):
    """Better means better than the best metric so far, which stays after lr was reduced."""
    expect_all(solution, BESTS, BEST)


@aspect("values")
def test_has_a_threshold(solution):
    """Better means by more than threshold, a difference, in both modes, whatever the sign."""
    expect_all(solution, THRESHOLDS, THRESHOLD)


@aspect("values")
def test_has_defaults(solution):
    """Without options the usual ones hold."""
    expect_all(solution, DEFAULT, DEFAULTS)


@aspect("values")
def test_knows_nan_and_inf(solution):
    """NaN is never better, nor is inf at first."""
    expect_all(solution, WILD, ODD)


@aspect("values")
def test_has_a_floor(solution):
    """lr ends at min_lr, and is never raised."""
    expect_all(solution, FLOORS, FLOOR, [0.8, 0.15, 0.01], wrongs=OF_FLOORS)
    expect_all(solution, TINY, FLOOR, [1e-7, 3e-11], wrongs=OF_FLOORS)


@aspect("values")
def test_reduces_each_group(solution):
    """The lr of each group is reduced, in any optimizer."""
    expect_all(solution, PATIENCES[:2], EACH, [0.8, 0.003, 25.0], torch.optim.AdamW)


@aspect("values")
def test_takes_a_tensor(solution, device):
    """A 0-d tensor stands for its number, and may be written anew."""
    for dtype in (torch.float32, torch.float64):
        held = torch.empty((), dtype=dtype, device=device)
        expect_all(solution, [BESTS[0], THRESHOLDS[0], WILD[0]], NUMBER, metric_of=held.fill_)
    # in 16 bits, 1 - 0.0025 would be the next metric itself
    fine = {"patience": 0, "threshold": 0.0025, "factor": 0.5}
    metric_of = functools.partial(
        torch.tensor, dtype=torch.bfloat16, device=device, requires_grad=True
    )
    expect_all(solution, [(fine, [1.0, 1 - 2**-8])], NUMBER, metric_of=metric_of)
    fine = {"patience": 0, "threshold": 1e-9, "factor": 0.5}
    expect_all(solution, [(fine, [1.0, 1 - 2e-9, 1 - 4e-9, 1 - 4e-9])], NUMBER)


@aspect("values")
def test_multiplies_what_is_there(solution):
    """The lr of that moment is multiplied, and in the groups of that moment."""
    options = {"patience": 0, "factor": 0.5}
    for is_loaded, hint in ((False, EACH), (True, GROUPS)):
        optimizer, schedule = made(solution, options, [0.8, 0.4], hint)
        _, other = made(solution, {"mode": "max", "patience": 3}, [3.0], hint)
        schedule.step(1.0)
        for lr in (2.0, 0.25, 7.0):
            if is_loaded:
                optimizer.load_state_dict(optimizer.state_dict())
            for n, group in enumerate(optimizer.param_groups):
                group["lr"] = lr * (n + 1)
            other.step(lr)
            schedule.step(1.0)
            words = " and optimizer.load_state_dict" if is_loaded else ""
            before = f", with lr {lr} written into group 0{words} before"
            solution.last_call = worded(options, [1.0], before)
            for n, group in enumerate(optimizer.param_groups):
                got, expected = group["lr"], lr * (n + 1) / 2
                sentence = f"left lr {describe(got)} in group {n}; expected {expected}."
                expect(type(got) is float and is_near(got, expected), sentence, hint)


@aspect("memory")
def test_keeps_no_graph(solution):
    """Nothing of a tensor is kept: neither its graph nor its memory."""
    _, schedule = made(solution, {"patience": 1}, [0.8], NUMBER)
    kept = []
    for number in (1.0, 2.0, 0.5):
        x = torch.full((3,), number, requires_grad=True)
        h = x.exp()
        metric = h.sum()
        kept += [StorageWeakRef(one.untyped_storage()) for one in (h, metric)]
        with untouched(NUMBER, metric=metric):
            schedule.step(metric)
        del x, h, metric
    if not all(one.expired() for one in kept):
        gc.collect()
    solution.last_call = "ReduceLROnPlateau(optimizer, patience=1), after steps with 0-d tensors,"
    is_free = all(one.expired() for one in kept)
    expect(is_free, "keeps a metric's tensor or its graph.", NUMBER)


@aspect("memory")
def test_changes_nothing_else(solution):
    """Parameters, gradients, the optimizer's state, other options and torch stay as they are."""

    def run(optimizer):
        schedule = solution.ReduceLROnPlateau(optimizer, patience=0)
        for _ in range(3):
            schedule.step(1.0)
        schedule.load_state_dict(schedule.state_dict())

    expect_only_lr_changes(solution, run, "ReduceLROnPlateau(optimizer, patience=0)")


@aspect("errors")
def test_refuses_what_makes_no_sense(solution):
    """Another mode, a factor outside of (0, 1) and negative patience raise ValueError."""
    bad = [{"mode": mode} for mode in ("MIN", "Max", "", "minimum", "abs", "auto")]
    bad += [{"factor": factor} for factor in (1.0, 0.0, 1.5, -0.1, 10.0)]
    bad += [{"patience": patience} for patience in (-1, -10)]
    for options in bad:
        solution.hint = REFUSED
        optimizer = optimizer_of([0.8])
        make = functools.partial(solution.ReduceLROnPlateau, optimizer, **options)
        ((name, value),) = options.items()
        expect_raises(ValueError, make, REFUSED, f"{name}={value!r}")
    for options in ({"mode": "max"}, {"factor": 0.99}, {"factor": 1e-9}, {"patience": 0}):
        made(solution, options, [0.8], REFUSED)


@aspect("structure")
def test_is_made_without_torchs(solution):
    """torch.optim.lr_scheduler is not used."""

    def run():
        schedule = solution.ReduceLROnPlateau(optimizer_of([0.8]), patience=0)
        for _ in range(3):
            schedule.step(1.0)
        schedule.load_state_dict(schedule.state_dict())

    expect_made_without_torchs(solution, run)


@aspect("structure")
def test_has_a_plain_state(solution):
    """state_dict returns a dict of plain Python values, which later steps do not change."""
    for metrics in ([], [torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)]):
        _, schedule = made(solution, {"patience": 2}, [0.8], GOES_ON)
        for metric in metrics:
            schedule.step(metric)
        later = [functools.partial(schedule.step, metric) for metric in (1.0, 4.0, 0.5, 0.5)]
        expect_plain_state(solution, schedule, later)


@aspect("structure")
def test_goes_on_from_a_state(solution):
    """One that loads the state of another goes on alike, with the optimizer's state too."""
    for options, metrics in (BESTS[0], BESTS[1], PATIENCES[4]):
        expected = lrs_of(metrics, 0.8, **options)
        for at in range(len(metrics)):
            optimizer, schedule = made(solution, options, [0.8], GOES_ON)
            for metric in metrics[:at]:
                schedule.step(metric)
            states = copy.deepcopy((schedule.state_dict(), optimizer.state_dict()))
            orders = ("s o", "u o s", "s u o s")
            goes_on(solution, options, metrics, at, states, orders[at % 3], expected)


def goes_on(solution, options, metrics, at, states, order, expected):
    """One that loads both states in this order has the lrs that are expected from then on."""
    optimizer, schedule = made(solution, options, [0.1], GOES_ON)
    for one in order.split():
        if one == "s":
            schedule.load_state_dict(states[0])
        elif one == "o":
            optimizer.load_state_dict(states[1])
        else:  # used before
            for metric in (-50.0, 50.0, 0.0):
                schedule.step(metric)
    before = f", with load_state_dict of the state of step {at}"
    for number, metric in enumerate(metrics[at:], at):
        schedule.step(metric)
        got = optimizer.param_groups[0]["lr"]
        if not (type(got) is float and is_near(got, expected[number])):
            solution.last_call = worded(options, metrics[at : number + 1], before)
            sentence = f"left lr {describe(got)}; expected {expected[number]:.9g}."
            raise CheckFailed(sentence, GOES_ON)
