"""The parent's reading of what a worker sends: whole messages, bounded, never waited for.

The learner's code runs in the worker, and may write whatever it likes on the connection. So a
message counts only if it is of a sensible length and begins with the id of this run.
"""

from __future__ import annotations

import json
import os
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
            EOFError, OSError: the worker has closed its end.
        """
        while (message := self._whole_message()) is None:
            if not wait([self._connection], 0):
                return None
            self._read()
        return message

    def _read(self) -> None:
        if sys.platform == "win32":  # there each message comes in as a whole
            message = self._connection.recv_bytes(LONGEST)
            self._bytes += _HEADER.pack(len(message)) + message
            return
        piece = os.read(self._connection.fileno(), _PIECE)
        if not piece:
            raise EOFError
        self._bytes += piece

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
