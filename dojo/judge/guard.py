"""Watches what an answer must not change, and that it does not read the reference."""

from __future__ import annotations

from pathlib import Path

from dojo.course.katas import Kata
from dojo.course.trees import PACKAGE, TREES, course_of
from dojo.files.atomic import signature_of
from dojo.judge.sandbox.file_access import AuditHook
from dojo.judge.sandbox.tampering import Snapshot

# Files of the dojo's root that decide how pytest judges.
_ROOT_FILES = ("conftest.py", "pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")


class Guard:
    """Watches the judge in one process.

    Attributes:
        snapshot: the names of the judge as they should be; None before it is taken.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.snapshot: Snapshot | None = None
        self._audit_hook: AuditHook | None = None
        self._watched: list[Path] = []  # files of the judge that an answer must not change
        self._signatures: list[object] = []  # of these files, before the answer is judged

    def close(self, kata: Kata, solutions: Path) -> None:
        """Close the reference to this process, and watch the files of the judge, from now on.

        Args:
            kata: what is judged.
            solutions: the folder of answers, laid out like ``katas/``.
        """
        course = course_of(self._root)
        hidden = [] if solutions == course / "reference" else ["reference", "impostors"]
        own = [course / tree for tree in TREES if course / tree != self._root / "katas"]
        own += [PACKAGE, *(self._root / name for name in _ROOT_FILES)]
        protected = [self._root / "katas", self._root / ".dojo", solutions]
        judging = [path for path in own if path != solutions]
        self._audit_hook = AuditHook([course / tree for tree in hidden], protected, judging)
        self._watched = [kata.checks, *(self._root / name for name in _ROOT_FILES)]
        self._signatures = [signature_of(path) for path in self._watched]

    def fault_of_files(self, thoroughly: bool) -> str:
        """Say what the answer did to a file that is none of its business; empty if nothing.

        Args:
            thoroughly: look at the files of the judge, too, and not only at what was noted.
        """
        if self._audit_hook and self._audit_hook.was_read:
            return f"reads {self._audit_hook.was_read}: the answer must be your own"
        if changed := self._changed_file(thoroughly):
            return f"changes {changed}, which belongs to the dojo. Leave it as it is"
        return ""

    def fault_of_names(self, thoroughly: bool) -> str:
        """Put the names of the judge back, and say which one was replaced; empty if none.

        Args:
            thoroughly: look at every name of the judge, not only at torch's modes.
        """
        found = self.snapshot.restore(thoroughly) if self.snapshot else []
        return f"replaces {found[0]}, which judges your answer. Leave it as it is" if found else ""

    def _changed_file(self, thoroughly: bool) -> str:
        """Return the name of a file of the judge that the answer changed, or tried to."""
        hook = self._audit_hook
        if hook is not None and thoroughly and not hook.was_changed:
            pairs = zip(self._watched, self._signatures, strict=True)
            changed = (path.name for path, before in pairs if signature_of(path) != before)
            hook.was_changed = next(changed, "")
        return hook.was_changed if hook is not None else ""
