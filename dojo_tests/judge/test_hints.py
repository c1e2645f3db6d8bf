"""The hint for an exception: of the check, of another check of the same function, or none."""

import types

import pytest

from dojo.judge.hints import hint_of_check

CHECKS = """
TEMPLATE = "Here {name} is a view."
REST = "returned another tensor than x."
WORD = "contiguous"
NUMBER = 7
SHAPE = "One row for each x."
KEEP = "x stays as it is."
IN_PLACE = "Write into x."
INNER = "Each row counts."
SECOND = "Rows come first."

def halve(solution, x):
    return kept(KEEP, solution.halve(x))

def rows(solution, x):
    expect_rows(solution.halve(x), SHAPE)

def test_type(solution):
    expect_tensor(solution.halve(1))

def test_own_hint(solution):
    expect(solution.halve(1), IN_PLACE, NUMBER, WORD, REST, TEMPLATE)

def test_first_of_the_file(solution):
    expect(solution.halve(1), SECOND, IN_PLACE)

def test_by_helper(solution):
    rows(solution, 1)

def test_in_a_comprehension(solution):
    expect([solution.halve(INNER) for _ in range(2)])

def test_other_type(solution):
    expect_tensor(solution.double_(1))

def test_unnamed(solution, name):
    expect_tensor(getattr(solution, name)(1))
"""


@pytest.fixture
def hint():
    """The hint for an exception in a check, when a public name was called."""
    module = types.ModuleType("checks")
    exec(CHECKS, vars(module))

    def hint(check, called="halve"):
        item = types.SimpleNamespace(module=module, function=vars(module)[check])
        return hint_of_check(item, called)

    return hint


@pytest.mark.parametrize(
    "check, text",
    [
        ("test_own_hint", "Write into x."),
        ("test_first_of_the_file", "Write into x."),
        ("test_by_helper", "One row for each x."),
        ("test_in_a_comprehension", "Each row counts."),
    ],
)
def test_a_hint_that_the_check_or_its_helper_names_is_taken(hint, check, text):
    assert hint(check) == text


def test_a_check_without_a_hint_takes_the_first_of_the_checks_of_the_same_function(hint):
    assert hint("test_type") == "One row for each x."


def test_a_hint_about_another_function_is_not_taken(hint):
    assert hint("test_other_type", "double_") == ""


def test_where_no_check_calls_it_by_its_name_the_first_of_the_file_is_taken(hint):
    assert hint("test_unnamed", "made_elsewhere") == "One row for each x."


def test_a_helper_that_has_the_name_of_the_function_does_not_count(hint):
    assert hint("test_type") != "x stays as it is."


def test_a_law_of_another_file_has_no_hint_of_its_own():
    def law(solution):
        return solution.halve(SHAPE)  # noqa: F821

    module = types.ModuleType("checks")
    exec('WORDS = "x stays as it is."\nSHAPE = "One row for each x."', vars(module))
    item = types.SimpleNamespace(module=module, function=law)
    assert hint_of_check(item, "halve") == "x stays as it is."


def test_an_item_without_a_module_has_no_hint():
    assert hint_of_check(types.SimpleNamespace(), "halve") == ""
