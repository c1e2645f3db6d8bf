"""Loads a learner's file into a new module, or says why it cannot.

Nothing is imported by name and no bytecode is cached, so what is judged is always the text on the
disk at this moment.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tokenize
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.course.stubs import how_to_bring_back
from dojo.files.atomic import NoUsualFile, read_file
from dojo.judge.error_words import debugger_left, error_in_words
from dojo.judge.excerpts import conflict_line, excerpt, lines_of
from dojo.judge.learner_lines import learner_line
from dojo.verdict.model import CRASHED, NOT_STARTED

_CONFLICT = (
    "a merge conflict is left in your file: two versions of the same lines, one between <<<<<<< "
    "and =======, the other between ======= and >>>>>>>. Keep the lines that you want, delete the "
    "lines of those marks, and run again."
)


@dataclass
class LoadError(Exception):
    """A file cannot be judged.

    Attributes:
        message: one line with file, line and what to do; below it, where Python cannot read the
            file, that line of it and a caret.
        file: the path as it is shown.
        line: the line, or 0.
        state: of each check of the kata.
    """

    message: str
    file: str
    line: int = 0
    state: str = CRASHED

    def __str__(self) -> str:
        return self.message


def load(
    raw: bytes,
    path: Path,
    name: str,
    root: Path,
    restore: Callable[[], None] | None = None,
) -> types.ModuleType:
    """Execute the content of a learner's file as a new module, and return that.

    Args:
        raw: the file's content.
        path: the learner's file.
        name: the module's name, such as ``intro.k14_custom_dataset``; worker processes that
            do not share this one's memory import the module under that name.
        root: the dojo's root, for the path in messages.
        restore: puts back what the file may have changed of the process; called at its end. None
            in a process that is not only for this file, and may be interrupted by a person.

    Raises:
        LoadError: the file is not UTF-8, not Python, or fails while it is imported.
    """
    shown = shown_path(path, root)
    code = _compiled(_decoded(raw, shown, root), path, shown)
    module = _new_module(name, path)
    failure: BaseException | None = None
    try:
        exec(code, module.__dict__)
    except BaseException as error:  # noqa: BLE001 - the file may raise anything
        failure = error
    finally:
        if restore is not None:
            restore()
    if failure is not None:
        if restore is None and isinstance(failure, KeyboardInterrupt):
            raise failure
        line = learner_line(failure.__traceback__, path) or 1
        words = debugger_left(failure, path.stem) or _import_failure(failure)
        trace = failure.__traceback__ if restore is None else None  # for pytest --pdb to stop there
        raise LoadError(f"{shown}, line {line}: {words}", shown, line).with_traceback(
            trace
        ) from None
    return module


def module_name(kata: Kata) -> str:
    """Return the name of the module that the answer to a kata becomes."""
    return kata.name.replace("/", ".")


@contextlib.contextmanager
def unloaded_afterwards(kata: Kata) -> Iterator[None]:
    """After the ``with`` block, put back what ``load`` has changed for an answer to this kata."""
    module = module_name(kata)
    names = module, module.rpartition(".")[0]
    before = {name: sys.modules.get(name) for name in names}
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path
        for name, known in before.items():
            if known is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = known


def _new_module(name: str, path: Path) -> types.ModuleType:
    """Make a module that can be imported by its name, as pickle and worker processes do.

    So its parent is a package whose modules lie beside the learner's file.
    """
    package_name, _, stem = name.rpartition(".")
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    if package_name:
        package = types.ModuleType(package_name)
        package.__path__ = [str(path.parent)]
        setattr(package, stem, module)
        sys.modules[package_name] = package
        if path.parent.name == package_name:
            sys.path.append(str(path.parent.parent))  # a process that is started afresh takes it
    return module


def _import_failure(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "your file ends the process while it is imported. Take that call out."
    text = error_in_words(error)
    return f"importing your file failed with {text}. Fix that line and run again."


def read(path: Path, root: Path) -> bytes:
    """Return the content of the learner's file as it is at this moment.

    Raises:
        LoadError: the file is missing or cannot be read.
    """
    shown = shown_path(path, root)
    if not path.exists():
        command = how_to_bring_back(shown, root)
        remedy = f" Bring it back with: {command}" if command else ""
        raise LoadError(f"{shown}: there is no such file.{remedy}", shown, state=NOT_STARTED)
    if path.is_dir():
        raise LoadError(f"{shown}: a folder stands where your file should be. Move it away.", shown)
    try:
        return read_file(path)
    except NoUsualFile as error:
        raise LoadError(f"{shown}: your file {error}. Put a text file there.", shown) from None
    except OSError as error:
        raise LoadError(
            f"{shown}: your file cannot be read ({error.strerror}). Give yourself the right to.",
            shown,
        ) from None


def _decoded(raw: bytes, shown: str, root: Path) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LoadError(_not_utf8(shown, line), shown, line) from None
    except (SyntaxError, LookupError, UnicodeError):
        # detect_encoding reads two lines at most, so the line is one of those
        line = next((n for n, row in enumerate(raw.splitlines(), 1) if not _is_utf8(row)), 1)
        raise LoadError(_not_utf8(shown, line), shown, line) from None
    if not text.strip():
        command = how_to_bring_back(shown, root)
        remedy = f", or bring the stub back with: {command}" if command else "."
        text = f"{shown}, line 1: your file is empty. Write the functions of the kata{remedy}"
        raise LoadError(text, shown, 1)
    return text


def _is_utf8(row: bytes) -> bool:
    try:
        row.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(shown: str, line: int) -> str:
    return f"{shown}, line {line}: your file is not UTF-8 text. Save it with the encoding UTF-8."


def _compiled(text: str, path: Path, shown: str) -> types.CodeType:
    try:
        return compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line, words = _unread_line(error, lines_of(text))
        raise LoadError(f"{shown}, line {line}: {words}".rstrip(), shown, line) from None
    except (ValueError, MemoryError, RecursionError) as error:  # null bytes, very deep nesting
        raise LoadError(
            f"{shown}, line 1: Python cannot read your file: {_why_unread(error)}. "
            "Fix it and run again.",
            shown,
            1,
        ) from None


def _unread_line(error: SyntaxError, lines: list[str]) -> tuple[int, str]:
    """Return the line that Python cannot read, and what is to be said of it."""
    number = error.lineno or 1
    if conflict := conflict_line(lines, number):
        return conflict, f"{_CONFLICT}\n{excerpt(lines[conflict - 1], 0)}"
    line = lines[number - 1] if number <= len(lines) else ""
    # in the braces of an f-string, Python counts columns in a text of its own
    part = (error.text or line).rstrip("\r\n")
    offset = error.offset or 0 if line.startswith(part) else 0
    words = (
        f"{type(error).__name__}: {error.msg}. Python cannot read that line: fix it and run again."
    )
    return number, f"{words}\n{excerpt(line, offset)}"


def _why_unread(error: Exception) -> str:
    text = error_in_words(error).partition(": ")[2]
    return "it is nested too deeply" if isinstance(error, MemoryError | RecursionError) else text
