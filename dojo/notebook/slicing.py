"""Takes out of a notebook what an answer needs: some definitions, and all that they use.

So prints, plots and training loops between the definitions do not run when the answer is judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dojo.notebook.cells import Answer, Cell, Place
from dojo.notebook.magic_lines import parsed
from dojo.notebook.names import EVERYTHING, OF_PYTHON, Names, is_future, names_of

_IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)  # never a part of an answer: they may train for hours


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell.

    Attributes:
        node: its syntax tree.
        cell: where it stands.
        first: its first line in the text of the cell, with its decorators.
        text: its lines.
        names: what it binds, changes and uses.
    """

    node: ast.stmt
    cell: Cell
    first: int
    text: str
    names: Names

    @property
    def is_loop(self) -> bool:
        """Whether it is a loop."""
        return isinstance(self.node, _LOOPS)

    @property
    def places(self) -> list[Place]:
        """Where its lines stand."""
        return [self.cell.place_of(self.first + n) for n in range(self.text.count("\n") + 1)]

    @property
    def left_out(self) -> list[str]:
        """The lines in it that were no Python, each with its place, in words."""
        last = self.first + self.text.count("\n")
        inside = {n: t for n, t in self.cell.left_out.items() if self.first <= n <= last}
        return Cell(self.cell.place, "", self.cell.before, inside).shown_left_out


@dataclass(frozen=True)
class Slice:
    """What some names need of a notebook.

    Attributes:
        statements: those that define the names, and those that they need, in order.
        loops: names that are needed, each with the last loop that gives it a value, which is not
            among the statements.
    """

    statements: list[Statement]
    loops: dict[str, Statement]


def statements_of(cells: Iterable[Cell]) -> list[Statement]:
    """Return the statements of the cells, in order; a cell that is no Python has none."""
    found = []
    for cell in cells:
        tree = parsed(cell.text)
        for node in tree.body if tree is not None else []:
            first, text = _text_of(node, cell.text)
            found.append(Statement(node, cell, first, text, names_of(node, text)))
    return found


def slice_of(statements: Sequence[Statement], names: Iterable[str]) -> Slice:
    """Return the statements that define these names, and those that they need.

    The last binding of a name counts: for what a function uses, the last of all; for what is used
    while a statement runs, the last before it.
    """
    closure = _Closure(statements)
    for name in names:
        closure.need(name, len(statements))
    return Slice([statements[index] for index in sorted(closure.chosen)], closure.loops)


def joined(statements: Sequence[Statement]) -> Answer:
    """Return statements as the text of an answer; imports from ``__future__`` come first."""
    ordered = sorted(statements, key=lambda each: not is_future(each.node))
    text = "\n".join(each.text for each in ordered)
    return Answer(f"{text}\n", tuple(place for each in ordered for place in each.places))


class _Closure:
    """Chooses statements, with all that they need.

    Attributes:
        chosen: the indices of the statements that are needed.
        loops: the last loop that gives a value to a name that is needed.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._seen: set[tuple[object, int]] = set()
        self.loops: dict[str, Statement] = {}
        self.chosen = {i for i, each in enumerate(statements) if is_future(each.node)}

    def need(self, name: str, before: int) -> None:
        """Choose what gives a name its value before the statement of that index."""
        if (name, before) in self._seen:
            return
        self._seen.add((name, before))
        earlier = [i for i in range(before) if not self._statements[i].is_loop]
        binding = [i for i in earlier if name in self._statements[i].names.binds]
        last = binding[-1] if binding else -1
        is_module = bool(binding) and isinstance(self._statements[last].node, _IMPORTS)
        changing = [i for i in earlier if name in self._statements[i].names.changes]
        if not is_module:  # torch.nn.init.zeros_(weight) does not change torch
            changing += [i for i in earlier if name in self._statements[i].names.mutates]
        imports = [i for i in changing if isinstance(self._statements[i].node, ast.Import)]
        needed = {*binding[-1:], *(i for i in changing if i > last), *imports}
        self._look_for_loops(name, range(last + 1, before), is_module)
        for index in sorted(needed):
            self._take(index, before)
        if not needed and before < len(self._statements):
            self.need(name, len(self._statements))  # the cells have run in another order
        elif not needed and name not in OF_PYTHON:
            self.need(EVERYTHING, before)

    def _look_for_loops(self, name: str, places: Iterable[int], is_module: bool) -> None:
        for index in places:
            names = self._statements[index].names
            gives = names.binds | names.changes | (frozenset() if is_module else names.mutates)
            if name in gives and self._statements[index].is_loop:
                self.loops[name] = self._statements[index]

    def _take(self, index: int, before: int) -> None:
        if (index, before) in self._seen:
            return
        self._seen.add((index, before))
        self.chosen.add(index)
        names = self._statements[index].names
        for name in names.at_once | names.changes | names.mutates:
            self.need(name, index)
        for name in names.later:
            self.need(name, before)
            self.need(name, len(self._statements))


def _text_of(node: ast.stmt, text: str) -> tuple[int, str]:
    """Return the first line of a statement and its text, with decorators and as it was written."""
    decorators = node.decorator_list if isinstance(node, DEFINITIONS) else []
    if not decorators:
        return node.lineno, ast.get_source_segment(text, node) or ast.unparse(node)
    first = min(decorator.lineno for decorator in decorators)
    return first, "\n".join(text.split("\n")[first - 1 : node.end_lineno])
