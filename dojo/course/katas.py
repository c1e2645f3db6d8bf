"""Finds the katas of a dojo and the paths of their files.

A kata *is* its path: ``tests/intro/test_k03_in_place_add.py`` makes the kata
``intro/k03_in_place_add``. There is no list to keep. Only the titles of tracks are read from files.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

TREES = ("katas", "reference", "tests", "impostors")


@dataclass(frozen=True)
class Kata:
    """One kata: its name, ``track/stem``, and the root of the dojo that it belongs to."""

    name: str
    root: Path

    @property
    def track(self) -> str:
        """The folder of the kata, such as "intro"."""
        return self.name.split("/")[0]

    @property
    def stem(self) -> str:
        """The name of the kata's file without its folder and its ".py"."""
        return self.name.split("/")[1]

    @property
    def stub(self) -> Path:
        """The learner's file."""
        return self.solution_in(self.root / "katas")

    @property
    def reference(self) -> Path:
        """The file of the reference solution."""
        return self.solution_in(self.root / "reference")

    @property
    def checks(self) -> Path:
        """The file of the checks."""
        return self.root / "tests" / self.track / f"test_{self.stem}.py"

    @property
    def impostors(self) -> Path:
        """The file of the impostors and alternatives."""
        return self.solution_in(self.root / "impostors")

    def solution_in(self, folder: Path) -> Path:
        """Return the path of this kata's answer in a folder with the layout of ``katas/``."""
        return folder / self.track / f"{self.stem}.py"


class NoSuchFolder(Exception):
    """There is no such folder of answers; the text says which folders are possible."""


def solutions_folder(choice: str, root: Path) -> Path:
    """Return the folder of answers that ``--solutions`` means: katas, reference or any other.

    Raises:
        NoSuchFolder: there is no such folder.
    """
    folder = root / choice if choice in ("katas", "reference") else Path(choice).resolve()
    if not folder.is_dir():
        raise NoSuchFolder(
            f"--solutions={choice}: there is no such folder. "
            "Name a folder with the layout of katas/, or katas or reference."
        )
    return folder


def is_root(folder: Path) -> bool:
    """Return whether the folder is a dojo's root: it has the four folders of a course."""
    return all((folder / tree).is_dir() for tree in TREES)


def find_root(start: Path) -> Path | None:
    """Return the root of the dojo that contains ``start``; None if no dojo does."""
    return next((folder for folder in (start, *start.parents) if is_root(folder)), None)


def kata_of(checks: Path, root: Path) -> Kata | None:
    """Return the kata whose check file this is; None for any other file."""
    try:
        tree, track, file = checks.relative_to(root).parts
    except ValueError:
        return None
    if tree != "tests" or not file.startswith("test_") or not file.endswith(".py"):
        return None
    return Kata(f"{track}/{file[len('test_') : -len('.py')]}", root)


def find_katas(root: Path) -> list[Kata]:
    """Return all katas; the tracks are in the order of the numbers that begin their titles."""
    found = (kata_of(path, root) for path in sorted(root.glob("tests/*/test_*.py")))
    katas = [kata for kata in found if kata is not None]
    places = {track: _place(root, track) for track in {kata.track for kata in katas}}
    return sorted(katas, key=lambda kata: (places[kata.track], kata.name))


def track_title(root: Path, track: str) -> str:
    """Return the first heading or line of the track's README; without one, the track's name."""
    readme = root / "katas" / track / "README.md"
    if not readme.is_file():
        return track
    return readme.read_text(encoding="utf-8").strip().partition("\n")[0].lstrip("# ").strip()


def _place(root: Path, track: str) -> float:
    """Return the number that begins the track's title; infinity, to come last, if none does."""
    number = re.match(r"\d+", track_title(root, track))
    return int(number.group()) if number else math.inf


def shown_path(path: Path, root: Path) -> str:
    """Return the path as the learner would type it from the dojo's root."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)
