"""Says what the keys do while a kata is practised: a hint, giving up, or the end."""

from __future__ import annotations

from dojo.cli.guidance import print_hint
from dojo.cli.keys import END
from dojo.cli.terminal import say
from dojo.practice.session import Attempt

ENDS = ("q", END)  # the keys that end the session
_KEYS = "h: a hint   g: give up   q: end"


class AttemptKeys:
    """Does what the keys ask for, but for those that end the session.

    Args:
        attempt: the kata that is being practised.
        hints: how many hints it has.
    """

    def __init__(self, attempt: Attempt, hints: int) -> None:
        self._attempt, self._hints = attempt, hints
        self._asks = False  # whether a yes is waited for before the kata is given up

    @property
    def line(self) -> str:
        """What can be typed now."""
        return "give up, and see the solution? y/n" if self._asks else _KEYS

    def press(self, key: str) -> None:
        """Open a hint, or give up after a yes; any other key does nothing."""
        if self._asks:
            self._asks = False
            if key == "y":
                self._attempt.give_up()
        elif key == "g":
            self._asks = True
        elif key == "h":
            hint = self._attempt.open_hint()
            if hint is None:
                say(f"  All {self._hints} hints are open. What is left is to give up: g")
            else:
                print_hint(hint[0], self._hints, hint[1])
