"""Reads a docstring as paragraphs that fit any width, and as lines that must stay as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# The beginning of an item of a list: `x: shape (2, 3)`, `Returns:`, `A. The graph …`, `- one`.
_ITEM = re.compile(r"[\w*]+(, [\w*]+)*:( |$)|[A-Z0-9]{1,2}\. |[-*] ")


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a line of an example, or (with no text) an empty line.

    Attributes:
        indent: columns before the text.
        verbatim: whether it is one line that keeps its blanks and its line break.
    """

    text: str
    indent: int = 0
    verbatim: bool = False

    @property
    def is_heading(self) -> bool:
        """Whether the block is a heading of an indented list, such as ``Args:``."""
        return self.indent == 0 and self.text.endswith(":") and " " not in self.text

    @property
    def label(self) -> str:
        """The beginning of an item of a list, such as ``x:``; empty for other blocks."""
        found = None if self.verbatim else _ITEM.match(self.text)
        return found.group().strip() if found else ""


def read_blocks(docstring: str, has_examples: bool = False) -> list[Block]:
    """Return the blocks of a docstring.

    Args:
        docstring: without the indentation that all its lines have in the file.
        has_examples: whether an indented paragraph is an example, as in the docstring of a
            module, or else a part of a list such as ``Returns:``.
    """
    blocks: list[Block] = []
    is_example = False
    for line in docstring.strip().splitlines():
        new = Block(line.strip(), len(line) - len(line.lstrip()))
        last = blocks[-1] if blocks else Block("")
        if not last.text:
            is_example = has_examples and new.indent > 0
        if not new.text:
            blocks.append(Block(""))
        elif is_example:
            blocks.append(replace(new, verbatim=True))
        elif not last.text or last.is_heading or new.label or new.indent < last.indent:
            blocks.append(new)
        else:
            blocks[-1] = replace(last, text=f"{last.text} {new.text}")
    return blocks
