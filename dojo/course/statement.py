"""Reads the docstrings, the public names and the hints of a kata's file, without running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

_DOCSTRING = re.compile(r"""(?:\s|#.*\n)*[rR]?(\"{3}|'{3})(.*?)\1""", re.DOTALL)


@dataclass(frozen=True)
class PublicName:
    """A function or class that the learner writes.

    Attributes:
        signature: its name, arguments and result, as text; of a class, those of ``__init__``.
        docstring: its docstring; of a class, followed by those of its methods.
        arguments: its arguments as syntax; of a class, those of ``__init__``.
    """

    name: str
    signature: str
    docstring: str
    arguments: ast.arguments
    is_class: bool


@dataclass(frozen=True)
class Statement:
    """The docstring, the public names and the hints of a stub or reference."""

    docstring: str
    names: dict[str, PublicName]
    hints: tuple[str, ...]

    @property
    def title(self) -> str:
        """The first line of the docstring, without its full stop."""
        return title_of(self.docstring)


def read_statement(path: Path) -> Statement:
    """Parse a stub or reference.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: the file is not Python.
        ValueError: a public class has no ``__init__``.
    """
    return parse_statement(path.read_text(encoding="utf-8"), str(path))


def parse_statement(text: str, filename: str = "<kata>") -> Statement:
    """Parse the text of a stub or reference; ``filename`` is where an error is said to be.

    Raises:
        SyntaxError: the text is not Python.
        ValueError: a public class has no ``__init__``.
    """
    tree = ast.parse(text, filename=filename)
    names: dict[str, PublicName] = {}
    hints: tuple[str, ...] = ()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            names[node.name] = _public_name(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HINTS":
            hints = tuple(ast.literal_eval(node.value))
    return Statement(ast.get_docstring(tree) or "", names, hints)


def read_docstring(path: Path) -> str:
    """Read the docstring of a file without parsing the rest, which need not be Python.

    This takes a tenth of the time of ``read_statement``.

    Raises:
        OSError: the file cannot be read.
    """
    found = _DOCSTRING.match(path.read_text(encoding="utf-8-sig", errors="replace"))
    return found[2].strip() if found else ""


def title_of(docstring: str) -> str:
    """Return the first line of a docstring, without its full stop."""
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
        _docstring_of(node),
        arguments,
        is_class,
    )


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    methods = (item for item in node.body if isinstance(item, ast.FunctionDef))
    return next((method for method in methods if method.name == name), None)


def _docstring_of(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return the docstring of a function; of a class, followed by those of its methods."""
    texts = [ast.get_docstring(node) or ""]
    if isinstance(node, ast.ClassDef):
        texts += [
            f"{item.name}: {ast.get_docstring(item) or ''}"
            for item in node.body
            if isinstance(item, ast.FunctionDef)
        ]
    return "\n\n".join(texts)
