"""Tells which katas ``-k`` cannot mean, so that their checks need not be imported."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from _pytest.mark.expression import Expression

from dojo.course.katas import Kata

_OF_KATA = re.compile(r"k\d\d+(_\w*)?", re.IGNORECASE)  # no name of a check looks like that


class KeywordFilter:
    """Decides by the expression of ``-k`` which katas cannot have a check that it selects.

    It knows only words that look like a kata's name, such as ``k05`` or ``k05_matmul``. Any other
    word may be that of a check, and counts as true. Where no kata has such a name, or where ``not``
    is used, all checks are collected, and pytest decides.
    """

    def __init__(self, expression: str, katas: Sequence[Kata]) -> None:
        words = re.findall(r"\w+", expression)
        names = [word for word in words if _OF_KATA.fullmatch(word)]
        known = any(_has_name(kata, name) for kata in katas for name in names)
        self._expression: Expression | None = None
        if known and "not" not in words:
            with contextlib.suppress(SyntaxError):  # pytest says so
                self._expression = Expression.compile(expression)

    def excludes(self, kata: Kata) -> bool:
        """Return whether ``-k`` can select no check of the kata."""
        if self._expression is None:
            return False
        return not self._expression.evaluate(
            lambda word, /, **_: not _OF_KATA.fullmatch(word) or _has_name(kata, word)
        )


def _has_name(kata: Kata, word: str) -> bool:
    return word.lower() in kata.stem.lower()
