"""Reads what a kata teaches, from its stub and its reference, as text that a screen can set."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass
from pathlib import Path

from dojo.course.docstrings import Block, read_blocks
from dojo.course.katas import Kata
from dojo.course.statement import PublicName, read_docstring, read_statement, title_of
from dojo.course.stubs import find_stub


@dataclass(frozen=True)
class Lesson:
    """What there is to say of a kata.

    ``task`` is the statement less its title, ``why`` what is told once the kata is green.
    """

    title: str
    task: list[Block]
    names: tuple[PublicName, ...]
    hints: tuple[str, ...]
    why: list[Block]


def read_lesson(kata: Kata) -> Lesson:
    """The lesson, also where the learner's file is broken or gone.

    Raises:
        OSError, SyntaxError, ValueError: the reference cannot be read.
    """
    reference = read_statement(kata.reference)
    return Lesson(
        title=reference.title,
        task=read_blocks(_less_title(_task(kata)), has_examples=True),
        names=tuple(reference.names.values()),
        hints=reference.hints,
        why=read_blocks(_less_title(reference.docstring), has_examples=True),
    )


def _task(kata: Kata) -> str:
    """The docstring of the learner's file, or of the stub where that has none any more."""
    with contextlib.suppress(OSError):
        if docstring := read_docstring(kata.stub):
            return docstring
    stub = find_stub(kata)
    return ast.get_docstring(ast.parse(stub)) or "" if stub is not None else ""


def _less_title(docstring: str) -> str:
    return docstring.partition("\n")[2].strip("\n")


def task_of(kata: Kata) -> str:
    """The statement, as it stands in the learner's file, or at least the title."""
    return _docstring(kata.stub) or kata_title(kata)


def kata_title(kata: Kata) -> str:
    """The kata's title; nothing where its reference cannot be read."""
    return title_of(_docstring(kata.reference))


def _docstring(path: Path) -> str:
    try:
        return read_docstring(path)
    except OSError:
        return ""
