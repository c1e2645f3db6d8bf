"""Judges the cell of a kata: saves it as the kata's file, records the verdict, and shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.display import display

from dojo.cli.context import Context, UsageError
from dojo.cli.terminal import say, warn
from dojo.course.katas import Kata, shown_path
from dojo.course.lesson import kata_title
from dojo.course.lookup import short_name
from dojo.notebook.borrowed import borrowed_note
from dojo.notebook.imports import holds_in, needed_imports, with_imports
from dojo.notebook.judging import WarmJudge
from dojo.notebook.magic_lines import without_magics
from dojo.notebook.saving import NotebookSaves, Saved
from dojo.notebook.views import VerdictView
from dojo.verdict.diagnosis import diagnose, known_table
from dojo.verdict.model import GREEN, RED, Verdict
from dojo.verdict.text import wrapped
from dojo.watch.events import Diagnosed
from dojo.workers.client import JUDGING_ERRORS


class CellJudge:
    """Judges the cells of one IPython, by workers that stay warm between them.

    Args:
        shell: the IPython, whose names and earlier cells are looked at.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._judge: WarmJudge | None = None
        self._shown: tuple[VerdictView, Any] | None = None  # the last verdict, and where it is

    def warm_up(self, root: Path) -> WarmJudge:
        """Return the judge of a dojo, whose workers get warm; any other is closed."""
        if self._judge is not None and not (self._judge.root == root and self._judge.is_alive):
            self.close()
        if self._judge is None:
            self._judge = WarmJudge(root, self._diagnosed)
        return self._judge

    def close(self) -> None:
        """End the workers."""
        if self._judge is not None:
            self._judge.close()
            self._judge = None

    def judge_cell(self, dojo: Context, kata: Kata, cell: str, takes_imports: bool) -> None:
        """Save a cell as the kata's file, judge it, record the verdict and show it.

        Args:
            dojo: where the kata is.
            kata: what the cell answers.
            cell: its text, without the line of the magic.
            takes_imports: whether imports of earlier cells are added.

        Raises:
            UsageError: the cell holds what no file can hold; nothing was saved.
            CannotReplace: the file cannot be written, and is as it was.
            NoChecks, ForkServerDied, WorkerDied, WorkerStuck: there is no verdict.
        """
        _refuse_magics(cell)
        text, place, added = self._completed(cell, takes_imports)
        saved = NotebookSaves(dojo.root, warn).save(kata, text)
        judge = self.warm_up(dojo.root)
        verdict = judge.judge(kata) if saved.is_saved else judge.judge_text(kata, text)
        notes = [*_notes_on_file(dojo, kata, verdict, saved)]
        if added:
            notes.append(f"Added from earlier cells: {', '.join(f'`{one}`' for one in added)}")
        notes += self._advice(dojo, kata, verdict, text)
        line = verdict.first_failure.line if verdict.first_failure is not None else 0
        shown = _told_by_cell(kata, verdict, place, len(added))
        view = VerdictView(kata, shown, _in_cell(line, place, len(added)), tuple(notes))
        self._shown = view, display(view, display_id=True)
        if saved.is_saved:
            dojo.progress.record(verdict)
        if verdict.state == RED and not verdict.diagnosis and not self._is_in_notebook:
            self._diagnose_late(judge, kata, verdict)
        judge.prepare(kata, verdict)

    def _completed(self, cell: str, takes_imports: bool) -> tuple[str, int, list[str]]:
        """The cell's text with the imports that it takes; after which line; and what they are."""
        if not takes_imports:
            return cell, 0, []
        space = self._shell.user_ns
        found = needed_imports(cell, space.get("In", []), lambda line: holds_in(space, line))
        added = [each.line for each in found]
        text, place = with_imports(cell, added)
        return text, place, added

    def _advice(self, dojo: Context, kata: Kata, verdict: Verdict, text: str) -> Iterator[str]:
        """What to do next: what the cell lacks, or where to go on once it is green."""
        name = short_name(kata, dojo.katas)
        if verdict.state == GREEN:
            yield f"The reference beside yours, and why: `%solution {name}`"
            yield next_line(dojo, kata)
        elif note := borrowed_note(verdict, text, self._shell.user_ns, f"%%kata {name}"):
            yield note

    @property
    def _is_in_notebook(self) -> bool:
        """Whether what was shown can be changed later, as a terminal cannot."""
        return getattr(self._shell, "kernel", None) is not None

    def _diagnosed(self, event: Diagnosed) -> None:
        """Add to the verdict that is shown which mistake it is; in the thread of the judge."""
        if self._shown is None or not self._is_in_notebook:
            return
        view, handle = self._shown
        if view.kata == event.kata:
            handle.update(replace(view, verdict=replace(view.verdict, diagnosis=event.diagnosis)))

    def _diagnose_late(self, judge: WarmJudge, kata: Kata, verdict: Verdict) -> None:
        """Make the table of the kata's known mistakes, if there is none, and diagnose by it.

        That takes a second or more.
        """
        if known_table(kata) is not None:
            return
        try:
            found = diagnose(verdict, judge.make_table(kata))
        except (*JUDGING_ERRORS, KeyboardInterrupt):
            return  # the verdict is shown
        for line in wrapped(f"This looks like: {found}") if found else []:
            say(f"  {line}")


def next_line(dojo: Context, done: Kata | None = None) -> str:
    """Which kata is next, and how to see it; not the one that is done, though not recorded yet."""
    known = {kata: GREEN if kata == done else "" for kata in dojo.katas}
    kata = dojo.progress.current(known)
    if kata is None:
        return "All katas are green. Well done."
    return f"Next: {kata.stem}, {kata_title(kata)}: `%kata {short_name(kata, dojo.katas)}`"


def _refuse_magics(cell: str) -> None:
    """Raise UsageError if a line of the cell is no Python, but something of IPython."""
    left_out = without_magics(cell).left_out
    if left_out:
        number, text = next(iter(left_out.items()))
        raise UsageError(
            f"line {number + 1} of the cell is a magic or a shell line, which a kata's file cannot "
            f"hold: {text}\nPut it into another cell. Nothing was saved or judged."
        )


def _notes_on_file(dojo: Context, kata: Kata, verdict: Verdict, saved: Saved) -> Iterator[str]:
    """What a learner should know of the kata's file: that work was copied, or that it stays."""
    file = shown_path(kata.stub, kata.root)
    if saved.copy:
        yield f"What {file} held before is kept in {saved.copy}; `dojo undo` brings it back."
    if not saved.is_saved and dojo.progress.state(kata) != verdict.state:
        yield f"The cell is still the stub, so it is not saved: {file} keeps your answer."


def _told_by_cell(kata: Kata, verdict: Verdict, place: int, added: int) -> Verdict:
    """The verdict with lines of the cell in its messages, in place of lines of the file.

    Args:
        kata: what was judged.
        verdict: the verdict on its file.
        place: the line behind which lines were added.
        added: how many were.
    """
    in_file = re.compile(rf"{re.escape(shown_path(kata.stub, kata.root))}, line (\d+)")

    def in_cell(found: re.Match[str]) -> str:
        return _in_cell(int(found[1]), place, added) or found[0]

    checks = [replace(each, message=in_file.sub(in_cell, each.message)) for each in verdict.checks]
    return replace(verdict, checks=tuple(checks))


def _in_cell(line: int, place: int, added: int) -> str:
    """Which line of the cell, counted from its ``%%kata``, is a line of the file; empty if none.

    Args:
        line: of the file, from 1 on; 0 where none is known.
        place: the line behind which lines were added.
        added: how many were.
    """
    own = line if line <= place else line - added
    is_own = 0 < line <= place or own > place
    return f"line {own + 1} of the cell" if is_own else ""
