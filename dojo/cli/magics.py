"""The commands that a learner types in a notebook, as magics of IPython: ``%load_ext dojo``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.display import display

from dojo.cli.context import Context, UsageError
from dojo.cli.guidance import open_hints
from dojo.cli.judged_cells import CellJudge, next_line
from dojo.cli.listing import list_lines
from dojo.cli.terminal import say, say_all, warn
from dojo.course.katas import Kata, NoSuchFolder
from dojo.course.lesson import read_lesson, task_of
from dojo.course.lookup import UnclearName, find_kata, short_name
from dojo.course.reference_diff import diff_to_reference, why
from dojo.course.trees import find_root
from dojo.notebook.stub_cells import cell_text, stub_of
from dojo.notebook.views import SolutionView, TaskView
from dojo.practice.schedule import Schedule
from dojo.progress.reset import CannotReplace
from dojo.verdict.text import prose_lines
from dojo.workers.client import JUDGING_ERRORS

_WITH_IMPORTS, _YES, _ALL = "--with-imports", "--yes", "--all"


def load(shell: Any) -> None:
    """Add the magics to IPython; in a dojo, its workers begin to get warm at once."""
    unload(shell)
    magics = DojoMagics(shell)
    shell.register_magics(magics)
    with contextlib.suppress(OSError):  # the folder is gone
        if (root := find_root(Path.cwd())) is not None:
            magics.judge.warm_up(root)


def unload(shell: Any) -> None:
    """End the processes of the magics that were loaded before, if there are some."""
    loaded = shell.magics_manager.registry.get(DojoMagics.__name__)
    if loaded is not None:
        loaded.judge.close()


@magics_class
class DojoMagics(Magics):
    """The magics ``%%kata``, ``%kata``, ``%hint``, ``%solution`` and ``%dojo``.

    Attributes:
        judge: judges the cells.
    """

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.judge = CellJudge(shell)

    @line_cell_magic
    def kata(self, line: str, cell: str | None = None) -> None:
        """``%%kata k03`` saves the cell as the kata's file, and judges it; ``%kata k03`` shows it.

        ``%%kata k03 --with-imports`` adds the imports of earlier cells that the cell uses.
        """

        def act(dojo: Context) -> None:
            if cell is None:
                self._show_task(dojo, _kata(dojo, _name_in(line)))
            elif name := _name_in(line, _WITH_IMPORTS):
                takes_imports = _WITH_IMPORTS in line.split()
                self.judge.judge_cell(dojo, _kata(dojo, name), cell, takes_imports)
            else:
                raise UsageError("name the kata that the cell answers, such as: %%kata k03")

        _in_dojo(act)

    @line_magic
    def hint(self, line: str) -> None:
        """``%hint`` opens the next hint of the current kata, ``%hint k03`` that of another one."""

        def act(dojo: Context) -> None:
            kata = _kata(dojo, _name_in(line, _ALL))
            has_more = open_hints(dojo.progress, kata, _ALL in line.split())
            name = short_name(kata, dojo.katas)
            last = f"that was the last one; the solution: %solution {name}"
            say(f"the next one: %hint {name}" if has_more else last)

        _in_dojo(act)

    @line_magic
    def solution(self, line: str) -> None:
        """``%solution k03`` shows the reference beside yours, and why; ``--yes`` before green."""

        def act(dojo: Context) -> None:
            kata = _kata(dojo, _name_in(line, _YES))
            if _YES not in line.split() and not dojo.progress.was_green(kata):
                command = f"%solution {short_name(kata, dojo.katas)} --yes"
                raise UsageError(f"{kata.name} has never been green. To see it now: {command}")
            display(SolutionView(kata, diff_to_reference(kata, kata.stub), why(kata)))

        _in_dojo(act)

    @line_magic
    def dojo(self, line: str) -> None:
        """``%dojo`` lists the katas and says what is next; ``%dojo intro`` opens a track."""

        def act(dojo: Context) -> None:
            opened = dojo.chosen(_names_in(line, _ALL), _ALL in line.split())
            schedule = Schedule(dojo.progress, warn)
            say_all(list_lines(dojo.katas, dojo.progress, opened, schedule))
            say(next_line(dojo))

        _in_dojo(act)

    def _show_task(self, dojo: Context, kata: Kata) -> None:
        """Show a kata's statement, and have the front end make the cell to answer it in."""
        cell = cell_text(kata, dojo.katas, stub_of(kata))
        is_terminal = getattr(self.shell, "kernel", None) is None
        display(TaskView(kata, read_lesson(kata), prose_lines(task_of(kata)), cell, is_terminal))
        self.shell.set_next_input(cell)


def _in_dojo(act: Callable[[Context], None]) -> None:
    """Do something in the dojo around the working folder; tell in one line what goes wrong."""
    try:
        if find_root(_working_folder()) is None:
            raise UsageError(
                f"there is no dojo in {Path.cwd()}. Go to its folder: %cd torch-dojo. "
                "To make one: !dojo init torch-dojo"
            )
        dojo = Context()
        act(dojo)
        for text in dojo.progress.warnings:
            warn(text)
    except (UsageError, UnclearName, NoSuchFolder, CannotReplace) as error:
        warn(str(error))
    except JUDGING_ERRORS as error:
        warn(f"there is no verdict: {error}")
    except KeyboardInterrupt:
        warn("stopped before there was a verdict. What was saved stays saved.")
    except (OSError, SyntaxError) as error:
        warn(f"{getattr(error, 'filename', None) or 'a file'} cannot be read or written: {error}")


def _working_folder() -> Path:
    """The folder that the notebook works in.

    Raises:
        UsageError: it is gone.
    """
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the working folder is gone. Go to that of the dojo: %cd FOLDER") from None


def _kata(dojo: Context, name: str) -> Kata:
    """The kata of that name; without a name the current one.

    Raises:
        UnclearName, UsageError: as for ``Context.kata``, which also knows where the learner is.
    """
    if name:
        with contextlib.suppress(UnclearName):
            return find_kata(name, dojo.katas)
    return dojo.kata(name)


def _name_in(line: str, *options: str) -> str:
    """The one name in the line of a magic; empty if there is none.

    Raises:
        UsageError: there is more than one, or another option than these.
    """
    names = _names_in(line, *options)
    if len(names) > 1:
        raise UsageError(f"name one kata, not {len(names)}: {' '.join(names)}")
    return names[0] if names else ""


def _names_in(line: str, *options: str) -> list[str]:
    """The names in the line of a magic.

    Raises:
        UsageError: it has another option than these.
    """
    words = [word for word in line.split() if word not in options]
    if unknown := [word for word in words if word.startswith("-")]:
        known = f" The options here: {', '.join(options)}." if options else ""
        raise UsageError(f"there is no option {unknown[0]}.{known}")
    return words
