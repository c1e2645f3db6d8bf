"""Ends the processes that an answer started and left behind, also those in sessions of their own.

On Linux only. Such a process becomes a child of the nearest ancestor that adopts orphans.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl
_LONGEST = 2.0  # seconds for processes that start new ones faster than they are ended

_workers: set[int] = set()  # children of this process that judge
_others: set[int] = set()  # its other children, which are no orphans
_is_adopting = False


def adopt_orphans() -> None:
    """Have this process become the parent of what its children leave behind.

    Called before a worker is forked. The children that there are while no worker runs are none of
    its orphans.
    """
    global _is_adopting
    if not sys.platform.startswith("linux"):
        return
    if not _workers:
        _others.update(_children_of(os.getpid()))
    if not _is_adopting:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _is_adopting = True


def add_worker(pid: int) -> None:
    """Remember a child that judges: until it is forgotten, new children may be its orphans."""
    _workers.add(pid)


def spare(pid: int) -> None:
    """Remember that this process started a child for another purpose: it is no orphan."""
    _others.add(pid)


def forget(pid: int) -> None:
    """Forget a child that has ended and was reaped."""
    _workers.discard(pid)
    _others.discard(pid)


def end_adopted() -> None:
    """Kill the orphans that this process has adopted, if it does so.

    A child in the session of this process is left alone: another plugin of pytest, or a user, may
    have started it. A worker has a session of its own, and so has what it leaves behind.
    """
    if _is_adopting:
        own_session = os.getsid(0)
        end_children(
            lambda pid: pid in _workers | _others or _session_of(pid) in (own_session, None)
        )


def end_children(is_spared: Callable[[int], bool]) -> None:
    """Kill and reap the children of this process, and in turn what they leave behind.

    Args:
        is_spared: whether the child of this process id is left alone.
    """
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        orphans = [pid for pid in _children_of(os.getpid()) if not is_spared(pid)]
        if not orphans:
            return
        for pid in orphans:
            _kill(pid)
        for pid in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def end_tree(pid: int) -> None:
    """Kill a process that adopts orphans, with all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts nothing new meanwhile
    found = [pid]
    for parent in found:
        found += [child for child in _children_of(parent) if child not in found]
    for one in reversed(found):
        _kill(one)


def end_marked(mark: str) -> None:
    """Kill every process that was started with a text in its environment, on Linux only.

    So what a worker left behind is found where another process has adopted it.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                _kill(int(folder.name))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _children_of(pid: int) -> list[int]:
    """Return the ids of a process's children; none where the system does not tell."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found
