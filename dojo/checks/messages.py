"""Words tensors, arrays, numbers and calls as short phrases for a learner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from dojo.checks.brief import brief, cut, is_array, is_tensor, type_name
from dojo.checks.modes import without_modes
from dojo.devices.tags import device_of

SMALL = 12  # elements of a tensor that a message shows in full
_GRID = 64  # elements of a tensor that a screen draws
_LONG_NUMBER = 60  # characters of one element
_LISTED = 3  # items of a list that a call shows
_DEEP_LIST = 2  # lists inside of lists that a call shows
_DEEP_TUPLE = 2  # tuples inside of tuples that are described
_LONG_CALL = 100  # characters of a call; a longer one shows shapes in place of values


def dtype_name(dtype: object) -> str:
    """Return the name of a dtype without ``torch.``, such as float32."""
    return str(dtype).removeprefix("torch.")


@without_modes
def describe(value: object) -> str:
    """Describe a value in a short phrase: its kind, dtype, shape and, where small, its numbers."""
    return _describe(value, 0)


def _describe(value: Any, depth: int) -> str:
    if is_tensor(value):
        kind = "" if type(value) is torch.Tensor else f"{type_name(value).rpartition('.')[2]} "
        if value.layout != torch.strided:
            kind += f"{str(value.layout).removeprefix('torch.')} "
        where = f" on {device_of(value)}" if device_of(value).type != "cpu" else ""
        kind = with_article(f"{kind}{dtype_name(value.dtype)} tensor")
        return f"{kind} of shape {tuple(value.shape)}{where}" + numbers_text(value)
    if is_array(value):
        kind = with_article(cut(str(value.dtype)))
        return f"{kind} ndarray of shape {value.shape}" + numbers_text(value)
    # torch.max and the like return tuples of a kind of their own; a kind may lie, a tuple does not
    if issubclass(type(value), tuple) and depth < _DEEP_TUPLE and 0 < tuple.__len__(value) <= 3:
        items = tuple.__iter__(value)
        return f"a tuple of ({'; '.join(_describe(item, depth + 1) for item in items)})"
    return brief(value) if _is_plain(value) else f"an object of type {type_name(value)}"


def describe_size(value: object) -> str:
    """Describe a collection by the number of its items alone, and all else as ``describe`` does."""
    if isinstance(value, list | tuple | set | dict):
        return f"{with_article(type_name(value))} of {len(value)}"
    return describe(value)


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


def _is_plain(value: object) -> bool:
    return type(value) in _PLAIN_TYPES


def numbers_text(value: Any) -> str:
    """Return a blank and the elements of a small array as text; empty for a large or lazy one."""
    numbers = few_numbers(value)
    return "" if numbers is None else f" {rounded(numbers)}"


def few_numbers(value: Any) -> Any:
    """Return what ``tolist`` gives for a small array; None for a large or lazy one."""
    try:
        size = value.numel() if is_tensor(value) else value.size
        is_small = size <= SMALL and max(value.shape, default=0) <= SMALL
        return value.tolist() if is_small else None
    except (RuntimeError, NotImplementedError):  # a lazy or sparse tensor has no list
        return None


def rounded(value: Any) -> str:
    """Write a number, or a list of numbers, to six digits in the way of torch."""
    if isinstance(value, list):
        return f"[{', '.join(rounded(item) for item in value)}]"
    if isinstance(value, float):
        text = f"{value:.6g}"
        return f"{text}." if text.lstrip("-").isdigit() else text  # 1. as torch prints it
    return str(value) if type(value) in (bool, complex) else brief(value, _LONG_NUMBER)


@without_modes
def grid_of(value: object) -> list[list[str]]:
    """Return the numbers of a small tensor or array as rows of text to draw; else no rows."""
    if not (is_tensor(value) or is_array(value)):
        return []
    array: Any = value
    if array.ndim > 2 or math.prod(max(size, 1) for size in array.shape) > _GRID:
        return []
    rows = array.reshape(1, -1).tolist() if array.ndim < 2 else array.tolist()
    return [[rounded(number) for number in row] for row in rows]


class Call:
    """A call as the learner would write it, with the values of its arguments where they are few.

    Wording a call takes longer than most calls, and few are shown: so it is done by ``str``.
    """

    def __init__(self, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        self.name = name
        with torch._C.DisableTorchFunction():
            self._args = [_record_argument(value) for value in args]
            self._kwargs = {key: _record_argument(value) for key, value in kwargs.items()}

    def __str__(self) -> str:
        text = self._text(with_values=True)
        return text if len(text) <= _LONG_CALL else self._text(with_values=False)

    @property
    def shapes(self) -> str:
        """The call with shapes, dtypes and devices; empty if ``str`` shows it like that already."""
        text = self._text(with_values=False)
        return "" if text == str(self) else text

    def _text(self, with_values: bool) -> str:
        words = [_argument_text(seen, with_values) for seen in self._args]
        words += [
            f"{key}={_argument_text(seen, with_values)}" for key, seen in self._kwargs.items()
        ]
        return f"{self.name}({', '.join(words)})"


class _Array(NamedTuple):
    """What a message tells of a tensor or array that is an argument."""

    kind: str
    dtype: object
    shape: Sequence[int]
    device: torch.device | None
    numbers: Any  # a list, a number, or None where they are many


class _Items(NamedTuple):
    """What a message tells of a list or tuple that is an argument and holds more than numbers."""

    kind: type
    first: list[Any]  # of each of the first items what is told of it
    has_more: bool


_Seen = _Array | _Items | str


def _record_argument(value: object, depth: int = 0) -> _Seen:
    """Record what a message may tell of an argument, before the call can change it."""
    if isinstance(value, torch.Tensor):
        numbers = None if depth else few_numbers(value)
        return _Array("tensor", value.dtype, value.shape, device_of(value), numbers)
    if isinstance(value, np.ndarray):
        return _Array(
            "array", value.dtype, value.shape, None, None if depth else few_numbers(value)
        )
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, list | tuple) and not _has_plain_items(value):
        if type(value) not in (list, tuple) or depth >= _DEEP_LIST:
            return f"<{type(value).__name__} of {len(value)}>"
        first = [_record_argument(item, depth + 1) for item in value[:_LISTED]]
        return _Items(type(value), first, len(value) > _LISTED)
    return brief(value, 40) if _is_plain(value) else f"<{type(value).__name__}>"


def _items_text(seen: _Items) -> str:
    words = [_argument_text(item, False) for item in seen.first] + ["…"] * seen.has_more
    if seen.kind is list:
        return f"[{', '.join(words)}]"
    return f"({', '.join(words)}{',' * (len(words) == 1)})"


def _argument_text(seen: _Seen, with_values: bool) -> str:
    if isinstance(seen, str):
        return seen
    if isinstance(seen, _Items):
        return _items_text(seen)
    is_elsewhere = seen.device is not None and seen.device.type != "cpu"
    hides_a_size = 0 in seen.shape[:-1]  # [] is what (0, 3) and (0,) hold
    if not with_values or seen.numbers is None or hides_a_size:
        where = f" on {seen.device}" if is_elsewhere else ""
        return f"<{dtype_name(seen.dtype)} {tuple(seen.shape)}{where}>"
    dtype = "" if seen.dtype == torch.float32 else f", dtype={dtype_name(seen.dtype)}"
    place = ", device='cuda'" if is_elsewhere else ""
    return f"{seen.kind}({rounded(seen.numbers)}{dtype}{place})"


def _has_plain_items(value: Sequence[object]) -> bool:
    return all(type(item) in (int, float, str, bool, type(None)) for item in value)


def with_article(word: str) -> str:
    """Put a or an before a word, such as "an int64"."""
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def returned(subject: str) -> str:
    """Return the verb that begins a sentence: "returned", or "returned as the mean"."""
    return f"returned as {subject}" if subject else "returned"
