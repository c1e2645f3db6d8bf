"""Reads known wrong answers (impostors) and other right answers (alternatives) to a kata.

An impostor is a function or class in ``impostors/<track>/<kata>.py`` that replaces one public name
of the reference; everything else stays as in the reference. It is read as text, so that the judge
gets a file like a learner's.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, TypeGuard

from dojo.course.katas import Kata

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Candidate:
    """An impostor or alternative, with the file that a learner who wrote it would have.

    Attributes:
        label: its own name in the file of impostors.
        replaces: the public name of the kata that it replaces.
        right: whether it is an alternative, a right answer.
        diagnosis: the mistake in a sentence; empty for an alternative.
        aspect: the aspect of a check that must be red; empty if any check may be.
        source: the text of the learner's file.
    """

    kata: Kata
    label: str
    replaces: str
    right: bool
    diagnosis: str
    aspect: str
    source: str

    @property
    def id(self) -> str:
        """A name that no other candidate of the course has."""
        return f"{self.kata.name}:{self.label}"


def find_candidates(kata: Kata) -> list[Candidate]:
    """Return all impostors and alternatives of a kata, in the order of its file of impostors.

    Returns:
        Nothing if there is no such file, or no reference.
    """
    if not kata.impostors.is_file() or not kata.reference.is_file():
        return []
    reference = kata.reference.read_text(encoding="utf-8")
    body = ast.parse(kata.impostors.read_text(encoding="utf-8")).body
    marked = {id(node): mark for node in body if (mark := _mark(node)) is not None}
    shared = "\n".join(
        ast.unparse(node) for node in body if id(node) not in marked and not _is_preamble(node)
    )
    candidates = []
    for node in body:
        if id(node) not in marked:
            continue
        assert isinstance(node, Definition)
        kind, name, options = marked[id(node)]
        answer = ast.unparse(_renamed(node, name))
        candidates.append(
            Candidate(
                kata,
                node.name,
                name,
                kind == "alternative",
                options.get("diagnosis", ""),
                options.get("aspect", ""),
                f"{reference}\n\n{shared}\n\n{answer}\n",
            )
        )
    return candidates


def _is_preamble(node: ast.stmt) -> bool:
    """Return whether a statement is the file's docstring or an import of the two marks."""
    if isinstance(node, ast.ImportFrom):
        return node.module in ("dojo.impostors", "__future__")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _mark(node: ast.stmt) -> tuple[str, str, dict[str, str]] | None:
    """Read a node's mark: "impostor" or "alternative", the replaced name, and the options."""
    if not isinstance(node, Definition):
        return None
    for decorator in node.decorator_list:
        if _is_mark(decorator):
            options = {
                keyword.arg: ast.literal_eval(keyword.value)
                for keyword in decorator.keywords
                if keyword.arg is not None
            }
            return decorator.func.id, ast.literal_eval(decorator.args[0]), options
    return None


def _renamed(node: Definition, name: str) -> Definition:
    """Return the definition under the public name, without its mark."""
    others = [decorator for decorator in node.decorator_list if not _is_mark(decorator)]
    fields = {field: getattr(node, field) for field in node._fields}
    renamed = type(node)(**{**fields, "name": name, "decorator_list": others})
    return ast.fix_missing_locations(ast.copy_location(renamed, node))


def _is_mark(decorator: ast.expr) -> TypeGuard[Any]:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id in ("impostor", "alternative")
    )
