"""What a cell shows: a verdict, or a kata's task; as HTML in a notebook, as text in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dojo.course.aspects import ASPECTS
from dojo.course.docstrings import read_blocks
from dojo.course.katas import Kata
from dojo.course.lesson import Lesson
from dojo.notebook import html
from dojo.verdict.model import GREEN, NOT_STARTED, Verdict
from dojo.verdict.tensor_grids import marked, tensor_grids
from dojo.verdict.text import (
    columns,
    counts_of,
    failure_lines,
    headline_of,
    prose_lines,
    row_of,
    unstarted_names,
    wrapped,
)

_SAME = "Your code is the reference's, word for word."
_OUTPUT_LINES = 40  # last lines of what the answer printed


class View:
    """Something that IPython shows: a front end takes the HTML, a terminal the text."""

    def lines(self) -> list[str]:
        """Return the lines of the text."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_pretty_(self, printer: Any, _is_cycle: bool) -> None:
        printer.text("\n".join(self.lines()))

    def __repr__(self) -> str:
        return "\n".join(self.lines())


@dataclass(frozen=True, repr=False)
class VerdictView(View):
    """A verdict on a cell.

    Attributes:
        kata: the kata that was judged.
        verdict: the verdict.
        place: the line to look at, such as "line 4 of the cell".
        notes: lines about what else was done or is to be known, such as a copy that was made.
    """

    kata: Kata
    verdict: Verdict
    place: str = ""
    notes: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return the lines of the text: those of ``dojo check``, then the grids of two tensors."""
        name, state, counts = row_of(self.verdict, self.kata.stem)
        lines = [f"{name} {state} {counts}"]
        if self.verdict.state != GREEN:
            _, *rest = failure_lines(self.verdict, "")
            lines += [self.place] if self.place else []
            lines += [f"  {line}" for line in rest]
        lines += [f"  {line}" for line in self._grid_lines()]
        for note in self.notes:
            lines += wrapped(note)
        return lines

    def _grid_lines(self) -> list[str]:
        check = self.verdict.first_failure
        if check is None:
            return []
        grids = tensor_grids(check.got, check.expected, columns())
        return ["".join(text for text, _ in line).rstrip() for line in grids]

    def _repr_html_(self) -> str:
        verdict = self.verdict
        facts = [counts_of(verdict), f"{verdict.seconds:.2f} s", verdict.devices]
        head = f"{html.badge(verdict.state)} &nbsp;{html.strong(self.kata.name)} &nbsp; "
        head += html.muted(" · ".join(filter(None, facts)))
        chips = "".join(html.chip(name, states) for name, states in aspects_of(verdict).items())
        notes = [html.paragraph(html.sentence(note), "opacity: 0.85") for note in self.notes]
        return html.card([html.paragraph(head), html.paragraph(chips), *self._failure(), *notes])

    def _failure(self) -> list[str]:
        """The parts of what is wrong."""
        verdict, check = self.verdict, self.verdict.first_failure
        if check is None or verdict.state == GREEN:
            return []
        place = f" &nbsp; {html.muted(self.place)}" if self.place else ""
        parts = [html.paragraph(f"{html.strong(headline_of(verdict))}{place}")]
        parts.append(html.paragraph(html.sentence(check.message)))
        if check.got and check.expected:
            parts.append(
                html.grids(marked(check.got, check.expected), marked(check.expected, check.got))
            )
        if (end := verdict.later_end) is not None:
            parts.append(html.labelled(f"{end.state}, later", end.message, end.state))
        if verdict.diagnosis:
            parts.append(html.labelled("This looks like", verdict.diagnosis))
        if printed := check.output.rstrip().splitlines()[-_OUTPUT_LINES:]:
            parts += [html.muted("Your code printed:"), html.code("\n".join(printed))]
        if check.state != NOT_STARTED and (idle := unstarted_names(verdict)):
            parts.append(html.paragraph(html.sentence(f"Not started yet: {', '.join(idle)}.")))
        if verdict.also_red and not verdict.is_unread:
            parts.append(html.paragraph(html.muted(f"Also red: {', '.join(verdict.also_red)}.")))
        return parts


@dataclass(frozen=True, repr=False)
class TaskView(View):
    """A kata's statement, what its functions promise, and the cell to answer it in.

    Attributes:
        kata: the kata.
        lesson: its texts.
        task: the statement in lines for a terminal.
        cell: the text of the cell.
        is_cell_given: whether the front end was asked to make that cell, so that a terminal need
            not show it.
    """

    kata: Kata
    lesson: Lesson
    task: Sequence[str]
    cell: str
    is_cell_given: bool

    def lines(self) -> list[str]:
        """Return the lines of the text: the statement, and the cell where nothing else shows it."""
        shown = [] if self.is_cell_given else ["", *self.cell.splitlines()]
        return [self.kata.name, "", *self.task, *shown]

    def _repr_html_(self) -> str:
        contracts = "".join(
            html.code(name.signature) + html.prose(read_blocks(name.docstring))
            for name in self.lesson.names
        )
        return html.card(
            [
                html.paragraph(
                    f"{html.strong(self.lesson.title)} &nbsp; {html.muted(self.kata.name)}"
                ),
                html.prose(self.lesson.task),
                html.folded("What each function promises", contracts),
                html.folded("The cell to answer it in", html.code(self.cell)),
            ]
        )


@dataclass(frozen=True, repr=False)
class SolutionView(View):
    """The reference beside the learner's answer, and why it is right.

    Attributes:
        kata: the kata.
        diff: the lines of a unified diff that turns the answer into the reference.
        why: the reference's docstring.
    """

    kata: Kata
    diff: Sequence[str]
    why: str

    def lines(self) -> list[str]:
        """Return the lines of the text: the diff, then why."""
        return [*(self.diff or [_SAME]), "", *prose_lines(self.why)]

    def _repr_html_(self) -> str:
        shown = html.diff(self.diff) if self.diff else html.paragraph(_SAME)
        why = html.prose(read_blocks(self.why, has_examples=True))
        return html.card([html.paragraph(html.strong(self.kata.name)), shown, why])


def aspects_of(verdict: Verdict) -> dict[str, dict[str, str]]:
    """Return the state of each aspect on each device, in the order of the aspects."""
    found: dict[str, dict[str, list[str]]] = {}
    for check in verdict.checks:
        found.setdefault(check.aspect, {}).setdefault(check.device, []).append(check.state)
    order = [*(name for name in ASPECTS if name in found), *(n for n in found if n not in ASPECTS)]
    return {
        name: {device: html.worst_of(states) for device, states in sorted(found[name].items())}
        for name in order
    }
