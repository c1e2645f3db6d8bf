"""Notices an answer that changes its own file whenever it is judged, which would never end."""

from __future__ import annotations

import time
from pathlib import Path

_SOON = 2.0  # seconds after the begin of a run within which an answer changes its own file
_OFTEN = 4  # runs in a row in which the file changed


class Restless:
    """Counts the runs in a row during which the judged file changed."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0
        self._has_changed = False
        self._count = 0

    def begin(self) -> None:
        """Note that a run begins."""
        self._count = self._count + 1 if self._has_changed else 0
        self._began, self._ended, self._has_changed = time.time(), 0.0, False

    def end(self) -> None:
        """Note that the run has ended."""
        self._ended = time.time()

    def ignores_change(self, path: Path) -> bool:
        """Note that the file changed; return whether the answer seems to do that again and again.

        The run then goes on to its verdict, and no new one begins.
        """
        try:
            changed = path.stat().st_mtime
        except OSError:
            return False
        self._has_changed = (
            self._began <= changed <= min(self._ended or changed, self._began + _SOON)
        )
        return self._has_changed and self._count >= _OFTEN
