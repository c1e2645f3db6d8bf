"""Forks the processes that the dojo's tests start from a Python which has torch imported already.

To import torch takes longer than all else that most of these processes do. So a ``WarmPython`` is
one Python that has imported torch, NumPy and pytest's own modules, and ``popen_from`` gives a
``subprocess.Popen`` that has it fork a process for each ``python -m``. That process is a child of
the one that asks for it, with the files, the folder and the environment that were asked for. It
imports the plugins and the dojo as a new Python does.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import inspect
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path

MESSAGE = 1 << 17  # bytes of the longest message
MOST_FILES = 16  # that a process is given
START_LIMIT = 120.0  # seconds that importing torch may take on a slow disk
LINE = "DOJO_TEST_LINE"  # the variable that names the socket on which requests come in
UNUSED = ("gid", "gids", "uid", "umask", "process_group")  # what a forked process does not heed
GET_SUBREAPER, SET_SUBREAPER = 37, 36  # of Linux's prctl

can_warm = sys.platform.startswith("linux")


class WarmPython:
    """The process from which others are forked; it starts with the first of them.

    Attributes:
        is_used: whether it forks, or each process is a new Python.
    """

    def __init__(self, line=None):
        self.is_used = can_warm
        self._line, self._process = line, None
        self._settings = _settings(os.environ)
        self._lock = threading.Lock()

    def fits(self, asked):
        """Whether a forked process would be as the new one that ``subprocess.Popen`` is asked for.

        Args:
            asked: the arguments of ``_execute_child``, by their names.
        """
        command = asked["args"]
        return (
            self.is_used
            and isinstance(command, (list, tuple))
            and list(command[:2]) == [sys.executable, "-m"]
            and not (asked["executable"] or asked["preexec_fn"] or asked["shell"])
            and all(asked.get(name) in (None, -1) for name in UNUSED)
            and Path(asked["cwd"] or ".").is_dir()
            and _settings(asked["env"] or os.environ) == self._settings
        )

    def fork(self, request, files):
        """Fork a child of this process, and return its id.

        Args:
            request: the "arguments" after ``-m``, the folder "cwd", the "environment", the numbers
                that the "files" have in the new process, whether it "leads" a session of its own.
            files: the numbers of these files here.
        """
        with self._lock, _adopting():
            if self._line is None:
                self._start()
            socket.send_fds(self._line, [json.dumps(request).encode()], files)
            self._line.settimeout(START_LIMIT)
            return int(self._line.recv(MESSAGE))

    def _start(self):
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                env={**os.environ, LINE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def close(self):
        """End the process; those that it forked go on."""
        if self._process is not None:
            self._line.close()
            self._process.wait()


def popen_from(python):
    """Return a ``subprocess.Popen`` that has a ``WarmPython`` fork a process where that fits."""
    asks = inspect.signature(subprocess.Popen._execute_child)

    class Popen(subprocess.Popen):
        def _execute_child(self, *arguments):
            asked = asks.bind(self, *arguments).arguments
            if not python.fits(asked):
                return super()._execute_child(*arguments)
            pipes = [
                asked[f"{name}{end}"] for name in ("p2c", "c2p", "err") for end in ("read", "write")
            ]
            given = (pipes[0], pipes[3], pipes[5])
            passed = [(number, number) for number in asked["pass_fds"]]
            passed += [(place if one == -1 else one, place) for place, one in enumerate(given)]
            request = {
                "arguments": [str(one) for one in asked["args"][2:]],
                "cwd": os.path.abspath(asked["cwd"] or "."),  # noqa: PTH100 - as links are named
                "environment": dict(asked["env"] or os.environ),
                "files": [number for _, number in passed],
                "leads": asked["start_new_session"],
            }
            self.pid = python.fork(request, [number for number, _ in passed])
            self._child_created = True
            return self._close_pipe_fds(*pipes)

    return Popen


def _settings(environment):
    """The variables that Python and torch read when they start, but for the path of Python."""
    begins = ("PYTHON", "LC_", "LANG", "OMP_", "MKL_", "TORCH_", "CUDA_")
    return {
        name: text
        for name, text in environment.items()
        if name.startswith(begins) and name != "PYTHONPATH"
    }


@contextlib.contextmanager
def _adopting():
    """Have this process become the parent of a process whose own parent ends meanwhile."""
    prctl, before = ctypes.CDLL(None).prctl, ctypes.c_int()
    prctl(GET_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    prctl(SET_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(SET_SUBREAPER, before.value, 0, 0, 0)


# ---------------------------------------------------------------- in the warm process


def fork():
    """Fork this process; Python 3.12 and later would warn of the threads of NumPy, which wait."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def wait_for_requests(line):
    """Fork a process for each request; return in that process: the request, and the files of it.

    Its parent ends at once, so that the process which asked for it adopts it.
    """
    while True:
        message, files, _, _ = socket.recv_fds(line, MESSAGE, MOST_FILES)
        if not message:
            os._exit(0)
        told, tells = os.pipe()
        begins, begin = os.pipe()
        middle = fork()
        if middle == 0:
            if fork():
                os._exit(0)
            request = json.loads(message)
            if request["leads"]:
                os.setsid()  # before anybody knows this process, and asks for its group
            os.close(begin)
            os.write(tells, str(os.getpid()).encode())
            os.read(begins, 1)
            line.detach()  # its number may be that of another file from now on
            return request, files
        os.waitpid(middle, 0)
        line.send(os.read(told, 32))
        os.write(begin, b"!")
        for file in (told, tells, begins, begin, *files):
            os.close(file)


def become(request, files):
    """Give this process the files, the folder, the environment and the arguments of a request."""
    _take_over(files, request["files"])
    _open_anew()
    os.chdir(request["cwd"])
    ours = set(_python_path())
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:] = [
        request["cwd"],
        *_python_path(),
        *(folder for folder in sys.path[1:] if folder not in ours),
    ]
    sys.argv = request["arguments"]
    sys.orig_argv = [sys.executable, "-m", *request["arguments"]]


def _python_path():
    return [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]


def _take_over(files, numbers):
    """Have some open files, under these numbers, and no others."""
    import fcntl  # which Windows lacks

    above = max(numbers) + 1
    kept = [fcntl.fcntl(file, fcntl.F_DUPFD, above) for file in files]
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number not in kept:
            with contextlib.suppress(OSError):  # the one of this list
                os.close(number)
    for file, number in zip(kept, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)


def _open_anew():
    """Make the three streams of ``sys`` anew, since they know what kind of file they write to."""
    is_bare = bool(os.environ.get("PYTHONUNBUFFERED"))
    for number, name in enumerate(["stdin", "stdout", "stderr"]):
        old, mode = getattr(sys, name), "wb" if number else "rb"
        bare = is_bare and number > 0
        binary = open(number, mode, 0 if bare else -1, closefd=False)  # noqa: SIM115
        stream = io.TextIOWrapper(
            binary,
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=number == 2 or binary.isatty(),
            write_through=bare,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def fork_warm_python():
    """Fork a warm process for what this one will start, which is the same but has run nothing.

    Returns:
        the line on which the requests come in, in the new process; in this one, None.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if fork():
        theirs.close()
        subprocess.Popen = popen_from(WarmPython(ours))
        return None
    nothing = os.open(os.devnull, os.O_RDWR)
    number = theirs.detach()
    above = max(number, 2) + 1
    _take_over([nothing, nothing, nothing, number], [0, 1, 2, above])
    return socket.socket(fileno=above)


def run_to_its_end(module):
    """Run a module as ``python -m`` does, and end this process with its exit code.

    What the module has opened is closed, but torch is not taken down: that takes as long as most
    runs.
    """
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        traceback.print_exc()
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - as a new Python does
        traceback.print_exc()
        code = 1
    threading._shutdown()  # waits for the threads that are no daemons
    atexit._run_exitfuncs()
    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def main():
    gc.disable()  # there is little garbage in torch
    import numpy as np  # noqa: F401 - for those that are forked
    import torch  # noqa: F401
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    gc.freeze()
    gc.enable()
    line = socket.socket(fileno=int(os.environ.pop(LINE)))
    while line is not None:  # in the forked process from here on
        request, files = wait_for_requests(line)
        become(request, files)
        module = request["arguments"][0]
        line = fork_warm_python() if module == "dojo" else None
    run_to_its_end(module)


if __name__ == "__main__":
    main()
