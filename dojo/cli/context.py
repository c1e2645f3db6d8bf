"""Finds the dojo that a command runs in: its katas, those that are meant, and the progress."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dojo.course.katas import Kata, find_katas, shown_path, solutions_folder
from dojo.course.lookup import UnclearName, find_kata, katas_of_track
from dojo.course.named_paths import NamedPath, meaning_of_path
from dojo.course.trees import TREES, course_of, find_root
from dojo.files.tools import typed
from dojo.progress.record import Progress


class UsageError(Exception):
    """A command cannot do what was asked for; the text says why, and what can be done."""


class Context:
    """The dojo around the working folder, with all of its katas.

    Raises:
        UsageError: there is no dojo, or it has no katas.
    """

    def __init__(self) -> None:
        try:
            root = find_root(Path.cwd())
        except FileNotFoundError:
            raise UsageError("the folder that you are in is gone. Go to another one: cd") from None
        if root is None:
            command = typed("dojo init torch-dojo")
            raise UsageError(
                f"there is no dojo here. Go to its folder: cd torch-dojo. To make one: {command}"
            )
        self.root = root
        self.katas = find_katas(root)
        if not self.katas:
            checks = course_of(root) / "tests"
            raise UsageError(f"{checks} holds no checks, so there are no katas.")

    @functools.cached_property
    def progress(self) -> Progress:
        """What is recorded of the learner, read when it is first needed."""
        return Progress(self.root)

    @property
    def current(self) -> Kata | None:
        """The kata that the learner is at; None if all are green."""
        return self.progress.current(self.katas)

    def kata(self, name: str) -> Kata:
        """The kata of that name; without a name the current one.

        Raises:
            UnclearName: no kata or several are meant.
            UsageError: there is no current kata, or a file outside of the dojo is named.
        """
        if name:
            return self._kata_named(name)
        if (kata := self.current) is None:
            raise UsageError("all katas are green, so none is the current one. Name a kata.")
        return kata

    def chosen(self, names: Sequence[str] | None, everything: bool) -> list[Kata]:
        """The katas of these names and tracks, or all, or the current one; none if all are green.

        Raises:
            UnclearName: a name means no kata, or several.
            UsageError: both names and all are asked for, or a file outside of the dojo is named.
        """
        self._refuse_names_with_all(names, everything)
        if everything:
            return self.katas
        if not names:
            current = self.current  # once: that of a learner who is far reads many files
            return [kata for kata in self.katas if kata == current]
        return self._in_order(self._own(name, self._named(name)) for name in names)

    def answers(
        self, names: Sequence[str] | None, everything: bool, solutions: str
    ) -> tuple[list[Kata], Path]:
        """The katas that are meant as by ``chosen``, and the folder with the answers to judge.

        A path means the file that it leads to: its folder is that of the answers.

        Raises:
            NoSuchFolder, UnclearName: ``--solutions`` or a name is unclear.
            UsageError: the files that are named lie in several folders.
        """
        folder = solutions_folder(solutions, self.root)
        if everything or not names:
            return self.chosen(names, everything), folder
        meant = [self._named(name) for name in names]
        folders = {each.folder for each in meant if isinstance(each, NamedPath)}
        if solutions != "katas" or any(not isinstance(each, NamedPath) for each in meant):
            folders.add(folder)
        if len({each.resolve() for each in folders}) > 1:
            shown = ", ".join(sorted(shown_path(each, self.root) for each in folders))
            raise UsageError(
                f"these answers lie in several folders: {shown}. Judge one folder at a time, "
                f"for example: {typed('dojo check')} {shlex.quote(names[0])}"
            )
        for name, each in zip(names, meant, strict=True):
            if isinstance(each, NamedPath) and not each.is_file:
                self._refuse_folder(name, each)
        katas = (each.katas if isinstance(each, NamedPath) else each for each in meant)
        return self._in_order(katas), min(folders)

    def _refuse_names_with_all(self, names: Sequence[str] | None, everything: bool) -> None:
        if everything and names:
            raise UsageError("name katas, or say --all, but not both.")

    def _in_order(self, groups: Iterable[Iterable[Kata]]) -> list[Kata]:
        """The katas of all groups, each once, in the order of the course."""
        meant = {kata for group in groups for kata in group}
        return [kata for kata in self.katas if kata in meant]

    def _named(self, name: str) -> NamedPath | Sequence[Kata]:
        """What a name means: a path, else the katas of a track, else one kata."""
        if (path := meaning_of_path(name, self.root, self.katas)) is not None:
            return path
        if track := katas_of_track(name, self.katas):
            return track
        try:
            return [find_kata(name, self.katas, self._tracks_here())]
        except UnclearName:  # it may be the plain name of a folder
            path = meaning_of_path(f"{name}/", self.root, self.katas) if name else None
            if path is None:
                raise
            return path

    def _kata_named(self, name: str) -> Kata:
        """The one kata of a name: that of a track is no answer."""
        path = meaning_of_path(name, self.root, self.katas)
        try:
            if path is None:
                return find_kata(name, self.katas, self._tracks_here())
            found = self._own(name, path)
        except UnclearName:
            if not (found := katas_of_track(name, self.katas)):
                raise
        if len(found) != 1:
            raise UsageError(f"{name} has {len(found)} katas. Name one, such as {found[0].name}.")
        return found[0]

    def _own(self, name: str, meant: NamedPath | Sequence[Kata]) -> Sequence[Kata]:
        """The katas that are meant, if it is not by a path outside of the dojo."""
        if not isinstance(meant, NamedPath):
            return meant
        if meant.folder not in [self.root / tree for tree in TREES]:
            own = f"For your own file name the kata: {meant.katas[0].name}. " if meant.katas else ""
            raise UsageError(
                f"{name} is not in katas/ of this dojo. {own}"
                f"To judge the answers there: {self._check_of(name, meant)}"
            )
        return meant.katas

    def _refuse_folder(self, name: str, meant: NamedPath) -> None:
        """Say how to judge a folder of answers that is not the learner's own."""
        if meant.folder != self.root / "katas":
            raise UsageError(
                f"{name} is a folder outside of katas/. To judge the answers there: "
                f"{self._check_of(name, meant)}"
            )

    def _check_of(self, name: str, meant: NamedPath) -> str:
        """The command that judges what a path means."""
        if meant.is_file:
            return typed(f"dojo check {shlex.quote(name)}")
        is_all = len(meant.katas) in (0, len(self.katas))
        which = "--all" if is_all else meant.katas[0].track
        folder = shown_path(meant.folder, Path.cwd())
        return typed(f"dojo check {which} --solutions {shlex.quote(folder)}")

    def _tracks_here(self) -> Iterator[str]:
        """The track of the working folder, then that of the current kata."""
        below = Path.cwd().relative_to(self.root).parts
        if len(below) > 1 and below[0] in TREES:
            yield below[1]
        if (kata := self.current) is not None:
            yield kata.track
