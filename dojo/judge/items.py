"""Tells of an item of pytest: its kata, its machine, and whether it can simply be called."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

from dojo.checks.aspects import aspect_of
from dojo.course.katas import Kata
from dojo.devices import select

KATA = pytest.StashKey[Kata]()  # of an item that is a kata's check
PLACE = pytest.StashKey["Place"]()  # of the same: where it stands among the checks of its kata
Place = tuple[int, int]  # the line in the file of checks, and a number for those of one line


def machine_of(item: pytest.Item) -> AbstractContextManager[str]:
    """Give the ``with`` block the machine on which a check runs, and yield the device's name.

    Checks of the aspect "device" run beside a GPU even for the device "cpu": code that takes
    whatever GPU it finds must fail.
    """
    function = getattr(item, "function", None)
    return select.on(
        select.device_of_item(item),
        beside_a_gpu=select.takes_device(item) and aspect_of(function) == "device",
    )


def place_of(item: Any, number: int) -> Place:
    """Return where a check stands in its file, in whatever order the checks are run.

    Args:
        item: a check of a kata.
        number: tells apart what one function makes; it grows in the order of collection.
    """
    line = getattr(getattr(item, "cls", None), "dojo_line", 0)  # laws stand in another file
    code = getattr(getattr(item, "function", None), "__code__", None)
    return line or getattr(code, "co_firstlineno", 0), number


def is_simple(item: Any) -> bool:
    """Whether a check takes only the answer, a device and the values of its parameters.

    Such a check can be called without pytest's own protocol.
    """
    if not isinstance(item, pytest.Function):
        return False
    wanted = set(item.fixturenames) - {"solution", "device", "request"}
    params = item.callspec.params if hasattr(item, "callspec") else {}
    marks = {mark.name for mark in item.iter_markers()}
    definitions = item._fixtureinfo.name2fixturedefs.values()
    is_overridden = any(len(found) > 1 for found in definitions)  # a kata has its own `device`
    is_usual = marks <= {"parametrize", "filterwarnings"} and not is_overridden
    return wanted <= params.keys() and is_usual
