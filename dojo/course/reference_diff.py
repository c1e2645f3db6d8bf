"""Compares a learner's file with the reference as text, without docstrings; it runs nothing."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.course.reference import read_reference
from dojo.course.stubs import RUN_LINE
from dojo.files.atomic import content_of


def diff_to_reference(kata: Kata, answer: Path) -> list[str]:
    """Return the lines of a unified diff that turns an answer into the reference.

    Docstrings, the reference's hints and the last line of a stub are left out, since they are no
    part of an answer. So are line numbers, since they would not be those of the files. A file that
    is not Python is compared as it is, without that last line.

    Returns:
        No lines if both are the same.
    """
    yours, reference = (
        content_of(path).decode("utf-8-sig", errors="replace") for path in (answer, kata.reference)
    )
    lines = difflib.unified_diff(
        _code_of(yours),
        _code_of(reference),
        shown_path(answer, kata.root),
        shown_path(kata.reference, kata.root),
        lineterm="",
    )
    return ["@@" if line.startswith("@@") else line for line in lines]


def why(kata: Kata) -> str:
    """Return the reference's docstring: why it is right, and what wrong answers miss."""
    return read_reference(kata).docstring.strip()


def _code_of(source: str) -> list[str]:
    """Return the lines of a source without docstrings, hints and trailing blanks."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the judge reports what is odd in the file
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])  # so that no line is left out
    left_out = {
        number
        for node in _texts_in(tree)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = [(n, line) for n, line in enumerate(source.splitlines(), 1) if line != RUN_LINE]
    text = "\n".join(line.rstrip() for number, line in lines if number not in left_out)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip().splitlines()


def _texts_in(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that do nothing: docstrings, and the tuple of hints."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
    ]
    hints = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HINTS"
    ]
    return [*docstrings, *hints]
