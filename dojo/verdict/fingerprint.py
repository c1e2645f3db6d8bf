"""A hash of all that decides the verdict on a kata's answer, but for the answer itself.

What is kept under such a hash is valid until a check, the judge, Python, torch or NumPy changes.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
from pathlib import Path

from dojo.course.katas import Kata

_DOJO = Path(__file__).parent.parent
_DECIDES = ("judge", "checks", "devices", "plugin.py")  # of the package dojo


def fingerprint(kata: Kata) -> str:
    """The hash for a kata as it is now, in 16 hexadecimal digits."""
    digest = hashlib.sha256(_versions().encode())
    for path in (kata.checks, kata.reference, kata.impostors, *_judging_files()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _judging_files() -> list[Path]:
    """The dojo's own files that decide a verdict, whatever folder of their package they lie in."""
    found = (_DOJO / name for name in _DECIDES)
    return [
        file for part in found for file in (sorted(part.rglob("*.py")) if part.is_dir() else [part])
    ]


@functools.cache
def _versions() -> str:
    """Another Python counts other lines, and another torch words errors in another way."""
    return " ".join([sys.version, *map(importlib.metadata.version, ("torch", "numpy"))])
