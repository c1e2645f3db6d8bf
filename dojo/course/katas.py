"""Knows which katas there are and where their files lie; reads no file's content.

A kata *is* its path: ``tests/intro/test_k03_in_place_add.py`` makes the kata
``intro/k03_in_place_add``. There is no list to keep.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

TREES = ("katas", "reference", "tests", "impostors")


@dataclass(frozen=True)
class Kata:
    """One kata: its name ``track/stem`` and the root of the dojo it belongs to."""

    name: str
    root: Path

    @property
    def track(self) -> str:
        return self.name.split("/")[0]

    @property
    def stem(self) -> str:
        return self.name.split("/")[1]

    @property
    def stub(self) -> Path:
        return self.solution_in(self.root / "katas")

    @property
    def reference(self) -> Path:
        return self.solution_in(self.root / "reference")

    @property
    def checks(self) -> Path:
        return self.root / "tests" / self.track / f"test_{self.stem}.py"

    @property
    def impostors(self) -> Path:
        return self.solution_in(self.root / "impostors")

    def solution_in(self, folder: Path) -> Path:
        """Where this kata's answer lies in a folder with the layout of ``katas/``."""
        return folder / self.track / f"{self.stem}.py"


class NoSuchFolder(Exception):
    """There is no such folder of answers; the text says which there are."""


def solutions_folder(choice: str, root: Path) -> Path:
    """The folder of answers that ``--solutions`` means: katas, reference or any other.

    Raises:
        NoSuchFolder: it is no folder.
    """
    folder = root / choice if choice in ("katas", "reference") else Path(choice).resolve()
    if not folder.is_dir():
        raise NoSuchFolder(
            f"--solutions={choice}: there is no such folder. "
            "Name a folder with the layout of katas/, or katas or reference."
        )
    return folder


def is_root(folder: Path) -> bool:
    """Whether the folder is a dojo's root."""
    return all((folder / tree).is_dir() for tree in TREES)


def find_root(start: Path) -> Path | None:
    """The dojo that contains ``start``, or None."""
    return next((folder for folder in (start, *start.parents) if is_root(folder)), None)


def kata_of(checks: Path, root: Path) -> Kata | None:
    """The kata whose check file this is, or None for any other file."""
    try:
        tree, track, file = checks.relative_to(root).parts
    except ValueError:
        return None
    if tree != "tests" or not file.startswith("test_") or not file.endswith(".py"):
        return None
    return Kata(f"{track}/{file[len('test_') : -len('.py')]}", root)


def find_katas(root: Path) -> list[Kata]:
    """All katas, the tracks in the order of the numbers that their titles begin with."""
    found = (kata_of(path, root) for path in sorted(root.glob("tests/*/test_*.py")))
    katas = [kata for kata in found if kata is not None]
    places = {track: _place(root, track) for track in {kata.track for kata in katas}}
    return sorted(katas, key=lambda kata: (places[kata.track], kata.name))


def track_title(root: Path, track: str) -> str:
    """The first heading or line of the track's README, or the track's own name."""
    readme = root / "katas" / track / "README.md"
    if not readme.is_file():
        return track
    return readme.read_text(encoding="utf-8").strip().partition("\n")[0].lstrip("# ").strip()


def _place(root: Path, track: str) -> float:
    """The number that the track's title begins with; tracks without one come last."""
    number = re.match(r"\d+", track_title(root, track))
    return int(number.group()) if number else math.inf


def shown_path(path: Path, root: Path) -> str:
    """The path as the learner would type it from the dojo's root."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)
