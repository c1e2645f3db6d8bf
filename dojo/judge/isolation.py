"""Chooses in which process a kata's checks run: a forked one, a spawned one, or pytest's own."""

from __future__ import annotations

import pytest

from dojo.devices.select import can_fork


def isolation_of(config: pytest.Config) -> str:
    """The kind of process: "fork", "spawn" or "none", as ``--isolation`` and ``--pdb`` ask for."""
    if config.getoption("usepdb") or config.getoption("trace"):
        return "none"  # a debugger needs the terminal
    choice = str(config.getoption("--isolation"))
    if choice == "auto":
        return "fork" if can_fork() else "spawn"
    return choice
