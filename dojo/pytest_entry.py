"""Loads the dojo's plugin of pytest in a dojo, and leaves the pytest of any other project alone.

By an entry point, pytest finds this module in every project of an environment. The plugin itself
imports torch, and its options and fixtures have names that other projects use too, such as
``--device``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dojo.course.trees import find_root

_PLUGIN = "dojo.plugin"


def pytest_addoption(pluginmanager: Any) -> None:
    """Load the plugin if the working folder, or a path that was named, is in a dojo."""
    typed = pluginmanager.get_plugin("pytestconfig").invocation_params
    if any(find_root(path) is not None for path in _paths(typed.dir, typed.args)):
        pluginmanager.import_plugin(_PLUGIN)


def _paths(folder: Path, arguments: Sequence[object]) -> Iterator[Path]:
    """Yield the working folder, and what may be a path among the arguments of pytest."""
    yield folder
    for argument in map(str, arguments):
        value = argument.partition("=")[2] if argument.startswith("-") else argument
        if value:
            yield folder / value.partition("::")[0]
