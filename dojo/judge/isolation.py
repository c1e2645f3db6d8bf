"""Chooses in which process a kata's checks run: a forked one, a spawned one, or pytest's own."""

from __future__ import annotations

import pytest

from dojo.devices.select import can_fork


def isolation_of(config: pytest.Config) -> str:
    """Return "fork", "spawn" or "none", by the options --isolation, --pdb and --trace."""
    if config.getoption("usepdb") or config.getoption("trace"):
        return "none"  # a debugger needs the terminal
    choice = str(config.getoption("--isolation"))
    if choice == "auto":
        return "fork" if can_fork() else "spawn"
    return choice
