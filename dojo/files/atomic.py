"""Reads files that are really files, and writes them so that nobody sees half of one.

New files are named by date.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

LARGEST = 20_000_000  # bytes of a file that is read
_KINDS = (
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


class NoUsualFile(OSError):
    """A path leads to what is not read: no regular file, or one that is too large.

    Its text completes a sentence that begins with the path, such as "is a device, not a file".
    """

    def __init__(self, text: str) -> None:
        super().__init__(errno.EINVAL, text)

    def __str__(self) -> str:
        return str(self.strerror)


def read_file(path: Path) -> bytes:
    """Return the bytes of a regular file of at most ``LARGEST`` bytes; never wait for them.

    A pipe would be waited for, and a device may have no end.

    Raises:
        NoUsualFile: it is something else.
        OSError: it cannot be read.
    """
    _refuse_unusual(path.stat())
    with open(path, "rb", opener=_open_without_waiting) as file:
        status = os.fstat(file.fileno())
        _refuse_unusual(status)
        raw = file.read(status.st_size + 1)
        if len(raw) > status.st_size:  # it grows, or is one of /proc, which say 0
            raw += file.read(LARGEST + 1 - len(raw))
    if len(raw) > LARGEST:
        raise NoUsualFile(_TOO_LARGE)
    return raw


_TOO_LARGE = f"is larger than {LARGEST // 1_000_000} MB"


def _refuse_unusual(status: os.stat_result) -> None:
    kind = next((words for is_kind, words in _KINDS if is_kind(status.st_mode)), "")
    if kind:
        raise NoUsualFile(f"is {kind}, not a file")
    if status.st_size > LARGEST:
        raise NoUsualFile(_TOO_LARGE)


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def content_of(path: Path) -> bytes:
    """Return the bytes of a file; no bytes if it cannot be read."""
    try:
        return read_file(path)
    except OSError:
        return b""


def signature_of(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is written again; None if there is no file.

    That is its time, its size and its inode: one of them differs even after two writes within a
    second that leave the same size.
    """
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_mtime_ns, now.st_size, now.st_ino


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace the content of a file in one step, and make its folder if there is none.

    A link stays a link, and the file keeps its permissions. Text is written as UTF-8.

    Raises:
        OSError: the file cannot be written; it still holds what it held before.
    """
    raw = content.encode() if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}-{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as file:
            file.write(raw)
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_dated(folder: Path, raw: bytes, suffix: str) -> Path:
    """Write a new file named by the present moment, and wait until it is on the disk.

    Returns:
        The path of the file, such as ``folder/2026-01-31_09-30-00.py``. No other file changes.

    Raises:
        OSError: the file cannot be written; nothing is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in dated_names(folder, suffix):
        try:
            write_new(path, raw)
        except FileExistsError:
            continue
        return path
    raise AssertionError("the names never end")


def write_new(path: Path, raw: bytes) -> None:
    """Write a file that is not there yet, and wait until it is on the disk.

    Raises:
        FileExistsError: there is such a file, and it stays as it is.
        OSError: the file cannot be written; nothing is left of it.
    """
    file = path.open("xb")
    try:
        with file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def dated_names(folder: Path, suffix: str, prefix: str = "") -> Iterator[Path]:
    """Yield paths named by the present moment, without end: a plain one, then numbered ones."""
    stamp = f"{prefix}{time.strftime('%Y-%m-%d_%H-%M-%S')}"
    yield folder / f"{stamp}{suffix}"
    for number in itertools.count(2):
        yield folder / f"{stamp}-{number}{suffix}"
