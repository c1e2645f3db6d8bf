"""Shows a run of pytest in the terminal: a line a kata, the first failure, the next step.

It receives reports with a ``dojo`` field and does not know who made them, so it works in the same
way under xdist. It writes plain ASCII and at most 80 columns of its own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from dojo.course.katas import Kata, find_katas, kata_of, shown_path, track_title
from dojo.course.lookup import short_name
from dojo.course.statement import read_statement
from dojo.devices.select import devices_line
from dojo.files.atomic import write_atomically
from dojo.files.tools import typed
from dojo.judge.kata_run import KataRun, with_diagnosis
from dojo.progress.record import Progress, record_all
from dojo.verdict.model import GREEN, NOT_STARTED, Check, Verdict
from dojo.verdict.text import bar_of, colour_of, counts_of, failure_lines, wrapped

_USUAL_CHARS = "fE"  # of pytest's option -r
_NO_CACHE = "pytest's cache cannot be written: --lf and --ff will not know of this run."


class KataReporter:
    """Collects the checks' reports and writes the summary of the run."""

    def __init__(self, config: pytest.Config, terminal: Any, root: Path, solutions: Path) -> None:
        self._config, self._terminal = config, terminal
        self._root, self._solutions = root, solutions
        self._katas: dict[str, KataRun] = {}
        self._of_files: dict[str, KataRun | None] = {}  # of check files, as pytest names them
        self._track = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_report_header(self) -> Generator[None, list[Any], list[Any]]:
        """Leave out pytest-benchmark's line of 170 columns, which says nothing of a kata."""
        lines = yield
        return [line for line in lines if not str(line).startswith("benchmark:")]

    # ---------------------------------------------------------------- what is to come

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._count_expected([item.nodeid for item in session.items])
        only_katas = session.items and all(self._run_of(item.nodeid) for item in session.items)
        if only_katas and self._config.option.verbose <= 0:
            self._terminal.showfspath = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        if not self._katas:  # every worker collects the same checks
            self._count_expected(ids)

    def _count_expected(self, nodeids: list[str]) -> None:
        for nodeid in nodeids:
            if (run := self._run_of(nodeid)) is not None:
                run.expected += 1

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        for item in items:
            if (run := self._run_of(item.nodeid)) is not None:
                run.deselected += 1

    def _run_of(self, nodeid: str) -> KataRun | None:
        file = nodeid.partition("::")[0]
        if file not in self._of_files:
            kata = kata_of(self._config.rootpath / file, self._root)
            known = None if kata is None else self._katas.setdefault(kata.name, KataRun(kata))
            self._of_files[file] = known
        return self._of_files[file]

    # ---------------------------------------------------------------- what happened

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Name the outcome of a check; those that wait for the learner have one of their own."""
        if not getattr(report, "dojo", None):
            return None
        state = report.dojo["state"]
        category = {GREEN: "passed", NOT_STARTED: NOT_STARTED}.get(state, "failed")
        is_quiet = self._config.option.verbose <= 0
        return category, "", "" if is_quiet else (state.upper(), _markup(state))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        run = self._run_of(report.nodeid)
        if run is None:
            return
        run.seconds += report.duration
        if not getattr(report, "dojo", None):
            return
        run.outcomes.append((tuple(report.dojo_place), Check(**report.dojo)))
        run.source_hash = getattr(report, "dojo_source_hash", "") or run.source_hash
        if run.done and self._config.option.verbose <= 0:
            self._write_line(run)

    def _write_line(self, run: KataRun) -> None:
        kata = run.kata
        if kata.track != self._track:
            self._track = kata.track
            self._terminal.ensure_newline()
            self._terminal.write_line(f"{kata.track}: {track_title(self._root, kata.track)}")
        state = run.verdict().state
        self._terminal.write(f"  {kata.stem:<28} ")
        self._terminal.write(f"{state:<12}", **_markup(state))
        left_out = " (not all of them)" if run.deselected or self._is_part else ""
        self._terminal.write_line(f" {counts_of(run.verdict())}{left_out}")

    # ---------------------------------------------------------------- the summary

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self) -> Iterator[None]:
        """Write the katas' summary; leave their checks out of pytest's own list of failures."""
        stats = self._terminal.stats
        has_no_cache = _take_cache_warnings(stats)
        kept = {name: list(reports) for name, reports in stats.items()}
        for name, reports in stats.items():
            stats[name] = [report for report in reports if not getattr(report, "dojo", None)]
        try:
            result = yield
        finally:
            stats.update(kept)
        self._write_short_summary(kept)
        judged = [run for run in self._katas.values() if run.outcomes]
        if judged:
            verdicts = {run.kata.name: with_diagnosis(run) for run in judged}
            self._write_summary(judged, verdicts)
            self._write_verdicts(verdicts)
            self._record_progress(
                [verdicts[one.kata.name] for one in judged if self._is_whole(one)]
            )
        if has_no_cache:
            self._terminal.write_line(_NO_CACHE, yellow=True)
        return result

    def _write_short_summary(self, stats: dict[str, list[Any]]) -> None:
        """Write a line for each check, as ``-rA`` and the like ask for; by default there is none.

        What the letters f and p of ``-r`` choose is what is chosen here.
        """
        if self._config.option.reportchars == _USUAL_CHARS:
            return
        wanted = {"p": ["passed"], "f": ["failed", NOT_STARTED]}
        for char in self._terminal.reportchars:
            for report in itertools.chain(*(stats.get(name, []) for name in wanted.get(char, []))):
                if getattr(report, "dojo", None):
                    state = report.dojo["state"]
                    self._terminal.write(state.upper(), **_markup(state))
                    text = report.dojo["message"].partition("\n")[0]
                    self._terminal.write_line(f" {report.nodeid}{text and ' - '}{text}")

    def _write_verdicts(self, verdicts: dict[str, Verdict]) -> None:
        """Write the verdicts for programs into the file of ``--verdicts``, a line of JSON each."""
        path = self._config.getoption("--verdicts")
        if path:
            lines = [json.dumps(verdict.as_json()) + "\n" for verdict in verdicts.values()]
            write_atomically(Path(path), "".join(lines))

    def _is_whole(self, run: KataRun) -> bool:
        """Whether every check of the kata has run."""
        return run.done and not run.deselected and not self._is_part

    @property
    def _is_part(self) -> bool:
        """Whether pytest was asked for a part of the checks in a way that deselects none."""
        has_failed_only = getattr(self._config.option, "lf", False)
        return has_failed_only or any("::" in arg for arg in self._config.args)

    def _is_green(self, run: KataRun) -> bool:
        return self._is_whole(run) and run.verdict().state == GREEN

    def _record_progress(self, verdicts: list[Verdict]) -> None:
        """Record the learner's progress, if every check of their own katas has run."""
        is_whole = self._config.getoption("--device") == "all"
        if verdicts and is_whole and self._solutions == self._root / "katas":
            for warning in record_all(self._root, verdicts):
                self._terminal.write_line(warning, yellow=True)

    def _write_summary(self, judged: list[KataRun], verdicts: dict[str, Verdict]) -> None:
        for run in judged:
            verdict = verdicts[run.kata.name]
            if verdict.state not in (GREEN, NOT_STARTED):
                self._write_failure(run.kata, verdict)
        self._terminal.write_line("")
        self._write_bar(judged)
        used = {check.device for run in judged for check in run.checks}
        self._terminal.write_line(f"devices: {devices_line(tuple(sorted(used)))}")
        self._write_next_step(judged, verdicts)

    def _write_failure(self, kata: Kata, verdict: Verdict) -> None:
        path = shown_path(kata.solution_in(self._solutions), self._root)
        self._terminal.write_line("")
        self._terminal.write(kata.stem, bold=True)
        place, headline, *rest = failure_lines(verdict, path)
        self._terminal.write_line(f"  {place}")
        state, colon, law = headline.partition(":")
        self._terminal.write(f"  {state}", **_markup(state))
        self._terminal.write_line(colon + law)
        for line in rest:
            self._terminal.write_line(f"    {line}")

    def _write_bar(self, judged: list[KataRun]) -> None:
        states = [run.verdict().state for run in judged]
        filled, empty, text = bar_of(states, sum(map(self._is_green, judged)))
        self._terminal.write("[")
        self._terminal.write(filled, green=True)
        self._terminal.write_line(f"{empty}] {text}")

    def _write_next_step(self, judged: list[KataRun], verdicts: dict[str, Verdict]) -> None:
        katas = find_katas(self._root)
        unfinished = {name for name, verdict in verdicts.items() if verdict.state != GREEN}
        unfinished_katas = [kata for kata in katas if kata.name in unfinished]
        if self._solutions == self._root / "katas":
            todo = Progress(self._root).first_to_do(unfinished_katas)
        else:
            todo = next(iter(unfinished_katas), None)
        if todo is None:
            whole = all(self._is_green(run) for run in judged)
            text = "all judged katas are green. Well done." if whole else "run all checks: pytest"
            self._terminal.write_line(f"next: {text}")
            return
        begun = any(verdict.state != NOT_STARTED for verdict in verdicts.values())
        verb = "next" if begun else "begin with"
        path = shown_path(todo.solution_in(self._solutions), self._root)
        choice = self._config.getoption("--solutions")
        where = "" if choice == "katas" else f" --solutions={choice}"
        for line in wrapped(f"{verb}: {_title(todo)}"):
            self._terminal.write_line(line)
        self._terminal.write_line(f"  edit {path}")
        self._terminal.write_line(f"  then run: pytest -k {todo.stem}{where}")
        self._terminal.write_line(f"  a hint:   dojo hint {short_name(todo, katas)}")


def _take_cache_warnings(stats: dict[str, list[Any]]) -> bool:
    """Take out the warnings that pytest's cache cannot be written; return whether there are any."""
    warnings = stats.get("warnings", [])
    kept = [one for one in warnings if pytest.PytestCacheWarning.__name__ not in one.message]
    has_any = len(kept) < len(warnings)
    if has_any:
        stats["warnings"] = kept
    if not kept:
        stats.pop("warnings", None)
    return has_any


def _title(kata: Kata) -> str:
    return f"{kata.stem} - {read_statement(kata.reference).title}"


def _markup(state: str) -> dict[str, bool]:
    return {colour_of(state): True}
