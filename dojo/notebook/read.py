"""Reads the code cells of a notebook or of a script, which may be an exported notebook."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from dojo.files.atomic import read_file
from dojo.notebook.cells import Cell
from dojo.notebook.magic_lines import (
    RUN_AS_PYTHON,
    Plain,
    cell_magic,
    parsed,
    python_of,
    without_blank_start,
    without_magics,
)

FORMAT = 4  # the major version of nbformat that is read
_MARK = re.compile(r"^# ?(?:%%(?!kata\b).*|In\s?\[[\d ]*\]:?)\s*$")  # begins a cell of a script
_KATA_LINE = re.compile(r"^(?:# ?)?(?=%%kata\b)")
_WITH_IMPORTS = "--with-imports"


class UnreadNotebook(Exception):
    """A file cannot be read as a notebook; the text says why, and what to do."""


class NoNbformat(UnreadNotebook):
    """The library that reads and writes notebooks is not installed."""

    def __init__(self) -> None:
        super().__init__("notebooks need one more package: pip install 'torch-dojo[notebook]'")


def read_cells(path: Path, shown: str) -> list[Cell]:
    """Return the code cells of a notebook (``.ipynb``) or a script (``.py``), in order.

    Args:
        path: the file.
        shown: how it is named to a person.

    Raises:
        UnreadNotebook: the file cannot be read, is neither, has no code, or has a ``%%kata`` that
            does not name one kata.
    """
    if path.suffix not in (".ipynb", ".py"):
        raise UnreadNotebook(f"{shown} is neither a notebook (.ipynb) nor a script (.py).")
    try:
        text = read_file(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise UnreadNotebook(f"there is no file {shown}.") from None
    except UnicodeDecodeError:
        raise UnreadNotebook(f"{shown} is not UTF-8 text.") from None
    except OSError as error:
        raise UnreadNotebook(f"{shown} cannot be read ({error.strerror}).") from None
    text = text.replace("\r\n", "\n")
    cells = _of_script(text, shown) if path.suffix == ".py" else _of_notebook(text, shown)
    if not any(cell.text.strip() for cell in cells):
        raise UnreadNotebook(f"{shown} has no cell with code.")
    return cells


def nbformat_module() -> Any:
    """Return the library ``nbformat``.

    Raises:
        NoNbformat: it is not installed.
    """
    try:
        import nbformat
    except ImportError:
        raise NoNbformat from None
    return nbformat


def _of_notebook(text: str, shown: str) -> list[Cell]:
    nbformat = nbformat_module()
    try:
        notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        version = notebook.nbformat
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no notebook
        raise UnreadNotebook(f"{shown} is no notebook: it is not JSON of that form.") from None
    if version != FORMAT:
        convert = "jupyter nbconvert --to notebook --nbformat 4"
        raise UnreadNotebook(
            f"{shown} has the notebook format {version}, and only {FORMAT} is read. To convert it: "
            f"{convert} {shown}"
        )
    sources = [_source_of(each) for each in notebook.get("cells", []) if _is_code(each)]
    return [
        _cell(source.replace("\r\n", "\n"), f"{shown}, cell {number}", 0)
        for number, source in enumerate(sources, 1)
    ]


def _is_code(cell: Any) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def _source_of(cell: Any) -> str:
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.encode("utf-8", "replace").decode()  # JSON can hold halves of characters


def _of_script(text: str, shown: str) -> list[Cell]:
    """The cells of a script: it is cut at marks such as ``# %%`` and ``# In[3]:``."""
    lines = text.split("\n")
    starts = [0]
    starts += [n for n, line in enumerate(lines) if _MARK.match(line) or _KATA_LINE.match(line)]
    cells: list[Cell] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        part = lines[start:end]
        if part and _MARK.match(part[0]):
            part[0] = ""  # the number of each line stays
        source = _KATA_LINE.sub("", "\n".join(part))
        cells += _exported(source, shown, start) or [_cell(source, shown, start)]
    unread = next((cell for cell in cells if parsed(cell.text) is None), None)
    if unread is not None and len(cells) == 1:
        raise UnreadNotebook(f"{shown} is not Python. To see where: python {shown}")
    return cells


def _exported(source: str, shown: str, start: int) -> list[Cell]:
    """The cells of a part of a script in which nbconvert has written cell magics as calls."""
    tree = parsed(source)
    calls = [call for node in tree.body if (call := _magic_call(node))] if tree is not None else []
    if not calls:
        return []
    cells = [_plain(without_magics(source), shown, start)]
    for name, line, text in calls:
        place = f"{shown}, %%{name} {line.partition(' ')[0]}".rstrip()
        cells.append(_cell(f"%%{name} {line}\n{text}", place, 0))
    return cells


def _magic_call(node: ast.stmt) -> tuple[str, str, str] | None:
    """The name, line and text of ``get_ipython().run_cell_magic("kata", line, text)``.

    None for another statement, and for a magic below which there may be no Python.
    """
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith(".run_cell_magic"):
        return None
    texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
    if len(texts) != 3 or texts[0] not in ("kata", *RUN_AS_PYTHON):
        return None
    return str(texts[0]), str(texts[1]), str(texts[2])


def _cell(source: str, place: str, before: int) -> Cell:
    """A cell as it is shown in a notebook; blank lines before a cell magic are left out."""
    cut = without_blank_start(source)
    name, rest = cell_magic(cut)
    if name:
        before += source.count("\n") - cut.count("\n")
        source = cut
    if name == "kata":
        return _kata_cell(rest, source.partition("\n")[2], place, before + 1)
    return _plain(python_of(source), place, before)


def _kata_cell(line: str, text: str, place: str, before: int) -> Cell:
    words = line.split()
    names = [word for word in words if word != _WITH_IMPORTS]
    if len(names) != 1 or names[0].startswith("-"):
        raise UnreadNotebook(
            f"{place}: %%kata {line}".rstrip() + ": name one kata there, such as: %%kata k03. "
            f"The one option is {_WITH_IMPORTS}."
        )
    plain = without_magics(text)
    return Cell(place, plain.text, before, plain.left_out, names[0], _WITH_IMPORTS in words)


def _plain(plain: Plain, place: str, before: int) -> Cell:
    return Cell(place, plain.text, before, plain.left_out)
