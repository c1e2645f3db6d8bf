"""Runs checks in a process of their own, so that no learner's code can end or hang the judge.

The child serves requests ("run this check, then tear down for that one") and answers with
serialized pytest reports. Two kinds: forked from the process that has collected the checks, or
started afresh where forking is unsafe. This module words what happens to a process; it does not
know what a check is.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Client, Connection, Listener, Pipe, wait
from pathlib import Path
from typing import IO, Any

ADDRESS = "DOJO_SERVE_ADDRESS"
STARTER = "DOJO_STARTER"  # the number of the process that has started this one
_KEY = "DOJO_SERVE_KEY"
_NOTES = "DOJO_SERVE_NOTES"
_START_LIMIT = 120.0  # seconds that a fresh process may take to import torch on a slow disk
# What a run that serves has no use for, and would pay for with each check.
USELESS = (
    "cacheprovider",
    "logging",
    "logging-plugin",
    "warnings",
    "unraisableexception",
    "threadexception",
)
_BARE = ("-q", "--capture=no", *(f"-pno:{name}" for name in USELESS))
_A_MOMENT = 1.0  # seconds in which a process that has hung up must have ended
_PR_SET_PDEATHSIG = 1  # of Linux's prctl
_NOTE_TIME = 0.2  # seconds that a stuck child gets to note where it is


class ChildDied(Exception):
    """The child ended without an answer; the text says how."""


class ChildStuck(Exception):
    """The child gave no answer in time; the text says for how long."""


def can_fork() -> bool:
    """Whether a forked child can run torch here: not on macOS or Windows, not with a real GPU."""
    import torch

    return sys.platform.startswith("linux") and not torch.cuda.is_available()


class Child:
    """A process that judges one kata. The parent owns the clock and the process."""

    _pid: int

    def __init__(self, connection: Connection | None, notes: IO[bytes], limit: float) -> None:
        self._connection = connection
        self._notes = notes
        self.limit = limit
        self._deadline = 0.0
        self._is_over = threading.Lock()  # taken for good by the first that ends the process
        self.was_dropped = False

    def ask(self, request: object) -> Any:
        """Send a request and wait for its answer.

        Raises:
            ChildDied, ChildStuck: as for ``tell`` and ``hear``.
        """
        self.tell(request)
        return self.hear()

    def tell(self, request: object) -> None:
        """Send a request; the clock starts with the first one.

        Raises:
            ChildDied: the process ended.
        """
        assert self._connection is not None
        self._deadline = self._deadline or time.monotonic() + self.limit
        with self._as_death():
            self._connection.send_bytes(json.dumps(request).encode())

    def hear(self) -> Any:
        """Wait for the next answer.

        Raises:
            ChildDied: the process ended.
            ChildStuck: the time is over.
        """
        assert self._connection is not None
        with self._as_death():
            if not wait([self._connection], max(0.0, self._deadline - time.monotonic())):
                self._ask_where()
                self._end()
                raise ChildStuck(f"not finished after {self.limit:g} s")
            return json.loads(self._connection.recv_bytes())

    @contextlib.contextmanager
    def _as_death(self) -> Iterator[None]:
        """A line that breaks means that the process has ended."""
        try:
            yield
        except (EOFError, OSError):
            raise ChildDied(_ending_in_words(self._exit_code())) from None

    def stuck_at(self, path: Path) -> int:
        """The innermost line of the file in what the child noted when it hung or crashed, or 0."""
        self._notes.seek(0)
        text = self._notes.read().decode(errors="replace")
        lines = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', text)
        return int(lines[0]) if lines else 0

    def close(self) -> None:
        """End the process and all that it started."""
        self._end()
        if self._connection is not None:
            self._connection.close()
        self._notes.close()

    @property
    def is_waiting(self) -> bool:
        """Whether the process is there and silent, as between an answer and the next request."""
        return self._connection is not None and not wait([self._connection], 0)

    def restart_clock(self) -> None:
        """Count the time from the next request on."""
        self._deadline = 0.0

    def drop(self) -> None:
        """End the process from another thread than the one that asks: its verdict is not wanted."""
        self.was_dropped = True
        self._end()

    def _end(self) -> None:
        if self._is_over.acquire(blocking=False):
            self._kill()

    def _ask_where(self) -> None:
        """Have the stuck child write its stack, where signals can ask for it."""
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGUSR1)
            time.sleep(_NOTE_TIME)

    def _exit_code(self) -> int | None:
        """How the process ended, or None if it still runs after a moment."""
        raise NotImplementedError

    def _kill(self) -> None:
        """End the process and all of its group."""
        raise NotImplementedError


class ForkedChild(Child):
    """A child that has all of the parent's memory, in a few milliseconds."""

    def __init__(self, serve: Callable[[Connection], None], limit: float) -> None:
        ours, theirs = Pipe()
        notes = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                ours.close()
                os.setsid()
                die_with_parent()
                with Path(os.devnull).open() as nothing:
                    os.dup2(nothing.fileno(), 0)
                note_where_stuck(notes)
                serve(theirs)
                status = 0
            finally:
                os._exit(status)
        theirs.close()
        self._status: int | None = None
        super().__init__(ours, notes, limit)

    def _exit_code(self) -> int | None:
        if self._status is None:
            self._status = wait_a_moment(self._pid)
        return self._status

    def _kill(self) -> None:
        kill_group(self._pid, self._status)
        if self._status is None:
            _dying.append(self._pid)
        forget_dead(os.WNOHANG)  # to wait would cost some 10 ms a kata


class SpawnedChild(Child):
    """A child that starts from nothing: pytest in a new interpreter, told to serve.

    It starts at once and is waited for when it is first asked.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, limit: float) -> None:
        key = secrets.token_bytes(16)
        handle, self._notes_path = tempfile.mkstemp(prefix="dojo-")
        self._listener = Listener(authkey=key)
        lines = {
            ADDRESS: json.dumps(self._listener.address),
            _KEY: key.hex(),
            _NOTES: self._notes_path,
        }
        self._process = start_pytest(arguments, folder, lines)
        self._pid = self._process.pid
        super().__init__(None, os.fdopen(handle, "rb"), limit)

    def tell(self, request: object) -> None:
        self.wait_until_ready()
        super().tell(request)

    def wait_until_ready(self) -> None:
        """Wait until it has imported and collected everything.

        Raises:
            ChildDied: it ended before.
        """
        if self._connection is None:
            self._connection = self._accept()

    def _accept(self) -> Connection:
        """The child's call, or ``ChildDied`` if it ends before it calls."""
        inner = getattr(self._listener, "_listener", None)
        waited_for = getattr(inner, "_socket", None)  # a pipe of Windows has none, and blocks
        until = time.monotonic() + _START_LIMIT
        while waited_for is not None and not wait([waited_for], 0.05):
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                raise ChildDied(_ending_in_words(self._process.wait()))
        return self._listener.accept()

    def _exit_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_A_MOMENT)
        return None

    def _kill(self) -> None:
        end_started(self._process)

    def close(self) -> None:
        super().close()
        self._listener.close()
        with contextlib.suppress(OSError):
            Path(self._notes_path).unlink()


def own_environment() -> dict[str, str]:
    """The environment for a run of pytest of its own, whatever this process is a part of."""
    others = ("PYTEST_ADDOPTS", "PYTEST_XDIST_", "PYTEST_CURRENT_TEST")
    own = {name: text for name, text in os.environ.items() if not name.startswith(others)}
    return {**own, STARTER: str(os.getpid())}


def bound_pytest(folder: Path) -> list[str]:
    """The command for a run of pytest in a dojo's root that ends with this process."""
    return [sys.executable, "-m", "pytest", "-pdojo.bound", f"--rootdir={folder}"]


def start_pytest(
    arguments: Sequence[str], folder: Path, lines: Mapping[str, str], **options: Any
) -> subprocess.Popen[bytes]:
    """Start pytest in the dojo's root, with no plugin but the dojo's, to serve over ``lines``."""
    environment = {**own_environment(), **lines, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    return subprocess.Popen(
        [*bound_pytest(folder), *_BARE, *arguments],
        cwd=folder,
        env=environment,
        start_new_session=True,
        **{**nowhere, **options},
    )


def connect() -> Connection:
    """In a spawned child: the line to the parent that started it."""
    address = json.loads(os.environ.pop(ADDRESS))
    address = tuple(address) if isinstance(address, list) else address
    notes = open(os.environ.pop(_NOTES), "w")  # noqa: SIM115, PTH123 - open until the end
    note_where_stuck(notes)
    return Client(address, authkey=bytes.fromhex(os.environ.pop(_KEY)))


def requests(connection: Connection) -> Iterator[Any]:
    """The parent's requests, until it hangs up."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            yield json.loads(connection.recv_bytes())


def answer(connection: Connection, value: object) -> None:
    connection.send_bytes(json.dumps(value).encode())


def note_where_stuck(file: Any) -> None:
    """Have this process write its stack to ``file`` when it crashes or when the parent asks.

    By a signal, since a handler runs between two of the stuck thread's own instructions. Windows
    has none: there the stack of a stuck process stays unknown.
    """
    faulthandler.enable(file=file)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)


def die_with_parent(parent: int | None = None) -> None:
    """Have this process killed when the one that started it dies, however that happens.

    Args:
        parent: its number, where it may have died before this is called.
    """
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if parent is not None:
            try:
                os.kill(parent, 0)
            except ProcessLookupError:
                os._exit(1)
        return

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(_A_MOMENT)
        os._exit(1)

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


def outlive_parent() -> None:
    """Take back ``die_with_parent``, on Linux."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)


def wait_a_moment(pid: int) -> int | None:
    """The exit code of a child of this process that has just fallen silent, or None."""
    until = time.monotonic() + _A_MOMENT
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.002)


def kill_group(pid: int, code: int | None) -> None:
    """Kill a child of this process with its group; ``code`` says whether it has ended by itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if code is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # it may not have made its group yet


def end_group(pid: int, code: int | None) -> None:
    """The same, and wait for its end."""
    kill_group(pid, code)
    if code is None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


_dying: list[int] = []  # children of this process that were killed, and may not be dead yet


def forget_dead(options: int = 0) -> None:
    """Take notice of killed children that are dead; wait for them, without ``os.WNOHANG``."""
    for pid in list(_dying):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, options)[0] == 0:
                continue
        _dying.remove(pid)


def end_started(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started in a session of its own, with its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _ending_in_words(code: int | None) -> str:
    if code is None:
        return "the process cut its line to the judge"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        meaning = {"SIGSEGV": " (segmentation fault)", "SIGKILL": " (killed: out of memory?)"}
        return f"the process died of {name}{meaning.get(name, '')}"
    return f"the process was ended with exit code {code} before the check had finished"
