"""Reads what a kata's file says about itself, as text: it runs nothing and imports no torch."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

_DOCSTRING = re.compile(r"""(?:\s|#.*\n)*[rR]?(\"{3}|'{3})(.*?)\1""", re.DOTALL)


@dataclass(frozen=True)
class PublicName:
    """A function or class that the learner writes."""

    name: str
    signature: str
    docstring: str
    arguments: ast.arguments
    is_class: bool


@dataclass(frozen=True)
class Statement:
    """What a stub or reference says: the module's docstring, its names and its hints."""

    docstring: str
    names: dict[str, PublicName]
    hints: tuple[str, ...]

    @property
    def title(self) -> str:
        return title_of(self.docstring)


def read_statement(path: Path) -> Statement:
    """Parse a stub or reference.

    Raises:
        SyntaxError: the file is not Python.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    names: dict[str, PublicName] = {}
    hints: tuple[str, ...] = ()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            names[node.name] = _public_name(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HINTS":
            hints = tuple(ast.literal_eval(node.value))
    return Statement(ast.get_docstring(tree) or "", names, hints)


def read_docstring(path: Path) -> str:
    """The docstring alone, read in a tenth of the time and also where the rest is not Python.

    Raises:
        OSError: the file cannot be read.
    """
    found = _DOCSTRING.match(path.read_text(encoding="utf-8-sig", errors="replace"))
    return found[2].strip() if found else ""


def title_of(docstring: str) -> str:
    """What the first line says."""
    return docstring.strip().partition("\n")[0].rstrip(".")


def _public_name(node: ast.FunctionDef | ast.ClassDef) -> PublicName:
    is_class = isinstance(node, ast.ClassDef)
    function = _method(node, "__init__") if isinstance(node, ast.ClassDef) else node
    if function is None:
        raise ValueError(f"class {node.name} needs an __init__ that shows how it is made")
    arguments = function.args
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    shown = ast.unparse(arguments).removeprefix("self, ")
    return PublicName(
        node.name,
        f"{node.name}({shown}){'' if is_class else returns}",
        _docstrings(node),
        arguments,
        is_class,
    )


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    methods = (item for item in node.body if isinstance(item, ast.FunctionDef))
    return next((method for method in methods if method.name == name), None)


def _docstrings(node: ast.FunctionDef | ast.ClassDef) -> str:
    """The docstring, with a class's own methods' after it."""
    texts = [ast.get_docstring(node) or ""]
    if isinstance(node, ast.ClassDef):
        texts += [
            f"{item.name}: {ast.get_docstring(item) or ''}"
            for item in node.body
            if isinstance(item, ast.FunctionDef)
        ]
    return "\n\n".join(texts)
