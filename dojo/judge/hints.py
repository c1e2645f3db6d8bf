"""Finds the sentence of a check file that helps a learner whose code raises an exception.

A check hands its hints to expectations, which an exception never reaches. The sentences stand as
constants at the top of the check file, the general ones first.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

_LONGEST_NAME = 3  # letters of an argument with which a sentence may begin: x, dim


def hint_of_check(item: pytest.Item, called: str) -> str:
    """Return the first hint of its file that a check names, or else one about what was called.

    That is the first hint which any check names that calls it. What a check calls of its own file
    counts as a part of it, and a sentence with a gap to fill in is no hint.

    Args:
        item: the check.
        called: the public name whose call raised the exception.

    Returns:
        The hint; empty if there is none.
    """
    names: Mapping[str, Any] = vars(getattr(item, "module", None) or types.ModuleType(""))
    hints = {name: text for name, text in names.items() if _is_hint(name, text)}
    own = _names_used_by(getattr(item, "function", None), names, called)
    if found := next((text for name, text in hints.items() if name in own), ""):
        return found
    checks = [one for name, one in names.items() if name.startswith("test_")]
    parts = [used for one in checks if called in (used := _names_used_by(one, names, called))]
    about = set().union(*parts) if parts else set(hints)
    return next((text for name, text in hints.items() if name in about), "")


def _is_hint(name: str, text: object) -> bool:
    """Whether a constant is a whole sentence, and not the rest of one, such as "returned x."."""
    if not (name.isupper() and type(text) is str and text.endswith((".", "?", "!"))):
        return False
    first = text.partition(" ")[0]
    is_rest = len(first) > _LONGEST_NAME and first.isalpha() and first.islower()
    return "{" not in text and not is_rest


def _names_used_by(function: object, names: Mapping[str, Any], called: str) -> set[str]:
    """Return the names in the code of a function and of what it calls of the same file.

    A helper with the name of what is called is left out: most code with that name calls the
    learner's.
    """
    used = set(_names_in(function, names))
    for name in used - {called}:
        used = used.union(_names_in(names.get(name), names))
    return used


def _names_in(function: object, names: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names in the code of a function; none if it is no function of this file."""
    function = getattr(function, "__func__", function)
    if isinstance(function, types.FunctionType) and function.__globals__ is names:
        yield from _names_of(function.__code__)


def _names_of(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:  # such as a comprehension
        if isinstance(inner, types.CodeType):
            yield from _names_of(inner)
