"""In the process that judges: runs the checks that the parent asks for, an answer a request.

It knows the protocol, not how the process came about (``isolation``, ``hub``).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import torch

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

from dojo import isolation
from dojo.catalog import Kata
from dojo.devices import device_of_item, devices_line, takes_device
from dojo.output import print_to_memory
from dojo.verdict import GREEN

if TYPE_CHECKING:
    from dojo.plugin import Dojo


def serve(dojo: Dojo, line: Connection) -> None:
    """Answer requests until the parent hangs up."""
    bound_memory()
    torch.set_num_threads(1)  # a forked OpenMP pool hangs
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
    requests = isolation.requests(line)
    request = next(requests)
    kata = Kata(request["kata"], dojo.root)
    dojo.open(kata, Path(request["solutions"]))
    chosen = request["device"]
    checks = {
        item.nodeid: dojo.check_of(item, GREEN, "", 0)
        for item in dojo.items_of(kata)
        if chosen in ("all", device_of_item(item)) or not takes_device(item)
    }
    plan = [{"nodeid": nodeid, "check": check.as_json()} for nodeid, check in checks.items()]
    used = tuple(sorted({check.device for check in checks.values()}))
    isolation.answer(line, {"plan": plan, "devices": devices_line(used)})
    items = {item.nodeid: item for item in dojo.items_of(kata)}
    if request["rehearse"]:
        dojo.rehearse(kata, (items[nodeid] for nodeid in checks))
    tail = None if request["aloud"] else print_to_memory()
    distrust = dojo.distrust  # as it is before the learner's code can change it
    is_first, was_red = True, False
    for request in requests:
        for nodeid, following in itertools.pairwise([*request["run"], request["following"]]):
            item, next_item = items[nodeid], items.get(following)
            started = time.perf_counter()
            check = dojo.run(item, next_item)
            seconds = time.perf_counter() - started
            # After the first check, and before a red verdict is explained or a green one given.
            is_turn = check.state != GREEN or next_item is None
            check = distrust(item, check, thoroughly=is_first or (is_turn and not was_red))
            is_first, was_red = False, was_red or check.state != GREEN
            sys.stdout.flush()
            printed = tail.take() if tail else ""
            if check.state != GREEN:
                check = replace(check, output=printed)
            source_hash = dojo.solution(kata).source_hash
            answer = {"check": check.as_json(), "seconds": seconds, "source_hash": source_hash}
            isolation.answer(line, answer)


def bound_memory() -> None:
    """An answer that asks for more memory than there is gets an error, not the machine."""
    if resource is None:
        return
    with contextlib.suppress(ValueError, OSError, StopIteration):
        rows = Path("/proc/meminfo").read_text().splitlines()
        available = next(int(row.split()[1]) for row in rows if row.startswith("MemAvailable"))
        resource.setrlimit(resource.RLIMIT_DATA, (available * 1024, available * 1024))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go
