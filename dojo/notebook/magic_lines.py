"""Finds what is no Python in the text of a cell: magics, shell lines and questions for help."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from dataclasses import dataclass

_MAGIC = re.compile(r"^\s*(?:[%!?]|[\w., ]+=\s*[%!])|\?\s*$")
_CELL_MAGIC = re.compile(r"^%%\s*(\w+)(.*)$")
RUN_AS_PYTHON = ("time", "capture", "prun")  # below these, names are bound as in any other cell


@dataclass(frozen=True)
class Plain:
    """The Python of a cell.

    Attributes:
        text: the cell's text, in which ``pass`` takes the place of each line that is no Python; so
            each line keeps its number.
        left_out: the lines that are no Python, by number.
    """

    text: str
    left_out: dict[int, str]


def without_magics(source: str) -> Plain:
    """Return the Python of a cell that does not begin with a cell magic.

    A line is left out only where Python cannot read it, so a ``%`` in a string or a sum stays.
    """
    lines = source.split("\n")
    left_out: dict[int, str] = {}
    while True:
        number = unread_line("\n".join(lines))
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        if number in left_out or not _MAGIC.search(line):
            return Plain("\n".join(lines), dict(sorted(left_out.items())))
        left_out[number] = line.strip()
        lines[number - 1] = f"{line[: len(line) - len(line.lstrip())]}pass"
        while line.endswith("\\") and number < len(lines):
            line, lines[number] = lines[number], ""  # the magic goes on there
            number += 1


def without_blank_start(source: str) -> str:
    """Return a cell from its first line on that is not blank, as IPython runs it."""
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return "\n".join(lines[first:])


def cell_magic(source: str) -> tuple[str, str]:
    """Return the name of the magic with which a cell begins, and the rest of its line."""
    found = _CELL_MAGIC.match(source.partition("\n")[0].strip())
    return (found[1], found[2].strip()) if found else ("", "")


def python_of(source: str) -> Plain:
    """Return the Python of any cell; under a magic such as ``%%bash`` nothing is Python."""
    name, _ = cell_magic(source)
    first, _, rest = source.partition("\n")
    if not name:
        return without_magics(source)
    if name not in RUN_AS_PYTHON:
        return Plain("pass" + "\n" * source.count("\n"), {1: first.strip()})
    plain = without_magics(f"pass\n{rest}")
    return Plain(plain.text, {1: first.strip(), **plain.left_out})


def parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of a source; None if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the judge reports what is odd in an answer
            tree = ast.parse(source)
            symtable.symtable(source, "<cell>", "exec")  # refuses more, such as f(x, x)
            return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def unread_line(source: str) -> int:
    """Return the line at which Python stops to understand a source; 0 if it does understand."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
            symtable.symtable(source, "<cell>", "exec")
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    return 0
