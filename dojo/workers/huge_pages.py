"""Collapses the memory of this process into huge pages, so that a fork has less to copy.

A fork copies no memory but the tables of its pages, and the system walks these once more when the
forked process ends. For a process with torch that is 60,000 pages of 4 KiB, or some hundred of
2 MiB.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_MADV_COLLAPSE = 25  # of Linux's madvise, since 6.1; an older one refuses it
_SIZE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")


def collapse() -> None:
    """Collapse this process's private memory into huge pages, where the kernel can (Linux 6.1+).

    Takes some tenths of a second.
    """
    try:
        size = int(_SIZE.read_text())
        maps = Path("/proc/self/maps").read_text().splitlines()
    except OSError:  # not Linux, or one without huge pages
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in maps:
        area, rights, _, _, _, *name = line.split()
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in area.split("-"))
            for address in range(-(-start // size) * size, end - size + 1, size):
                madvise(address, size, _MADV_COLLAPSE)
