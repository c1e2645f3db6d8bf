"""The diff between a learner's file and the reference shows code, and nothing but code."""

from dojo.comparison import diff_to_reference

REFERENCE = '''"""Why this is so."""

HINTS = (
    "One.",
    "Two.",
)


def double(x):
    """Twice x."""
    return x + x
'''


def test_equal_code_has_no_diff_whatever_the_docstrings_say():
    mine = 'def double(x):\n    """My own words."""\n    return x + x\n'
    assert diff_to_reference(mine, REFERENCE) == []


def test_a_diff_shows_both_lines():
    lines = diff_to_reference("def double(x):\n    return 2 * x\n", REFERENCE)
    assert "-    return 2 * x" in lines
    assert "+    return x + x" in lines


def test_a_diff_names_whose_side_is_whose():
    lines = diff_to_reference("def double(x):\n    return 2 * x\n", REFERENCE)
    assert lines[:2] == ["--- yours", "+++ reference"]


def test_hints_and_docstrings_are_in_no_diff():
    text = "\n".join(diff_to_reference("", REFERENCE))
    assert not any(word in text for word in ("HINTS", "One.", "Why", "Twice"))


def test_a_file_that_is_not_python_is_compared_as_it_is():
    assert "-def double(x:" in diff_to_reference("def double(x:\n", REFERENCE)


def test_line_endings_and_blanks_at_line_ends_are_no_difference():
    mine = "def double(x):  \r\n    return x + x\r\n"
    assert diff_to_reference(mine, REFERENCE) == []
