"""Makes the cell in which a kata is answered, out of the kata's stub."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from dojo.course.katas import Kata
from dojo.course.lookup import short_name
from dojo.course.stubs import RUN_LINE, is_stub
from dojo.files.atomic import content_of
from dojo.progress.reset import known_stub


def stub_of(kata: Kata) -> bytes:
    """Return the kata's stub, also where the learner's file is an answer already.

    Raises:
        CannotReplace: it is not known.
    """
    raw = content_of(kata.stub)
    return raw if is_stub(kata, raw) else known_stub(kata)


def cell_text(kata: Kata, katas: Sequence[Kata], stub: bytes) -> str:
    """Return the text of the cell in which a kata is answered: its magic, then the stub's code.

    The statement is left out, and the line that judges a file when it is run.

    Args:
        kata: the kata.
        katas: all of the course, since its name must tell it from the rest.
        stub: the text of the kata's stub.
    """
    source = stub.decode("utf-8-sig").replace("\r\n", "\n")
    lines = [line for line in source.split("\n") if line != RUN_LINE]
    tree = ast.parse(source)
    if ast.get_docstring(tree, clean=False) is not None:
        lines = lines[tree.body[0].end_lineno :]
    code = "\n".join(lines).strip("\n")
    return f"%%kata {short_name(kata, katas)}\n{code}"
