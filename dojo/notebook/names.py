"""Finds which names a statement binds, changes and uses; it reads the text and runs nothing."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

OF_PYTHON = frozenset({*dir(builtins), "__name__", "__file__", "__doc__"})  # bound in any module
_COMPREHENSIONS = ("genexpr", "listcomp", "setcomp", "dictcomp")
_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
EVERYTHING = "*"  # stands for the names that ``from x import *`` binds
_IN_PLACE = re.compile(  # methods of lists, dicts and sets, and those of torch
    r"append|extend|insert|remove|pop|clear|sort|reverse|update|setdefault|add|discard|\w*[^\W_]_"
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Names:
    """The names of a module that a statement at its top level has to do with.

    Attributes:
        binds: names that it binds anew.
        changes: names whose value it changes, as ``x += 1``, ``x[0] = 1`` or ``import x.y`` do, or
            which only one of its branches binds; ``EVERYTHING`` for ``from x import *``.
        mutates: names on whose value it calls a method that works in place, as ``x.append(1)``.
        at_once: names that it uses while it runs.
        later: names that the functions in it use once they are called.
    """

    binds: frozenset[str]
    changes: frozenset[str]
    mutates: frozenset[str]
    at_once: frozenset[str]
    later: frozenset[str]


def names_of(node: ast.stmt, text: str) -> Names:
    """Return the names that a statement at the top level of a module has to do with.

    Args:
        node: the statement.
        text: its text.
    """
    bound = {name for each in _in_its_scope(node) for name in _bound(each)}
    binds = _surely_bound([node])
    changes = {name for each in _in_its_scope(node) for name in _changed(each)} | (bound - binds)
    mutates = {name for each in _in_its_scope(node) for name in _mutated(each)}
    used = _used(symtable.symtable(text, "<cell>", "exec"))
    return Names(*map(frozenset, (binds - changes, changes, mutates, *used)))


def missing_names(source: str) -> list[str]:
    """Return the names that a module uses and never binds, but for Python's own; sorted.

    Raises:
        SyntaxError: the source is no Python.
    """
    table = symtable.symtable(source, "<cell>", "exec")
    symbols = table.get_symbols()
    bound = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported()}
    at_once, later = _used(table)
    return sorted((at_once | later) - bound - OF_PYTHON)


def is_future(node: ast.stmt) -> bool:
    """Return whether a statement is an import from ``__future__``."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _used(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Return the names of the module that are used while it runs, and those that its functions use.

    A cell may nest deeply, so the scopes wait in a list.
    """
    at_once: set[str] = set()
    later: set[str] = set()
    waiting = [(table, at_once)]
    while waiting:
        scope, names = waiting.pop()
        kind = scope.get_type()
        for symbol in scope.get_symbols():
            # A class may bind a name to what the module has under it, as ``size = size`` does.
            is_of_module = kind == "module" or (kind == "class" and not symbol.is_free())
            if symbol.is_referenced() and (is_of_module or symbol.is_global()):
                names.add(symbol.get_name())
        for child in scope.get_children():
            is_function = child.get_type() == "function" and child.get_name() not in _COMPREHENSIONS
            waiting.append((child, later if is_function else names))
    return at_once, later


def _in_its_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and all that is in it, but for what stands in other scopes."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if not isinstance(each, (*_DEFINITIONS, *_OWN_SCOPE)):
            waiting.extend(ast.iter_child_nodes(each))


def _surely_bound(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that statements bind, whichever of their branches run."""
    found: set[str] = set()
    for node in body:
        branches = _branches(node)
        bound = [_surely_bound(branch) for branch in branches if not _leaves(branch)]
        if branches:
            found |= set.intersection(*bound) if bound else set()
        else:
            found.update(name for each in _in_its_scope(node) for name in _bound(each))
    return found


def _branches(node: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of which one runs; empty for a statement that has none."""
    if isinstance(node, ast.If):
        return [node.body, node.orelse]
    if isinstance(node, ast.Try):
        return [[*part, *node.finalbody] for part in _ways_through(node)]
    if isinstance(node, ast.Match):
        return [*(case.body for case in node.cases), []]
    return []


def _ways_through(node: ast.Try) -> list[list[ast.stmt]]:
    return [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]


def _leaves(branch: Sequence[ast.stmt]) -> bool:
    """Whether nothing runs after a branch, since it ends with ``raise``."""
    return bool(branch) and isinstance(branch[-1], ast.Raise)


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds, without those in it."""
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (a.asname or a.name.partition(".")[0] for a in node.names if a.name != "*")
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names whose value a node changes, without what stands in it."""
    if isinstance(node, ast.Import):
        dotted = [a.name for a in node.names if a.asname is None and "." in a.name]
        yield from (name.partition(".")[0] for name in dotted)
    elif isinstance(node, ast.ImportFrom):
        yield from (EVERYTHING for alias in node.names if alias.name == "*")
    elif isinstance(node, ast.AugAssign):
        yield from _base(node.target)
    elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield from _base(node)


def _mutated(node: ast.AST) -> Iterator[str]:
    """Yield the name on whose value a call works in place, if its method is known to do that."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        method = node.value.func
        if isinstance(method, ast.Attribute) and _IN_PLACE.fullmatch(method.attr):
            yield from _base(method)


def _base(target: ast.expr) -> Iterable[str]:
    """Return the name that a target such as ``x.y[0]`` begins with, if it begins with one."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []
