"""The two marks of an impostors file: a wrong answer, and another right one.

The marks are read as text by ``course.candidates``; here they only exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer", bound=Callable[..., object])


def impostor(name: str, *, diagnosis: str, aspect: str = "") -> Callable[[Answer], Answer]:
    """Mark a wrong answer for the public name ``name``.

    Args:
        name: the public name of the reference that it replaces.
        diagnosis: the sentence that a learner who made this mistake should read.
        aspect: the aspect of a check that must catch it, if one should be named.
    """
    return lambda answer: answer


def alternative(name: str) -> Callable[[Answer], Answer]:
    """Mark another right answer for the public name ``name``."""
    return lambda answer: answer
