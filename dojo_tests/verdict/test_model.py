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
    state_of,
)


def check(state, message=""):
    return Check("doubles each number", "values", "cpu", state, message)


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


# ---------------------------------------------------------------- is_unread


def test_a_file_whose_checks_all_say_the_same_is_unread():
    assert verdict_of(check(RED, "no Python"), check(RED, "no Python")).is_unread


@pytest.mark.parametrize("checks", [[("red", "a"), ("red", "b")], [("red", "a")], [("green", "")]])
def test_a_file_of_which_a_check_ran_is_read(checks):
    assert not verdict_of(*(check(*one) for one in checks)).is_unread


# ---------------------------------------------------------------- as_json


def test_a_verdict_as_json_has_its_version_and_its_checks():
    data = json.loads(json.dumps(verdict_of(check(RED, "wrong")).as_json()))
    assert (data["version"], data["kata"], data["state"]) == (1, "first/k01_double", "red")
    assert data["checks"][0]["message"] == "wrong"


def test_a_check_as_json_has_all_its_fields():
    assert Check(**check(RED, "wrong").as_json()) == check(RED, "wrong")
