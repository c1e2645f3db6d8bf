"""Reads what a kata teaches, from its stub and its reference, as text that a screen can set."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass

from dojo.catalog import Kata
from dojo.prose import Block, read_blocks
from dojo.statement import PublicName, read_docstring, read_statement
from dojo.stubs import find_stub


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
