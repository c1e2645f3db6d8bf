"""Locks a file so that only one process at a time works with it, on every operating system.

The lock belongs to an open file. The system releases it when the process ends, even if the process
was killed: there are no stale locks.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_WAIT = 5.0  # seconds to wait at most; other processes hold the lock for a few milliseconds
_RETRY = 0.01  # seconds between two attempts
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # of network folders without locks

if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_to_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file inside the ``with`` block; the file is made if there is none.

    On a file system without locks, the block runs without a lock.

    Raises:
        OSError: the file cannot be made, or another process held the lock for too long.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", opener=_open_without_waiting) as file:
        _lock(file)
        yield


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe that is open for reading too need not be waited for.
    both = flags & ~os.O_WRONLY | os.O_RDWR
    return os.open(path, both, 0o666)


def _lock(file: IO[bytes]) -> None:
    until = time.monotonic() + _WAIT
    while True:
        try:
            return _try_to_lock(file)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return None
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "another process holds its lock") from None
        time.sleep(_RETRY)
