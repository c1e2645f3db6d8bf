"""The checks of training/k20_reproducible: what is drawn before, in and after a block."""

import contextlib
import random

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_raises
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import rounded

EACH = "There are three: torch.manual_seed, random.seed and np.random.seed. What"
EACH += " np.random.default_rng makes is a generator of its own."
ALL_BITS = "Give each generator the seed as it is: what is cut off makes two seeds equal."
ONLY_SEEDS = "seed_everything seeds three generators and does nothing else."
START = "Call seed_everything(seed) before the block runs."
FLAGS = "Call torch.use_deterministic_algorithms(True): then warn_only is False."
STATES = "Keep the whole state of each generator, all five parts of NumPy's, and set it afterwards."
AGAIN = "It begins again here: initial_seed() is where it started, and not where it stands."
BOTH = "Keep both flags: use_deterministic_algorithms(on, warn_only=warns) sets them again."
FINALLY = "Put all back under `finally`, and let the exception go on by itself."
NESTED = "Each block keeps what was before it for itself, in local variables or in its own object."
REFUSED = "Test 0 <= seed < 2**32 first of all: NumPy refuses a seed only when torch has taken it."

SEEDS = [0, 1, 42, 2**8, 2**16, 2**16 + 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]
BAD = (-1, 2**32, -(2**32), 2**32 + 3, 2**64 + 1)
NAMES = ("torch", "Python", "NumPy")
# whether deterministic algorithms are on, and warn_only
STATES_OF_FLAGS = [(False, False), (True, True), (True, False), (False, True)]


class Stop(BaseException):
    """An exception that is no Exception, such as KeyboardInterrupt."""


class Failure(Exception):
    """What a block raises."""


def drawn():
    """The next numbers of each generator: a normal one, which may be half of a pair, and others."""
    torchs = torch.cat([torch.randn(1), torch.rand(2)]).tolist()
    pythons = [random.gauss(0, 1), random.random(), random.random()]
    numpys = [np.random.standard_normal(), *np.random.random_sample(2).tolist()]
    return dict(zip(NAMES, (torchs, pythons, numpys), strict=True))


def begin(number=0):
    """Bring each generator into the midst of its numbers; returns its first ones.

    Each keeps the second half of a pair of normal numbers then.
    """
    torch.default_generator.manual_seed(number)  # torch.manual_seed is slow
    random.seed(number)
    np.random.seed(number)
    return drawn()


def flags():
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns


def set_flags(is_on, warns):
    torch._C._set_deterministic_algorithms(is_on, warn_only=warns)  # torch's own imports a compiler


def expect_numbers(got, expected, where, hint):
    for name in NAMES:
        numbers = f"{rounded(got[name])}; expected {rounded(expected[name])}"
        expect(got[name] == expected[name], f"let {name} give {where} {numbers}.", hint)


@contextlib.contextmanager
def expect_no_trace(solution, words, hint, before=(True, True)):
    """After the with block, generators and flags are as before it."""
    first, expected = begin(), drawn()
    begin()
    set_flags(*before)
    yield
    solution.last_call = words
    now = flags()
    shown = "deterministic {}, warn_only {}"
    sentence = f"left the flags {shown.format(*now)}; expected {shown.format(*before)}."
    expect(now == before, sentence, BOTH if hint is STATES else hint)
    got = drawn()
    hint = AGAIN if any(got[name] == first[name] for name in NAMES) else hint
    expect_numbers(got, expected, "after it", hint)


def wild_block():
    """What a block may do: draw, seed, change the flags."""
    drawn()
    torch.randn(5)
    torch.default_generator.manual_seed(99)
    random.seed("text")
    np.random.seed(5)
    random.gauss(0, 1)
    set_flags(False, True)


@aspect("values")
def test_seeds_each_generator(solution):
    """After one seed each generator gives the same numbers, whatever was drawn before."""
    for seed in (0, 2**32 - 1):
        solution.hint, found = EACH, []
        for number in (1, 2):
            begin(number)
            solution.seed_everything(seed)
            found.append(drawn())
        expect_numbers(found[1], found[0], "after a second call", EACH)


@aspect("values")
def test_tells_seeds_apart(solution):
    """With another seed, each generator gives other numbers."""
    solution.hint, known = ALL_BITS, {}
    for seed in SEEDS:
        solution.seed_everything(seed)
        for name, numbers in drawn().items():
            other = known.setdefault((name, tuple(numbers)), seed)
            expect(other == seed, f"gave {name} the same numbers as with {other}.", ALL_BITS)


@aspect("values")
def test_starts_from_the_seed(solution):
    """The block starts as after seed_everything, and runs the same again."""
    for seed in (0, 2**32 - 1):
        solution.hint = START
        solution.seed_everything(seed)
        expected = drawn()
        for number in (1, 2):
            begin(number)
            with solution.reproducible(seed):
                got = drawn()
            solution.last_call = f"reproducible({seed})"
            expect_numbers(got, expected, "in the block", START)


@aspect("values")
def test_switches_deterministic_algorithms_on(solution):
    """In the block deterministic algorithms are on, and warn_only is off."""
    for before in STATES_OF_FLAGS:
        set_flags(*before)
        solution.hint = FLAGS
        with solution.reproducible(1):
            now = flags()
        solution.last_call = f"reproducible(1), with the flags {before} before,"
        sentence = f"ran the block with deterministic {now[0]}, warn_only {now[1]}"
        expect(now == (True, False), f"{sentence}; expected True, False.", FLAGS)


@aspect("memory")
def test_only_seeds(solution):
    """seed_everything changes no setting of torch."""
    for before in STATES_OF_FLAGS:
        set_flags(*before)
        solution.hint = ONLY_SEEDS
        with settings_watched(solution) as found:
            solution.seed_everything(3)
        text = "" if "generator" in found.text else found.text
        expect(not text, text, ONLY_SEEDS)
        now, shown = flags(), "changed deterministic, warn_only from {} to {}."
        expect(now == before, shown.format(before, now), ONLY_SEEDS)


@aspect("memory")
def test_leaves_no_trace(solution):
    """Afterwards generators and flags are as before, whatever the block does."""
    solution.hint = STATES
    for before in STATES_OF_FLAGS:
        words = f"reproducible(3), with the flags {before} before,"
        with expect_no_trace(solution, words, STATES, before), solution.reproducible(3):
            wild_block()
    with settings_watched(solution, thoroughly=True) as found, solution.reproducible(0):
        pass
    expect(not found.text, found.text, STATES)


@aspect("memory")
def test_nests(solution):
    """Blocks inside of each other each put back what was before them."""
    for seeds in ((1, 2, 3), (4, 4, 4)):
        words = f"reproducible of {seeds}, inside of each other,"
        solution.hint = NESTED
        solution.seed_everything(seeds[0])
        expected = [drawn(), drawn(), drawn()]
        with expect_no_trace(solution, words, NESTED), solution.reproducible(seeds[0]):
            got = [drawn()]
            with solution.reproducible(seeds[1]):
                set_flags(False, False)
                with solution.reproducible(seeds[2]):
                    drawn()
                inner = flags()
            got.append(drawn())
            outer = flags()
            with solution.reproducible(seeds[1]):
                drawn()
            got.append(drawn())
        solution.last_call = words
        sentence = "left other flags after an inner block than before it: {}."
        expect(inner == (False, False), sentence.format(inner), NESTED)
        expect(outer == (True, False), sentence.format(outer), NESTED)
        for one, right in zip(got, expected, strict=True):
            expect_numbers(one, right, "in the outer block", NESTED)


@aspect("errors")
def test_leaves_no_trace_if_the_block_raises(solution):
    """An exception of the block goes on, and generators and flags are as before."""
    solution.hint = FINALLY
    for error, before in ((Failure, (False, False)), (Stop, (True, True)), (Failure, (True, True))):
        words = f"reproducible(3), whose block raises {error.__name__},"
        with expect_no_trace(solution, words, FINALLY, before):
            is_raised = False
            try:
                with solution.reproducible(3):
                    wild_block()
                    raise error("from the block")
            except error:
                is_raised = True
            solution.last_call = words
            expect(is_raised, f"let no {error.__name__} come out.", FINALLY)


@aspect("errors")
def test_refuses_other_seeds(solution):
    """A seed below 0, or of 2**32 and more, raises ValueError, and changes nothing."""
    solution.hint = REFUSED

    def block(seed):
        with solution.reproducible(seed):
            raise Failure("the block runs")

    for seed in BAD:
        for name, call in (("seed_everything", solution.seed_everything), ("reproducible", block)):
            words = f"{name}({seed})"
            with expect_no_trace(solution, words, REFUSED):
                expect_raises(ValueError, lambda call=call, seed=seed: call(seed), REFUSED)
