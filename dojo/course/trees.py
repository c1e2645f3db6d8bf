"""Finds the folders of a course: the learner's own folder, or the course that was installed.

A clone has all four trees, ``katas/``, ``reference/``, ``tests/`` and ``impostors/``. A folder that
``dojo init`` made has ``katas/`` only; the rest lies in the package that pip installed.
"""

from __future__ import annotations

import os
from pathlib import Path

TREES = ("katas", "reference", "tests", "impostors")
PACKAGE = Path(__file__).parent.parent  # the package that judges
_INSTALLED = PACKAGE / "_course"  # the build puts it there; a clone has none


def installed_course() -> Path | None:
    """Return the folder of the course that was installed with this package; None in a clone."""
    return _INSTALLED if os.path.isdir(_INSTALLED) else None  # noqa: PTH112 - asked often


def has_all_trees(folder: Path) -> bool:
    """Return whether a folder holds a whole course, as a clone does."""
    return all(os.path.isdir(f"{folder}/{tree}") for tree in TREES)  # noqa: PTH112 - asked often


def course_of(root: Path) -> Path:
    """Return the folder in which the checks and references of a dojo lie: its own if it has them.

    Args:
        root: the dojo's root, where the learner's ``katas/`` are.
    """
    if has_all_trees(root):
        return root
    return installed_course() or root


def is_root(folder: Path) -> bool:
    """Return whether a folder is a dojo's root.

    It holds a whole course, or in its ``katas/`` a kata of the installed course.
    """
    if not os.path.isdir(f"{folder}/katas"):  # noqa: PTH112 - asked often
        return False
    if has_all_trees(folder):
        return True
    course = installed_course()
    return course is not None and any(
        (folder / "katas" / stub.parent.name / stub.name).exists()
        for stub in course.glob("katas/*/*.py")
    )


def find_root(start: Path) -> Path | None:
    """Return the root of the dojo that contains ``start``; None if no dojo does."""
    return next((folder for folder in (start, *start.parents) if is_root(folder)), None)
