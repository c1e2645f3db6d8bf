"""The checks themselves: each saboteur is red in every function whose contract forbids it."""

import pytest

from dojo.course.katas import Kata

LETS_PASS = ("green", "never asked", "red, though it did nothing")
RIGHT = ("gives_every_second_number", "gives_part_of_a_larger_memory")


@pytest.fixture
def outcomes_of(root, known_of):
    """The outcomes of a function's saboteurs: kind → outcome, and the aspect and message of it.

    "unasked" stands beside the kinds: what the contract promises and no check has asked.
    """

    def outcomes_of_function(function):
        kata, _, name = function.partition(":")
        outcomes = known_of(Kata(kata, root))["saboteurs"]
        if name not in outcomes:
            pytest.skip("a class that no contract describes: its own checks have to do")
        return outcomes[name]

    return outcomes_of_function


def test_a_saboteur_is_red(function, outcomes_of):
    """What a contract forbids is red, and what it names is really asked for."""
    bad = {
        kind: outcome
        for kind, outcome in outcomes_of(function).items()
        if kind not in (*RIGHT, "unasked") and outcome[0] in LETS_PASS
    }
    assert not bad, f"{function} lets these pass: {bad}"


def test_a_right_variant_is_green(function, outcomes_of):
    """A right result that lies elsewhere in memory is right."""
    bad = {
        kind: outcome
        for kind, outcome in outcomes_of(function).items()
        if kind in RIGHT and outcome[0] == "red"
    }
    assert not bad, bad


def test_all_that_a_contract_promises_is_asked(function, outcomes_of):
    """Every dtype, layout, shape and device is asked, each input tracked alone, and again."""
    assert not outcomes_of(function)["unasked"]
