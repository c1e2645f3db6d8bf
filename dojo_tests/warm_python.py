"""Runs pytest in processes that are forked from a Python which has torch imported already.

To import torch takes longer than all else that most runs of pytest do in these tests. So a
``WarmPython`` starts one Python, has it import torch, NumPy and pytest's own modules, and forks a
process from it for each run. That process imports the plugins and the dojo as a new Python does.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback

MESSAGE = 1 << 17  # bytes of the longest message
START_LIMIT = 120.0  # seconds that importing torch may take on a slow disk
LINE = "DOJO_TEST_LINE"  # the variable that names the socket on which requests come in

can_warm = sys.platform.startswith("linux")


def new_python(command, cwd, typed="", timeout=300.0):
    """Run a command in a folder, and return what has ended."""
    return subprocess.run(
        command,
        cwd=cwd,
        input=typed,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


class WarmPython:
    """The process from which runs are forked; it starts with the first of them."""

    def __init__(self):
        self._process = None
        self._environment = {}

    def run(self, arguments, cwd, typed="", timeout=300.0):
        """Run ``python -m`` with these arguments, and return what ``subprocess.run`` would.

        Where a forked process would not be as a new Python (see ``fits``), it is a new one.

        Args:
            arguments: the module and its arguments.
            cwd: the folder in which it runs.
            typed: what it can read from its standard input.
            timeout: seconds until the run is ended.
        """
        command = [sys.executable, "-m", *map(str, arguments)]
        if not self.fits():
            return new_python(command, cwd, typed, timeout)
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            files[0].write(typed.encode())
            files[0].seek(0)
            status = self._status_of(command[2:], cwd, files, timeout)
            for file in files[1:]:
                file.seek(0)
            out, err = (file.read().decode() for file in files[1:])
        return subprocess.CompletedProcess(command, status, out, err)

    def fits(self):
        """Whether a process that is forked would read the same settings as a new Python."""
        return can_warm and _settings(self._environment or os.environ) == _settings(os.environ)

    def _status_of(self, arguments, cwd, files, timeout):
        if self._process is None:
            self._start()
        request = {"arguments": arguments, "cwd": str(cwd), "environment": dict(os.environ)}
        numbers = [file.fileno() for file in files]
        socket.send_fds(self._line, [json.dumps(request).encode()], numbers)
        self._line.settimeout(START_LIMIT)
        pid = int(self._line.recv(MESSAGE))
        self._line.settimeout(timeout)
        try:
            return int(self._line.recv(MESSAGE))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._line.settimeout(START_LIMIT)
            self._line.recv(MESSAGE)
            raise subprocess.TimeoutExpired(arguments, timeout) from None

    def _start(self):
        self._environment = dict(os.environ)
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
        """End the process."""
        if self._process is not None:
            self._line.close()
            self._process.wait()


def _settings(environment):
    """The variables that Python and torch read when they start."""
    begins = ("PYTHON", "LC_", "LANG", "OMP_", "MKL_", "TORCH", "CUDA")
    return {name: text for name, text in environment.items() if name.startswith(begins)}


# ---------------------------------------------------------------- in the warm process


def wait_for_requests():
    """Fork a process for each request; return in that process, ready to run what was asked for."""
    line = socket.socket(fileno=int(os.environ.pop(LINE)))
    while True:
        message, files, _, _ = socket.recv_fds(line, MESSAGE, 3)
        if not message:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            line.close()
            return _become(json.loads(message), files)
        for file in files:
            os.close(file)
        line.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request, files):
    """Give this process the folder, the files and the arguments of a request."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["cwd"]
    module, *arguments = request["arguments"]
    sys.argv = [module, *arguments]
    return module


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


if __name__ == "__main__":
    gc.disable()  # there is little garbage in torch
    import numpy as np  # noqa: F401 - for those that are forked
    import torch  # noqa: F401
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    gc.freeze()
    gc.enable()
    run_to_its_end(wait_for_requests())
