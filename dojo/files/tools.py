"""Words the commands that a message tells the learner to type, so that they run as printed."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path


def typed(command: str, folder: Path | None = None) -> str:
    """Return a command as it runs where the learner is.

    Where a shell would not find its tool, or another tool of that name first, the folder of the
    one that runs now is put before it: ``dojo check`` becomes ``.venv/bin/dojo check``.

    Args:
        command: begins with the name of a tool of the dojo's environment: dojo, pytest, python.
        folder: where it is typed; the working folder if it is None.
    """
    tool, blank, rest = command.partition(" ")
    path, here = _surroundings()
    if folder is not None:
        here = os.path.realpath(folder)
    return f"{_with_folder(tool, path, here)}{blank}{rest}"


def pytest_of(stem: str, root: Path, here: Path, choice: str = "katas") -> str:
    """Return the command of pytest that judges one kata.

    Args:
        stem: the name of the kata's file, such as ``k05_matmul``.
        root: the dojo's root.
        here: the folder in which it is typed.
        choice: the answers that are judged, as ``--solutions`` takes them.
    """
    where = "" if here == root else f" {shlex.quote(os.path.relpath(root, here))}"
    answers = "" if choice == "katas" else f" --solutions={shlex.quote(choice)}"
    return f"{typed('pytest')}{where} -k {stem}{answers}"


def _surroundings() -> tuple[str, str]:
    """Return what the shell's answer depends on: where it looks, and the working folder."""
    try:
        return os.environ.get("PATH", ""), os.getcwd()  # noqa: PTH109 - as a text
    except FileNotFoundError:  # the folder is gone
        return os.environ.get("PATH", ""), ""


@functools.cache
def _with_folder(tool: str, path: str, here: str) -> str:
    own = next(filter(None, (shutil.which(tool, path=folder) for folder in _folders())), None)
    if own is None:
        return tool if tool == "python" else f"{_with_folder('python', path, here)} -m {tool}"
    first = shutil.which(tool, path=path)
    if first is not None and Path(first).samefile(own):
        return tool
    return _shown(Path(own), here)


def _folders() -> Iterator[str]:
    """Yield where the tools of this environment may lie, first where one was started from."""
    started = Path(sys.argv[0] or "-") if sys.argv else Path("-")
    if started.stem in ("dojo", "pytest", "py"):
        yield str(started.absolute().parent) if started.parts[1:] else os.environ.get("PATH", "")
    yield str(Path(sys.executable).parent)
    yield sysconfig.get_path("scripts")


def _shown(tool: Path, here: str) -> str:
    """Return the shorter of a tool's whole path and the one from the working folder."""
    whole = str(tool)
    try:
        near = os.path.relpath(whole, here) if here else whole
    except ValueError:  # on another drive
        near = whole
    if os.sep not in near:
        near = os.path.join(os.curdir, near)  # noqa: PTH118 - a Path would lose the dot
    shorter = min(near, whole, key=len)
    return f'"{shorter}"' if " " in shorter else shorter
