"""Compares a learner's file with the reference as text, less the docstrings; it runs nothing."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.course.statement import read_statement
from dojo.files.atomic import content_of


def diff_to_reference(kata: Kata, answer: Path) -> list[str]:
    """What would turn an answer into the reference, as the lines of a unified diff.

    Docstrings, the reference's hints and its account of why are left out: they are no part of an
    answer. Line numbers too, since they would not be those of the files. A file that is not
    Python is compared as it is.

    Returns:
        no lines where both are the same.
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
    """Why the reference is the answer, and what the common wrong one gets wrong."""
    return read_statement(kata.reference).docstring.strip()


def _code_of(source: str) -> list[str]:
    """The lines that do something."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a learner's file, the judge tells
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])
    silent = {
        number
        for node in _silent(tree)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), 1)
    text = "\n".join(line.rstrip() for number, line in lines if number not in silent)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip().splitlines()


def _silent(tree: ast.Module) -> list[ast.stmt]:
    """The statements that only speak to a reader: docstrings, and the ladder of hints."""
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
