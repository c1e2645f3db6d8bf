"""Cuts the lines of its parent that a forked process has inherited, so that no answer uses them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Container
from pathlib import Path

_MANY = 256  # open files that are looked at where the system does not list them


def cut_inherited_lines(kept: Container[int]) -> None:
    """Make every socket and pipe of this process lead nowhere, save some and the standard ones.

    They keep their numbers, since objects of the parent still know these.

    Args:
        kept: the numbers of open files that are left as they are.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in _open_files():
        with contextlib.suppress(OSError):
            mode = os.fstat(number).st_mode
            if number > 2 and number not in kept and (stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)):
                os.dup2(nothing, number, inheritable=False)
    os.close(nothing)


def _open_files() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        return list(range(3, _MANY))
