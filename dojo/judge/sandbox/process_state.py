"""Puts back what an answer may change of its process, and what the judge needs to go on.

That is done after the answer is loaded and after each check. So the judge does not trip over it,
and a right answer stays green that closed its output or lowered a limit.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import builtins
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dojo.workers.lifetime import note_where_stuck_again

_STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")
_NEEDED = ("torch", "numpy", "pytest", "_pytest", "dojo", "os", "sys", "builtins", "importlib")
_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)
_TIMERS = tuple(
    getattr(signal, name)
    for name in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
    if hasattr(signal, name)
)


class ProcessState:
    """A record of the process, made before the learner's code runs.

    Attributes:
        restore: puts back what was changed since.
        faults: what was put back and can spoil the judge, each as the end of a sentence that
            begins with "your file".
    """

    def __init__(self, reopen: Callable[[], Any], modules: Mapping[str, Any]) -> None:
        """Make the record.

        Args:
            reopen: returns a new stream to print to, for one that was closed.
            modules: what is imported, by name.
        """
        self.faults: list[str] = []
        self.restore = _both(
            _restorer(self.faults, reopen, _restorer_of_modules(modules)),
            _restorer_of_signals(self.faults.append),
        )


def _restorer(
    faults: list[str], reopen: Callable[[], Any], restore_modules: Callable[[], None]
) -> Callable[[], None]:
    """Return a function that restores; what it uses is looked up now, and not when it is called."""
    names = vars(builtins)
    known = dict(names)
    known_items = list(known.items())
    get, put, note = names.get, names.__setitem__, faults.append
    set_limit, get_limit = sys.setrecursionlimit, sys.getrecursionlimit
    limit = get_limit()
    system = vars(sys)
    streams = [(name, getattr(sys, name)) for name in _STREAMS]
    set_trace, get_trace = sys.settrace, sys.gettrace
    trace = get_trace()

    def restore() -> None:
        if get_limit() != limit:
            set_limit(limit)
        if names != known:
            for name, value in known_items:
                if get(name) is not value:
                    put(name, value)
                    note(f"replaces builtins.{name}, which judges your answer. Leave it as it is")
        restore_modules()
        if get_trace() is not trace:
            set_trace(trace)
        for place, (name, stream) in enumerate(streams):
            if stream is None:
                continue
            if stream.closed:
                streams[place] = name, reopen()
                stream = streams[place][1]
            if system.get(name) is not stream:
                system[name] = stream

    return restore


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def restore() -> None:
        first()
        second()

    return restore


def _restorer_of_signals(note: Callable[[str], None]) -> Callable[[], None]:
    handler_of, set_handler = _signal.getsignal, _signal.signal  # without making enums
    set_timer, timer_of = getattr(signal, "setitimer", None), getattr(signal, "getitimer", None)
    set_mask = getattr(_signal, "pthread_sigmask", None)
    how = getattr(signal, "SIG_SETMASK", None)
    mask = set_mask(signal.SIG_BLOCK, ()) if set_mask else ()
    known = [(number, handler_of(number)) for number in _SIGNALS]
    asks_where = getattr(signal, "SIGUSR1", None)
    off = (0.0, 0.0)
    process, process_of = os.getpid(), os.getpid

    def restore() -> None:
        if process_of() != process:
            return  # a process that the answer started: it may do as it likes
        for timer in _TIMERS:
            if timer_of(timer) != off:  # type: ignore[misc]
                set_timer(timer, 0)  # type: ignore[misc]
                note("leaves a timer running, which interrupts the judge. Stop it in time")
        for number, handler in known:
            if handler_of(number) is not handler:
                set_handler(number, handler)
                if number == asks_where:
                    note_where_stuck_again()
        if set_mask:
            set_mask(how, mask)

    return restore


def _restorer_of_modules(known: Mapping[str, Any]) -> Callable[[], None]:
    """Return a function that puts back modules; all of them only if one that all need is wrong.

    To look at each would copy the memory that a forked process shares with its parent.
    """
    modules, find = sys.modules, sys.modules.get
    needed = [(name, known[name]) for name in _NEEDED if name in known]
    every = known.items()

    def restore() -> None:
        for needed_name, needed_module in needed:
            if find(needed_name) is not needed_module:
                break
        else:
            return
        for name, module in every:
            if find(name) is not module:
                modules[name] = module

    return restore
