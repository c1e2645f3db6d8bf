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
    """Judge at each save, and print a line of JSON per event, until the reader is gone or a signal.

    Args:
        root: the dojo.
        kata: the one to judge first.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.

    Returns:
        the exit code: 0, or 128 plus the number of the signal.
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
