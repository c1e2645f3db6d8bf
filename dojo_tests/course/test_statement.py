"""A file says what it is about, and is read without being run."""

import pytest

from dojo.course.katas import Kata
from dojo.course.statement import read_docstring, read_statement, title_of

SOURCE = '''"""Stack tensors.

Put them on top of each other.
"""

HINTS = ("One.", "Two.")
LATER = len(HINTS)
raise SystemExit("this file is run")


def _helper(x):
    """No part of the statement."""


def stack(x: int, *, dim: int = 0) -> list[int]:
    """A stack of x."""


class Pile:
    """A pile."""

    def __init__(self, size: int = 3) -> None:
        """Make an empty pile."""

    def push(self, x):
        """Put x on top."""
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "k01_stack.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


# ---------------------------------------------------------------- read_statement


def test_the_title_is_the_first_line_without_its_full_stop(file):
    assert read_statement(file).title == "Stack tensors"


def test_the_public_names_are_read_in_order(file):
    assert list(read_statement(file).names) == ["stack", "Pile"]


def test_a_function_has_its_signature(file):
    signature = read_statement(file).names["stack"].signature
    assert signature == "stack(x: int, *, dim: int=0) -> list[int]"


def test_a_class_has_the_signature_of_its_init_without_self(file):
    pile = read_statement(file).names["Pile"]
    assert (pile.signature, pile.is_class) == ("Pile(size: int=3)", True)


def test_the_docstring_of_a_class_has_those_of_its_methods(file):
    docstring = read_statement(file).names["Pile"].docstring
    assert docstring == "A pile.\n\n__init__: Make an empty pile.\n\npush: Put x on top."


def test_the_hints_are_read_in_order(file):
    assert read_statement(file).hints == ("One.", "Two.")


def test_a_stub_has_no_hints(small_dojo):
    assert read_statement(Kata("first/k01_double", small_dojo).stub).hints == ()


def test_a_class_without_an_init_is_refused_by_name(file):
    file.write_text("class Heap:\n    size = 1\n")
    with pytest.raises(ValueError, match="class Heap needs an __init__"):
        read_statement(file)


def test_a_file_that_is_not_python_has_no_statement(file):
    file.write_text("def (:\n")
    with pytest.raises(SyntaxError):
        read_statement(file)


# ---------------------------------------------------------------- read_docstring, title_of


@pytest.mark.parametrize(
    "text, docstring",
    [
        ('"""One."""\n', "One."),
        ("'''One.'''\n", "One."),
        ('r"""One \\d."""\n', "One \\d."),
        ('# a comment\n\n"""One."""\n', "One."),
        ('"""One."""\ndef (: broken\n', "One."),
        ('\ufeff"""One."""\n', "One."),
        ('"""One.\n\n    f(x)\n"""\n', "One.\n\n    f(x)"),
        ("x = 1\n", ""),
        ('x = """One."""\n', ""),
        ("", ""),
    ],
)
def test_a_docstring_is_read_alone(file, text, docstring):
    file.write_text(text, encoding="utf-8")
    assert read_docstring(file) == docstring


def test_the_docstring_of_a_missing_file_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_docstring(tmp_path / "missing.py")


def test_a_title_is_one_line():
    assert title_of("\nOne line.\n\nAnother.") == "One line"
