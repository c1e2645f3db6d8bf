"""What is said between the process that asks for a verdict and the one that judges.

Plain data that JSON can carry, free of torch and pytest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dojo.catalog import Kata


def open_request(
    kata: Kata,
    solutions: Path,
    device: str = "all",
    aloud: bool = False,
    rehearse: bool = False,
) -> dict[str, Any]:
    """The first request: which kata, whose answer, on which devices.

    It is answered by the ``plan``, a list of the kata's checks with ``nodeid`` and, before it has
    run, ``check``, and by the ``devices`` in words. The answer to what follows is, for each check,
    a dictionary: ``check``, its ``seconds``, and the ``source_hash`` of the file that was loaded.
    With ``aloud`` what the answer prints is shown at once; else the end of it is in the check. With
    ``rehearse`` the process then goes through the checks without an answer, so that the next time
    is faster.
    """
    return {
        "kata": kata.name,
        "solutions": str(solutions),
        "device": device,
        "aloud": aloud,
        "rehearse": rehearse,
    }


def run_request(nodeids: Sequence[str], following: str | None = None) -> dict[str, Any]:
    """Run these checks, an answer each, then tear down what the ``following`` one does not need."""
    return {"run": list(nodeids), "following": following}
