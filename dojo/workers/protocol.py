"""The messages between the process that asks for a verdict and the worker that judges.

Each message is plain data, sent as JSON.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata

SOCKET = "DOJO_FORK_SERVER_SOCKET"  # environment variable: the fork server's file descriptor
MESSAGE = 64  # bytes of the longest message to or from the fork server


def open_request(
    kata: Kata,
    solutions: Path,
    device: str = "all",
    capture: bool = True,
    prefault: bool = False,
) -> dict[str, Any]:
    """Return the first request: which kata, whose answer, on which devices.

    The worker answers it by a dictionary: the ``plan`` is a list of the kata's checks, each with
    its ``nodeid`` and the ``check`` before it has run; ``devices`` are the devices in words. To
    later requests it answers by a dictionary for each check: the ``check``, its ``seconds``, and
    the ``source_hash`` of the file that was loaded.

    With ``capture`` the end of what the answer prints is in the check; else it is shown at once.
    With ``prefault`` the worker then goes through the checks once, without an answer, so that the
    next time is faster.
    """
    return {
        "kata": kata.name,
        "solutions": str(solutions),
        "device": device,
        "capture": capture,
        "prefault": prefault,
    }


def run_request(nodeids: Sequence[str], following: str | None = None) -> dict[str, Any]:
    """Return any later request: run these checks, and send an answer for each.

    After them the worker tears down what the check ``following`` does not need.
    """
    return {"run": list(nodeids), "following": following}


def requests(connection: Connection) -> Iterator[Any]:
    """In the worker: yield the requests until the parent closes the connection."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            yield json.loads(connection.recv_bytes())


def answer(connection: Connection, value: object) -> None:
    """In the worker: send one answer."""
    connection.send_bytes(json.dumps(value).encode())
