"""The checks of training/k16_early_stopping: what each step returns, and what is best then."""

import functools
import math

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises
from dojo.checks.laws.settings import settings_watched

NAN, HUGE = math.nan, 1e300
COUNT = "Stop when patience calls of step in a row were no improvements; this one counts too."
BEST = "A metric is compared with best, and becomes best only if it is an improvement."
DELTA = 'An improvement is below best - min_delta, or above best + min_delta with mode "max".'
FIRST = "Before the first number best is None, and that number is an improvement, whatever it is."
FINE = "Compare Python floats as they are: a narrower dtype, or rounding, loses small gains."
A_FLOAT = "best is the metric as it was given, a Python float."
NANS = "NaN is never an improvement, is never best, and counts as a call without one."
BOOL = "Return True or False on each path: what a comparison of Python floats gives."
REFUSED = 'patience is at least 1, min_delta is at least 0, and mode is "min" or "max".'
OWN = "Each object begins with best = None, and keeps best and its count for itself (self)."

WRONG = {
    "early": "This stops one call too early: patience calls without an improvement are needed.",
    "late": "This stops one call too late: stop when the count equals patience.",
    "total": "The count goes on after an improvement; it begins from 0 again.",
    "creeps": "best follows gains below min_delta here: then slow progress never counts.",
    "last": "This compares with the last metric; compare with the best one.",
    "wrong side": "min_delta is on the wrong side: a metric that is a little worse passes.",
    "minus": 'With mode "max" min_delta has the wrong sign here: it is added to best.',
    "no delta": "min_delta has no part here.",
    "equal": "A metric that is better by exactly min_delta is no improvement.",
    "NaN": "NaN counts as an improvement here: ask for better, not for `not worse`.",
    "NaN first": "A first NaN becomes best here, and then nothing is better than it.",
    "NaN skipped": "NaN does not add to the count here; it is a call without an improvement.",
    "zero": "A best of 0.0 is taken for no best here: ask `best is None`.",
    "no mode": 'With mode "max" more is better; here less is.',
    "negated": 'With mode "max" best is the metric itself, not the negated one.',
}


def row(metrics, patience=2, min_delta=0.0):
    """The same row for both modes: options, metrics."""
    options = {"patience": patience, "min_delta": min_delta}
    signed = (("min", metrics), ("max", [-one for one in metrics]))
    return [({**options, "mode": mode}, metrics) for mode, metrics in signed]


COUNTS = [({"patience": 3}, [5.0, 6.0, 5.0, 7.0]), ({"patience": 1}, [2.0, 2 - 2.0**-40, 2.0])]
COUNTS += [({"patience": 3}, [5.0, 6.0, 7.0, 4.0, 5.0, 6.0, 3.0, 4.0, 5.0, 6.0])]
COUNTS += [({"patience": 2}, [9.0, 9.5, 8.0, 8.5, 7.0, 7.0, 7.5])]
BESTS = row([4.0, 6.0, 5.0, 4.5, 3.0, 9.0, 8.0, 7.0], 3)
BESTS += row([4.0, 6.0, 5.0, 3.0, 2.0, 4.0, 3.0])
DELTAS = row([8.0, 7.875, 7.375, 7.25, 7.0, 7.125, 6.75], 3, 0.5)
DELTAS += row([8.0, 7.75, 7.625, 7.375, 7.25, 7.0, 6.875, 6.75, 6.875], 3, 0.5)
DELTAS += row([-4.0, -4.25, -4.5, -4.625, -5.0, -5.125], 3, 0.5)
DELTAS += row([0.5, 0.375, 0.25, 0.0, 0.25, -0.25, -0.125, -0.5], 3, 0.25)
DELTAS += row([3.0, 3.25, 3.0, 2.0], 2, 0.5) + row([3.0, 3.25, 3.5], 2, 0.5)
FIRSTS = row([HUGE, 2 * HUGE, HUGE / 2, HUGE, HUGE]) + row([-HUGE, 1.0, HUGE])
FIRSTS += row([0.0, 1.0, 0.5]) + row([3.0, 4.0, 5.0], 2, 100.0) + row([-0.5, -0.25, -0.5])
ODD = row([3.0, NAN, 2.0, NAN, NAN]) + row([3.0, NAN, 4.0]) + row([2.0, 3.0, 4.0])
ODD += row([NAN, 3.0, NAN, 2.0, 2.5, NAN]) + row([NAN, NAN]) + row([NAN], 1)
ODD += row([NAN, NAN, 5.0, 4.0, NAN, 4.0, NAN], 3, 0.5) + row([3.0, 4.0, NAN, 5.0], 3)


def trace_of(metrics, patience, min_delta=0.0, mode="min", wrong=""):
    """What each step returns and what is best then; `wrong` is the mistake made, one of WRONG."""
    sign = 1 if mode == "min" or wrong == "no mode" else -1
    limit = patience + {"early": -1, "late": 1}.get(wrong, 0)
    best, count, found = None, 0, []
    factor = {"no delta": 0, "wrong side": -1, "minus": 1 if mode == "min" else -1}.get(wrong, 1)
    for metric in metrics:
        new, is_nan = sign * metric, math.isnan(metric)
        is_first = best is None or (wrong == "zero" and best == 0)
        bound = math.inf if is_first else best - min_delta * factor
        is_better = not new >= bound if wrong == "NaN" else new < bound
        is_better |= wrong == "equal" and new == bound
        is_better |= wrong == "NaN first" and is_nan and best is None
        if is_better or wrong == "last" or (wrong == "creeps" and best is not None and new < best):
            best = new
        if is_better and wrong != "total":
            count = 0
        elif not is_better:
            count += not (is_nan and wrong == "NaN skipped")
        found.append((count >= limit, best if best is None or wrong == "negated" else sign * best))
    return found


def is_same(a, b):
    return a[0] is b[0] and type(a[1]) is type(b[1]) and (a[1] == b[1] or repr(a) == repr(b))


def worded(options, metrics):
    """What was called, in words."""
    args = ", ".join(f"{name}={value!r}" for name, value in options.items())
    steps = ", ".join(f"{one:.15g}" for one in metrics)
    return f"EarlyStopping({args}), after steps with {steps},"


def expect_all(solution, table, hint):
    """Each step returns what it should, and best is then right, for each row of the table."""
    solution.hint, traces = hint, []
    for options, metrics in table:
        by_place = options.values() if len(options) == 3 else ()
        stopping = solution.EarlyStopping(*by_place, **({} if by_place else options))
        solution.last_call = "a new EarlyStopping"
        expect(stopping.best is None, f"has best {describe(stopping.best)}; expected None.", OWN)
        traces.append([])
        for metric, (stops, _) in zip(metrics, trace_of(metrics, **options), strict=True):
            traces[-1].append((stopping.step(metric), stopping.best))
            if stops or traces[-1][-1][0]:
                break
    for (options, metrics), seen in zip(table, traces, strict=True):
        for at, right in enumerate(trace_of(metrics, **options)[: len(seen)]):
            if not is_same(seen[at], right):
                solution.last_call = worded(options, metrics[: at + 1])
                which = seen[at][0] is right[0]
                got = f"{'has best' if which else 'returned'} {describe(seen[at][which])}"
                is_near = at and 0 < abs(metrics[at] - metrics[at - 1]) < 1e-9
                why = mistake(table, traces) or (FINE if is_near else hint)
                is_float = seen[at][1] is None or type(seen[at][1]) is float
                why = why if is_float else A_FLOAT
                raise CheckFailed(f"{got}; expected {right[which]}.", why)


def mistake(table, traces):
    """The sentence for the one mistake that explains all traces; empty if none or several do."""
    sentences = []
    for wrong in WRONG:
        others = [trace_of(metrics, **options, wrong=wrong) for options, metrics in table]
        # a row ends where the answer stops, or is to stop
        if all(all(map(is_same, *both)) for both in zip(traces, others, strict=True)):
            sentences.append(WRONG[wrong])
    return sentences[0] if len(sentences) == 1 else ""


@aspect("type")
def test_returns_a_bool(solution):
    """step returns a Python bool."""
    solution.hint, stopping = BOOL, solution.EarlyStopping(2)
    for metric in (3.0, 2.0, NAN, 4.0):
        got = stopping.step(metric)
        solution.last_call = f"EarlyStopping(2), in a step with {metric:g},"
        expect(type(got) is bool, f"returned {describe(got)}; expected a bool.", BOOL)


@aspect("values")
def test_waits_for_patience(solution):
    """step returns True after patience calls in a row without an improvement, and not before."""
    expect_all(solution, COUNTS, COUNT)


@aspect("values")
def test_compares_with_the_best(solution):
    """A metric is compared with the best one so far, in both modes."""
    expect_all(solution, BESTS, BEST)


@aspect("values")
def test_has_a_min_delta(solution):
    """A gain counts if it is above min_delta, since the last improvement, whatever the sign."""
    expect_all(solution, DELTAS, DELTA)


@aspect("values")
def test_takes_any_first_number(solution):
    """The first number is an improvement, be it huge, negative or 0, and tiny gains count."""
    expect_all(solution, row([1.0, 1 - 2.0**-40, 1 - 2.0**-39, 1 - 2.0**-39, 1.0]), FINE)
    expect_all(solution, FIRSTS, FIRST)


@aspect("values")
def test_knows_nan(solution):
    """NaN is never an improvement, and counts as a call without one."""
    expect_all(solution, ODD, NANS)


@aspect("memory")
def test_keeps_objects_apart(solution):
    """Two objects know nothing of each other, and torch stays as it is."""
    solution.hint, rows = OWN, [BESTS[0], DELTAS[1], ODD[4]]
    with settings_watched(solution, thoroughly=True) as found:
        objects = [solution.EarlyStopping(**options) for options, _ in rows]
        for at in range(3):
            for stopping, (options, metrics) in zip(objects, rows, strict=True):
                got, right = (
                    (stopping.step(metrics[at]), stopping.best),
                    trace_of(metrics, **options),
                )
                solution.last_call = f"{worded(options, metrics[: at + 1])} and others beside it,"
                sentence = f"gave {got} as result and best; expected {right[at]}."
                expect(is_same(got, right[at]), sentence, OWN)
    expect(not found.text, found.text, "No setting of torch and no random number is needed here.")


@aspect("errors")
def test_refuses_what_makes_no_sense(solution):
    """Patience below 1, min_delta below 0 and another mode raise ValueError."""
    bad = {"mode": ("minimum", "", "MIN", "Max", "mi", "auto")}
    bad |= {"min_delta": (-0.5, -1e-9, -3.0), "patience": (-1, -10, 0)}
    solution.hint = REFUSED
    for name, value in [(name, value) for name, values in bad.items() for value in values]:
        make = functools.partial(solution.EarlyStopping, **{"patience": 2, name: value})
        expect_raises(ValueError, make, REFUSED, f"{name}={value!r}")
