"""The checks of optimizers/k10_wsd_schedule: the lr of each group after each step, by fractions."""

import copy
import functools
import itertools
import math
from fractions import Fraction

import torch

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises
from dojo.checks.schedules import (
    expect_made_without_torchs,
    expect_only_lr_changes,
    expect_plain_state,
    optimizer_of,
)

FIRST = "Set lr when the schedule is made: the first update has base * factor(0) already."
FACTOR = "lr is base * factor(t) in each group: look at the borders of the parts."
PRODUCT = "The factors of all steps are multiplied here: compute lr from the base each time."
LOST = "This is t / warmup_steps: the first update has an lr of 0 and is lost."
FROM_ONE = "i begins with 0: the first step of the decay still has the factor 1."
RATE = "final is taken as an lr here; it is a factor, like the others."
LEFT_OUT = "A part with 0 steps is left out: the next one begins at once."
OWN_BASE = "Each group has a base of its own: its lr when the schedule was made."
MEANWHILE = "Compute lr from the base, and not from the lr that stands in the group."
GROUPS = "Look at optimizer.param_groups in each step: the optimizer may have new ones."
A_FLOAT = "Write a Python float into lr."
AT_ONCE = "load_state_dict takes t and the bases of the state, and sets each lr at once."
GOES_ON = "load_state_dict copies t: steps go on from there, and the loaded dict stays as it is."
NEXT = "This is the lr of the next step: t is one too large."
RESUMED = "The base belongs to the state: the lr that was found when resuming may be decayed."
REFUSED = "Each number of steps is at least 0, else ValueError is raised before lr is changed."

# warmup_steps, stable_steps, decay_steps, final
PARTS = [(3, 2, 4), (2, 5, 3, 0.1), (5, 1, 8, 0.25), (1, 3, 1, 0.5), (4, 2, 5, 1.0)]
WITHOUT = [(0, 3, 4, 0.2), (3, 0, 4), (0, 0, 5, 0.1), (2, 2, 0, 0.3), (0, 2, 0), (3, 0, 0, 0.1)]
WITHOUT += [(0, 0, 0, 0.7), (0, 0, 1)]
LRS = [0.8, 0.003, 25.0]


def factor(t, warmup, stable, decay, final=0.0):
    parts = [Fraction(n + 1, warmup + 1) for n in range(warmup)] + [Fraction(1)] * stable
    parts += [1 - (1 - Fraction(final)) * Fraction(i, decay) for i in range(decay)]
    return float(parts[t]) if t < len(parts) else float(final)


def mistakes(t, base, warmup, stable, decay, final=0.0):
    """Pairs: what people set in place of the lr, and the sentence that names it."""
    i, parts = t - warmup - stable, (warmup, stable, decay, final)
    shares = [
        (math.prod(factor(n, *parts) for n in range(t + 1)), PRODUCT),
        (factor(t + 1, *parts), "This is the lr of the next step."),
        (factor(max(t - 1, 0), *parts), "This is the lr of the step before."),
    ]
    if not t:
        shares.insert(0, (1.0, FIRST))
    if t < warmup:
        shares.insert(0, (t / warmup, LOST))
        shares.insert(0, ((t + 1) / warmup, "This is (t + 1) / warmup_steps: one step too fast."))
        shares.append((1.0, "The warmup is left out here."))
    if i >= 0 and decay:
        at = min(i, decay)
        shares.insert(0, (1 - (1 - final) * (i + 1) / decay, FROM_ONE))
        fall, half = math.sqrt(at / decay), (1 - math.cos(math.pi * at / decay)) / 2
        straight = "The decay is a straight line, no root and no cosine."
        shares[:0] = [(1 - (1 - final) * one, straight) for one in (fall, half) if 0 < one < 1]
        shares.append((1 - at / decay, "This decay falls to 0; it should end at final."))
        shares.append((1 - (1 - final) * i / decay, "The decay goes on here; the end is final."))
        shares.append((1 - (1 - final / base) * at / decay, RATE))
    shares.append((final / base if i >= decay else math.nan, RATE))
    return [(base * wrong, words) for wrong, words in shares]


def unknown(*_):
    return []


def made(solution, parts, lrs=LRS, hint=FACTOR, kind=torch.optim.SGD):
    """An optimizer, and the schedule over it."""
    solution.hint = hint
    optimizer = optimizer_of(lrs, kind)
    return optimizer, solution.WarmupStableDecay(optimizer, *parts)


def steps(count):
    return f"{count} step{'s' * (count != 1)}"


def expect_lrs(solution, optimizer, t, parts, hint, lrs=LRS, words="", known=mistakes):
    """Each group's lr is right for this t; if it is not, the mistake is named where it is known."""
    args = ", ".join(map(str, parts))
    words = words or (f", after {steps(t)}," if t else "")
    solution.last_call = f"WarmupStableDecay(optimizer, {args}){words}"
    for n, (group, base) in enumerate(zip(optimizer.param_groups, lrs, strict=True)):
        got, expected = group["lr"], base * factor(t, *parts)
        sentence = f"left lr {describe(got)} in group {n}, whose base is {base};"
        expect(type(got) is float, f"{sentence} expected a float.", A_FLOAT)
        if abs(got - expected) <= 1e-12 * base:
            continue
        wrongs = known(t, base, *parts)
        wrongs += [(one * factor(t, *parts), OWN_BASE) for one in lrs if one != base]
        hints = [words for wrong, words in wrongs if abs(got - wrong) <= 1e-12 * base]
        raise CheckFailed(f"{sentence} expected {expected:.9g}.", hints[0] if hints else hint)


def expect_all(solution, parts, hint, lrs=LRS, kind=torch.optim.SGD):
    """The lrs are right when the schedule is made, and after each step."""
    optimizer, schedule = made(solution, parts, lrs, hint, kind)
    for t in range(sum(parts[:3]) + 4):
        expect_lrs(solution, optimizer, t, parts, hint, lrs)
        schedule.step()


@aspect("values")
def test_sets_the_first_lr(solution):
    """lr is set when the schedule is made."""
    for parts in PARTS:
        optimizer, _ = made(solution, parts, hint=FIRST)
        expect_lrs(solution, optimizer, 0, parts, FIRST)


@aspect("values")
def test_has_three_parts(solution):
    """lr rises, stays, falls and then stays at the end."""
    for parts in PARTS:
        expect_all(solution, parts, FACTOR, [0.8])


@aspect("values")
def test_leaves_a_part_out(solution):
    """A part may have no steps."""
    for parts in WITHOUT:
        expect_all(solution, parts, LEFT_OUT, [0.8])


@aspect("values")
def test_has_a_base_for_each_group(solution):
    """Each group has its own base, in any optimizer, whatever else stands in it."""
    for parts, kind in zip(PARTS, (torch.optim.AdamW, torch.optim.SGD), strict=False):
        expect_all(solution, parts, OWN_BASE, kind=kind)
    optimizer = optimizer_of(LRS)
    for group in optimizer.param_groups:
        group.update(initial_lr=9.0, base_lr=9.0)
    schedule = solution.WarmupStableDecay(optimizer, *PARTS[0])
    for t in range(11):
        expect_lrs(solution, optimizer, t, PARTS[0], OWN_BASE)
        schedule.step()


@aspect("values")
def test_computes_from_the_base(solution):
    """What is written into lr meanwhile does not count, nor does another schedule."""
    parts = PARTS[1]
    optimizer, schedule = made(solution, parts, hint=MEANWHILE)
    _, other = made(solution, (1, 1, 1, 0.5), [3.0], MEANWHILE)
    for t in range(1, 13):
        for group in optimizer.param_groups:
            group["lr"] = 0.0 if t % 2 else 7.0
        other.step()
        schedule.step()
        words = f", after {steps(t)}, and other lrs written in between,"
        expect_lrs(solution, optimizer, t, parts, MEANWHILE, words=words, known=unknown)


@aspect("values")
def test_works_on_the_groups_of_that_moment(solution):
    """The optimizer may load a state, which gives it new dicts for its groups."""
    parts = PARTS[1]
    optimizer, schedule = made(solution, parts, hint=GROUPS)
    for t in range(1, 13):
        optimizer.load_state_dict(optimizer.state_dict())
        schedule.step()
        words = f", after {steps(t)}, with optimizer.load_state_dict before each,"
        expect_lrs(solution, optimizer, t, parts, GROUPS, words=words, known=unknown)


@aspect("memory")
def test_changes_nothing_else(solution):
    """Parameters, gradients, the optimizer's state, other options and torch stay as they are."""

    def run(optimizer):
        schedule = solution.WarmupStableDecay(optimizer, 1, 1, 2)
        for _ in range(5):
            schedule.step()
        schedule.load_state_dict(schedule.state_dict())

    expect_only_lr_changes(solution, run, "WarmupStableDecay(optimizer, 1, 1, 2)")


@aspect("errors")
def test_refuses_negative_steps(solution):
    """A negative number of steps raises ValueError, and lr stays."""
    for parts in ((-1, 2, 3), (2, -1, 3), (2, 3, -1), (5, -3, 4), (0, 0, -2), (-1, 1, 0)):
        optimizer = optimizer_of(LRS)
        solution.hint = REFUSED
        make = functools.partial(solution.WarmupStableDecay, optimizer, *parts)
        expect_raises(ValueError, make, REFUSED, f"the steps {parts}")
        lrs = [group["lr"] for group in optimizer.param_groups]
        expect(lrs == LRS, f"changed lr from {LRS} to {lrs}, and raised ValueError.", REFUSED)


@aspect("structure")
def test_is_made_without_torchs(solution):
    """torch.optim.lr_scheduler is not used."""

    def run():
        optimizer = optimizer_of(LRS)
        schedule = solution.WarmupStableDecay(optimizer, 2, 1, 2)
        for _ in range(6):
            schedule.step()
        schedule.load_state_dict(schedule.state_dict())

    expect_made_without_torchs(solution, run)


@aspect("structure")
def test_has_a_plain_state(solution):
    """state_dict returns a dict of plain Python values, which later steps do not change."""
    _, schedule = made(solution, PARTS[0], hint=GOES_ON)
    expect_plain_state(solution, schedule, [schedule.step] * 4)


ORDERS = {
    "made over a new optimizer": "m s",
    "made over an optimizer that has loaded its state": "o m s",
    "loaded before the optimizer's own state": "m s o",
    "loaded after the optimizer's own state": "m o s",
    "used before, loaded twice": "m u s u s",
}


@aspect("structure")
def test_goes_on_from_a_state(solution):
    """A schedule that loads the state of another one has its lrs at once, and goes on alike."""
    for parts in (PARTS[1], WITHOUT[0]):
        end = sum(parts[:3])
        orders = itertools.cycle(ORDERS.items())
        for t in (4, 0, 1, 2, end - 1, end, end + 3):
            optimizer, schedule = made(solution, parts, hint=AT_ONCE)
            for _ in range(t):
                schedule.step()
            saved = schedule.state_dict(), optimizer.state_dict()
            for how, order in itertools.islice(orders, 5 if t == 4 else 1):
                expect_goes_on(solution, parts, t, saved, how, order)


def expect_goes_on(solution, parts, t, saved, how, order):
    """A schedule that loads in this order goes on as the saved one."""
    state, of_optimizer = copy.deepcopy(saved)
    optimizer, schedule, found = optimizer_of([0.5, 0.25, 4.0]), None, []

    def known(t, base, *parts):
        wrongs = [(one * factor(t, *parts), RESUMED) for one in found]
        return [*wrongs, (base * factor(t + 1, *parts), NEXT)]

    for one in order.split():
        if one == "m":
            found = [group["lr"] for group in optimizer.param_groups]
            schedule = solution.WarmupStableDecay(optimizer, *parts)
        elif one == "o":
            optimizer.load_state_dict(of_optimizer)
        elif one == "s":
            schedule.load_state_dict(state)
            words = f", {how}, after load_state_dict of the state of step {t},"
            expect_lrs(solution, optimizer, t, parts, AT_ONCE, words=words, known=known)
        else:
            for _ in range(3):
                schedule.step()
    for more in range(1, 5):
        schedule.step()
        words = f", {how}, {steps(more)} after load_state_dict of the state of step {t},"
        expect_lrs(solution, optimizer, t + more, parts, GOES_ON, words=words, known=known)
