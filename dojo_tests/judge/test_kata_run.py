"""The outcomes of a kata's checks in a run, and the verdict of them."""

from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.devices.select import devices_line
from dojo.judge import kata_run
from dojo.judge.kata_run import KataRun, with_diagnosis
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Check


@pytest.fixture
def run():
    return KataRun(Kata("first/k01_double", Path("/dojo")), expected=2)


def check(state, device="cpu"):
    return Check("Doubles", "values", device, state)


def add(run, *checks):
    run.outcomes += [((0, number), one) for number, one in enumerate(checks, len(run.outcomes))]


def test_a_run_is_done_when_each_expected_check_has_an_outcome(run):
    add(run, check(GREEN))
    assert not run.done
    add(run, check(RED))
    assert run.done


def test_the_verdict_has_the_checks_that_came_so_far(run):
    add(run, check(GREEN), check(RED, "cuda"))
    run.seconds, run.source_hash = 1.5, "abc"
    verdict = run.verdict()
    assert (verdict.kata, verdict.state, verdict.checks) == (
        "first/k01_double",
        RED,
        tuple(run.checks),
    )
    assert (verdict.seconds, verdict.source_hash) == (1.5, "abc")
    assert verdict.devices == devices_line(("cpu", "cuda"))


def test_the_checks_are_in_the_order_of_their_file(run):
    late, early = check(RED, "late"), check(RED, "early")
    run.outcomes += [((20, 0), late), ((3, 9), early), ((3, 1), check(GREEN))]
    assert run.checks == [check(GREEN), early, late]
    assert run.verdict().first_failure == early


def test_a_red_verdict_gets_the_diagnosis_of_a_known_table(run, monkeypatch):
    monkeypatch.setattr(kata_run, "known_table", lambda _kata: {"a": "table"})
    monkeypatch.setattr(kata_run, "diagnose", lambda _verdict, _table: "That is squared.")
    add(run, check(RED))
    assert with_diagnosis(run).diagnosis == "That is squared."


def test_a_red_verdict_without_a_table_has_no_diagnosis(run, monkeypatch):
    monkeypatch.setattr(kata_run, "known_table", lambda _kata: None)
    add(run, check(RED))
    assert with_diagnosis(run).diagnosis is None


@pytest.mark.parametrize("state", [GREEN, NOT_STARTED])
def test_no_table_is_read_for_a_verdict_that_is_not_red(run, monkeypatch, state):
    monkeypatch.delattr(kata_run, "known_table")
    add(run, check(state))
    assert with_diagnosis(run).diagnosis is None
