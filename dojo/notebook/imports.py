"""Finds the import lines of earlier cells that a cell needs to stand alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dojo.notebook.magic_lines import parsed, python_of
from dojo.notebook.names import is_future, missing_names


@dataclass(frozen=True)
class ImportLine:
    """An import of one name.

    Attributes:
        name: what it binds.
        line: its text.
        module: the module that it imports, or imports from.
        attribute: what is taken out of that module; empty for the module itself.
    """

    name: str
    line: str
    module: str
    attribute: str = ""

    @property
    def key(self) -> str:
        """What a later import with the same key replaces; that of ``import x.y`` is its own."""
        return self.line if self.line == f"import {self.module}" else self.name


def imports_of(source: str) -> list[ImportLine]:
    """Return the imports at the top level of a cell, one for each name that is bound, in order.

    Those of ``__future__``, and of all that a module has (``*``), are left out.
    """
    tree = parsed(python_of(source).text)
    found = []
    for node in tree.body if tree is not None else []:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found.append(ImportLine(name, f"import {_as_written(alias)}", alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if alias.name != "*" and not is_future(node):
                    line = f"from {node.module} import {_as_written(alias)}"
                    name = alias.asname or alias.name
                    found.append(ImportLine(name, line, node.module, alias.name))
    return found


def _as_written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def needed_imports(
    cell: str, earlier: Iterable[str], holds: Callable[[ImportLine], bool] = lambda _: True
) -> list[ImportLine]:
    """Return the imports of earlier cells that bind what a cell uses and does not bind itself.

    Args:
        cell: the Python of the cell.
        earlier: the texts of the cells before it, the oldest first.
        holds: whether an import has run, and its name still means what it imported.
    """
    missing = missing_names(cell) if parsed(cell) is not None else []
    last: dict[str, ImportLine] = {}
    for line in (each for source in earlier for each in imports_of(source)):
        if line.name in missing and holds(line):
            last.pop(line.key, None)
            last[line.key] = line
    return list(last.values())


def holds_in(namespace: Mapping[str, Any], line: ImportLine) -> bool:
    """Return whether a name of a namespace is what an import of it gives."""
    is_dotted = line.line == f"import {line.module}"
    module = sys.modules.get(line.module.partition(".")[0] if is_dotted else line.module)
    if module is None or line.module not in sys.modules or line.name not in namespace:
        return False
    meant = getattr(module, line.attribute, None) if line.attribute else module
    return namespace[line.name] is meant


def with_imports(cell: str, lines: Iterable[str]) -> tuple[str, int]:
    """Put import lines before the code of a cell, behind its docstring and ``__future__`` imports.

    Returns:
        The new text, and the number of lines of the cell that stand before them.
    """
    added = list(lines)
    tree = parsed(cell)
    place = 0
    for index, node in enumerate(tree.body if tree is not None else []):
        is_docstring = index == 0 and tree is not None and ast.get_docstring(tree) is not None
        if not is_docstring and not is_future(node):
            break
        place = node.end_lineno or 0
    rows = cell.split("\n")
    return "\n".join([*rows[:place], *added, *rows[place:]]), place
