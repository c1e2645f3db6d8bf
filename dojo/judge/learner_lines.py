"""Finds the learner's own lines in a traceback, and the function that contains a line."""

from __future__ import annotations

import ast
import traceback
import types
from pathlib import Path

from dojo.files.atomic import read_file


def learner_line(trace: types.TracebackType | None, path: Path) -> int:
    """Return the innermost line of the learner's file in a traceback, or 0."""
    lines = [line for frame, line in traceback.walk_tb(trace) if is_learner(frame.f_code, path)]
    return lines[-1] if lines else 0


def is_learner(code: types.CodeType, path: Path) -> bool:
    """Whether this code was compiled from the learner's file."""
    return code.co_filename == str(path)


def unstarted_name(path: Path, line: int) -> str:
    """Return the function or class in whose body this line has a `raise`, or an empty string.

    Torch raises NotImplementedError too, where it has no kernel; the learner's line has no `raise`
    then.
    """
    tree = ast.parse(read_file(path))
    if not any(isinstance(node, ast.Raise) and _spans(node, line) for node in ast.walk(tree)):
        return ""
    definitions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return next((node.name for node in definitions if _spans(node, line)), "")


def _spans(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)
