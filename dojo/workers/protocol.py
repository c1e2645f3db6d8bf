"""The messages between the process that asks for a verdict and the worker that judges.

Each message is plain data, sent as JSON behind the random id of the run. The parent makes the id
and sends it with each request; an answer counts only with that id.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata
from dojo.verdict.model import STATES, Check
from dojo.workers.frames import NoAnswer

SOCKET = "DOJO_FORK_SERVER_SOCKET"  # environment variable: the fork server's file descriptor
MESSAGE = 64  # bytes of the longest message to or from the fork server
RUN_ID = 32  # bytes of the id of a run


def open_request(
    kata: Kata,
    solutions: Path,
    device: str = "all",
    capture: bool = True,
    rehearse: bool = False,
) -> dict[str, Any]:
    """Return the first request: which kata, whose answer, on which devices.

    The worker answers it by a dictionary: the ``plan`` is a list of the kata's checks, each with
    its ``nodeid`` and the ``check`` before it has run; ``devices`` are the devices in words. To
    later requests it answers by a dictionary for each check: its ``nodeid``, the ``check``, its
    ``seconds``, and the ``source_hash`` of the file that was loaded.

    With ``capture`` the end of what the answer prints is in the check; else it is shown at once.
    With ``rehearse`` the worker then runs the checks on the reference, until a request comes in, so
    that the next time is faster.
    """
    return {
        "kata": kata.name,
        "solutions": str(solutions),
        "device": device,
        "capture": capture,
        "rehearse": rehearse,
    }


def run_request(nodeids: Sequence[str], following: str | None = None) -> dict[str, Any]:
    """Return any later request: run these checks, and send an answer for each.

    After them the worker tears down what the check ``following`` does not need.
    """
    return {"run": list(nodeids), "following": following}


class WorkerEnd:
    """The worker's end of a connection to its parent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run_id = b""

    def receive(self) -> Any:
        """Wait for the next request.

        Raises:
            EOFError, OSError: the parent has closed its end.
        """
        message = self._connection.recv_bytes()
        self._run_id = message[:RUN_ID]
        return json.loads(message[RUN_ID:])

    def has_request(self) -> bool:
        """Return whether a request is there, or the parent has closed its end."""
        try:
            return self._connection.poll()
        except OSError:
            return True

    def send(self, value: object) -> None:
        """Send one answer."""
        self._connection.send_bytes(self._run_id + json.dumps(value).encode())

    def close(self) -> None:
        """Cut the connection."""
        self._connection.close()


def requests(connection: WorkerEnd) -> Iterator[Any]:
    """In the worker: yield the requests until the parent closes the connection."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            yield connection.receive()


def answer(connection: WorkerEnd, value: object) -> None:
    """In the worker: send one answer."""
    connection.send(value)


# ---------------------------------------------------------------- what the parent accepts


@dataclass(frozen=True)
class Plan:
    """The checks that a worker will run, and the devices in words.

    Attributes:
        checks: by node id, each without its outcome.
        devices: the devices in words.
    """

    checks: dict[str, Check]
    devices: str


@dataclass(frozen=True)
class Outcome:
    """What a worker says of one check that has run."""

    check: Check
    seconds: float
    source_hash: str


def parse_plan(value: object) -> Plan:
    """Read the answer to the first request.

    Raises:
        NoAnswer: it has not exactly the form that a worker sends.
    """
    plan, devices = _fields(value, {"plan": list, "devices": str})
    pairs = [_fields(one, {"nodeid": str, "check": dict}) for one in plan]
    return Plan({nodeid: _parse_check(check) for nodeid, check in pairs}, devices)


def parse_outcome(value: object, nodeid: str) -> Outcome:
    """Read the answer for one check, whose node id must be the one given.

    Raises:
        NoAnswer: it has not exactly the form that a worker sends, or is about another check.
    """
    kinds = {"nodeid": str, "check": dict, "seconds": float, "source_hash": str}
    named, check, seconds, source_hash = _fields(value, kinds)
    if named != nodeid or not 0 <= seconds < math.inf:
        raise NoAnswer
    return Outcome(_parse_check(check), seconds, source_hash)


def _fields(value: object, kinds: Mapping[str, type]) -> list[Any]:
    """Return the values of a dict that has exactly these keys, with values of these types."""
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise NoAnswer
    found = [value[name] for name in kinds]
    if any(type(one) is not kind for one, kind in zip(found, kinds.values(), strict=True)):
        raise NoAnswer
    return found


_CHECK = {field.name: field.type for field in dataclasses.fields(Check)}
_KINDS = {"str": str, "int": int, "float": float, "bool": bool}  # all other fields are rows of text
_CHECK_KINDS = {name: _KINDS.get(str(kind), list) for name, kind in _CHECK.items()}


def _parse_check(value: object) -> Check:
    check = Check(*_fields(value, _CHECK_KINDS))
    rows = [*check.got, *check.expected]
    if check.state not in STATES or not all(map(_is_row, rows)):
        raise NoAnswer
    return check


def _is_row(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
