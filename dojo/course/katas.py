"""Finds the katas of a dojo and the paths of their files.

A kata *is* its path: ``tests/intro/test_k03_in_place_add.py`` makes the kata
``intro/k03_in_place_add``. There is no list to keep. Only the titles of tracks are read from files.
Where the four trees of files lie, ``trees`` knows.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dojo.course.trees import course_of

_NEAR = 3  # folders that are suggested at most


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
        return self.root / "katas" / f"{self.name}.py"

    @property
    def reference(self) -> Path:
        """The file of the reference solution."""
        return self._file_in("reference")

    @property
    def checks(self) -> Path:
        """The file of the checks."""
        return course_of(self.root) / "tests" / self.track / f"test_{self.stem}.py"

    @property
    def node(self) -> Path:
        """The file under which pytest lists the checks, and which its command line names.

        That is the file of the checks; the learner's file, where the checks lie in the installed
        course.
        """
        return self.checks if course_of(self.root) == self.root else self.stub

    @property
    def impostors(self) -> Path:
        """The file of the impostors and alternatives."""
        return self._file_in("impostors")

    def solution_in(self, folder: Path) -> Path:
        """Return the path of this kata's answer in a folder.

        That is ``<track>/<kata>.py``, as in ``katas/``. In another folder it is ``<kata>.py`` where
        only that file is there.
        """
        path = folder / self.track / f"{self.stem}.py"
        if folder == self.root / "katas" or path.exists():
            return path
        flat = folder / f"{self.stem}.py"
        return flat if flat.exists() else path

    def _file_in(self, tree: str) -> Path:
        return course_of(self.root).joinpath(tree, f"{self.name}.py")


class NoSuchFolder(Exception):
    """There is no such folder of answers; the text says which folders are possible."""


def solutions_folder(choice: str, root: Path) -> Path:
    """Return the folder of answers that ``--solutions`` means: katas, reference or any other.

    Any other folder has the layout of ``katas/``, or holds the files of katas itself.

    Raises:
        NoSuchFolder: there is no such folder, or it holds no answer, or a file in it may be the
            answer to several katas.
    """
    if choice == "katas":
        return root / choice
    if choice == "reference":
        return course_of(root) / choice
    folder = Path(choice).resolve()
    if not folder.is_dir():
        raise NoSuchFolder(
            f"--solutions={choice}: there is no such folder. "
            "Name a folder with the layout of katas/, or katas or reference."
        )
    katas = find_katas(root)
    if katas:
        _refuse_unclear_files(choice, folder, katas)
        if not has_answers(folder, katas):
            raise NoSuchFolder(_no_answers(choice, folder, katas))
    return folder


def has_answers(folder: Path, katas: Sequence[Kata]) -> bool:
    """Return whether a folder holds a file that would be the answer to one of these katas."""
    return any(kata.solution_in(folder).is_file() for kata in katas)


def _refuse_unclear_files(choice: str, folder: Path, katas: Sequence[Kata]) -> None:
    """Raise NoSuchFolder if a file of a flat folder has the name of katas of several tracks."""
    for stem, count in Counter(kata.stem for kata in katas).items():
        if count > 1 and (folder / f"{stem}.py").is_file():
            names = [kata.name for kata in katas if kata.stem == stem]
            raise NoSuchFolder(
                f"--solutions={choice}: {stem}.py may be {' or '.join(names)}. "
                f"Move it into a folder of the track's name: {names[0]}.py"
            )


def _no_answers(choice: str, folder: Path, katas: Sequence[Kata]) -> str:
    """Say that a folder holds no answer, what it should look like, and which may be meant."""
    first = katas[0]
    text = (
        f"--solutions={choice}: no answer to any kata was found there. Expected are files such as "
        f"{choice.rstrip('/')}/{first.name}.py, or {choice.rstrip('/')}/{first.stem}.py."
    )
    with contextlib.suppress(OSError):
        below = sorted(each for each in folder.iterdir() if each.is_dir())
        near = [f"{choice.rstrip('/')}/{each.name}" for each in below if has_answers(each, katas)]
        if near:
            text += f" Did you mean --solutions={' or --solutions='.join(near[:_NEAR])}?"
    return text


def kata_of(node: Path, root: Path) -> Kata | None:
    """Return the kata of a file under which pytest lists checks; None for any other file.

    That is the file of the checks, or a learner's file whose checks lie in the installed course.
    """
    course = course_of(root)
    if course == root or node.is_relative_to(course):
        return _kata_of_checks(node, course, root)
    try:
        tree, track, file = node.relative_to(root).parts
    except ValueError:
        return None
    if tree != "katas" or not file.endswith(".py"):
        return None
    kata = Kata(f"{track}/{file.removesuffix('.py')}", root)
    return kata if kata.checks.is_file() else None


def find_katas(root: Path) -> list[Kata]:
    """Return all katas; the tracks are in the order of the numbers that begin their titles.

    Of an installed course these are the katas of the tracks whose folders the learner has.
    """
    course = course_of(root)
    files = sorted(course.glob("tests/*/test_*.py"))
    found = (_kata_of_checks(path, course, root) for path in files)
    katas = [kata for kata in found if kata is not None]
    if course != root:
        katas = [kata for kata in katas if kata.stub.parent.is_dir()]
    places = {track: _place(root, track) for track in {kata.track for kata in katas}}
    return sorted(katas, key=lambda kata: (places[kata.track], kata.name))


def track_title(root: Path, track: str) -> str:
    """Return the first heading or line of the track's README; without one, the track's name."""
    readme = root / "katas" / track / "README.md"
    if not readme.is_file():
        return track
    return readme.read_text(encoding="utf-8").strip().partition("\n")[0].lstrip("# ").strip()


def track_and_what_it_builds_on(root: Path, track: str) -> str:
    """Return the track's name, with what its README says that it builds on, if it says so.

    Such as "autograd, which builds on tensors, indexing".
    """
    readme = root / "katas" / track / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    found = re.search(r"^Builds on (.+)\.$", text, re.MULTILINE)
    return f"{track}, which builds on {found.group(1)}" if found else track


def _kata_of_checks(path: Path, course: Path, root: Path) -> Kata | None:
    """Return the kata whose check file this is; None for any other file."""
    try:
        tree, track, file = path.relative_to(course).parts
    except ValueError:
        return None
    if tree != "tests" or not file.startswith("test_") or not file.endswith(".py"):
        return None
    return Kata(f"{track}/{file[len('test_') : -len('.py')]}", root)


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
