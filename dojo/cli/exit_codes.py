"""Runs a command so that whatever ends it becomes one line and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from dojo.cli.context import UsageError
from dojo.cli.terminal import warn
from dojo.course.katas import NoSuchFolder
from dojo.course.lookup import UnclearName
from dojo.progress.reset import CannotReplace

# Windows has no SIGHUP, which a terminal sends that is closed.
_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command, say in one line what stopped it, if anything, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal has every sign
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup wishes it
            signal.signal(number, _end)
    code = _run(command)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        code = code or 1
    return code


def _run(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except (UsageError, UnclearName, NoSuchFolder) as error:
        warn(str(error))
        return 2
    except CannotReplace as error:
        warn(str(error))
        return 1
    except BrokenPipeError:  # the reader has gone, as `head` goes: no news
        return 1
    except OSError as error:
        warn(f"{error.filename or 'the output'}: {error.strerror}")
        return 1
    return 0


def _end(number: int, _frame: object) -> NoReturn:
    """Close what is open, undisturbed by a second signal."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)
