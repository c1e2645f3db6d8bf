"""The diff between a learner's file and the reference shows code, and nothing but code."""

import pytest

from dojo.course.katas import Kata
from dojo.course.reference_diff import diff_to_reference
from dojo.course.stubs import RUN_LINE

REFERENCE = '''"""Why this is so."""

HINTS = (
    "One.",
    "Two.",
)


def double(x):
    """Twice x."""
    return x + x
'''


@pytest.fixture
def diff(tmp_path):
    """The diff from this text to the reference."""

    def diff_of(text):
        kata = Kata("intro/k01_double", tmp_path)
        kata.reference.parent.mkdir(parents=True)
        kata.reference.write_text(REFERENCE, encoding="utf-8")
        answer = tmp_path / "answer.py"
        answer.write_bytes(text.encode())
        return diff_to_reference(kata, answer)

    return diff_of


def test_equal_code_has_no_diff_whatever_the_docstrings_say(diff):
    assert diff('def double(x):\n    """My own words."""\n    return x + x\n') == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_last_line_of_a_stub_is_in_no_diff(diff, end):
    lines = ["def double(x):", "    return x + x", "", "", RUN_LINE, ""]
    assert diff(end.join(lines)) == []


def test_it_is_in_none_of_a_file_that_is_no_python(diff):
    assert not any("dojo.run" in line for line in diff(f"def (:\n\n\n{RUN_LINE}\n"))


def test_a_diff_shows_both_lines(diff):
    lines = diff("def double(x):\n    return 2 * x\n")
    assert "-    return 2 * x" in lines
    assert "+    return x + x" in lines


def test_a_diff_has_no_line_numbers(diff):
    assert "@@" in diff("def double(x):\n    return 2 * x\n")


def test_a_diff_names_both_files(diff):
    lines = diff("def double(x):\n    return 2 * x\n")
    assert lines[:2] == ["--- answer.py", "+++ reference/intro/k01_double.py"]


def test_hints_and_docstrings_are_in_no_diff(diff):
    text = "\n".join(diff("")[2:])
    assert not any(word in text for word in ("HINTS", "One.", "Why", "Twice"))


def test_a_file_that_is_not_python_is_compared_as_it_is(diff):
    assert "-def double(x:" in diff("def double(x:\n")


def test_line_endings_a_mark_of_byte_order_and_blanks_at_line_ends_are_no_difference(diff):
    assert diff("\ufeffdef double(x):  \r\n    return x + x\r\n") == []
