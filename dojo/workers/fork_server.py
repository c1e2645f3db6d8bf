"""Forks a process per verdict from one that has torch imported.

The fork server is a pytest run that stops before the first check and waits. It never runs a
learner's code: each request brings two open files, and a forked worker takes them over and judges
once. It is for Linux without a real GPU only, where a forked process can run torch.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from dojo.workers.huge_pages import collapse
from dojo.workers.inherited import cut_inherited_lines
from dojo.workers.lifetime import die_with_parent, end_group, note_where_stuck, outlive_parent
from dojo.workers.orphans import adopt_orphans, end_children
from dojo.workers.protocol import MESSAGE, SOCKET, WorkerEnd

_IDLE = 2.0  # seconds without a request
_MANY = 20  # forks, from which on it pays to make the next ones cheap


def refuse() -> None:
    """Tell the process that started this server that it cannot fork workers here."""
    with _control() as control:
        control.send(b"spawn")


def _control() -> socket.socket:
    """Take over the socket on which requests come in."""
    return socket.socket(fileno=int(os.environ.pop(SOCKET)))


def run_fork_server(serve: Callable[[WorkerEnd], None], preload: Iterator[None]) -> None:
    """Fork a worker for each request to do so, until the client closes the line; then exit.

    Args:
        serve: what a worker does with its connection to the client.
        preload: the steps that make workers faster; begun when no request has come in for ``_IDLE``
            seconds. A fork waits for the end of a step, except for the first, which may be long.

    Messages: ``fork`` with two files (connection, notes) is answered by ``pid PID`` of the worker;
    ``end PID`` ends it with all that it started, and is answered by ``ended PID``.
    """
    control = _control()
    adopt_orphans()
    outlive_parent()  # from here on it ends in order once the line is cut
    server = _Server(control, serve)
    control.send(b"ready")
    if not server.answers_for(_IDLE):
        with server.answering_meanwhile():
            next(preload, None)
        server.answer_between(preload)
        collapse()
    server.answer_all()
    server.end_all()
    os._exit(0)  # there is nothing to save, and taking torch down takes half a second


class _Server:
    """Answers the requests that come in on a socket."""

    def __init__(self, control: socket.socket, serve: Callable[[WorkerEnd], None]) -> None:
        self._control, self._serve = control, serve
        self._workers: set[int] = set()
        self._forks = itertools.count(1)
        self._spare: tuple[int, socket.socket] | None = None  # a worker that waits for its files
        self._is_open = True
        self._is_answering = False  # so that a signal does not interrupt itself

    def answers_for(self, seconds: float) -> bool:
        """Answer requests until none comes in for a time; return whether the line was cut."""
        while self._is_open and select.select([self._control], [], [], seconds)[0]:
            self._answer_one()
        return not self._is_open

    def answer_between(self, steps: Iterator[None]) -> None:
        """Take all steps; between two of them, answer the requests that have come in.

        After a request nothing is done for ``_IDLE`` seconds: a verdict may be on its way.
        """
        patience = 0.0
        while self._is_open:
            if select.select([self._control], [], [], patience)[0]:
                self._answer_one()
                patience = _IDLE
            elif next(steps, self) is self:
                return
            else:
                patience = 0.0

    def answer_all(self) -> None:
        """Answer requests until the line is cut."""
        while self._is_open:
            self._answer_one()

    @contextlib.contextmanager
    def answering_meanwhile(self) -> Iterator[None]:
        """Answer requests also while the ``with`` block runs, between two instructions of it.

        To fork in the midst of an import would not do. So one worker is forked before.
        """
        self._spare = self._fork_spare()
        signal.signal(signal.SIGIO, lambda *_: self._answer_without_forking())
        fcntl.fcntl(self._control, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(self._control, fcntl.F_GETFL)
        fcntl.fcntl(self._control, fcntl.F_SETFL, flags | os.O_ASYNC)
        self._answer_without_forking()  # what came in just before
        yield
        self._is_answering = True
        fcntl.fcntl(self._control, fcntl.F_SETFL, flags)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        if self._spare is not None:
            pid, line = self._spare
            self._spare = None
            line.close()
            end_group(pid, None)

    def _answer_without_forking(self) -> None:
        if self._is_answering:
            return
        self._is_answering = True
        while select.select([self._control], [], [], 0)[0]:
            verb = self._control.recv(MESSAGE, socket.MSG_PEEK)
            if not verb or (verb == b"fork" and self._spare is None):
                break  # it waits
            self._answer_one()
        self._is_answering = False

    def _answer_one(self) -> None:
        message, files, _, _ = socket.recv_fds(self._control, MESSAGE, 2)
        if not message:
            self._is_open = False
            return
        verb, _, number = message.decode().partition(" ")
        if verb == "fork":
            answer = f"pid {self._new_worker(files)}"
        else:
            self._end(int(number))
            answer = f"ended {number}"
        with contextlib.suppress(OSError):  # the client may have gone
            self._control.send(answer.encode())

    def _new_worker(self, files: list[int]) -> int:
        if self._spare is None:
            pid = self._fork(lambda: files)
            if next(self._forks) == _MANY:
                collapse()
        else:
            pid, line = self._spare
            self._spare = None
            with line:
                socket.send_fds(line, [b"files"], files)
        self._workers.add(pid)
        for file in files:
            os.close(file)
        return pid

    def _fork_spare(self) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        pid = self._fork(lambda: socket.recv_fds(theirs, MESSAGE, 2)[1])
        theirs.close()
        return pid, ours

    def _fork(self, files: Callable[[], list[int]]) -> int:
        """Fork a worker and return its id; in the new process, serve once and end.

        Args:
            files: called in the new process; returns the connection and the file of notes.
        """
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            os.setsid()
            die_with_parent(parent)
            line, notes = files()
            cut_inherited_lines({line, notes})
            note_where_stuck(os.fdopen(notes, "wb"))
            self._serve(WorkerEnd(Connection(line)))
            status = 0
        finally:
            os._exit(status)

    def _end(self, pid: int) -> None:
        if pid in self._workers:
            self._workers.remove(pid)
            end_group(pid, None)
            end_children(lambda child: child in self._workers or self._is_spare(child))

    def _is_spare(self, pid: int) -> bool:
        return self._spare is not None and self._spare[0] == pid

    def end_all(self) -> None:
        """End every worker with all that it started."""
        for pid in self._workers:
            end_group(pid, None)
        end_children(lambda _pid: False)
