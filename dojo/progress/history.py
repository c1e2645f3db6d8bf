"""Records which files resets have replaced, as a stack for each kata, in ``.dojo/resets.json``.

An older dojo recorded its last reset alone, in ``.dojo/last_reset.json``. That is taken over once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dojo.files.state_file import StateFile

VERSION = 1
_DATE = len("2026-01-31_09-30")


@dataclass(frozen=True)
class Replaced:
    """A learner's file that a reset has replaced.

    Attributes:
        copy: the path of the copy of the file, from the dojo's root.
        left: the hash of what the reset put in its place; empty if that is not known.
        number: which reset that was; a later one has a greater number.
    """

    copy: str
    left: str
    number: int

    @property
    def when(self) -> str:
        """When the copy was made, such as "2026-01-31 09:30"."""
        day, _, time = Path(self.copy).stem[:_DATE].partition("_")
        return f"{day} {time.replace('-', ':')}"


Stack = tuple[Replaced, ...]  # of one kata, the newest last


class History:
    """The stacks of all katas.

    Args:
        root: the dojo.
        warn: called with a line that a person should read.
    """

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        folder = root / ".dojo"
        self._old = folder / "last_reset.json"
        self._old_file = StateFile(self._old, VERSION, _parse_path, str, warn)
        self._file = StateFile(folder / "resets.json", VERSION, _parse_stack, _dump, warn)

    def __str__(self) -> str:
        return str(self._file)

    def stacks(self) -> dict[str, Stack]:
        """Return the stack of each kata that has one, by name.

        Raises:
            OSError: a file cannot be read.
        """
        stacks = self._file.read({})
        self._take_over(stacks, self._old_file.read({}))
        return stacks

    def push(self, copies: Mapping[str, tuple[str, str]]) -> None:
        """Record a reset: of each kata by name the copy of its file, and the hash of its stub.

        Raises:
            OSError: nothing was recorded.
        """

        def change(stacks: dict[str, Stack]) -> None:
            number = 1 + max(
                (each.number for stack in stacks.values() for each in stack), default=0
            )
            for name, (copy, left) in copies.items():
                stacks[name] = (*stacks.get(name, ()), Replaced(copy, left, number))

        self._update(change)

    def remove(self, undone: Sequence[tuple[str, Replaced]]) -> None:
        """Record that these replacements, of katas by name, are undone.

        Raises:
            OSError: nothing was recorded.
        """

        def change(stacks: dict[str, Stack]) -> None:
            for name, replaced in undone:
                stacks[name] = tuple(each for each in stacks.get(name, ()) if each != replaced)
                if not stacks[name]:
                    del stacks[name]

        self._update(change)

    def _update(self, change: Callable[[dict[str, Stack]], None]) -> None:
        old = self._old_file.read({})

        def change_all(stacks: dict[str, Stack]) -> None:
            self._take_over(stacks, old)
            change(stacks)

        self._file.update(change_all, {})
        self._old.unlink(missing_ok=True)

    def _take_over(self, stacks: dict[str, Stack], old: Mapping[str, str]) -> None:
        """Put what an older dojo recorded below the rest of the stacks."""
        for name, copy in old.items():
            stack = stacks.get(name, ())
            if copy not in [each.copy for each in stack]:
                stacks[name] = (Replaced(copy, "", 0), *stack)


def _dump(stack: Stack) -> object:
    return [asdict(each) for each in stack]


def _parse_stack(value: Any) -> Stack:
    """Make a stack of a JSON value.

    Raises:
        ValueError: the value is no stack.
    """
    if not isinstance(value, list):
        raise ValueError("the replaced files of a kata are no list")
    return tuple(_parse_replaced(each) for each in value)


def _parse_replaced(value: Any) -> Replaced:
    if not isinstance(value, dict) or value.keys() != {"copy", "left", "number"}:
        raise ValueError("a replaced file has the fields copy, left, number")
    if not isinstance(value["left"], str) or type(value["number"]) is not int:
        raise ValueError("a replaced file has a hash and a number")
    return Replaced(_parse_path(value["copy"]), value["left"], value["number"])


def _parse_path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(".dojo/saved/") or ".." in value:
        raise ValueError(f"{value!r} is not the path of a saved copy")
    return value
