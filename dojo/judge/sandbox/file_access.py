"""Keeps a learner's code from reading the reference, and from changing files of the dojo.

This is done by an audit hook. Python cannot remove one, so it is used only in processes that judge
once and end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# audit event → which of its arguments are paths that it removes or overwrites
_SPOILING = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.chmod": (0,),
    "shutil.rmtree": (0,),
}
# audit event → which of its arguments is the command of a program that is started
_STARTING = {"subprocess.Popen": 1, "os.system": 0, "os.posix_spawn": 1, "os.exec": 1}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


class AuditHook:
    """Forbids this process to open files in hidden folders and to change files in protected ones.

    It must not signal the processes that judge either, nor start programs that are given files of
    the judge.

    Attributes:
        was_changed: the first file of the judge that the process tried to change; empty if none.
        was_read: the first hidden file that the process tried to open, such as
            ``reference/intro/k05_matmul.py``; empty if none.
    """

    def __init__(
        self, hidden: Iterable[Path], protected: Iterable[Path], judging: Iterable[Path] = ()
    ) -> None:
        """Begin to forbid.

        Args:
            hidden: folders whose files may not be read.
            protected: folders in which nothing may be changed.
            judging: folders and files of the judge, in which nothing may be changed either.
        """
        self._hidden = _as_prefixes(hidden)
        self._judging = _as_prefixes(judging)
        self._protected = (*_as_prefixes(protected), *self._judging)
        self._ancestors = {-1, *_ancestors()}
        self.was_changed = ""
        self.was_read = ""  # the first hidden file that was opened, from its track on
        sys.dont_write_bytecode = True  # imports would run into the hook
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path = _real_path(arguments[0])
            self._refuse_if_hidden(path)
            if isinstance(arguments[2], int) and arguments[2] & _WRITING:
                self._refuse_if_protected(path)
        elif event in _SPOILING:
            if event == "os.link":  # by a second name, a hidden file could be opened
                self._refuse_if_hidden(_real_path(arguments[0]))
            for index in _SPOILING[event]:
                self._refuse_if_protected(_real_path(arguments[index]))
        elif event in ("os.kill", "os.killpg"):
            if arguments[0] in self._ancestors:
                raise PermissionError("that process judges: your answer must leave it alone")
        elif event in _STARTING:
            self._refuse_program(arguments[_STARTING[event]])

    def _refuse_program(self, command: object) -> None:
        """Refuse to start a program whose arguments name a file of the judge."""
        words = command if isinstance(command, list | tuple) else [command]
        text = " ".join(os.fsdecode(word) for word in words if isinstance(word, str | bytes))
        for place in self._judging:
            if place.rstrip(os.sep) in text:
                self._refuse_if_protected(place)

    def _refuse_if_hidden(self, path: str) -> None:
        if path.startswith(self._hidden):
            self.was_read = "/".join(Path(path).parts[-3:])
            raise PermissionError(f"{self.was_read} is closed while your answer is judged")

    def _refuse_if_protected(self, path: str) -> None:
        if path.startswith(self._protected):
            name = Path(path).name
            if path.startswith(self._judging):
                self.was_changed = self.was_changed or name
            raise PermissionError(f"{name} belongs to the dojo: your answer must leave it alone")


def _ancestors() -> Iterable[int]:
    """Yield the ids of the processes that started this one, as far as they can be seen."""
    pid = os.getppid()
    while pid > 1:
        yield pid
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return


def _as_prefixes(folders: Iterable[Path]) -> tuple[str, ...]:
    """Return what the path of every file in one of these folders begins with."""
    return tuple(str(folder.resolve()) + os.sep for folder in folders)


def _real_path(path: object) -> str:
    """Return the real path that a path leads to; empty for the number of an open file."""
    return os.path.realpath(os.fsdecode(path)) + os.sep if isinstance(path, str | bytes) else ""
