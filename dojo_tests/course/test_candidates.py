"""A candidate is the reference with one public name replaced."""

import ast

import pytest

from dojo.course.candidates import find_candidates

IMPOSTORS = '''"""Wrong answers."""

import math

from dojo.impostors import alternative, impostor

SHARED = 2


@impostor("double", diagnosis="It squares.", aspect="values")
def squares(x):
    return x * x


@alternative("double")
@math.cache
def adds(x):
    return helper(x) + x


def helper(x):
    return x
'''


@pytest.fixture
def candidates(double):
    """The impostor ``squares`` and the alternative ``adds``."""
    double.impostors.write_text(IMPOSTORS)
    return find_candidates(double)


def definitions(candidate):
    """The last definition of each name in a candidate's file, as text."""
    body = ast.parse(candidate.source).body
    return {node.name: ast.unparse(node) for node in body if isinstance(node, ast.FunctionDef)}


def test_candidates_come_in_the_order_of_their_file(candidates):
    assert [one.label for one in candidates] == ["squares", "adds"]


def test_an_impostor_has_its_name_its_diagnosis_and_its_aspect(candidates):
    squares = candidates[0]
    assert (squares.replaces, squares.right) == ("double", False)
    assert (squares.diagnosis, squares.aspect) == ("It squares.", "values")


def test_an_alternative_is_right_and_has_no_diagnosis(candidates):
    adds = candidates[1]
    assert (adds.right, adds.diagnosis, adds.aspect) == (True, "", "")


def test_a_candidate_takes_the_place_of_the_public_name(candidates):
    assert definitions(candidates[0])["double"] == "def double(x):\n    return x * x"


def test_what_is_shared_comes_with_each_candidate(candidates):
    for candidate in candidates:
        assert "helper" in definitions(candidate)
        assert "SHARED = 2" in candidate.source


def test_the_other_candidates_are_in_no_file(candidates):
    assert "squares" not in candidates[1].source
    assert "return helper(x) + x" not in candidates[0].source


def test_a_mark_is_taken_off_and_other_decorators_stay(candidates):
    assert "dojo.impostors" not in candidates[1].source
    assert definitions(candidates[1])["double"].startswith("@math.cache\n")


def test_the_file_begins_with_the_reference(candidates, double):
    assert candidates[0].source.startswith(double.reference.read_text())


def test_an_id_names_the_kata_and_the_candidate(candidates):
    assert candidates[0].id == "first/k01_double:squares"


@pytest.mark.parametrize("tree", ["impostors", "reference"])
def test_a_kata_without_one_of_both_files_has_no_candidates(double, tree):
    getattr(double, tree).unlink()
    assert find_candidates(double) == []
