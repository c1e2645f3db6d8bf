"""A known mistake is recognised, and never where it is another one.

That this is so however the mistake is written, ``test_same_verdict`` proves.
"""

import pytest

import dojo.verdict.fingerprint
from dojo.course.candidates import find_candidates
from dojo.course.katas import Kata
from dojo.verdict.diagnosis import behaviour_of, diagnose, known_table
from dojo.verdict.diagnosis import make_table as make_table_of

SUBTRACTS = """
def add(x1, x2):
    return x1 - x2


def add_(x1, x2):
    raise NotImplementedError
"""
MIXED_UP = """
def add(x1, x2):
    return x1 * x2 - 7


def add_(x1, x2):
    return x1.add_(x2)
"""


@pytest.fixture
def k03(root):
    return Kata("intro/k03_in_place_add", root)


def test_a_right_answer_gets_no_diagnosis(k03, make_table, judge_source):
    table = make_table(k03)
    right = [one for one in find_candidates(k03) if one.right]
    assert {diagnose(judge_source(k03, one.source), table) for one in right} == {None}


def test_an_unknown_mistake_gets_no_diagnosis(k03, make_table, judge_source):
    assert diagnose(judge_source(k03, MIXED_UP), make_table(k03)) is None


def test_a_mistake_is_recognised_while_the_other_function_is_not_started(
    k03, make_table, judge_source
):
    found = diagnose(judge_source(k03, SUBTRACTS), make_table(k03))
    assert found == "x1 and x2 are subtracted, not added."


def test_a_table_is_kept_for_the_kata_as_it_is(k03, judge_source):
    table = make_table_of(k03, judge_source)
    assert known_table(k03) == [list(row) for row in table]


def test_a_table_that_another_python_has_made_is_no_table(k03, make_table, monkeypatch):
    make_table(k03)
    assert known_table(k03) is not None
    monkeypatch.setattr(dojo.verdict.fingerprint, "_versions", lambda: "Python 3.99")
    assert known_table(k03) is None


def test_a_corrupt_table_is_no_table(k03, make_table):
    make_table(k03)
    for path in (k03.root / ".dojo" / "impostors" / "intro").glob("k03*.json"):
        path.write_text("{", encoding="utf-8")
    assert known_table(k03) is None


def test_behaviour_knows_no_lines_and_no_paths(k03, judge_source):
    spare = "\n\n\n"
    one, other = (
        behaviour_of(judge_source(k03, text + MIXED_UP.replace("- 7", "- None")))
        for text in ("", spare)
    )
    assert one == other
