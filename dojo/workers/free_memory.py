"""Tells how much memory new processes may take, where the system tells that without a library."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")  # Linux
_CGROUP = Path("/sys/fs/cgroup")  # a container of Linux may have less than the machine
_NO_LIMIT = "max"


def available_memory() -> int | None:
    """Return the bytes of memory that are free or can be freed; None where that is unknown.

    Where the system tells its whole memory only, as macOS does, half of it counts.
    """
    of_machine = available_on_linux()
    if of_machine is None:
        return _half_of_all()
    of_container = _of_cgroup()
    return of_machine if of_container is None else min(of_machine, of_container)


def available_on_linux() -> int | None:
    """Return the bytes that Linux could give to new processes; None on other systems."""
    try:
        rows = _MEMINFO.read_text(encoding="ascii").splitlines()
        return next(int(row.split()[1]) * 1024 for row in rows if row.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _of_cgroup() -> int | None:
    try:
        limit, used = (
            (_CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current")
        )
        return None if limit == _NO_LIMIT else max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return None


def _half_of_all() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None
