"""Finds the dojo that a command runs in: its katas, those that are meant, and the progress."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from dojo.course.katas import Kata, find_katas, find_root
from dojo.course.lookup import find_kata
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
            raise UsageError("there is no dojo here. Go to your clone of torch-dojo: cd torch-dojo")
        self.root = root
        self.katas = find_katas(root)
        if not self.katas:
            raise UsageError(f"{root / 'tests'} holds no checks, so there are no katas.")

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
            UsageError: there is no current kata.
        """
        if name:
            return find_kata(name, self.katas, lambda: self.current)
        if (kata := self.current) is None:
            raise UsageError("all katas are green, so none is the current one. Name a kata.")
        return kata

    def chosen(self, names: Sequence[str] | None, everything: bool) -> list[Kata]:
        """The katas of these names, or all, or the current one; none if all are green.

        Raises:
            UnclearName: a name means no kata, or several.
            UsageError: both names and all are asked for.
        """
        if everything and names:
            raise UsageError("name katas, or say --all, but not both.")
        if everything:
            return self.katas
        meant = {self.kata(name) for name in names} if names else {self.current}
        return [kata for kata in self.katas if kata in meant]
