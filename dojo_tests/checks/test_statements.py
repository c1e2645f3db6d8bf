"""expect_statements judges a set of letters."""

import pytest

from dojo.checks import expect_statements

TRUTH = {
    "A": (True, "A holds by definition."),
    "B": (False, "B has a counterexample."),
    "C": (True, "C follows from A."),
}


@pytest.mark.parametrize("answer", [{"A", "C"}, frozenset("AC")])
def test_expect_statements_accepts_the_set_of_true_letters(answer):
    expect_statements(answer, TRUTH)


def test_expect_statements_accepts_the_empty_set_where_all_is_false():
    expect_statements(set(), {"A": (False, "no")})


@pytest.mark.parametrize(
    "answer, described",
    [
        (None, "None"),
        ("AC", "'AC'"),
        (["A", "C"], "['A', 'C']"),
        ({1}, "{1}"),
        ({"A": 1}, "{'A': 1}"),
    ],
)
def test_expect_statements_refuses_what_is_no_set_of_letters(failure_of, answer, described):
    failed = failure_of(expect_statements, answer, TRUTH)
    assert failed.sentence == (
        f"returned {described}; expected a set of letters such as {{'A', 'B'}}."
    )


def test_expect_statements_refuses_a_subclass_of_str(failure_of):
    class AnyLetter(str):
        __slots__ = ()

        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    sentence = failure_of(expect_statements, {AnyLetter("A")}, TRUTH).sentence
    assert sentence.endswith("expected a set of letters such as {'A', 'B'}.")


def test_expect_statements_names_an_unknown_letter(failure_of):
    failed = failure_of(expect_statements, {"A", "C", "Z"}, TRUTH)
    assert failed.sentence == "returned the letter 'Z'; the statements are A, B, C."


def test_expect_statements_names_a_false_letter_and_why(failure_of):
    failed = failure_of(expect_statements, {"A", "B", "C"}, TRUTH)
    assert failed.sentence == "lists B, which is false (1 of 3 letters are wrong)."
    assert failed.hint == "B has a counterexample."


def test_expect_statements_names_a_letter_left_out_and_counts_all(failure_of):
    failed = failure_of(expect_statements, {"B"}, TRUTH)
    assert failed.sentence == "leaves out A, which is true (3 of 3 letters are wrong)."
    assert failed.hint == "A holds by definition."
