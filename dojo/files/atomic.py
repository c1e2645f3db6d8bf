"""Writes files so that neither a reader nor a crash meets half of one; names new ones by date."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path


def content_of(path: Path) -> bytes:
    """What the file holds; nothing where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace the file at once, and make its folder where there is none.

    A link stays a link, and the file keeps the rights that it had.

    Raises:
        OSError: it cannot be written; what was there before is still there.
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
    """Write a new file that is named by the present moment, and have it on the disk for good.

    Returns:
        Its path, such as ``folder/2026-01-31_09-30-00.py``; no other file is touched.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in dated_names(folder, suffix):
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError("the names never end")


def dated_names(folder: Path, suffix: str, prefix: str = "") -> Iterator[Path]:
    """Names for the present moment without end: the plain one first, then numbered ones."""
    stamp = f"{prefix}{time.strftime('%Y-%m-%d_%H-%M-%S')}"
    yield folder / f"{stamp}{suffix}"
    for number in itertools.count(2):
        yield folder / f"{stamp}-{number}{suffix}"
