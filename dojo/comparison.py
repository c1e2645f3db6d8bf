"""Compares a learner's file with the reference as text, less the docstrings; it runs nothing."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from dojo.catalog import Kata
from dojo.files import content_of
from dojo.loading import shown_path
from dojo.statement import read_statement, split_docstring

_HINTS = re.compile(r"^HINTS = \(\n.*?^\)\n\n", re.DOTALL | re.MULTILINE)


def diff_to_reference(kata: Kata, answer: Path) -> list[str]:
    """What would turn an answer into the reference, as the lines of a unified diff.

    The reference's hints and its account of why are left out: they are no part of an answer.

    Returns:
        no lines where both are the same.
    """
    yours = content_of(answer).decode(errors="replace").removeprefix("\ufeff")
    statement, _ = split_docstring(yours)
    _, body = split_docstring(kata.reference.read_text(encoding="utf-8"))
    lines = difflib.unified_diff(
        yours.splitlines(),
        (statement + _HINTS.sub("", body)).splitlines(),
        shown_path(answer, kata.root),
        shown_path(kata.reference, kata.root),
        lineterm="",
    )
    return list(lines)


def why(kata: Kata) -> str:
    """Why the reference is the answer, and what the common wrong one gets wrong."""
    return read_statement(kata.reference).docstring.strip()
