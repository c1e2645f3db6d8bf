"""A worker that is forked from this process, which has collected the checks: in milliseconds."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Pipe
from pathlib import Path

from dojo.workers.inherited import cut_inherited_lines
from dojo.workers.lifetime import (
    die_with_parent,
    kill_group,
    note_where_stuck,
    reap_later,
    wait_a_moment,
)
from dojo.workers.orphans import add_worker, adopt_orphans, end_adopted, forget
from dojo.workers.protocol import WorkerEnd
from dojo.workers.worker import Worker


class ForkedWorker(Worker):
    """A worker that is forked from this process, and so has a copy of all its memory at once."""

    def __init__(self, serve: Callable[[WorkerEnd], None], limit: float) -> None:
        ours, theirs = Pipe()
        notes = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        sys.stdout.flush()
        sys.stderr.flush()
        adopt_orphans()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                ours.close()
                os.setsid()
                die_with_parent(parent)
                cut_inherited_lines({theirs.fileno(), notes.fileno()})
                with Path(os.devnull).open() as nothing:
                    os.dup2(nothing.fileno(), 0)
                note_where_stuck(notes)
                serve(WorkerEnd(theirs))
                status = 0
            finally:
                os._exit(status)
        theirs.close()
        add_worker(self._pid)
        self._status: int | None = None
        super().__init__(ours, notes, limit)

    def _exit_code(self) -> int | None:
        if self._status is None:
            try:
                self._status = wait_a_moment(self._pid)
            except ChildProcessError:  # another thread has killed and reaped it by now
                self._status = -signal.SIGKILL
            if self._status is not None:
                forget(self._pid)
        return self._status

    def _kill(self) -> None:
        kill_group(self._pid, self._status)
        if self._status is None:
            reap_later(self._pid)  # to wait would cost some 10 ms a kata
        else:
            end_adopted()
