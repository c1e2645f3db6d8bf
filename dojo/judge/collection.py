"""Lists the checks of an installed course under the learner's files, where editors look for them.

Then ``pytest katas/intro/k05_matmul.py`` and an editor's list of tests work in a folder that holds
no checks. In a clone, pytest collects the files of checks as they are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from _pytest.python import importtestmodule

from dojo.course.katas import Kata, kata_of
from dojo.files.atomic import content_of


class KataModule(pytest.Module):
    """The module of a kata's checks, under the path of the learner's file."""

    kata: Kata

    def _getobj(self) -> Any:
        return importtestmodule(self.kata.checks, self.config)


def module_at(path: Path, parent: pytest.Collector, root: Path) -> KataModule | None:
    """Return the checks that are listed under a learner's file; None for any other file."""
    kata = kata_of(path, root)
    if kata is None or kata.checks == path:
        return None
    module: KataModule = KataModule.from_parent(parent, path=path)
    module.kata = kata
    return module


def place_in_file(item: pytest.Item) -> None:
    """Have pytest and editors show a check where it can be edited.

    That is the function that it judges, where it is listed under the learner's file. In a file of
    checks it is the class that states the contract, since the law itself stands in another file.
    """
    contract, name = getattr(item, "cls", None), item.name
    path = item.path
    if item.getparent(KataModule) is not None:
        line = _line_of(path, getattr(contract, "name", ""))
    elif (line := getattr(contract, "dojo_line", 0) - 1) < 0:
        return
    item.reportinfo = lambda: (path, line, name)  # type: ignore[method-assign]


def _line_of(path: Path, public: str) -> int:
    """Return the line in a file, counted from 0, that defines a function or class; else 0."""
    raw = content_of(path)
    found = re.search(rf"^(?:def|class) {re.escape(public)}\b".encode(), raw, re.MULTILINE)
    return raw.count(b"\n", 0, found.start()) if found else 0
