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
from dojo.course.reference import NoReference
from dojo.progress.reset import CannotReplace

# Windows has no SIGHUP, which a terminal sends that is closed.
_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command, and return its exit code.

    An error is printed in one line. A signal ends the command by SystemExit, so that it closes
    what it has opened; the code is then 128 plus the number of the signal.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal has every sign
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup wishes it
            signal.signal(number, _exit_by_signal)
    code = _run(command)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        code = code or 1
    return code


def _run(command: Callable[[], object]) -> int:
    """Run a command, print in one line what stopped it, and return its exit code."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except (UsageError, UnclearName, NoSuchFolder) as error:
        warn(str(error))
        return 2
    except (CannotReplace, NoReference) as error:
        warn(str(error))
        return 1
    except BrokenPipeError:  # the reader has gone, as `head` goes: no news
        return 1
    except OSError as error:
        warn(f"{error.filename or 'the output'}: {error.strerror}")
        return 1
    return 0


def _exit_by_signal(number: int, _frame: object) -> NoReturn:
    """Raise SystemExit, and ignore further signals while the command closes what is open."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)
