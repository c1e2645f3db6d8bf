"""``dojo watch --json``: judges at each save and prints a line of JSON per event."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from dojo.course.katas import Kata
from dojo.watch.events import Event, as_json
from dojo.watch.loop import Loop

_WAKE = 0.2  # seconds


def watch_json(root: Path, kata: Kata, solutions: Path, device: str, limit: float) -> int:
    """Print one line of JSON per event until the reader hangs up or the user interrupts.

    Returns:
        the exit code.
    """
    is_over = threading.Event()
    code = 0

    def stop(number: int, _frame: object) -> None:
        nonlocal code
        code = 128 + number
        is_over.set()

    def print_event(event: Event) -> None:
        try:
            print(json.dumps(as_json(event)), flush=True)  # noqa: T201 - this is the output
        except OSError:  # the reader has gone
            is_over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    loop = Loop(root, solutions, device, limit, print_event)
    loop.follow(kata)
    while not is_over.wait(_WAKE):  # a wait without end hears no signal on Windows
        pass
    loop.close()
    return code
