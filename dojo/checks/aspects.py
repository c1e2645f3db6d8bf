"""The aspects that a check can judge, such as shape or memory, and the mark that names one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

ASPECTS = (
    "type",
    "shape",
    "dtype",
    "device",
    "values",
    "gradient",
    "memory",
    "errors",
    "structure",
    "cost",
)
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
