"""Finds which modules and classes were changed, without reading any object in them.

Reading an object writes to it, since its references are counted, and a forked process copies each
page of memory when it first writes to it: some 2,000 pages for all that the judge relies on. So the
bytes of CPython's own hash tables are compared, which hold only the addresses of the objects.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_HEADER = 32  # bytes of a table that say nothing of what is in it, but change
_ADDRESS = ctypes.sizeof(ctypes.c_void_p)


class DictSnapshots:
    """A fingerprint of the names and values of some modules and classes, to see later changes."""

    def __init__(self, spaces: Sequence[Any]) -> None:
        self._dicts = [_dict_of(space) for space in spaces]
        self._known = [_fingerprint(names) for names in self._dicts]

    def changed(self) -> Iterator[int]:
        """Yield the index of each module or class that was changed since the last call.

        A change is a name that was added or removed, or another value for a name. If this Python
        does not let that be seen, all indices are yielded.
        """
        for index, (field, table, size, digest) in enumerate(self._known):
            if not table or _address_at(field) != table or _digest(table, size) != digest:
                yield index
                self._known[index] = _fingerprint(self._dicts[index])


def _dict_of(space: Any) -> dict[str, Any]:
    """Return the real dict of a module or class."""
    names = vars(space)  # of a class, a proxy
    return names if isinstance(names, dict) else gc.get_referents(names)[0]


_UNSEEN = (0, 0, 0, 0)


def _fingerprint(names: dict[str, Any]) -> tuple[int, int, int, int]:
    """A fingerprint of a dict's hash table; ``_UNSEEN`` where it cannot be read.

    It is the address of the pointer to the table, the pointer, the size in bytes, and a hash of the
    bytes.
    """
    return _read(names) if _CAN_SEE else _UNSEEN


def _read(names: dict[str, Any]) -> tuple[int, int, int, int]:
    size = names.__sizeof__() - dict.__basicsize__
    if size <= _HEADER:  # an empty one has no table of its own
        return _UNSEEN
    # the last two fields are the addresses of the table and of values that are kept elsewhere
    field = id(names) + dict.__basicsize__ - 2 * _ADDRESS
    table = _address_at(field)
    return field, table, size, _digest(table, size)


def _address_at(place: int) -> int:
    return ctypes.c_void_p.from_address(place).value or 0


def _digest(table: int, size: int) -> int:
    return hash(ctypes.string_at(table + _HEADER, size - _HEADER))


def _can_see() -> bool:
    """Whether this Python stores a dict in the way that is read here."""
    if sys.implementation.name != "cpython":
        return False
    names = {f"name{number}": object() for number in range(100)}
    before, value = _read(names), names["name7"]
    names["name7"] = object()
    changed = _read(names)
    names["name7"] = value
    return before != changed and before == _read(names)


_CAN_SEE = _can_see()
