"""Overwrites memory that is freed, so that an answer finds no text in memory that is not its own.

Memory that was freed keeps what it held until it is written to anew, and ``np.empty`` shows that.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterator

_PERTURB = -6  # M_PERTURB in malloc.h
_BYTE = 255


@contextlib.contextmanager
def freed_memory_overwritten() -> Iterator[None]:
    """Overwrite what is freed inside the ``with`` block, where the system's C library can (glibc).

    Python's own small objects lie elsewhere: no text of some lines is among them.
    """
    perturb = _mallopt()
    perturb(_BYTE)
    try:
        yield
    finally:
        perturb(0)


def _mallopt() -> Callable[[int], object]:
    """Return what sets the byte with which freed memory is filled; 0 leaves it as it is."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            mallopt = ctypes.CDLL(None).mallopt
            return lambda byte: mallopt(_PERTURB, byte)
    return lambda _: 0
