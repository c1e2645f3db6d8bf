"""Finds the katas whose answers a person means by the path of a file or a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dojo.course.katas import Kata
from dojo.course.lookup import UnclearName, katas_of_track, suggestion
from dojo.course.trees import TREES, course_of

_OF_KATAS = ("katas", "tests")  # trees whose files mean the learner's own answers


@dataclass(frozen=True)
class NamedPath:
    """What a path means.

    Attributes:
        katas: the katas whose answers it means; none for a folder of answers outside of the dojo.
        folder: the folder of answers in which they lie.
        is_file: whether the path is that of one file.
    """

    katas: tuple[Kata, ...]
    folder: Path
    is_file: bool


def meaning_of_path(text: str, root: Path, katas: Sequence[Kata]) -> NamedPath | None:
    """Return what is meant by a path as it was typed; None for a text that is no path.

    A path counts from the working folder, else from the dojo's root, else from its ``katas/``. The
    file of a kata that is gone still means its kata.

    Raises:
        UnclearName: there is no such file, or it is no answer to any kata.
    """
    typed = os.path.expanduser(text.strip())  # noqa: PTH111 - an unknown user is no error here
    if "\\" in typed and not Path(typed).exists():
        typed = typed.replace("\\", "/")
    if not _is_path(typed):
        return None
    here = Path(os.path.abspath(typed))  # noqa: PTH100 - a link stays a link
    if (found := _in_dojo(here, root, katas) or _elsewhere(here, text, katas)) is not None:
        return found
    for base in (root, root / "katas"):
        if (found := _in_dojo(Path(os.path.normpath(base / typed)), root, katas)) is not None:
            return found
    if typed.endswith(".py") or typed.startswith((".", "/", "~")):
        raise UnclearName(f"There is no file {text}. A kata can be named too, such as k03.")
    return None


def _is_path(typed: str) -> bool:
    """Return whether a text may be a path: a plain name is one only if such a file is here."""
    if "/" in typed or typed in (".", ".."):
        return True
    if typed.endswith(".py"):
        return Path(typed).exists()
    return typed in TREES and Path(typed).is_dir()


def _in_dojo(path: Path, root: Path, katas: Sequence[Kata]) -> NamedPath | None:
    """Return the meaning of a path in the dojo's own trees; None for any other path."""
    for kata in katas:
        if kata.stub.is_symlink() and path.exists() and kata.stub.samefile(path):
            return NamedPath((kata,), root / "katas", is_file=True)
    tree, *parts = _parts_below(path, root) or [""]
    trees = TREES if course_of(root) == root else ("katas",)
    if tree not in trees or len(parts) > 2:
        return None
    folder = root / ("katas" if tree in _OF_KATAS else tree)
    if not parts:
        return NamedPath(tuple(katas), folder, is_file=False)
    in_track = katas_of_track(parts[0], katas)
    if len(parts) == 1:
        return NamedPath(tuple(in_track), folder, is_file=False) if in_track else None
    stem = parts[1].removesuffix(".py").removeprefix("test_" if tree == "tests" else "")
    found = tuple(kata for kata in in_track if kata.stem == stem)
    if found and parts[1].endswith(".py"):
        return NamedPath(found, folder, is_file=True)
    return None


def _parts_below(path: Path, root: Path) -> list[str] | None:
    """Return the names that lead from the root to a path, by links or not; None outside of it."""
    for each, base in ((path, root), (path.resolve(), root.resolve())):
        if each.is_relative_to(base) and each != base:
            return list(each.relative_to(base).parts)
    return None


def _elsewhere(path: Path, text: str, katas: Sequence[Kata]) -> NamedPath | None:
    """Return the meaning of a file or a folder outside of the dojo's trees; None if none is there.

    The file lies in a folder of its track's name, or its name is that of one kata only.
    """
    if path.is_dir():
        in_track = katas_of_track(path.name, katas)
        return NamedPath(tuple(in_track), path.parent if in_track else path, is_file=False)
    if not path.exists():
        return None
    for kata in katas:
        if path.name == f"{kata.stem}.py" and path.parent.name == kata.track:
            return NamedPath((kata,), path.parent.parent, is_file=True)
    found = [kata for kata in katas if path.name == f"{kata.stem}.py"]
    if not found:
        raise UnclearName(f"{text} has the name of no kata. {suggestion(path.stem, katas)}")
    if len(found) > 1:
        names = " or ".join(kata.name for kata in found)
        raise UnclearName(f"{text} may be {names}. Move it into a folder of the track's name.")
    chosen = found[0].solution_in(path.parent)
    if chosen != path:
        raise UnclearName(f"Beside {text} there is {chosen}, which is judged. Move one of them.")
    return NamedPath((found[0],), path.parent, is_file=True)
