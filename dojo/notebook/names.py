"""Finds which names a statement binds, changes and uses; it reads the text and runs nothing."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

OF_PYTHON = frozenset({*dir(builtins), "__name__", "__file__", "__doc__"})  # bound in any module
_COMPREHENSIONS = ("genexpr", "listcomp", "setcomp", "dictcomp")
_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
EVERYTHING = "*"  # stands for the names that ``from x import *`` binds
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Names:
    """The names of a module that a statement at its top level has to do with.

    Attributes:
        binds: names that it binds anew.
        changes: names whose value it changes, as ``x += 1``, ``x[0] = 1`` or ``import x.y`` do;
            ``EVERYTHING`` for ``from x import *``.
        at_once: names that it uses while it runs.
        later: names that the functions in it use once they are called.
    """

    binds: frozenset[str]
    changes: frozenset[str]
    at_once: frozenset[str]
    later: frozenset[str]


def names_of(node: ast.stmt) -> Names:
    """Return the names that a statement at the top level of a module has to do with."""
    binds, changes = set(_bound(node)), set(_changed(node))
    at_once: set[str] = set()
    later: set[str] = set()
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    _collect(table, at_once, later, is_later=False)
    return Names(*map(frozenset, (binds - changes, changes, at_once, later)))


def missing_names(tree: ast.Module) -> list[str]:
    """Return the names that a module uses and never binds, but for Python's own; sorted."""
    all_names = [names_of(node) for node in tree.body]
    bound = {name for names in all_names for name in names.binds | names.changes}
    used = {name for names in all_names for name in names.at_once | names.later}
    return sorted(used - bound - OF_PYTHON)


def is_future(node: ast.stmt) -> bool:
    """Return whether a statement is an import from ``__future__``."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _collect(
    table: symtable.SymbolTable, at_once: set[str], later: set[str], is_later: bool
) -> None:
    """Add the names of the module that a scope and the scopes in it refer to."""
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_module or symbol.is_global()):
            (later if is_later else at_once).add(symbol.get_name())
    for child in table.get_children():
        is_function = child.get_type() == "function" and child.get_name() not in _COMPREHENSIONS
        _collect(child, at_once, later, is_later or is_function)


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds in its own scope, and those in its blocks."""
    if isinstance(node, _DEFINITIONS):
        yield node.name
        return
    if isinstance(node, _OWN_SCOPE):
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (a.asname or a.name.partition(".")[0] for a in node.names if a.name != "*")
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names whose value a statement changes in its own scope."""
    if isinstance(node, (*_DEFINITIONS, *_OWN_SCOPE)):
        return
    if isinstance(node, ast.Import):
        dotted = [a.name for a in node.names if a.asname is None and "." in a.name]
        yield from (name.partition(".")[0] for name in dotted)
    elif isinstance(node, ast.ImportFrom):
        yield from (EVERYTHING for alias in node.names if alias.name == "*")
    elif isinstance(node, ast.AugAssign):
        yield from _base(node.target)
    elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield from _base(node)
    for child in ast.iter_child_nodes(node):
        yield from _changed(child)


def _base(target: ast.expr) -> Iterable[str]:
    """Return the name that a target such as ``x.y[0]`` begins with, if it begins with one."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []
