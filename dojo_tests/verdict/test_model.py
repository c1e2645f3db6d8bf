"""A verdict is what its checks say together."""

import json

import pytest

from dojo.verdict.model import (
    CRASHED,
    GREEN,
    NOT_STARTED,
    RED,
    TIMED_OUT,
    Check,
    Verdict,
    failure_to_show,
    state_of,
)


def check(state, message="", aspect="values", **options):
    return Check("doubles each number", aspect, "cpu", state, message, **options)


def verdict_of(*checks):
    return Verdict("first/k01_double", state_of(checks), 0.1, "hash", checks)


# ---------------------------------------------------------------- state_of


@pytest.mark.parametrize(
    "states, state",
    [
        ((GREEN, GREEN), GREEN),
        ((GREEN, RED), RED),
        ((NOT_STARTED, NOT_STARTED), NOT_STARTED),
        ((GREEN, NOT_STARTED), RED),
        ((RED, NOT_STARTED), RED),
        ((RED, CRASHED), CRASHED),
        ((GREEN, TIMED_OUT, NOT_STARTED), TIMED_OUT),
        ((TIMED_OUT, CRASHED), CRASHED),
        ((), RED),
    ],
)
def test_the_state_of_a_kata_follows_from_its_checks(states, state):
    assert state_of([check(one) for one in states]) == state


# ---------------------------------------------------------------- first_failure, later_end


def test_the_first_red_check_is_shown_before_one_that_is_not_started():
    waiting, red = check(NOT_STARTED), check(RED, "wrong")
    assert verdict_of(check(GREEN), waiting, red).first_failure is red


def test_where_none_is_red_the_first_that_is_not_started_is_shown():
    waiting = check(NOT_STARTED)
    assert verdict_of(check(GREEN), waiting).first_failure is waiting


def test_a_green_verdict_has_no_failure():
    assert verdict_of(check(GREEN)).first_failure is None


def test_a_crash_after_a_red_check_is_the_later_end():
    red, crash = check(RED, "wrong"), check(CRASHED, "the process died")
    assert verdict_of(red, crash).later_end is crash


@pytest.mark.parametrize("states", [(CRASHED, CRASHED), (RED, GREEN), (GREEN,)])
def test_what_is_shown_anyway_is_no_later_end(states):
    assert verdict_of(*map(check, states)).later_end is None


# ---------------------------------------------------------------- failure_to_show, also_red


def of_aspects(*aspects, state=RED):
    return [check(state, name, name) for name in aspects]


@pytest.mark.parametrize(
    "aspects, shown",
    [
        (["device", "gradient", "memory", "errors", "structure", "cost"], "structure"),
        (["values", "structure"], "values"),
        (["type", "structure"], "type"),
        (["shape", "structure"], "shape"),
        (["dtype", "structure"], "dtype"),
        (["gradient", "cost"], "gradient"),
    ],
)
def test_what_is_forbidden_is_told_first_where_the_result_is_right(aspects, shown):
    failed = of_aspects(*aspects)
    assert failure_to_show(failed).aspect == shown
    assert verdict_of(check(GREEN), *failed).first_failure.aspect == shown


def test_a_result_that_is_wrong_on_another_device_comes_before_what_is_forbidden():
    gradient, structure = of_aspects("gradient", "structure")
    there = Check("doubles each number", "values", "cuda", RED, "wrong")
    assert failure_to_show([gradient, structure, there]) is gradient


@pytest.mark.parametrize("state", [CRASHED, TIMED_OUT])
def test_a_result_that_never_came_comes_before_what_is_forbidden(state):
    values = check(state, "it ended")
    assert failure_to_show([*of_aspects("gradient", "structure"), values]).aspect == "gradient"


@pytest.mark.parametrize(
    "structure",
    [
        check(RED, "f raised", "structure", heading="f raised ValueError"),
        check(CRASHED, "it ended", "structure"),
        check(NOT_STARTED, "f is not started", "structure"),
    ],
    ids=["an exception", "a crash", "not started"],
)
def test_a_check_of_the_structure_that_found_nothing_forbidden_waits_for_its_turn(structure):
    gradient = check(RED, "wrong", "gradient")
    assert failure_to_show([gradient, structure]) is gradient


def test_checks_that_wait_or_are_green_are_no_failure():
    assert failure_to_show([check(GREEN), check(NOT_STARTED), check("")]) is None


def test_other_aspects_that_failed_are_listed_in_their_order():
    failed = of_aspects("memory", "cost", "values", "values", "type")
    verdict = verdict_of(check(GREEN, aspect="shape"), *failed)
    assert verdict.first_failure.aspect == "memory"
    assert verdict.also_red == ["type", "values", "cost"]


@pytest.mark.parametrize("checks", [[GREEN], [NOT_STARTED, NOT_STARTED], [RED, NOT_STARTED]])
def test_where_one_aspect_failed_or_none_there_is_no_other(checks):
    named = [
        check(state, aspect=name) for state, name in zip(checks, ("type", "values"), strict=False)
    ]
    assert verdict_of(*named).also_red == []


# ---------------------------------------------------------------- is_unread


def test_a_file_whose_checks_all_say_the_same_is_unread():
    assert verdict_of(check(RED, "no Python"), check(RED, "no Python")).is_unread


@pytest.mark.parametrize("checks", [[("red", "a"), ("red", "b")], [("red", "a")], [("green", "")]])
def test_a_file_of_which_a_check_ran_is_read(checks):
    assert not verdict_of(*(check(*one) for one in checks)).is_unread


def test_a_file_whose_function_raises_the_same_in_every_check_is_read():
    one = check(RED, "f() raised ValueError", heading="f raised ValueError")
    assert not verdict_of(one, one).is_unread


# ---------------------------------------------------------------- as_json


def test_a_verdict_as_json_has_its_version_and_its_checks():
    data = json.loads(json.dumps(verdict_of(check(RED, "wrong")).as_json()))
    assert (data["version"], data["kata"], data["state"]) == (1, "first/k01_double", "red")
    assert data["checks"][0]["message"] == "wrong"


def test_a_check_as_json_has_all_its_fields():
    one = check(RED, "wrong", heading="f raised ValueError")
    assert Check(**one.as_json()) == one


def test_json_from_before_there_were_headings_is_still_read():
    old = {name: one for name, one in check(RED, "wrong").as_json().items() if name != "heading"}
    assert Check(**old) == check(RED, "wrong")


def test_the_reason_is_what_happened_or_else_what_the_check_states():
    assert check(RED).reason == "doubles each number"
    assert check(RED, heading="f raised ValueError").reason == "f raised ValueError"
