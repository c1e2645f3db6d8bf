"""Loads a learner's file into a fresh module, and says in one line why it cannot.

It knows no pytest and no torch. Nothing is imported by name and no bytecode is cached, so what
is judged is always the text on the disk at this moment.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import tokenize
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dojo.statement import PublicName
from dojo.verdict import CRASHED, NOT_STARTED, RED


@dataclass
class LoadError(Exception):
    """A file that cannot be judged; ``message`` names file, line and what to do."""

    message: str
    file: str
    line: int = 0
    state: str = CRASHED

    def __str__(self) -> str:
        return self.message


def shown_path(path: Path, root: Path) -> str:
    """The path as the learner would type it from the dojo's root."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def load(raw: bytes, path: Path, name: str, root: Path) -> types.ModuleType:
    """Execute what was read of a file as a module of its own.

    Args:
        raw: the file's content.
        path: the learner's file.
        name: the module's name, such as ``intro.k14_custom_dataset``; worker processes that
            do not share this one's memory import the module under that name.
        root: the dojo's root, for the path in messages.

    Raises:
        LoadError: the file is not UTF-8, not Python, or fails while it is imported.
    """
    shown = shown_path(path, root)
    code = _compiled(_decoded(raw, shown), path, shown)
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        line = learner_line(error.__traceback__, path) or 1
        if isinstance(error, KeyboardInterrupt):
            raise
        raise LoadError(_import_failure(error, f"{shown}, line {line}"), shown, line) from None
    return module


def _import_failure(error: BaseException, where: str) -> str:
    if isinstance(error, SystemExit):
        return f"{where}: your file ends the process while it is imported. Take that call out."
    text = f"{type(error).__name__}: {error}".strip().rstrip(":")
    return f"{where}: importing your file failed with {text}. Mend that line and run again."


def read(path: Path, root: Path) -> bytes:
    """The learner's file as it is at this moment.

    Raises:
        LoadError: the file is missing or cannot be read.
    """
    shown = shown_path(path, root)
    if not path.exists():
        raise LoadError(
            f"{shown}: there is no such file. Bring it back with: git checkout -- {shown}",
            shown,
            state=NOT_STARTED,
        )
    if path.is_dir():
        raise LoadError(f"{shown}: a folder stands where your file should be. Move it away.", shown)
    try:
        return path.read_bytes()
    except OSError as error:
        raise LoadError(
            f"{shown}: your file cannot be read ({error.strerror}). Give yourself the right to.",
            shown,
        ) from None


def _decoded(raw: bytes, shown: str) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LoadError(_not_utf8(shown, line), shown, line) from None
    except (SyntaxError, LookupError):
        # detect_encoding reads two lines at most, so the line is one of those
        line = next((n for n, row in enumerate(raw.splitlines(), 1) if not _is_utf8(row)), 1)
        raise LoadError(_not_utf8(shown, line), shown, line) from None
    if not text.strip():
        raise LoadError(
            f"{shown}, line 1: your file is empty. Write the functions of the kata, or bring "
            f"the stub back with: git checkout -- {shown}",
            shown,
            1,
        )
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
        line = error.lineno or 1
        raise LoadError(
            f"{shown}, line {line}: {type(error).__name__}: {error.msg}. "
            "Python cannot read that line: mend it and run again.",
            shown,
            line,
        ) from None
    except (ValueError, MemoryError, RecursionError) as error:  # null bytes, very deep nesting
        raise LoadError(
            f"{shown}, line 1: Python cannot read your file: {error}. Mend it and run again.",
            shown,
            1,
        ) from None


def learner_line(trace: types.TracebackType | None, path: Path) -> int:
    """The innermost line of the learner's file in a traceback, or 0."""
    lines = [line for frame, line in traceback.walk_tb(trace) if is_learner(frame.f_code, path)]
    return lines[-1] if lines else 0


def is_learner(code: types.CodeType, path: Path) -> bool:
    """Whether this code was compiled from the learner's file."""
    return code.co_filename == str(path)


def require_names(
    module: types.ModuleType, names: dict[str, PublicName], path: Path, root: Path
) -> None:
    """Check that the file has the kata's public names, with signatures that can be called.

    Parameters without a default may have other names than the stub's, since they are passed by
    position; those with a default keep theirs.

    Raises:
        LoadError: a name is missing, is not callable, or takes other arguments.
    """
    shown = shown_path(path, root)
    for public in names.values():
        kind = "class" if public.is_class else "function"
        if not hasattr(module, public.name):
            line = len(path.read_bytes().splitlines())
            raise LoadError(
                f"{shown}, line {line}: your file ends without a {kind} {public.name}. "
                f"Write it again: {public.signature}",
                shown,
                line,
                RED,
            )
        value = getattr(module, public.name)
        line = getattr(getattr(value, "__code__", None), "co_firstlineno", 1)
        if not callable(value) or (public.is_class and not isinstance(value, type)):
            raise LoadError(
                f"{shown}, line {line}: {public.name} is a {type(value).__name__}, not a {kind}. "
                f"Define it as {public.signature}",
                shown,
                line,
                RED,
            )
        if not _accepts(value, public):
            raise LoadError(
                f"{shown}, line {line}: {public.name} takes other arguments than the kata's. "
                f"Its signature is {public.signature}",
                shown,
                line,
                RED,
            )


def _accepts(value: Callable[..., object], public: PublicName) -> bool:
    """Whether every way of calling that the kata's signature allows can be bound."""
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):  # a built-in such as torch.matmul has none
        return True
    arguments = public.arguments
    positional = [arg.arg for arg in arguments.args if arg.arg != "self"]
    required = len(positional) - len(arguments.defaults)
    optional = positional[required:]
    keyword_only = {arg.arg for arg in arguments.kwonlyargs}
    needed = {
        arg.arg
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    by_position = [object()] * required
    try:
        signature.bind(*by_position, **dict.fromkeys(needed))
        signature.bind(*by_position, **dict.fromkeys([*optional, *keyword_only]))
        signature.bind(*[object()] * len(positional), **dict.fromkeys(keyword_only))
    except TypeError:
        return False
    return True


def unstarted_name(path: Path, line: int) -> str:
    """The public name in whose body the line raises something itself, or an empty string.

    Torch raises NotImplementedError too, for what it has no kernel: on a line without `raise`.
    """
    tree = ast.parse(path.read_bytes())
    if not any(isinstance(node, ast.Raise) and _spans(node, line) for node in ast.walk(tree)):
        return ""
    definitions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return next((node.name for node in definitions if _spans(node, line)), "")


def _spans(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)
