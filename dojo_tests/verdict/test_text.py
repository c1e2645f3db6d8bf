"""The text on a verdict says where, what and what else helps, in 74 columns."""

import pytest

from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, STALE, Check, Verdict, state_of
from dojo.verdict.text import (
    WIDTH,
    bar_of,
    colour_of,
    columns,
    counts_of,
    failure_lines,
    prose_lines,
    row_of,
    unstarted_names,
    wrapped,
)

PATH = "katas/first/k01_double.py"
UNSTARTED = "double is not started: it still raises NotImplementedError."


def check(state, message="", **options):
    return Check("doubles each number", "values", "cpu", state, message, **options)


def verdict_of(*checks, diagnosis=None):
    return Verdict("first/k01_double", state_of(checks), 0.1, "hash", checks, diagnosis)


# ---------------------------------------------------------------- failure_lines


def test_a_failure_begins_with_its_place_and_its_check():
    lines = failure_lines(verdict_of(check(GREEN), check(RED, "wrong", line=7)), PATH)
    assert lines == [f"{PATH}:7", "red: doubles each number [values, cpu]", "wrong"]


def test_without_a_line_the_path_stands_alone():
    assert failure_lines(verdict_of(check(RED, "wrong")), PATH)[0] == PATH


def test_where_no_check_could_run_that_is_said():
    lines = failure_lines(verdict_of(check(RED, "no Python"), check(RED, "no Python")), PATH)
    assert lines[1:] == ["red: no check could run", "no Python"]


def test_a_later_end_is_told_too():
    lines = failure_lines(verdict_of(check(RED, "wrong"), check(CRASHED, "it died")), PATH)
    assert lines[-1] == "crashed, later: it died"


def test_a_diagnosis_is_told():
    lines = failure_lines(verdict_of(check(RED, "wrong"), diagnosis="x is squared."), PATH)
    assert lines[-1] == "This looks like: x is squared."


def test_the_last_lines_that_were_printed_are_shown():
    printed = "\n".join(f"line {number}" for number in range(20))
    lines = failure_lines(verdict_of(check(RED, "wrong", output=printed)), PATH)
    start = lines.index("Your code printed:")
    assert lines[start + 1 :] == [f"  line {number}" for number in range(12, 20)]


def test_an_exception_is_the_headline_and_not_what_the_check_states():
    verdict = verdict_of(check(RED, "double(1) raised …", heading="double raised ValueError"))
    assert failure_lines(verdict, PATH)[1] == "red: double raised ValueError [values, cpu]"


def test_other_aspects_that_failed_are_told_with_the_command_that_lists_all():
    memory = Check("makes a new tensor", "memory", "cpu", RED, "shared")
    lines = failure_lines(verdict_of(check(RED, "wrong"), memory), PATH, "pytest -k k01 -rf")
    assert lines[-2:] == ["Also red: memory. To list all:", "  pytest -k k01 -rf"]


def test_where_all_are_listed_already_no_command_is_told():
    memory = Check("makes a new tensor", "memory", "cpu", RED, "shared")
    lines = failure_lines(verdict_of(check(RED, "wrong"), memory), PATH)
    assert lines[-1] == "Also red: memory."


def test_of_a_file_that_cannot_be_used_no_aspect_is_told():
    broken = [Check("law", name, "cpu", RED, "no Python") for name in ("type", "values")]
    assert failure_lines(verdict_of(*broken), PATH)[-1] == "no Python"


def test_names_that_are_not_started_are_told_beside_another_failure():
    lines = failure_lines(verdict_of(check(NOT_STARTED, UNSTARTED), check(RED, "wrong")), PATH)
    assert lines[-1] == "Not started yet: double."


def test_every_line_fits():
    long = "word " * 100
    verdict = verdict_of(check(RED, long, output="x" * 200), diagnosis=long)
    assert max(map(len, failure_lines(verdict, PATH))) <= WIDTH


def test_a_verdict_without_checks_has_its_state_alone():
    assert failure_lines(verdict_of(), PATH) == [PATH, "red"]


# ---------------------------------------------------------------- counts, bars and colours


@pytest.mark.parametrize(
    "states, text",
    [
        ((GREEN, GREEN), "2 checks"),
        ((GREEN, RED, NOT_STARTED), "2 of 3 checks not green"),
        ((NOT_STARTED, NOT_STARTED), "2 checks wait"),
    ],
)
def test_checks_are_counted(states, text):
    assert counts_of(verdict_of(*map(check, states))) == text


def test_a_bar_is_filled_by_the_share_of_green_katas():
    filled, empty, text = bar_of([GREEN, RED, RED, STALE], 1)
    assert (len(filled), len(empty)) == (7, 21)
    assert text == "1 of 4 katas green, 2 red, 1 stale"


def test_a_bar_of_no_katas_is_empty():
    assert bar_of([], 0)[0] == ""


def test_states_have_colours():
    colours = [colour_of(state) for state in (GREEN, NOT_STARTED, STALE, RED, CRASHED)]
    assert colours == ["green", "yellow", "cyan", "red", "red"]


# ---------------------------------------------------------------- lines


def test_an_empty_sentence_is_one_empty_line():
    assert wrapped("") == [""]


def test_a_sentence_is_not_broken_at_hyphens():
    assert wrapped("one two-three", 9) == ["one", "two-three"]


def test_examples_in_prose_keep_their_lines():
    lines = prose_lines("One\ntwo.\n\n    f(x)  ->  1\n")
    assert lines == ["One two.", "", "    f(x)  ->  1"]


def test_a_long_line_of_an_example_goes_on_further_to_the_right(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = prose_lines("One.\n\n    f(tensor([1., 2.]))  ->  tensor([10., 20.])\n")
    assert lines[2:] == ["    f(tensor([1., 2.]))  ->", "      tensor([10., 20.])"]


def test_unstarted_names_are_those_whose_checks_say_so():
    others = (check(NOT_STARTED, "add_ is not started: …"), check(NOT_STARTED, UNSTARTED))
    verdict = verdict_of(check(NOT_STARTED, UNSTARTED), check(RED, "wrong"), *others)
    assert unstarted_names(verdict) == ["add_", "double"]


# ---------------------------------------------------------------- other widths


@pytest.fixture(params=[40, 60, 72, 80, 100])
def width(request, monkeypatch):
    """The columns of a terminal."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


@pytest.mark.parametrize("asked, given", [(20, 40), (40, 40), (77, 77), (100, 100), (250, 100)])
def test_text_is_as_wide_as_the_terminal_within_reason(monkeypatch, asked, given):
    monkeypatch.setenv("COLUMNS", str(asked))
    assert columns() == given


def test_a_message_fits_when_it_is_indented(width):
    long = "word " * 100
    verdict = verdict_of(check(RED, long, output="x" * 200), diagnosis=long)
    longest = max(map(len, failure_lines(verdict, "k.py")))
    assert width - 12 <= longest <= width - 6


def test_a_bar_and_its_text_fit(width):
    states = [GREEN] * 9 + [RED] * 12 + [NOT_STARTED] * 20 + [STALE] * 4 + [CRASHED] * 3
    filled, empty, text = bar_of(states, 9)
    rows = f"[{filled}{empty}] {text}".split("\n")
    assert max(map(len, rows)) <= width
    assert " ".join(text.split()) == (
        "9 of 48 katas green, 12 red, 20 not started, 4 stale, 3 crashed"
    )


def test_the_row_of_a_kata_fits(width):
    row = " ".join(("", *row_of(verdict_of(*[check(RED)] * 30), "k02_shared_from_numpy")))
    assert len(row) < max(width, 60)
    assert row.split()[:3] == ["k02_shared_from_numpy", "red", "30"]
