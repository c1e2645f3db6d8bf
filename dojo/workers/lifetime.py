"""Ends processes with all that they started, and has them end when their parents do."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dojo.workers.orphans import end_adopted, end_tree, forget

STARTER = "DOJO_STARTER"  # environment variable: id of the process that started this one
MOMENT = 1.0  # seconds within which a process that closed its connection must end
_EXIT_STATUS = 49  # its place in /proc/…/stat behind the name
_PR_SET_PDEATHSIG = 1  # of Linux's prctl


def note_where_stuck(file: Any) -> None:
    """Have this process write its stack to ``file`` when it crashes or when its parent asks.

    The parent asks by a signal, since a handler runs between two instructions of the stuck thread.
    Windows has no signals: there the stack of a stuck process stays unknown.
    """
    global _notes
    _notes = file
    faulthandler.enable(file=file)
    note_where_stuck_again()


def note_where_stuck_again() -> None:
    """Take the signal back by which the parent asks, after the learner's code took it."""
    if _notes is not None and hasattr(faulthandler, "register"):
        faulthandler.unregister(signal.SIGUSR1)
        faulthandler.register(signal.SIGUSR1, file=_notes, all_threads=False)


@contextlib.contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """End this process if the ``with`` block takes longer, whatever it does."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - there is no path
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def die_with_parent(parent: int | None = None) -> None:
    """Have this process killed when the one that started it dies, however that happens.

    Args:
        parent: its process id, since it may have died before this is called.
    """
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if parent is not None and os.getppid() != parent:
            os._exit(1)
        return

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(MOMENT)
        os._exit(1)

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


def outlive_parent() -> None:
    """Undo ``die_with_parent`` for this process; on Linux only."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)


def wait_a_moment(pid: int) -> int | None:
    """Wait ``MOMENT`` seconds for a child process to end.

    Returns:
        its exit code, the negative number of the signal that killed it, or None if it still runs.
    """
    until = time.monotonic() + MOMENT
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.002)


def kill_group(pid: int, code: int | None) -> None:
    """Kill a child process with its process group.

    Args:
        pid: the child's process id.
        code: its exit code, if it has ended by itself; else None.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if code is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # it may not have made its group yet


def end_group(pid: int, code: int | None) -> None:
    """Kill a child process with its process group, and reap it; arguments as in ``kill_group``."""
    kill_group(pid, code)
    if code is None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


_notes: Any = None  # the file of ``note_where_stuck``
_dying: list[int] = []  # children of this process that were killed, and may not be dead yet


def reap_later(pid: int) -> None:
    """Remember a killed child process to reap; reap all remembered ones that are dead by now."""
    _dying.append(pid)
    reap(os.WNOHANG)


def reap(options: int = 0) -> None:
    """Reap the child processes of ``reap_later``; wait for them, unless with ``os.WNOHANG``.

    What they left behind is ended.
    """
    ended = []
    for pid in list(_dying):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, options)[0] == 0:
                continue
        _dying.remove(pid)
        ended.append(pid)
    end_adopted()
    for pid in ended:
        forget(pid)


def end_started(process: subprocess.Popen[bytes]) -> None:
    """Kill and reap a process that was started in a session of its own, with all it started."""
    if sys.platform.startswith("linux") and process.poll() is None:
        end_tree(process.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    forget(process.pid)
    end_adopted()


def exit_code_of(pid: int) -> int | None:
    """Wait ``MOMENT`` seconds for a process to end that another process will reap; on Linux only.

    Returns:
        its exit code as in ``wait_a_moment``; that of a killed one where it is reaped already.
    """
    until = time.monotonic() + MOMENT
    while time.monotonic() < until:
        state, status = state_of_process(pid)
        if state in ("Z", "X", ""):
            return os.waitstatus_to_exitcode(status) if state else -signal.SIGKILL
        time.sleep(0.002)
    return None


def state_of_process(pid: int) -> tuple[str, int]:
    """Return the letter of Linux for the state of a process, and its exit status; else no letter.

    Z is a process that has ended and was not reaped, T one that is stopped.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[_EXIT_STATUS])


def ending_in_words(code: int | None) -> str:
    """Word how a worker ended, from its exit code; the code is None if the worker still runs."""
    if code is None:
        return "the process cut its line to the judge"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        meaning = {
            "SIGSEGV": " (segmentation fault)",
            "SIGKILL": " (killed: out of memory, or over a limit that your file sets?)",
            "SIGXCPU": " (over its limit of processor time)",
        }
        return f"the process died of {name}{meaning.get(name, '')}"
    return f"the process was ended with exit code {code} before the check had finished"
