"""A known mistake is recognised, and never where it is another one.

That this is so however the mistake is written, ``test_same_verdict`` proves.
"""

import functools
import shutil

import pytest

import dojo.verdict.fingerprint
from dojo.course.candidates import find_candidates
from dojo.course.katas import Kata
from dojo.verdict.diagnosis import (
    TableMaker,
    behaviour_of,
    diagnose,
    find_impostors,
    known_table,
    make_table,
)
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, Check, Verdict
from dojo.workers import client
from dojo.workers.pool import WorkerPool

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


def verdict_of(*checks, state=RED):
    """A verdict with these checks: (name, state, message) or (name, state, message, file)."""
    made = (Check(name, "values", "cpu", *rest) for name, *rest in checks)
    return Verdict("first/k02_add", state, 0.1, "", tuple(made))


# ---------------------------------------------------------------- by verdicts of the judge


@pytest.fixture(scope="module")
def add(small_dojo, tmp_path_factory):
    """The kata first/k02_add in a dojo of this module, where its table is kept."""
    leave = shutil.ignore_patterns(".*")
    root = shutil.copytree(small_dojo, tmp_path_factory.mktemp("judged") / "dojo", ignore=leave)
    return Kata("first/k02_add", root)


@pytest.fixture(scope="module")
def judge_source(add):
    """The verdict on an answer to a kata, which is given as text."""
    pool = WorkerPool(add.root)
    yield functools.partial(client.judge_source, pool)
    pool.close()


@pytest.fixture(scope="module")
def table(add, judge_source):
    """The table of the known mistakes of first/k02_add."""
    return make_table(add, judge_source)


def test_a_right_answer_gets_no_diagnosis(add, table, judge_source):
    right = [one for one in find_candidates(add) if one.right]
    assert {diagnose(judge_source(add, one.source), table) for one in right} == {None}


def test_an_unknown_mistake_gets_no_diagnosis(add, table, judge_source):
    assert diagnose(judge_source(add, MIXED_UP), table) is None


def test_a_mistake_is_recognised_while_the_other_function_is_not_started(add, table, judge_source):
    found = diagnose(judge_source(add, SUBTRACTS), table)
    assert found == "x1 and x2 are subtracted, not added."


def test_each_impostor_is_recognised(add, table, judge_source):
    impostors = find_impostors(add)
    found = [diagnose(judge_source(add, one.source), table) for one in impostors]
    assert found == [one.diagnosis for one in impostors]


def test_a_table_is_kept_for_the_kata_as_it_is(add, table):
    assert known_table(add) == [list(row) for row in table]


def test_behaviour_knows_no_lines_and_no_paths(add, judge_source):
    spare = "\n\n\n"
    one, other = (
        behaviour_of(judge_source(add, text + MIXED_UP.replace("- 7", "- None")))
        for text in ("", spare)
    )
    assert one == other


# ---------------------------------------------------------------- behaviour_of, diagnose


def test_checks_that_were_not_started_show_no_behaviour():
    verdict = verdict_of(("one", NOT_STARTED, "add is not started"), ("two", GREEN, ""))
    assert behaviour_of(verdict) == {"two [cpu] 1": "green: "}


def test_checks_of_one_name_are_told_apart():
    verdict = verdict_of(("one", GREEN, ""), ("one", RED, "wrong"))
    assert behaviour_of(verdict) == {"one [cpu] 1": "green: ", "one [cpu] 2": "red: wrong"}


def test_the_learners_path_and_line_are_no_behaviour():
    verdict = verdict_of(("one", RED, "raised (katas/a.py, line 7)", "katas/a.py"))
    assert behaviour_of(verdict) == {"one [cpu] 1": "red: raised (FILE, line)"}


def test_the_id_of_an_object_is_no_behaviour():
    one, other = (verdict_of(("one", RED, f"saved {id(thing)}")) for thing in (object, int))
    assert behaviour_of(one) == behaviour_of(other)


def test_impostors_that_behave_alike_and_disagree_give_no_diagnosis():
    behaviour = {"one [cpu] 1": "red: wrong"}
    verdict = verdict_of(("one", RED, "wrong"))
    assert diagnose(verdict, [("It adds.", behaviour)]) == "It adds."
    assert diagnose(verdict, [("It adds.", behaviour), ("It squares.", behaviour)]) is None


@pytest.mark.parametrize("state", [GREEN, NOT_STARTED, CRASHED])
def test_only_a_red_verdict_gets_a_diagnosis(state):
    verdict = verdict_of(("one", RED, "wrong"), state=state)
    assert diagnose(verdict, [("It adds.", {"one [cpu] 1": "red: wrong"})]) is None


def test_a_red_verdict_without_a_red_check_gets_no_diagnosis():
    verdict = verdict_of(("one", GREEN, ""), ("two", NOT_STARTED, "add is not started"))
    assert diagnose(verdict, [("It adds.", {"one [cpu] 1": "green: "})]) is None


# ---------------------------------------------------------------- the table and its file


def judge_by_text(kata, source):
    """A verdict without a judge, which tells answers apart by their text."""
    return verdict_of(("one", RED, source))


def test_a_table_has_a_row_for_each_impostor(double):
    rows = make_table(double, judge_by_text)
    assert [diagnosis for diagnosis, _ in rows] == [one.diagnosis for one in find_impostors(double)]


def test_without_a_table_none_is_known(double):
    assert known_table(double) is None


def test_a_step_that_was_interrupted_is_done_again(double):
    maker = TableMaker(double)
    maker.step(lambda *_: None)
    assert maker.table == []
    while not maker.is_done:
        maker.step(judge_by_text)
    assert len(maker.table) == len(find_impostors(double))


def test_a_table_is_kept_after_its_last_step_alone(double):
    maker = TableMaker(double)
    while not maker.is_done:
        assert known_table(double) is None
        maker.step(judge_by_text)
    assert known_table(double) is not None


def test_a_table_that_another_python_has_made_is_no_table(double, monkeypatch):
    make_table(double, judge_by_text)
    assert known_table(double) is not None
    monkeypatch.setattr(dojo.verdict.fingerprint, "_versions", lambda: "Python 3.99")
    assert known_table(double) is None


def test_a_table_that_was_made_for_other_checks_is_no_table(double):
    make_table(double, judge_by_text)
    double.checks.write_text(double.checks.read_text() + "\n# changed\n")
    assert known_table(double) is None


@pytest.mark.parametrize("content", ["{", '"a text"', "{}"])
def test_a_corrupt_table_is_no_table(double, content):
    make_table(double, judge_by_text)
    (path,) = (double.root / ".dojo" / "impostors" / "first").glob("k01*.json")
    path.write_text(content, encoding="utf-8")
    assert known_table(double) is None


def test_a_new_table_takes_the_place_of_the_old_one(double):
    make_table(double, judge_by_text)
    double.checks.write_text(double.checks.read_text() + "\n# changed\n")
    make_table(double, judge_by_text)
    assert len(list((double.root / ".dojo" / "impostors" / "first").iterdir())) == 1


def test_a_table_that_cannot_be_kept_is_made_all_the_same(double):
    (double.root / ".dojo").write_text("in the way")
    assert len(make_table(double, judge_by_text)) == len(find_impostors(double))
