"""Notices saved files: a learner's answers, and the files that the judge itself relies on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import watch

from dojo.course.katas import Kata, find_katas
from dojo.course.trees import PACKAGE, TREES
from dojo.files.atomic import signature_of

_QUIET = 4  # milliseconds without another change, after which a save counts as finished
_LONGEST = 100  # milliseconds after which a save counts as finished in any case


class SaveWatcher:
    """Watches a folder of answers and the dojo's own code, in a thread of its own.

    Args:
        root: the dojo's root.
        solutions: the folder of answers, laid out like ``katas/``.
        current: returns the kata that the learner is at, which is looked at first.
        on_save: called in this thread with a kata whose answer was saved.
        on_change: called in this thread when a check or the dojo itself has changed.
    """

    def __init__(
        self,
        root: Path,
        solutions: Path,
        current: Callable[[], Kata | None],
        on_save: Callable[[Kata], None],
        on_change: Callable[[], None],
    ) -> None:
        self._root, self._solutions = root, solutions
        self._current, self._on_save, self._on_change = current, on_save, on_change
        self._signatures: dict[Path, object] = {}  # of each answer, at its last save
        self._installed: dict[Path, object] = {}  # signatures of files that pip replaces
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo saves")
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it does so within a moment."""
        self._is_closed.set()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _run(self) -> None:
        katas = find_katas(self._root)
        own = [self._root / tree for tree in (*TREES, "dojo") if tree != "katas"]
        answers = {kata.solution_in(self._solutions).resolve().parent for kata in katas}
        judging = [PACKAGE / "__init__.py", *(kata.checks for kata in katas)]
        self._installed = {path: signature_of(path) for path in judging if not _is_in(path, own)}
        folders = {self._solutions, *own, *answers}
        changes = watch(
            *(folder for folder in folders if folder.is_dir()),
            debounce=_LONGEST,
            step=_QUIET,
            stop_event=self._is_closed,
            raise_interrupt=False,
        )
        for batch in changes:
            paths = {Path(path) for _, path in batch}
            if any(path.suffix == ".py" and _is_in(path, own) for path in paths):
                self._on_change()
            current = self._current()
            if current is not None and self._was_saved(current, paths):
                self._tell_upgrade(current)
                self._on_save(current)  # looking at all katas would take longer
                continue
            saved = [kata for kata in find_katas(self._root) if self._was_saved(kata, paths)]
            if saved:
                self._tell_upgrade(saved[0])
                self._on_save(saved[0])

    def _tell_upgrade(self, kata: Kata) -> None:
        """Tell that pip has replaced what judges a kata: it removes folders, and no watch lasts."""
        paths = [path for path in (PACKAGE / "__init__.py", kata.checks) if path in self._installed]
        if any(self._installed[path] != signature_of(path) for path in paths):
            self._installed = {path: signature_of(path) for path in self._installed}
            self._on_change()

    def _was_saved(self, kata: Kata, paths: set[Path]) -> bool:
        """Return whether the kata's answer is among the changed paths and has really changed."""
        path = kata.solution_in(self._solutions)
        flat = self._solutions / path.name  # where an answer may have lain that is gone now
        if not paths & {path, path.resolve(), flat}:
            return False
        before, self._signatures[path] = self._signatures.get(path), signature_of(path)
        return before is None or before != self._signatures[path]


def _is_in(path: Path, folders: list[Path]) -> bool:
    return any(folder in path.parents for folder in folders)
