"""Writes the notebook of a track: for each kata its statement, and a cell to answer it in."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata, track_title
from dojo.files.atomic import write_new
from dojo.notebook.read import nbformat_module
from dojo.notebook.stub_cells import cell_text

_FIRST = """\
# The cell of a kata is saved as its file in katas/, and judged, when you run it. In any cell:
#   %dojo      the list of the katas, and what is next
#   %hint      the next hint of the current kata; %hint k03, that of another one
#   %solution  the reference beside your answer, and why
%load_ext dojo"""


_LANGUAGE = {  # without these, nbconvert would export it as text
    "name": "python",
    "file_extension": ".py",
    "nbconvert_exporter": "python",
}


def notebook_of(track: str, stubs: dict[Kata, bytes], katas: Sequence[Kata]) -> Any:
    """Return a track's notebook as ``nbformat`` holds it.

    Args:
        track: the name of the track.
        stubs: the stub of each kata of the track, in order.
        katas: all of the course.

    Raises:
        NoNbformat: the library is not installed.
    """
    new = nbformat_module().v4
    cells = []
    for kata, stub in stubs.items():
        docstring = ast.get_docstring(ast.parse(stub)) or kata.stem
        cells.append(new.new_markdown_cell(_markdown(kata, docstring)))
        cells.append(new.new_code_cell(cell_text(kata, katas, stub)))
    root = next(iter(stubs)).root
    title = new.new_markdown_cell(f"# {track_title(root, track)}")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new.new_notebook(
        cells=[title, new.new_code_cell(_FIRST), *cells],
        metadata={"kernelspec": kernel, "language_info": _LANGUAGE},
    )


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook to a new file.

    Raises:
        FileExistsError: there is a file already, and it stays as it is.
        OSError: the file cannot be written; nothing is left of it.
    """
    text = nbformat_module().writes(notebook)
    write_new(path, f"{text}\n".encode())


def _markdown(kata: Kata, docstring: str) -> str:
    """A kata's statement as Markdown: its indented examples are code there too."""
    title, _, rest = docstring.strip().partition("\n")
    number = kata.stem.partition("_")[0]
    return f"## {number} {title.rstrip('.')}\n{rest.rstrip()}"
