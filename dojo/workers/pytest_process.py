"""Starts runs of pytest that serve this process and end when it does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dojo.workers.lifetime import STARTER

# Plugins that a run which only serves has no use for, and would pay for at each check.
UNUSED_PLUGINS = (
    "cacheprovider",
    "logging",
    "logging-plugin",
    "warnings",
    "unraisableexception",
    "threadexception",
)
_BARE = ("-q", "--capture=no", *(f"-pno:{name}" for name in UNUSED_PLUGINS))


def own_environment() -> dict[str, str]:
    """Return environment variables for a new run of pytest, without those of the run around it."""
    others = ("PYTEST_ADDOPTS", "PYTEST_XDIST_", "PYTEST_CURRENT_TEST")
    own = {name: text for name, text in os.environ.items() if not name.startswith(others)}
    return {**own, STARTER: str(os.getpid())}


def bound_pytest(folder: Path) -> list[str]:
    """Return the command of a run of pytest in a dojo's root that ends when this process ends."""
    return [sys.executable, "-m", "pytest", "-pdojo.workers.die_with_parent", f"--rootdir={folder}"]


def start_pytest(
    arguments: Sequence[str], folder: Path, lines: Mapping[str, str], **options: Any
) -> subprocess.Popen[bytes]:
    """Start pytest in the dojo's root, with no plugin but the dojo's, as a process that serves.

    Args:
        arguments: more arguments for pytest.
        folder: the dojo's root.
        lines: environment variables that tell the new process how to reach this one.
        options: for ``subprocess.Popen``.
    """
    environment = {**own_environment(), **lines, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    return subprocess.Popen(
        [*bound_pytest(folder), *_BARE, *arguments],
        cwd=folder,
        env=environment,
        start_new_session=True,
        **{**nowhere, **options},
    )
