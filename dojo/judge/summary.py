"""Writes the end of a run of pytest: what failed first, how many katas are green, what is next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dojo.course.katas import Kata, find_katas, shown_path
from dojo.course.lesson import kata_title
from dojo.course.lookup import short_name, suggestion
from dojo.devices.select import devices_line
from dojo.files.tools import pytest_of, typed
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED, Verdict
from dojo.verdict.text import bar_of, colour_of, columns, failure_lines, wrapped

USUAL_CHARS = "fE"  # of pytest's option -r


@dataclass(frozen=True)
class Judged:
    """A kata that a run has judged.

    Attributes:
        kata: the kata.
        verdict: the verdict by the checks that have run.
        is_whole: whether all of its checks have run.
    """

    kata: Kata
    verdict: Verdict
    is_whole: bool


class Summary:
    """The end of a run: what it says to the learner, and what is remembered of it."""

    def __init__(self, config: pytest.Config, terminal: Any, root: Path, solutions: Path) -> None:
        self._config, self._terminal = config, terminal
        self._root, self._solutions = root, solutions
        self._katas = find_katas(root)
        # of the learner's own answers: nothing is remembered of others
        self._progress = Progress(root) if solutions == root / "katas" else None

    def write(self, judged: Sequence[Judged]) -> None:
        """Record the verdicts on the learner's own answers, and write the summary."""
        is_complete = self._config.getoption("--device") == "all"
        whole = [one.verdict for one in judged if one.is_whole]
        if self._progress is not None and is_complete and whole:
            self._progress.record(*whole)
        for one in judged:
            if one.verdict.state not in (GREEN, NOT_STARTED):
                self._write_failure(one)
        self._say("")
        self._write_bar(judged)
        if self._progress is not None and (len(whole) < len(self._katas) or not is_complete):
            self._write_remembered(self._progress)
        used = {check.device for one in judged for check in one.verdict.checks}
        self._say(f"devices: {devices_line(tuple(sorted(used)))}")
        self._write_next_step(judged)
        for warning in self._progress.warnings if self._progress else ():
            self._say(warning, yellow=True)

    def write_nothing_selected(self) -> None:
        """Say which katas have a name much like that of ``-k``, which has selected no check."""
        keyword = self._config.option.keyword.strip()
        if re.fullmatch(r"\w+", keyword):
            near = suggestion(keyword, self._katas)
            self._say(f"There is no kata {keyword!r}, and no check of that name. {near}")

    # ---------------------------------------------------------------- parts

    def _write_failure(self, one: Judged) -> None:
        path = shown_path(one.kata.solution_in(self._solutions), self._root)
        self._terminal.write_line("")
        self._terminal.write(one.kata.stem, bold=True)
        is_listed = self._config.option.reportchars != USUAL_CHARS  # or the learner chose what is
        lists_all = "" if is_listed else f"{self._run(one.kata)} -rf"
        place, headline, *rest = failure_lines(one.verdict, path, lists_all)
        is_long = len(f"{one.kata.stem}  {place}") > columns()
        self._terminal.write_line(f"\n  {place}" if is_long else f"  {place}")
        state, colon, law = headline.partition(":")
        self._terminal.write(f"  {state}", **{colour_of(state): True})
        self._terminal.write_line(colon + law)
        for line in rest:
            self._terminal.write_line(f"    {line}")

    def _write_bar(self, judged: Sequence[Judged]) -> None:
        states = [one.verdict.state for one in judged]
        filled, empty, text = bar_of(states, sum(map(self._is_green, judged)))
        self._terminal.write("[")
        self._terminal.write(filled, green=True)
        self._terminal.write_line(f"{empty}] {text}")

    def _is_green(self, one: Judged) -> bool:
        """Whether a kata is green: by this run, or by what is remembered if this was a part."""
        if one.verdict.state != GREEN:
            return False
        return one.is_whole or (
            self._progress is not None and self._progress.state(one.kata) == GREEN
        )

    def _write_remembered(self, progress: Progress) -> None:
        """Say of a run that judged a part of the course how far the learner is in all of it."""
        states = list(progress.states(self._katas).values())
        self._say(
            f"This run judged a part. By what is remembered, {states.count(GREEN)} of all "
            f"{len(states)} katas are green."
        )

    def _write_next_step(self, judged: Sequence[Judged]) -> None:
        todo = self._first_to_do([one.kata for one in judged if one.verdict.state != GREEN])
        if todo is None:
            part = next((one.kata for one in judged if not self._is_green(one)), None)
            if part is not None:
                self._say(f"next: all checks of {part.stem}: {self._run(part)}")
                return
            states = self._progress.states(self._katas) if self._progress else {}
            todo = self._first_to_do([kata for kata in states if states[kata] != GREEN])
        if todo is None:
            which = "all" if self._progress else "all judged"
            self._say(f"next: {which} katas are green. Well done.")
            return
        has_begun = any(one.verdict.state != NOT_STARTED for one in judged)
        self._say(f"{'next' if has_begun else 'begin with'}: {_title(todo)}")
        path = shown_path(todo.solution_in(self._solutions), self._root)
        self._terminal.write_line(f"  edit {path}")
        self._terminal.write_line(f"  then run: {self._run(todo)}")
        hint = typed(f"dojo hint {short_name(todo, self._katas)}")
        self._terminal.write_line(f"  a hint:   {hint}")

    def _first_to_do(self, katas: list[Kata]) -> Kata | None:
        """The first of these katas by the order of the course that is not left for later."""
        in_order = [kata for kata in self._katas if kata in katas]
        if self._progress is None:
            return next(iter(in_order), None)
        return self._progress.first_to_do(in_order)

    def _run(self, kata: Kata) -> str:
        """The command that judges a kata from the working folder."""
        here, choice = self._config.invocation_params.dir, self._config.getoption("--solutions")
        return pytest_of(kata.stem, self._root, here, choice)

    def _say(self, text: str, **markup: bool) -> None:
        """Write prose, in lines that fit the terminal."""
        for line in wrapped(text):
            self._terminal.write_line(line, **markup)


def _title(kata: Kata) -> str:
    return f"{kata.stem} - {kata_title(kata)}"
