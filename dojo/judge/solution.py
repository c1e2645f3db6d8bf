"""Gives the checks a learner's answer to call, and remembers the last call for the message."""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dojo.checks.expect import CheckFailed
from dojo.checks.huge import refuse_odd_result
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import Call
from dojo.course.katas import Kata
from dojo.course.statement import PublicName
from dojo.judge.learner_lines import line_of
from dojo.judge.loading import LoadError, load, module_name, read
from dojo.judge.sandbox.defaults import defaults_and_seeds_kept, reset_defaults
from dojo.judge.sandbox.process_state import ProcessState
from dojo.judge.signatures import require_names


class Solution:
    """A kata's public names as the learner wrote them, loaded at the first use of one.

    Args:
        kata: what the answer is to.
        path: the learner's file.
        names: the public names.
        root: the dojo's root.
        state: returns the record by which the process is restored after each call, if there is one.
        raw: what the file would hold, if it is not the learner's file that is to be loaded.

    Attributes:
        last_call: the last call of a public name, whose ``str`` is such as ``add(x1, x2)``.
        last_line: the line on which that name is defined, or 0.
        source_hash: SHA-256 of the file that was loaded, or empty before and where there is none.
        hint: where to look if the next call raises; empty where no law has said so.
        records: what the laws have asked so far, by the row and the device.
        changed_default: the default of torch that the last call has changed; empty if none.
    """

    def __init__(
        self,
        kata: Kata,
        path: Path,
        names: dict[str, PublicName],
        root: Path,
        state: Callable[[], ProcessState | None] = lambda: None,
        raw: bytes | None = None,
    ) -> None:
        self._state, self._raw = state, raw
        self._kata, self._path, self._names, self._root = kata, path, names, root
        self._module: types.ModuleType | None = None
        self._error: LoadError | None = None
        self._calls: dict[tuple[str, int], Callable[..., Any]] = {}
        self._refused: dict[str, CheckFailed] = {}
        self.last_call: Call | str = ""
        self.last_line = 0
        self.source_hash = ""
        self.hint = ""
        self.records: dict[Any, Any] = {}
        self.changed_default = ""

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(f"{self._kata.name} has no public name {name}")
        value = getattr(self._module or self._load(), name)
        key = name, id(value)  # if the name gets another value, that is wrapped too
        if key not in self._calls:
            self._calls[key] = self._recording(name, value)
        return self._calls[key]

    def with_content(self, raw: bytes) -> Solution:
        """Return an answer to the same kata that is loaded from this content, not from the file."""
        return Solution(self._kata, self._path, self._names, self._root, self._state, raw)

    @property
    def load_error(self) -> LoadError | None:
        """Why the file cannot be judged, once that is known."""
        return self._error

    def _load(self) -> types.ModuleType:
        """Load the learner's module; after a failure, raise the same error for every check."""
        if self._error is not None:
            raise self._error.with_traceback(None)  # it would grow with each check
        try:
            raw = read(self._path, self._root) if self._raw is None else self._raw
            self.source_hash = hashlib.sha256(raw).hexdigest()
            state = self._state()
            restore = state.restore if state else None
            # A file may seed at its top, and show at its end what it does with random numbers:
            # that is no part of what its functions do.
            with defaults_and_seeds_kept(), settings_watched(self):
                module = load(raw, self._path, module_name(self._kata), self._root, restore)
            require_names(module, self._names, self._path, self._root)
        except LoadError as error:
            self._error = error
            raise
        self._module = module
        return module

    def _recording(self, name: str, value: Any) -> Callable[..., Any]:
        """Wrap a public name: each call is recorded, and what harms the check itself is undone.

        That is torch's defaults and the recursion limit. What else an answer may
        have changed of its process is put back after the check.
        """
        set_limit, limit = sys.setrecursionlimit, sys.getrecursionlimit()
        function = vars(value).get("__init__") if isinstance(value, type) else value
        line = line_of(function, self._path)

        @functools.wraps(value, updated=())
        def call(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            self.last_call = Call(name, args, kwargs)
            self.last_line = line
            if name in self._refused:  # to make it again and again would take too long
                raise self._refused[name].with_traceback(None)
            try:
                got = value(*args, **kwargs)
            finally:
                set_limit(limit)
                self.changed_default = reset_defaults()
            try:
                refuse_odd_result(got, *args)
            except CheckFailed as error:
                self._refused[name] = error
                raise
            return got

        return call
