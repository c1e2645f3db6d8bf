"""Reads a docstring as paragraphs that can be set in any width, and as blocks that cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# What begins an item of a list: `x: shape (2, 3)`, `Returns:`, `A. The graph …`, `- one`.
_ITEM = re.compile(r"[\w*]+(, [\w*]+)*:( |$)|[A-Z0-9]{1,2}\. |[-*] ")


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a line of an example, or (with no text) an empty line.

    ``indent`` is in columns. A ``verbatim`` line keeps its blanks and its line breaks.
    """

    text: str
    indent: int = 0
    verbatim: bool = False

    @property
    def is_heading(self) -> bool:
        """Whether this announces what is indented below it, as ``Args:`` does."""
        return self.indent == 0 and self.text.endswith(":") and " " not in self.text

    @property
    def label(self) -> str:
        """What an item of a list begins with, such as ``x:``; nothing for other blocks."""
        found = None if self.verbatim else _ITEM.match(self.text)
        return found.group().strip() if found else ""


def read_blocks(docstring: str, has_examples: bool = False) -> list[Block]:
    """The blocks of a docstring whose common indentation is taken off.

    Args:
        has_examples: whether an indented paragraph is an example, as in the docstring of a
            module, and not a part of ``Returns:`` or the like.
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
