"""Runs ``pytest --benchmark-only`` on katas in a process of its own, and reads what it has found.

This process imports neither torch nor pytest.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dojo.bench.implementations import ORDER, YOURS
from dojo.bench.json_case import as_json
from dojo.bench.results import (
    NoResults,
    Run,
    Subject,
    earlier_runs,
    read_run,
    with_reasons,
)
from dojo.course.katas import Kata, shown_path
from dojo.workers.lifetime import end_started
from dojo.workers.pytest_process import bound_pytest, own_environment

_SAVED_AS = "bench"  # the end of the name of pytest-benchmark's file
_POLL = 0.1  # seconds between two looks at the progress of pytest
_ROUND = "0.001"  # seconds of a round, so that a case has hundreds of rounds, not 100,000
_LENGTH = "0.5"  # seconds of rounds for a case
_NO_TESTS = 5  # pytest's exit code if it has collected nothing
_HAS_RUN = (0, 1, _NO_TESTS)  # exit codes of a pytest that has run


class CannotTime(Exception):
    """Nothing was timed; ``brief`` says so in a sentence, ``details`` is pytest's own output."""

    def __init__(self, brief: str, details: str = "") -> None:
        super().__init__(f"{brief}\n{details}".rstrip())
        self.brief, self.details = brief, details


class Abandoned(Exception):
    """The run was ended, since its times are not wanted any more."""


@dataclass(frozen=True)
class Findings:
    """The findings of a run of pytest-benchmark.

    Attributes:
        run: the cases of the run.
        earlier: for each subject, the newest run of another version of the answer.
        not_green: a sentence for each kata that was not timed, since it is not green.
        warnings: sentences on what is wrong with saved runs, or with this one.
    """

    run: Run
    earlier: dict[Subject, Run]
    not_green: list[str]
    warnings: list[str]


def has_benchmark(kata: Kata) -> bool:
    """Return whether the kata's check file declares a benchmark."""
    return "= Benchmark(" in kata.checks.read_text(encoding="utf-8")


def time_katas(
    root: Path,
    katas: Sequence[Kata],
    device: str,
    limit: float,
    on_case: Callable[[dict[str, Any]], None],
    is_over: threading.Event | None = None,
) -> Findings:
    """Time katas that have a benchmark, and save the run.

    The processes that this call starts end with it, whatever ends it.

    Args:
        root: the dojo's root.
        katas: one or more.
        device: "cpu", "cuda" or "all".
        limit: seconds that one case may take.
        on_case: called with a note on each case as it ends; see ``Timing`` in ``timed.plugin``.
        is_over: set by another thread that does not want the times any more.

    Raises:
        CannotTime: pytest has run no case.
        NoResults: the file that pytest-benchmark wrote cannot be read.
        Abandoned: ``is_over`` was set.
    """
    is_over = is_over or threading.Event()
    hashes, before = _source_hashes(katas), list(earlier_runs(root))
    with tempfile.TemporaryDirectory() as folder:
        results, notes_path = Path(folder) / "results.json", Path(folder) / "cases.jsonl"
        options = [
            f"--device={device}",
            f"--time-limit={limit:g}",
            f"--cases={notes_path}",
            f"--benchmark-json={results}",
        ]
        code, output, notes = _run_pytest(root, katas, options, notes_path, on_case, is_over)
        if code == _NO_TESTS and device == "cuda":
            raise CannotTime("There is no GPU here, and a simulated one is never timed.")
        if code not in _HAS_RUN or not notes:
            raise CannotTime("Pytest could not time anything.", output[-2000:])
        run = Run(datetime.now(timezone.utc), "", ())
        if results.exists():
            run = read_run(results)
    red = dict.fromkeys(note["reason"] for note in notes if note["is_red"])
    run = with_reasons(run, [note for note in notes if not note["is_red"]])
    earlier, warnings = _earlier_versions(run, before)
    warnings += [
        f"{shown_path(kata.stub, root)} was saved while it was timed: time it once more."
        for kata, now in _source_hashes(katas).items()
        if now != hashes[kata]
    ]
    return Findings(run, earlier, list(red), warnings)


def _source_hashes(katas: Sequence[Kata]) -> dict[Kata, str]:
    """Return the hash of each kata's answer; an empty text where there is no file."""
    return {
        kata: hashlib.sha256(kata.stub.read_bytes()).hexdigest() if kata.stub.is_file() else ""
        for kata in katas
    }


def _run_pytest(
    root: Path,
    katas: Sequence[Kata],
    options: Sequence[str],
    notes_path: Path,
    on_case: Callable[[dict[str, Any]], None],
    is_over: threading.Event,
) -> tuple[int, str, list[dict[str, Any]]]:
    """Run pytest, and return its exit code, its output, and its note on each case."""
    command = [*bound_pytest(root), "-q", "--benchmark-only"]
    command += [f"--benchmark-min-time={_ROUND}", f"--benchmark-max-time={_LENGTH}"]
    command += [f"--benchmark-save={_SAVED_AS}", "--benchmark-save-data", *options]
    command += [str(kata.node) for kata in katas]
    notes: list[dict[str, Any]] = []
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process, which ends the other
        )
        try:
            code = None
            while code is None:
                if is_over.wait(_POLL):
                    raise Abandoned
                code = process.poll()
                for line in _whole_lines(notes_path)[len(notes) :]:
                    notes.append(json.loads(line))
                    on_case(notes[-1])
        finally:
            if process.poll() is None:
                end_started(process)
        output.seek(0)
        return code, output.read().decode(errors="replace"), notes


def _whole_lines(path: Path) -> list[str]:
    """Return the complete lines of a file that is still being written."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text.split("\n")[:-1]


def _earlier_versions(run: Run, paths: Sequence[Path]) -> tuple[dict[Subject, Run], list[str]]:
    """Find, for each answer, the newest saved run of another version of it.

    Returns:
        The runs by subject, and a warning for each file that cannot be read.
    """
    versions = {
        case.subject: (case.facts or {}).get("source_hash")
        for case in run.cases
        if case.implementation == YOURS and case.rounds
    }
    found: dict[Subject, Run] = {}
    warnings = []
    for path in paths:
        if len(found) == len(versions):
            break
        try:
            then = read_run(path)
        except NoResults as error:
            warnings.append(str(error))
            continue
        for case in then.cases:
            version = (case.facts or {}).get("source_hash")
            if case.implementation == YOURS and versions.get(case.subject, version) != version:
                found.setdefault(case.subject, then)
    return found, warnings


def json_lines(findings: Findings) -> list[str]:
    """Return the findings as lines of JSON, one for each implementation and size."""
    run = findings.run
    cases = [case for case in run.cases if case.implementation in ORDER]
    return [json.dumps(as_json(run, findings.earlier.get(c.subject), c)) for c in cases]
