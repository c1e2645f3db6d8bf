"""The limits of a worker: how much time and memory it may take."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dojo.workers.free_memory import available_on_linux

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

TIME_LIMIT = 10.0  # seconds for one kata, unless an option says otherwise
LONGEST_TIME_LIMIT = 86_400.0  # seconds, a day: systems wait for no more than some weeks


def bound_memory() -> None:
    """Limit this process to the memory that is free, so that a greedy answer gets an error."""
    if resource is None:
        return
    available = available_on_linux()
    if available is not None:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (available, available))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go
