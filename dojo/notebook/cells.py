"""The code cells of a notebook or a script, and the answers made of them, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

Place = tuple[str, int]  # what is shown as the file of a line, and the number of the line in it


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes:
        place: what is shown as its file, such as "homework.ipynb, cell 3".
        text: its Python; see ``Plain`` for what takes the place of other lines.
        before: how many lines of the place stand before the text.
        left_out: lines of the text that are no Python, by number.
        kata: the name behind ``%%kata``; empty for an ordinary cell.
        takes_imports: whether it takes the imports of earlier cells, by ``--with-imports``.
    """

    place: str
    text: str
    before: int = 0
    left_out: dict[int, str] = field(default_factory=dict)
    kata: str = ""
    takes_imports: bool = False

    def place_of(self, line: int) -> Place:
        """Return where a line of the text stands."""
        return self.place, self.before + line

    @property
    def shown_left_out(self) -> list[str]:
        """The lines that are no Python, each with its place, in words."""
        return [
            f"{self.place}, line {self.before + number}: {text}"
            for number, text in self.left_out.items()
        ]


@dataclass(frozen=True)
class Answer:
    """The text of a kata's answer that was taken from cells, and where each of its lines stands."""

    text: str
    places: tuple[Place, ...]

    def place_of(self, line: int) -> Place:
        """Return where a line of the text, from 1 on, stands in the notebook."""
        return self.places[min(max(line, 1), len(self.places)) - 1]
