"""Tells a kata's stub from an answer, and finds the stub again after it was overwritten.

The stub is taken from git's history. Without git, it is the copy that was kept while the kata was
not started, or that of the installed course. Nothing of what is found is run.
"""

from __future__ import annotations

import ast
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

from dojo.course.katas import Kata
from dojo.course.reference import NoReference, read_reference
from dojo.course.trees import installed_course
from dojo.files.atomic import content_of, write_atomically
from dojo.files.tools import typed

# The last line of every stub: whoever runs the file with Python is shown the verdict on it.
RUN_LINE = 'if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor\'s run button'


_KEPT = Path(".dojo", "stubs")  # where stubs are kept, from the dojo's root


def is_stub(kata: Kata, raw: bytes) -> bool:
    """Return whether this source is a stub of the kata: it has every public name, none begun.

    A name is begun if it does anything but raise ``NotImplementedError``.
    """
    if b"NotImplementedError" not in raw:  # most answers need no closer look
        return False
    public = _public_names(raw)
    try:
        names = read_reference(kata).names.keys()
    except (NoReference, RecursionError, MemoryError):
        return False
    return names <= public.keys() and all(_is_unstarted(node) for node in public.values())


def has_begun(raw: bytes) -> bool:
    """Return whether this source is more than a stub of any kata; cheap, and less strict.

    A source without a public name, or that is no Python, counts as begun: somebody wrote it.
    """
    public = _public_names(raw) if b"NotImplementedError" in raw else {}
    return not (public and all(_is_unstarted(node) for node in public.values()))


def find_stub(kata: Kata) -> bytes | None:
    """Return the newest stub in git's history, else the copy that was kept, else the installed one.

    Returns:
        None if there is none.
    """
    return next((raw for raw in _versions(kata) if is_stub(kata, raw)), None)


def newest_stub(kata: Kata) -> bytes | None:
    """Return the stub of the course as it is now: the installed one, else the newest in git.

    Returns:
        None if there is none.
    """
    found = _installed(kata) or next(_in_git(kata), b"")
    return found if found and is_stub(kata, found) else None


def kept_stub(kata: Kata) -> bytes:
    """Return the copy of the stub that was kept in ``.dojo/stubs/``; no bytes if there is none."""
    return content_of(_kept_copy(kata))


def kept_katas(root: Path) -> list[Kata]:
    """Return the katas whose stubs are kept, those too that the course has no more."""
    files = sorted((root / _KEPT).glob("*/*.py"))
    return [Kata(f"{file.parent.name}/{file.stem}", root) for file in files]


def remember_stub(kata: Kata, raw: bytes) -> None:
    """Keep a stub in ``.dojo/stubs/``, in place of an older one.

    Raises:
        OSError: it cannot be written.
    """
    if raw != kept_stub(kata):
        write_atomically(_kept_copy(kata), raw)


def is_in_git(root: Path) -> bool:
    """Return whether the folder is in a git repository with a commit."""
    return bool(_git(root, "rev-parse", "HEAD"))


def how_to_bring_back(shown: str, root: Path) -> str:
    """Return the command that brings back the stub of a file in ``katas/``; empty for any other.

    Args:
        shown: the file's path from the root, as it is shown.
        root: the dojo's root.
    """
    if not shown.startswith("katas/"):
        return ""
    if _git(root, "ls-files", "--", shown):
        return f"git checkout -- {shown}"
    return typed(f"dojo reset {shown.removeprefix('katas/').removesuffix('.py')}")


def keep_stub(kata: Kata) -> None:
    """Copy the learner's file into ``.dojo/stubs/`` if it is a stub, for use without git.

    Of an installed course only the very stub that it hands out is kept: in another one the learner
    may have made notes, which are no part of the kata.

    Raises:
        OSError: the copy cannot be written.
    """
    raw = content_of(kata.stub)
    if _installed(kata) not in (b"", raw):
        return
    if raw != kept_stub(kata) and is_stub(kata, raw):
        remember_stub(kata, raw)


def _versions(kata: Kata) -> Iterator[bytes]:
    """Yield what may be the stub: the file in each commit, the newest first, then the copies."""
    yield from _in_git(kata)
    yield kept_stub(kata)
    yield _installed(kata)


def _in_git(kata: Kata) -> Iterator[bytes]:
    """Yield the learner's file as it is in each commit, the newest first."""
    path = f"./{kata.stub.relative_to(kata.root).as_posix()}"  # from the root, wherever git's is
    for commit in _git(kata.root, "rev-list", "HEAD", "--", path).decode().split():
        yield _git(kata.root, "cat-file", "blob", f"{commit}:{path}")


def _installed(kata: Kata) -> bytes:
    """Return the stub of the installed course; no bytes if there is none."""
    course = installed_course()
    return b"" if course is None else content_of(course / "katas" / f"{kata.name}.py")


def _kept_copy(kata: Kata) -> Path:
    return kata.solution_in(kata.root / _KEPT)


def _git(root: Path, *command: str) -> bytes:
    """Run a git command and return its output; no bytes if it fails or if there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", root, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return b""
    return done.stdout if done.returncode == 0 else b""


def _public_names(raw: bytes) -> dict[str, ast.stmt]:
    """Return the public functions and classes of a source; none if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the judge reports what is odd in the file
            tree = ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, named) and not node.name.startswith("_")
    }


def _is_unstarted(node: ast.stmt) -> bool:
    """Return whether a function, or every method of a class, only raises NotImplementedError."""
    if isinstance(node, ast.ClassDef):
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        methods = [item for item in node.body if isinstance(item, functions)]
        public = [item for item in methods if item.name[0] != "_" or item.name.endswith("__")]
        return bool(public) and all(_is_unstarted(method) for method in public)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    body = node.body[ast.get_docstring(node, clean=False) is not None :]
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return False
    raised = body[0].exc
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"
