"""Turns a timed case into the JSON object that ``dojo bench --json`` prints."""

from __future__ import annotations

from typing import Any

from dojo.bench.implementations import YOURS
from dojo.bench.results import Case, Run, rate, since

VERSION = 1


def as_json(run: Run, then: Run | None, case: Case) -> dict[str, Any]:
    """Return a case as a dict for JSON: times in seconds, memory in bytes, None for unknown.

    Args:
        run: the run of the case.
        then: the run of an earlier version of the answer, if there is one.
        case: the case.
    """
    multiple, achieved = run.ratio(case), rate(run, case)
    changed = since(run, then, case) if then and case.implementation == YOURS else None
    low, median, high = case.quartiles if case.rounds else (None, None, None)
    return {
        "version": VERSION,
        "kata": case.subject.kata,
        "function": case.subject.function,
        "implementation": case.implementation,
        "device": case.subject.device,
        "n": case.n,
        "asked_n": case.size,
        "median": median,
        "q1": low,
        "q3": high,
        "rounds": len(case.rounds),
        "ratio_to_reference": multiple and multiple.value,
        "ratio_low": multiple and multiple.low,
        "ratio_high": multiple and multiple.high,
        "largest_new_bytes": case.fact("largest_new") if case.rounds else None,
        "total_new_bytes": case.fact("total_new") if case.rounds else None,
        "operations": case.fact("operations") if case.rounds else None,
        "rate": achieved and achieved.per_second,
        "rate_unit": achieved and achieved.unit,
        "share_of_ceiling": achieved and achieved.share,
        "speedup_since_last_run": changed and changed.speedup,
        "p": changed and changed.p,
        "is_significant": changed and changed.is_significant,
        "reason": case.reason or None,
    }
