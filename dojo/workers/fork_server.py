"""Forks a process per verdict from one that has torch imported and every check collected.

The fork server is a pytest run that stops before the first check and waits. It never runs a
learner's code: each request brings two open files, and a forked worker takes them over and judges
once. It is for Linux without a real GPU only, where a forked process can run torch.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import select
import signal
import socket
from collections.abc import Callable, Container
from multiprocessing.connection import Connection
from pathlib import Path

from dojo.workers.huge_pages import collapse
from dojo.workers.lifetime import (
    die_with_parent,
    end_group,
    note_where_stuck,
    outlive_parent,
    wait_a_moment,
)
from dojo.workers.protocol import MESSAGE, SOCKET

_IDLE = 2.0  # seconds without a request
_MANY = 20  # forks, from which on it pays to make the next ones cheap
_PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl


def refuse() -> None:
    """Tell the process that started this server that it cannot fork workers here."""
    with _control() as control:
        control.send(b"spawn")


def _control() -> socket.socket:
    """Take over the socket on which requests come in."""
    return socket.socket(fileno=int(os.environ.pop(SOCKET)))


def run_fork_server(serve: Callable[[Connection], None], preload: Callable[[], None]) -> None:
    """Fork a worker for each request to do so, until the client closes the line; then exit.

    Args:
        serve: what a worker does with its connection to the client.
        preload: imports what only some answers need; called once, when no request has come in for
            ``_IDLE`` seconds.

    Messages: ``fork`` with two files (connection, notes) is answered by the worker's process id;
    ``code PID`` by its exit code, or ``alive``; ``end PID`` ends it with all that it started.
    """
    control = _control()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    outlive_parent()  # from here on it ends in order once the line is cut
    codes: dict[int, int | None] = {}
    forks = itertools.count(1)
    control.send(b"ready")
    is_preloaded = False
    while True:
        if not is_preloaded and not select.select([control], [], [], _IDLE)[0]:
            preload()
            collapse()
            is_preloaded = True
        message, files, _, _ = socket.recv_fds(control, MESSAGE, 2)
        if not message:
            break
        verb, _, number = message.decode().partition(" ")
        if verb == "fork":
            pid = os.fork()
            if pid == 0:
                _run_worker(control, serve, *files)
            codes[pid] = None
            for file in files:
                os.close(file)
            if next(forks) == _MANY:
                collapse()
            answer = str(pid)
        elif int(number) not in codes:
            answer = str(-signal.SIGKILL)  # it was ended before
        elif verb == "code":
            codes[int(number)] = code = wait_a_moment(int(number))
            answer = "alive" if code is None else str(code)
        else:
            end_group(int(number), codes.pop(int(number)))
            _end_orphans(codes)
            answer = "ended"
        control.send(answer.encode())
    for pid, code in codes.items():
        end_group(pid, code)
    _end_orphans({})
    os._exit(0)  # there is nothing to save, and taking torch down takes half a second


def _run_worker(
    control: socket.socket, serve: Callable[[Connection], None], line: int, notes: int
) -> None:
    """In the forked process: serve once, then end this process, whatever happens."""
    status = 1
    try:
        os.setsid()
        die_with_parent()
        control.close()
        note_where_stuck(os.fdopen(notes, "wb"))
        serve(Connection(line))
        status = 0
    finally:
        os._exit(status)


def _end_orphans(children: Container[int]) -> None:
    """Kill the processes that a worker has left behind.

    They are children of the server now, since it is a subreaper.

    Args:
        children: the process ids of workers, which are left alone.
    """
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        try:
            orphans = [pid for pid in map(int, listed.read_text().split()) if pid not in children]
        except OSError:  # a kernel without that file
            return
        if not orphans:
            return
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
