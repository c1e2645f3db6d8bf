"""What is said between the process that asks for a verdict and the one that judges.

Plain data that JSON can carry, free of torch and pytest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dojo.catalog import Kata


def open_request(
    kata: Kata, solutions: Path, device: str = "all", as_reports: bool = False
) -> dict[str, Any]:
    """The first request: which kata, whose answer, on which devices.

    It is answered by the ``plan``, a list of the kata's checks with ``nodeid`` and, before it has
    run, ``check``, and by the ``devices`` in words. With ``as_reports`` the answers to what
    follows are pytest's own reports; else a dictionary: ``check``, its ``seconds``, and the
    ``source_hash`` of the file that was loaded.
    """
    return {
        "kata": kata.name,
        "solutions": str(solutions),
        "device": device,
        "as_reports": as_reports,
    }


def run_request(nodeid: str, next_nodeid: str | None) -> dict[str, Any]:
    """Run a check, then tear down what the next one does not need."""
    return {"run": nodeid, "next": next_nodeid}
