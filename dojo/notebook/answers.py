"""Finds which katas a notebook answers: in ``%%kata`` cells, or by functions with their names."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dojo.course.katas import Kata
from dojo.course.lookup import UnclearName
from dojo.course.reference import read_reference
from dojo.notebook.cells import Answer, Cell
from dojo.notebook.imports import needed_imports, with_imports
from dojo.notebook.magic_lines import parsed, unread_line
from dojo.notebook.slicing import DEFINITIONS, joined, slice_of, statements_of


class UnusableCell(Exception):
    """A cell cannot be an answer; the text says where it is, and why."""


@dataclass
class Answers:
    """The answers that a notebook holds.

    Attributes:
        by_kata: the text of each answer, in the order of the course.
        notes: lines that a person should read, such as which kata a function was taken for.
        unread: the cells that are no Python, each by the line where it ends to be some.
    """

    by_kata: dict[Kata, Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def find_answers(
    cells: Sequence[Cell],
    katas: Sequence[Kata],
    wanted: Sequence[Kata],
    kata_of: Callable[[str], Kata],
) -> Answers:
    """Return the answers to the katas that are wanted.

    The last ``%%kata`` cell of a kata counts before functions of the names that the kata asks for.

    Args:
        cells: of the notebook, in order.
        katas: all katas of the course.
        wanted: those whose answers are looked for; none for all.
        kata_of: returns the kata that a name behind ``%%kata`` means; raises ``UnclearName``.

    Raises:
        UnusableCell: a line of an answer is no Python.
        UnclearName: a ``%%kata`` cell names no kata, or several.
    """
    pool = list(wanted) or list(katas)
    answers = Answers()
    found: dict[Kata, Answer] = {}
    own_cells = _kata_cells(cells, kata_of, answers.notes)
    for kata, cell in own_cells.items():
        if kata in pool:
            found[kata] = _answer_of_cell(cell, cells[: cells.index(cell)])
    ordinary = [cell for cell in cells if not cell.kata]
    answers.unread += [place for cell in ordinary if (place := _unread_place(cell))]
    statements = statements_of(ordinary)
    defined = {name for each in statements for name in _defined(each.node)}
    left = [kata for kata in pool if kata not in own_cells]
    chosen = _katas_of(defined, left, katas, answers.notes)
    if len(wanted) == 1 and left:  # then whatever has a name that the kata asks for is meant
        others = {name for each in statements for name in each.names.binds} - defined
        if names := _names_asked(left[0], others):
            chosen[left[0]] = names | chosen.get(left[0], set())
    for kata, names in chosen.items():
        needed = slice_of(statements, sorted(names))
        if bad := [text for part in needed.statements for text in part.left_out]:
            raise UnusableCell(_no_python(bad[0], kata))
        found[kata] = joined(needed.statements)
        for name, loop in needed.loops.items():
            place, line = loop.places[0]
            answers.notes.append(
                f"{place}, line {line}: {kata.name} uses {name}, to which this loop gives a value. "
                "Loops do not run here, but functions do: put it into one."
            )
    answers.by_kata = {kata: found[kata] for kata in katas if kata in found}
    return answers


# ---------------------------------------------------------------- %%kata cells


def _kata_cells(
    cells: Iterable[Cell], kata_of: Callable[[str], Kata], notes: list[str]
) -> dict[Kata, Cell]:
    """The last ``%%kata`` cell of each kata; that there are several is noted."""
    found: dict[Kata, Cell] = {}
    counts: Counter[Kata] = Counter()
    for cell in (each for each in cells if each.kata):
        try:
            kata = kata_of(cell.kata)
        except UnclearName as error:
            raise UnclearName(f"{cell.place}: {error}") from None
        counts[kata] += 1
        found[kata] = cell
    for kata, count in counts.items():
        if count > 1:
            place = found[kata].place
            notes.append(f"{count} %%kata cells answer {kata.name}; the last one counts: {place}")
    return found


def _answer_of_cell(cell: Cell, earlier: Sequence[Cell]) -> Answer:
    if cell.left_out:
        raise UnusableCell(_no_python(cell.shown_left_out[0]))
    lines = [cell.place_of(n) for n in range(1, cell.text.count("\n") + 2)]
    if not cell.takes_imports:
        return Answer(cell.text, tuple(lines))
    added = needed_imports(cell.text, [each.text for each in earlier if not each.kata])
    text, place = with_imports(cell.text, [each.line for each in added])
    return Answer(text, (*lines[:place], *[cell.place_of(0)] * len(added), *lines[place:]))


def _no_python(place: str, kata: Kata | None = None) -> str:
    whose = f"the answer to {kata.name}" if kata is not None else "a %%kata cell"
    return f"{place}: this line of {whose} is a magic or a shell line. Take it out of there."


# ---------------------------------------------------------------- functions of katas' names


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names under which a statement may define an answer: functions, classes, other names."""
    if isinstance(node, DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        if isinstance(node.value, ast.Lambda | ast.Name | ast.Attribute):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.If | ast.Try | ast.With):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _defined(child)


def _unread_place(cell: Cell) -> str:
    """Where a cell ends to be Python; empty for one that is."""
    if parsed(cell.text) is not None:
        return ""
    place, line = cell.place_of(unread_line(cell.text) or 1)
    return f"{place}, line {line}"


def _katas_of(
    defined: set[str], pool: Sequence[Kata], katas: Sequence[Kata], notes: list[str]
) -> dict[Kata, set[str]]:
    """The katas that are answered, each with the names that answer it."""
    fits = {kata: names for kata in pool if (names := _names_asked(kata, defined))}
    in_tracks = {(kata.track, name) for kata, names in fits.items() for name in names}
    tracks = Counter(track for track, _ in in_tracks)
    order = list(dict.fromkeys(kata.track for kata in katas))
    ranked = sorted(tracks, key=lambda track: (-tracks[track], order.index(track)))
    taken: dict[Kata, set[str]] = {}
    for name in sorted(defined):
        possible = [kata for kata, names in fits.items() if name in names]
        nearest = min((ranked.index(kata.track) for kata in possible), default=0)
        in_track = [kata for kata in possible if kata.track == ranked[nearest]]
        most = max((len(fits[kata]) for kata in in_track), default=0)
        best = [kata for kata in in_track if len(fits[kata]) == most]
        if len(best) > 1:
            which = ", ".join(kata.name for kata in best)
            notes.append(f"{name} may be the answer to {which}. Name the kata that is meant.")
        elif best:
            taken.setdefault(best[0], set()).add(name)
            if others := [kata.name for kata in possible if kata != best[0]]:
                notes.append(
                    f"{name} is taken for {best[0].name}. For {' or '.join(others)}, name that."
                )
    return taken


def _names_asked(kata: Kata, defined: set[str]) -> set[str]:
    """Those of the names that the kata asks for; a reference that cannot be read asks for none."""
    try:
        text = kata.reference.read_text(encoding="utf-8")
        if not any(f" {name}" in text for name in defined):
            return set()  # most katas need no closer look
        return defined & read_reference(kata).names.keys()
    except (OSError, ValueError):  # of which NoReference is one
        return set()
