"""Reads the reference of a kata, which is the course's own and should always be there."""

from __future__ import annotations

from dojo.course.katas import Kata, shown_path
from dojo.course.statement import Statement, read_statement


class NoReference(ValueError):
    """The reference of a kata is missing or broken; the text says what to do."""


def read_reference(kata: Kata) -> Statement:
    """Parse the reference of a kata.

    Raises:
        NoReference: it cannot be read, or is not Python.
    """
    try:
        return read_statement(kata.reference)
    except OSError as error:
        fault = f"cannot be read ({error.strerror})"
    except SyntaxError as error:
        fault = f"is not Python ({error.msg}, line {error.lineno})"
    except ValueError as error:
        fault = f"cannot be used ({error})"
    path = shown_path(kata.reference, kata.root)
    raise NoReference(
        f"{path} {fault}. The course needs it to judge {kata.stem}. In a clone,"
        f" `git checkout -- {path}` brings it back; else install the dojo again."
    )
