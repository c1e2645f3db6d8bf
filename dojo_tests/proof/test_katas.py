"""Every kata that is found keeps the promises that a learner relies on."""

import ast
import collections
from pathlib import Path

import pytest

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas
from dojo.course.statement import read_statement
from dojo.course.stubs import RUN_LINE
from dojo.verdict.model import GREEN, NOT_STARTED, RED

FEWEST_HINTS = 3
FEWEST_IMPOSTORS = 5
FEWEST_ALTERNATIVES = 3


@pytest.fixture
def of_reference(judge_source):
    """The verdict on a kata's reference."""
    return lambda kata: judge_source(kata, kata.reference.read_text(encoding="utf-8"))


def test_there_are_katas(root):
    assert find_katas(root)


def test_all_four_files_exist(kata, stub_file):
    files = (stub_file(kata), kata.reference, kata.checks, kata.impostors)
    assert [path for path in files if not path.is_file()] == []


def test_stub_and_reference_agree_on_names_signatures_and_docstrings(kata, stub_file):
    stub, reference = read_statement(stub_file(kata)), read_statement(kata.reference)
    for names in (stub.names, reference.names):
        assert names
        assert all(public.docstring.strip() for public in names.values())
    assert _contract(stub) == _contract(reference)


def _contract(statement):
    return {name: (one.signature, one.docstring) for name, one in statement.names.items()}


def test_the_stub_ends_with_the_line_that_judges_it_when_it_is_run(kata, stub_file):
    text = stub_file(kata).read_text(encoding="utf-8")
    assert text.endswith(f"\n\n\n{RUN_LINE}\n")
    assert text.count(RUN_LINE) == 1


def test_stub_and_reference_have_one_title(kata, stub_file):
    assert read_statement(stub_file(kata)).title == read_statement(kata.reference).title


def test_reference_has_a_ladder_of_hints(kata):
    hints = read_statement(kata.reference).hints
    assert len(set(hints)) >= FEWEST_HINTS


def test_there_are_enough_impostors_and_alternatives(kata):
    counts = collections.Counter(one.right for one in find_candidates(kata))
    assert counts[False] >= FEWEST_IMPOSTORS
    assert counts[True] >= FEWEST_ALTERNATIVES


def test_every_impostor_has_a_diagnosis_that_no_other_has(kata):
    diagnoses = [one.diagnosis for one in find_candidates(kata) if not one.right]
    assert all(diagnoses)
    assert len(set(diagnoses)) == len(diagnoses)


def test_every_check_has_a_docstring(kata):
    """The laws that a class inherits are worded in ``dojo.checks.laws``, and tested there."""
    tree = ast.parse(kata.checks.read_text(encoding="utf-8"))
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name.startswith("Test")]
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    checks = [one for one in functions if one.name.startswith("test_")]
    assert checks or classes
    assert [check.name for check in checks if not ast.get_docstring(check)] == []


def test_every_check_names_its_aspect(of_reference, kata):
    assert [check.name for check in of_reference(kata).checks if not check.aspect] == []


def test_every_check_is_not_started_on_the_stub(kata, stub_file, judge_source):
    verdict = judge_source(kata, stub_file(kata).read_text(encoding="utf-8"))
    assert {check.name for check in verdict.checks if check.state != NOT_STARTED} == set()
    assert verdict.state == NOT_STARTED


def test_the_reference_is_green(of_reference, kata):
    assert _failures(of_reference(kata)) == []


def test_the_reference_is_green_whatever_its_file_does_when_it_is_imported(judge_source, kata):
    demo = Path(__file__).with_name("demo_lines.py").read_text(encoding="utf-8")
    verdict = judge_source(kata, kata.reference.read_text(encoding="utf-8") + demo)
    assert _failures(verdict) == []


def test_an_impostor_is_red_and_not_by_a_crash(impostor, judge_source):
    verdict = judge_source(impostor.kata, impostor.source)
    assert verdict.state == RED
    if impostor.aspect:
        assert impostor.aspect in {c.aspect for c in verdict.checks if c.state == RED}


def test_an_alternative_is_green(alternative, judge_source):
    verdict = judge_source(alternative.kata, alternative.source)
    assert _failures(verdict) == []
    assert verdict.state == GREEN


def _failures(verdict):
    return [(c.name, c.device, c.message) for c in verdict.checks if c.state != GREEN]
