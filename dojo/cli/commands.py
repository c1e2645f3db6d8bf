"""Collects all commands of ``dojo``: each module imported here adds its own to the application."""

from __future__ import annotations

import functools
import sys

# This order is that of the help.
from dojo.cli import answers, guidance, notebook, practice, provision, upkeep  # noqa: F401
from dojo.cli.app import app
from dojo.cli.exit_codes import exit_code_of


def run() -> None:
    """Run the command that was typed, and end this process with its exit code."""
    sys.exit(exit_code_of(functools.partial(app, prog_name="dojo")))
