"""Marks a check with the aspect of a result that it judges, such as shape or memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dojo.course.aspects import ASPECTS

__all__ = ["ASPECTS", "Function", "aspect", "aspect_of"]

Function = TypeVar("Function", bound=Callable[..., Any])


def aspect(name: str) -> Callable[[Function], Function]:
    """Mark a check with the aspect it judges, one of ``ASPECTS``."""
    if name not in ASPECTS:
        raise ValueError(f"unknown aspect {name!r}; one of {', '.join(ASPECTS)}")

    def mark(function: Function) -> Function:
        function.__dojo_aspect__ = name  # type: ignore[attr-defined]
        return function

    return mark


def aspect_of(function: object) -> str:
    """Return the aspect that a check was marked with, or an empty string."""
    return getattr(function, "__dojo_aspect__", "")
