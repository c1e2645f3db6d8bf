"""Words tensors, arrays, numbers and calls as short phrases for a learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from dojo.checks.modes import without_modes
from dojo.devices.tags import device_of

SMALL = 12  # elements of a tensor that a message shows in full
_GRID = 64  # elements of a tensor that a screen draws
_LONG_CALL = 100  # characters of a call from which on shapes stand for values


def dtype_name(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


@without_modes
def describe(value: object) -> str:
    """A value as a short phrase: its kind, dtype, shape and, where small, its numbers."""
    if isinstance(value, torch.Tensor):
        kind = "" if type(value) is torch.Tensor else f"{type(value).__name__} "
        if value.layout != torch.strided:
            kind += f"{str(value.layout).removeprefix('torch.')} "
        where = f" on {device_of(value)}" if device_of(value).type != "cpu" else ""
        kind = with_article(f"{kind}{dtype_name(value.dtype)} tensor")
        return f"{kind} of shape {tuple(value.shape)}{where}" + numbers_text(value)
    if isinstance(value, np.ndarray):
        return f"{with_article(str(value.dtype))} ndarray of shape {value.shape}" + numbers_text(
            value
        )
    if isinstance(value, tuple) and value and len(value) <= 3:
        return f"a tuple of ({'; '.join(describe(item) for item in value)})"
    return _short(repr(value)) if _plain_repr(value) else f"an object of type {_type(value)}"


_PLAIN_TYPES = {
    int,
    float,
    str,
    bool,
    type(None),
    list,
    set,
    dict,
    tuple,
    torch.device,
    torch.dtype,
}


def _plain_repr(value: object) -> bool:
    return type(value) in _PLAIN_TYPES


def _type(value: object) -> str:
    module = type(value).__module__.partition(".")[0]
    prefix = f"{module}." if module in ("torch", "numpy") else ""
    return prefix + type(value).__name__


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def numbers_text(value: Any) -> str:
    """The elements of a small array, after a blank; nothing for a large or strange one."""
    numbers = few_numbers(value)
    return "" if numbers is None else f" {rounded(numbers)}"


def few_numbers(value: Any) -> Any:
    """The elements of a small array as ``tolist`` gives them; None for a large or strange one."""
    try:
        size = value.numel() if isinstance(value, torch.Tensor) else value.size
        return value.tolist() if size <= SMALL else None
    except (RuntimeError, NotImplementedError):  # a lazy or sparse tensor has no list
        return None


def rounded(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(rounded(item) for item in value)}]"
    if isinstance(value, float):
        text = f"{value:.6g}"
        return f"{text}." if text.lstrip("-").isdigit() else text  # 1. as torch prints it
    return str(value)


@without_modes
def grid_of(value: object) -> list[list[str]]:
    """The numbers of a small tensor or array as rows of text, for a screen; else no rows."""
    if not isinstance(value, torch.Tensor | np.ndarray) or value.ndim > 2:
        return []
    rows = value.reshape(1, -1).tolist() if value.ndim < 2 else value.tolist()
    if sum(map(len, rows)) > _GRID:
        return []
    return [[rounded(number) for number in row] for row in rows]


class Call:
    """A call as the learner would write it, with the values, where they are few, that it got.

    To word it takes longer than most calls, and few of them are shown: so that waits for ``str``.
    """

    def __init__(self, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        self._name = name
        with torch._C.DisableTorchFunction():
            self._args = [_seen(value) for value in args]
            self._kwargs = {key: _seen(value) for key, value in kwargs.items()}

    def __str__(self) -> str:
        text = self._text(with_values=True)
        return text if len(text) <= _LONG_CALL else self._text(with_values=False)

    def _text(self, with_values: bool) -> str:
        words = [_argument(seen, with_values) for seen in self._args]
        words += [f"{key}={_argument(seen, with_values)}" for key, seen in self._kwargs.items()]
        return f"{self._name}({', '.join(words)})"


class _Array(NamedTuple):
    """What is told of a tensor or array that is an argument."""

    kind: str
    dtype: object
    shape: Sequence[int]
    device: torch.device | None
    numbers: Any  # a list, a number, or None where they are many


def _seen(value: object) -> _Array | str:
    """What can be told of an argument later, when the call has changed it."""
    if isinstance(value, torch.Tensor):
        return _Array("tensor", value.dtype, value.shape, device_of(value), few_numbers(value))
    if isinstance(value, np.ndarray):
        return _Array("array", value.dtype, value.shape, None, few_numbers(value))
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, list | tuple) and not _plain_items(value):
        return f"<{type(value).__name__} of {len(value)}>"
    return _short(repr(value), 40) if _plain_repr(value) else f"<{type(value).__name__}>"


def _argument(seen: _Array | str, with_values: bool) -> str:
    if isinstance(seen, str):
        return seen
    is_elsewhere = seen.device is not None and seen.device.type != "cpu"
    if not with_values or seen.numbers is None:
        where = f" on {seen.device}" if is_elsewhere else ""
        return f"<{dtype_name(seen.dtype)} {tuple(seen.shape)}{where}>"
    dtype = "" if seen.dtype == torch.float32 else f", dtype={dtype_name(seen.dtype)}"
    place = ", device='cuda'" if is_elsewhere else ""
    return f"{seen.kind}({rounded(seen.numbers)}{dtype}{place})"


def _plain_items(value: Sequence[object]) -> bool:
    return all(type(item) in (int, float, str, bool, type(None)) for item in value)


def with_article(word: str) -> str:
    """The word with its article: an int64."""
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def returned(subject: str) -> str:
    return f"returned as {subject}" if subject else "returned"
