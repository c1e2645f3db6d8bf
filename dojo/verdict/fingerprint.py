"""Hashes all that decides the verdict on a kata's answer, except the answer itself.

A verdict that is kept under such a hash is valid until a check, the judge, Python, torch or NumPy
changes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from pathlib import Path

from dojo.course.katas import Kata
from dojo.files.atomic import content_of, signature_of

_DOJO = Path(__file__).parent.parent
_DECIDES = ("judge", "checks", "devices", "plugin.py")  # parts of the package that judge


def fingerprint(kata: Kata) -> str:
    """Return the hash for a kata and the dojo as they are now, as 16 hexadecimal digits.

    Raises:
        OSError: a file of the kata cannot be read.
    """
    return _fingerprint(kata, _hash_of_judge(_judging_files()))


class Fingerprints:
    """Makes the fingerprints of many katas; the judge's own files are read once for all of them."""

    def __init__(self) -> None:
        self._files: list[Path] = []
        self._signatures: list[object] = []
        self._of_judge = b""

    def of(self, kata: Kata) -> str:
        """Return a kata's fingerprint; an empty text if a file of the kata cannot be read."""
        if not self._files:
            self.refresh()
        try:
            return _fingerprint(kata, self._of_judge)
        except OSError:
            return ""

    def refresh(self) -> None:
        """Read the judge's own files again if they have changed since."""
        self._files = self._files or _judging_files()
        now: list[object] = [signature_of(path) for path in self._files]
        if now != self._signatures:
            self._signatures = now
            self._of_judge = _hash_of_judge(self._files)


def _fingerprint(kata: Kata, of_judge: bytes) -> str:
    digest = hashlib.sha256(of_judge)
    for path in (kata.checks, kata.reference, kata.impostors):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _hash_of_judge(files: list[Path]) -> bytes:
    """Hash the judge's own files and the versions of what they run on."""
    digest = hashlib.sha256(_versions().encode())
    for path in files:
        digest.update(content_of(path))
    return digest.digest()


def _judging_files() -> list[Path]:
    """Return the dojo's own files that decide a verdict, in a fixed order, from all subfolders."""
    found = (_DOJO / name for name in _DECIDES)
    return [
        file for part in found for file in (sorted(part.rglob("*.py")) if part.is_dir() else [part])
    ]


@functools.cache
def _versions() -> str:
    """Return the versions of Python, torch and NumPy.

    Another Python reports other line numbers, and another torch words its errors differently.
    """
    return " ".join([sys.version, *map(_version_of, ("torch", "numpy"))])


def _version_of(package: str) -> str:
    """Return the version of an installed package; an empty text if it is not installed.

    It is read from the name of the folder that pip makes: that is faster than to import
    ``importlib.metadata``, which is asked only where there is no such folder.
    """
    begin, end = f"{package}-", ".dist-info"
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208 - many names, and no paths
                if name.startswith(begin) and name.endswith(end):
                    return name[len(begin) : -len(end)]
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
