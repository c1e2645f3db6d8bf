"""Hashes all that decides the verdict on a kata's answer, except the answer itself.

A verdict that is kept under such a hash is valid until a check, the judge, Python, torch or NumPy
changes.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
from pathlib import Path

from dojo.course.katas import Kata

_DOJO = Path(__file__).parent.parent
_DECIDES = ("judge", "checks", "devices", "plugin.py")  # parts of the package that judge


def fingerprint(kata: Kata) -> str:
    """Return the hash for a kata and the dojo as they are now, as 16 hexadecimal digits."""
    digest = hashlib.sha256(_versions().encode())
    for path in (kata.checks, kata.reference, kata.impostors, *_judging_files()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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
    return " ".join([sys.version, *map(importlib.metadata.version, ("torch", "numpy"))])
