"""The parent's reading of what a worker sends: whole messages, bounded, never waited for.

The learner's code runs in the worker, and may write whatever it likes on the connection. So a
message counts only if it is of a sensible length and begins with the id of this run.
"""

from __future__ import annotations

import json
import math
import os
import select
import struct
import sys
from multiprocessing.connection import Connection, wait
from typing import Any

LONGEST = 16_000_000  # bytes of the longest message
_HEADER = struct.Struct("!i")  # the length, as multiprocessing writes it
_PIECE = 1 << 16  # bytes read at once


class NoAnswer(Exception):
    """What a worker sent is no answer of the judge."""

    def __init__(self) -> None:
        super().__init__("the process sent something that is no answer of the judge")


class Frames:
    """The messages that came in on a connection, read without waiting.

    Args:
        connection: the parent's end.
        run_id: the bytes with which each message of the judge begins.
    """

    def __init__(self, connection: Connection, run_id: bytes) -> None:
        self._connection, self._run_id = connection, run_id
        self._bytes = bytearray()

    @property
    def has_bytes(self) -> bool:
        """Whether something came in that no message was made of yet."""
        return bool(self._bytes)

    def take(self) -> bytes | None:
        """Return the next message without its id; None if it has not come in as a whole.

        Raises:
            NoAnswer: what came in is no message of the judge.
        """
        return self._whole_message()

    def read_within(self, seconds: float, end: int | None) -> bool:
        """Wait until something comes in, and read it; return whether something did.

        Args:
            seconds: how long to wait at most.
            end: an open file that can be read once the worker has ended; the wait is over then.

        Raises:
            EOFError, OSError: the worker has closed its end.
        """
        if sys.platform == "win32":  # there each message comes in as a whole
            if not wait([self._connection], seconds):
                return False
            message = self._connection.recv_bytes(LONGEST)
            self._bytes += _HEADER.pack(len(message)) + message
            return True
        number = self._connection.fileno()
        poll = select.poll()
        for file in (number, end):
            if file is not None:
                poll.register(file, select.POLLIN)
        if not any(file == number for file, _ in poll.poll(math.ceil(seconds * 1000))):
            return False
        piece = os.read(number, _PIECE)
        if not piece:
            raise EOFError
        self._bytes += piece
        return True

    def _whole_message(self) -> bytes | None:
        if len(self._bytes) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._bytes)
        end = _HEADER.size + length
        beginning = bytes(self._bytes[_HEADER.size : _HEADER.size + len(self._run_id)])
        if not len(self._run_id) < length <= LONGEST or not self._run_id.startswith(beginning):
            raise NoAnswer
        if len(self._bytes) < end:
            return None
        message = bytes(self._bytes[_HEADER.size + len(self._run_id) : end])
        del self._bytes[:end]
        return message


def parsed(message: bytes) -> Any:
    """Return the JSON value of a message.

    Raises:
        NoAnswer: it is no JSON.
    """
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        raise NoAnswer from None
