"""The worker's side of a benchmark: times one pass of a case at each request of the parent."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from _pytest.runner import runtestprotocol

from dojo.bench.timed.items import BenchItem
from dojo.judge.sandbox.output import print_to_memory
from dojo.workers.limits import bound_memory
from dojo.workers.protocol import WorkerEnd, answer, requests

# On all cores, one core that is busy with something else would hold up the others, and a sum of
# microseconds would take milliseconds. On one core, the ratios stay right.
THREADS = 1
# How often a case is timed, in turn with what it is compared with; the legend of the table says so.
PASSES = 5


def serve(session: pytest.Session, connection: WorkerEnd) -> None:
    """Time one pass of a case at each request, and answer with its outcome."""
    bound_memory()
    torch.set_num_threads(THREADS)
    warnings.simplefilter("ignore")  # a right answer may cause one in NumPy or torch
    own = {item.nodeid: item for item in session.items if isinstance(item, BenchItem)}
    for case in own.values():
        case.add_marker(pytest.mark.benchmark(**_length_of_a_pass(session.config)))
    for request in requests(connection):
        print_to_memory()
        case = own[request["case"]]
        case.n, case.solutions = request["n"], Path(request["solutions"])
        reports = runtestprotocol(case, log=False, nextitem=None)
        failed = next((str(r.longrepr) for r in reports if r.failed), "")
        answer(connection, {"reason": failed[-500:]} if failed else case.outcome)


def _length_of_a_pass(config: pytest.Config) -> dict[str, Any]:
    """Return pytest-benchmark's options for one pass, which has a part of a case's time."""
    return {
        "max_time": float(config.getoption("--benchmark-max-time")) / PASSES,
        "min_rounds": -(-config.getoption("--benchmark-min-rounds") // PASSES),
    }
