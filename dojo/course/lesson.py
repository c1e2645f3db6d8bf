"""Reads a kata's lesson from its stub and its reference: the task, the hints, the explanation."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass
from pathlib import Path

from dojo.course.docstrings import Block, read_blocks
from dojo.course.katas import Kata
from dojo.course.reference import read_reference
from dojo.course.statement import PublicName, read_docstring, title_of
from dojo.course.stubs import find_stub


@dataclass(frozen=True)
class Lesson:
    """The texts of a kata.

    Attributes:
        task: the statement without its title.
        names: what the learner writes.
        hints: the hints of the reference, the vaguest first.
        why: the explanation that is shown once the kata is green.
    """

    title: str
    task: list[Block]
    names: tuple[PublicName, ...]
    hints: tuple[str, ...]
    why: list[Block]


def read_lesson(kata: Kata) -> Lesson:
    """Read a kata's lesson, even if the learner's file is broken or gone.

    Raises:
        NoReference: the reference cannot be read.
    """
    reference = read_reference(kata)
    return Lesson(
        title=reference.title,
        task=read_blocks(_without_title(_task(kata)), has_examples=True),
        names=tuple(reference.names.values()),
        hints=reference.hints,
        why=read_blocks(_without_title(reference.docstring), has_examples=True),
    )


def _task(kata: Kata) -> str:
    """Return the docstring of the learner's file, or of the stub if the file has none any more."""
    with contextlib.suppress(OSError):
        if docstring := read_docstring(kata.stub):
            return docstring
    stub = find_stub(kata)
    return ast.get_docstring(ast.parse(stub)) or "" if stub is not None else ""


def _without_title(docstring: str) -> str:
    return docstring.partition("\n")[2].strip("\n")


def task_of(kata: Kata) -> str:
    """Return the statement in the learner's file; the kata's title if there is none."""
    return _docstring(kata.stub) or kata_title(kata)


def kata_title(kata: Kata) -> str:
    """Return the kata's title; an empty text if its reference cannot be read."""
    return title_of(_docstring(kata.reference))


def _docstring(path: Path) -> str:
    """Return the docstring of a file; an empty text if the file cannot be read."""
    try:
        return read_docstring(path)
    except OSError:
        return ""
