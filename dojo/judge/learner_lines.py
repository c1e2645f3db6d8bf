"""Finds the learner's own lines in a traceback, and the function that contains a line."""

from __future__ import annotations

import ast
import traceback
import types
from pathlib import Path
from typing import Any

from dojo.files.atomic import read_file

_DECORATORS = 10  # that one function may have
_CALLS = str(Path(__file__).with_name("solution.py"))  # where an answer is called


class Trace:
    """The way that an exception took, as far as it concerns the learner's file.

    Attributes:
        line: the innermost line of the file, or 0.
        learner: the names of the functions of the file that it went through, the outermost first.
        ends_in_learner: whether it went through no Python code further inside: the file raised it,
            or something of torch that is not written in Python.
        is_in_call: whether it was raised during a call of a public name, and not by what a check
            did with what had come back.
    """

    def __init__(self, error: BaseException, path: Path) -> None:
        frames = list(traceback.walk_tb(error.__traceback__))
        codes = [frame.f_code for frame, _ in frames]
        self.line = learner_line(error.__traceback__, path)
        self.learner = [code.co_name for code in codes if is_learner(code, path)]
        self.ends_in_learner = bool(codes) and is_learner(codes[-1], path)
        self.is_in_call = any(code.co_filename == _CALLS for code in codes)


def learner_line(trace: types.TracebackType | None, path: Path) -> int:
    """Return the innermost line of the learner's file in a traceback, or 0."""
    lines = [line for frame, line in traceback.walk_tb(trace) if is_learner(frame.f_code, path)]
    return lines[-1] if lines else 0


def is_learner(code: types.CodeType, path: Path) -> bool:
    """Whether this code was compiled from the learner's file."""
    return code.co_filename == str(path)


def line_of(function: Any, path: Path) -> int:
    """Return the line where the learner's function begins, or 0.

    It is also found behind a decorator of another file, such as that of `torch.no_grad()`.
    """
    for _ in range(_DECORATORS):
        code = getattr(function, "__code__", None)
        if isinstance(code, types.CodeType) and is_learner(code, path):
            return code.co_firstlineno
        function = getattr(function, "__wrapped__", None)
    return 0


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
