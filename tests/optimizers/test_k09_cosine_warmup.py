"""The checks of optimizers/k09_cosine_warmup: each rate of a schedule, by a sine of the rest."""

import math

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises
from dojo.checks.laws.settings import settings_watched

NEAR = 1e-12
A_FLOAT = "Compute with Python's own numbers and the module math, and return a float."
WARMUP = "While step < warmup_steps: max_lr * (step + 1) / (warmup_steps + 1)."
COSINE = "Between warmup and end: min_lr + (max_lr - min_lr) * (1 + cos(pi * progress)) / 2."
END = "From total_steps on it is min_lr, however many steps follow."
NOTHING_LEFT = "With warmup_steps = total_steps there is no cosine: min_lr follows the warmup."
NO_WARMUP = "Without a warmup the cosine begins at step 0, with max_lr."
LOST = "This is step / warmup_steps: the first update has a rate of 0 and is lost."
TWICE = "This is (step + 1) / warmup_steps: then max_lr comes twice, here and on the cosine."
FROM_LOW = "The warmup begins at min_lr here; it has no part in the warmup."
LATE = "This is step / (warmup_steps + 1): one step late."
RISES = "The cosine goes on here and rises again: from total_steps on it is min_lr."
JUMPS = "progress counts from step 0 here: subtract warmup_steps above and below."
CUT = "progress is divided by total_steps here: subtract warmup_steps below too."
ON_TOP = "min_lr is added on top of a whole cosine here: scale max_lr - min_lr, not max_lr."
LARGER = "A cosine down to 0 is cut off at min_lr here: scale max_lr - min_lr, not max_lr."
ANEW = "A rate depends on the arguments alone: keep nothing from call to call."
DIGITS = "Only some digits are right: use floats of Python and `math.pi`, and no float32."
REFUSED = "ValueError unless step >= 0 and 0 <= warmup_steps <= total_steps."
SETTINGS = "To compute a number changes no setting of torch."

# max_lr, warmup_steps, total_steps, min_lr
PLAIN = [(1.0, 3, 7), (0.5, 4, 13, 0.1), (3e-4, 10, 45, 4e-5), (2.0, 1, 4, 1.5)]
WITHOUT = [(1.0, 0, 5), (0.8, 0, 9, 0.2), (0.3, 0, 1, 0.1)]
EQUAL = [(1.0, 4, 4, 0.25), (1.0, 1, 1), (0.6, 0, 0, 0.05)]
SHORT = [(1.0, 3, 4, 0.5), (1.0, 6, 8), (0.7, 2, 11, 0.7)]
FAR = [(6e-4, 2_000, 300_000, 6e-5), (1e-6, 100, 10_000), (1000.0, 7, 12_345, 0.5)]


def right(step, max_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return max_lr - max_lr * (warmup - step) / (warmup + 1)
    left = max(total - step, 0) / max(total - warmup, 1)  # 1 - progress
    return min_lr + (max_lr - min_lr) * math.sin(math.pi / 2 * left) ** 2


def cosine(step, high, start, end, low):
    """Half a cosine from start to end, which goes on behind the end."""
    return low + (high - low) * (1 + math.cos(math.pi * (step - start) / max(end - start, 1))) / 2


def mistakes(step, high, warmup, total, low=0.0):
    """Pairs: what people compute in place of the rate, and the sentence that names it."""
    down = cosine(step, high, warmup, total, 0.0)
    if step < warmup:
        return [
            (high * step / warmup, LOST),
            (high * (step + 1) / warmup, TWICE),
            (low + (high - low) * (step + 1) / (warmup + 1), FROM_LOW),
            (high * step / (warmup + 1), LATE),
            (low, FROM_LOW),
        ]
    if step >= total:
        return [
            (high if warmup == total else math.nan, NOTHING_LEFT),
            (cosine(step, high, warmup, total, low), RISES),
            (0.0, "The rate ends at 0 here, and not at min_lr."),
        ]
    return [
        (cosine(step, high, 0, total, low), JUMPS),
        (cosine(step, high, warmup, total + warmup, low), CUT),
        (low + down, ON_TOP),
        (max(low, down), LARGER),
        (down, "min_lr is left out here."),
        (low + (high - low) * (total - step) / (total - warmup), "This is a straight line."),
        (cosine(step, high, warmup, total - 1, low), "The end comes one step too early here."),
        (cosine(step + 1, high, warmup, total, low), "The cosine is one step ahead here."),
    ]


def expect_rate(solution, step, schedule, hint):
    """The rate of this step is right; if it is not, the mistake is named where it is known."""
    solution.hint = hint
    got = solution.cosine_with_warmup(step, *schedule)
    expected, near = right(step, *schedule), NEAR * schedule[0]
    sentence = f"returned {describe(got)}; expected"
    expect(type(got) is float, f"{sentence} a float.", A_FLOAT)
    if not abs(got - expected) <= near:
        known = mistakes(step, *schedule)
        hints = [words for wrong, words in known if abs(got - wrong) <= near]
        if step >= schedule[1] and len(hints) > 1:
            hints = []  # several explain it
        hints += [DIGITS] * (abs(got - expected) <= 1e-5 * schedule[0])
        raise CheckFailed(f"{sentence} {expected:.15g}.", hints[0] if hints else hint)


@aspect("type")
def test_returns_a_float(solution):
    """cosine_with_warmup returns a Python float, in all three parts."""
    for step in (0, 4, 9):
        solution.hint = COSINE
        got = solution.cosine_with_warmup(step, 1.0, 3, 7)
        expect(type(got) is float, f"returned {describe(got)}; expected a float.", A_FLOAT)


@aspect("values")
def test_rises_in_the_warmup(solution):
    """In the warmup the rate rises in equal steps, and is never 0."""
    for schedule in (*PLAIN, *SHORT):
        for step in range(schedule[1]):
            expect_rate(solution, step, schedule, WARMUP)


@aspect("values")
def test_falls_along_a_cosine(solution):
    """After the warmup the rate falls from max_lr along half a cosine, towards min_lr."""
    for schedule in (*PLAIN, *SHORT):
        for step in range(schedule[1], schedule[2]):
            expect_rate(solution, step, schedule, COSINE)


@aspect("values")
def test_stays_at_the_end(solution):
    """From total_steps on the rate is min_lr."""
    for schedule in (*PLAIN, *SHORT):
        for more in (0, 1, 2, 3, 5, 8, 50, 1001):
            expect_rate(solution, schedule[2] + more, schedule, END)


@aspect("values")
def test_needs_no_warmup(solution):
    """With warmup_steps = 0 the cosine begins at once."""
    for schedule in WITHOUT:
        for step in range(schedule[2] + 3):
            expect_rate(solution, step, schedule, NO_WARMUP)


@aspect("values")
def test_needs_no_cosine(solution):
    """With warmup_steps = total_steps, min_lr follows the warmup."""
    for schedule in EQUAL:
        for step in range(schedule[2] + 4):
            expect_rate(solution, step, schedule, NOTHING_LEFT)


@aspect("values")
def test_is_exact_in_long_schedules(solution):
    """Rates of long schedules are right to the last digits, in any order of calls."""
    for max_lr, warmup, total, *rest in FAR:
        for step in (total - 1, 0, total, warmup, warmup - 1, total // 3, warmup + 1, 2 * total):
            expect_rate(solution, step, (max_lr, warmup, total, *rest), ANEW)


@aspect("memory")
def test_leaves_torch_as_it_is(solution):
    """The call changes no setting of torch, and draws no random numbers."""
    for step in (0, 4, 9):
        solution.hint = SETTINGS
        with settings_watched(solution, thoroughly=True) as found:
            solution.cosine_with_warmup(step, 1.0, 3, 7)
        expect(not found.text, found.text, SETTINGS)


@aspect("errors")
def test_refuses_what_makes_no_sense(solution):
    """A negative step, and a warmup that is negative or longer than all, raise ValueError."""
    for step, warmup, total in ((-1, 3, 7), (-1, 0, 7), (-5, 0, 0), (0, -1, 7), (9, -1, 7)):
        expect_refused(solution, step, warmup, total)
    for step, warmup, total in ((0, 8, 7), (7, 8, 7), (20, 8, 7), (0, 1, 0), (0, 0, -1)):
        expect_refused(solution, step, warmup, total)


def expect_refused(solution, step, warmup, total):
    solution.hint = REFUSED
    call = solution.cosine_with_warmup
    what = f"step={step}, warmup_steps={warmup}, total_steps={total}"
    expect_raises(ValueError, lambda: call(step, 1.0, warmup, total), REFUSED, what)
