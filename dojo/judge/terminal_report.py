"""Shows a run of pytest in the terminal: a line a kata, and at the end a summary.

It receives reports with a ``dojo`` field and does not know who made them, so it works in the same
way under xdist. It writes plain ASCII and at most 80 columns of its own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dojo.course.katas import kata_of, track_title
from dojo.files.atomic import write_atomically
from dojo.judge.kata_run import KataRun, with_diagnosis
from dojo.judge.summary import USUAL_CHARS, Judged, Summary
from dojo.verdict.model import GREEN, NOT_STARTED, Check, Verdict
from dojo.verdict.text import ROOMY, colour_of, columns, row_of

_NO_CACHE = "pytest's cache cannot be written: --lf and --ff will not know of this run."


class KataReporter:
    """Collects the checks' reports and writes the summary of the run."""

    def __init__(self, config: pytest.Config, terminal: Any, root: Path, solutions: Path) -> None:
        self._config, self._terminal = config, terminal
        self._root, self._solutions = root, solutions
        self._katas: dict[str, KataRun] = {}
        self._of_files: dict[str, KataRun | None] = {}  # of check files, as pytest names them
        self._track = ""
        self._part = _part_of(config)  # in words; empty if all checks are asked for

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
        verdict = run.verdict()
        name, state, counts = row_of(verdict, kata.stem)
        self._terminal.write(f"  {name} ")
        self._terminal.write(state, **_markup(verdict.state))
        part = self._part or ("not all of them" if run.deselected else "")
        if part and columns() < ROOMY:
            part = "a part"
        self._terminal.write_line(f" {counts}{part and f' ({part})'}")

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
        runs = [run for run in self._katas.values() if run.outcomes]
        judged = [Judged(run.kata, with_diagnosis(run), self._is_whole(run)) for run in runs]
        summary = Summary(self._config, self._terminal, self._root, self._solutions)
        if judged:
            summary.write(judged)
            self._write_verdicts([one.verdict for one in judged])
        elif self._katas and not any(run.expected for run in self._katas.values()):
            summary.write_nothing_selected()
        if has_no_cache:
            self._terminal.write_line(_NO_CACHE, yellow=True)
        return result

    def _write_short_summary(self, stats: dict[str, list[Any]]) -> None:
        """Write a line for each check, as ``-rA`` and the like ask for; by default there is none.

        What the letters f and p of ``-r`` choose is what is chosen here.
        """
        if self._config.option.reportchars == USUAL_CHARS:
            return
        self._terminal.ensure_newline()
        wanted = {"p": ["passed"], "f": ["failed", NOT_STARTED]}
        for char in self._terminal.reportchars:
            for report in itertools.chain(*(stats.get(name, []) for name in wanted.get(char, []))):
                if getattr(report, "dojo", None):
                    state = report.dojo["state"]
                    self._terminal.write(state.upper(), **_markup(state))
                    text = report.dojo["message"].partition("\n")[0]
                    self._terminal.write_line(f" {report.nodeid}{text and ' - '}{text}")

    def _write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Write the verdicts for programs into the file of ``--verdicts``, a line of JSON each."""
        path = self._config.getoption("--verdicts")
        if path:
            lines = [json.dumps(verdict.as_json()) + "\n" for verdict in verdicts]
            write_atomically(Path(path), "".join(lines))

    def _is_whole(self, run: KataRun) -> bool:
        """Whether every check of the kata has run."""
        return run.done and not run.deselected and not self._part


def _part_of(config: pytest.Config) -> str:
    """Return in words which checks pytest is asked for, if it leaves others out unseen; or empty.

    Checks that are deselected are seen.
    """
    if any("::" in arg for arg in config.args):
        return "those named"
    cache: Any = config.pluginmanager.get_plugin("lfplugin")
    has_failed_only = getattr(config.option, "lf", False) and cache is not None
    return "those that failed" if has_failed_only and cache.lastfailed else ""


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


def _markup(state: str) -> dict[str, bool]:
    return {colour_of(state): True}
