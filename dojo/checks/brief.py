"""Writes any value as a short text, without ever writing the whole of a large one.

A learner's function may return a list of ten million numbers, or an object whose own text fails or
has no end. So what is written is cut before it is written, and no method of such an object is used.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

MOST = 120  # characters of a value
_DEEP = 4  # lists inside of lists that are shown
_FEW = 12  # elements of a tensor inside of a list that are shown
_DIGITS = 40  # of an int that is shown
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    dict: ("{", "}"),
}
_SHORT = (bool, float, complex, type(None), torch.device, torch.dtype)


def brief(value: object, most: int = MOST) -> str:
    """Write a value as Python would, in at most so many characters."""
    return cut(_text(value, most, 0), most)


def cut(text: str, most: int = MOST) -> str:
    """Return a text of at most so many characters, with an ellipsis where it was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"


def type_name(value: object) -> str:
    """Return the name of a value's type, with torch or NumPy before it if it is theirs."""
    kind = type(value)
    module = str(type.__dict__["__module__"].__get__(kind)).partition(".")[0]
    prefix = f"{module}." if module in ("torch", "numpy") else ""
    return prefix + cut(type.__dict__["__name__"].__get__(kind), 60)


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor; an object that only says so is none."""
    return issubclass(type(value), torch.Tensor)


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy; an object that only says so is none."""
    return issubclass(type(value), np.ndarray)


def _text(value: object, most: int, depth: int) -> str:
    kind = type(value)
    if isinstance(value, str) and kind is str:
        return cut(repr(value[:most]), most) if len(value) <= most else repr(value[:most]) + "…"
    if isinstance(value, int) and kind is int:
        return _int_text(value)
    if kind in _SHORT:
        return repr(value)
    if kind in _BRACKETS:
        return _items_text(value, most, depth)
    if isinstance(value, torch.Tensor) and kind is torch.Tensor:
        if value.numel() <= _FEW and max(value.shape, default=0) <= _FEW:
            return " ".join(repr(value).split())
        return f"<{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}>"
    if isinstance(value, np.generic) and kind.__module__ == "numpy":
        return repr(value)[:most]
    return f"<{type_name(value)}>"


def _int_text(value: int) -> str:
    digits = int(value.bit_length() * math.log10(2)) + 1
    return repr(value) if digits <= _DIGITS else f"an int of about {digits:,} digits"


def _items_text(value: Any, most: int, depth: int) -> str:
    left, right = _BRACKETS[type(value)]
    if type(value) is set and not value:
        return "set()"
    if depth >= _DEEP and len(value):
        return f"{left}…{right}"
    parts: list[str] = []
    length = 0
    for item in itertools.islice(_as_parts(value, most, depth), most):
        parts.append(item)
        length += len(item) + 2
        if length > most:
            break
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    end = "" if len(parts) == len(value) else ", …"
    return f"{left}{', '.join(parts)}{comma}{end}{right}"


def _as_parts(value: Any, most: int, depth: int) -> Iterable[str]:
    if type(value) is dict:
        for key, item in value.items():
            yield f"{_text(key, most, depth + 1)}: {_text(item, most, depth + 1)}"
    else:
        for item in value:
            yield _text(item, most, depth + 1)
