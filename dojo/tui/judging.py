"""What the screen knows of the loop that judges: what it calls, and how its events arrive."""

from __future__ import annotations

from typing import Protocol

from textual.message import Message

from dojo.course.katas import Kata
from dojo.watch.events import Event


class AnyLoop(Protocol):
    """What the screen calls of a loop that judges at each save."""

    def follow(self, kata: Kata) -> None: ...

    def close(self) -> None: ...


class Received(Message):
    """An event of the loop on its way to the screen's own thread."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event
