"""A run in the background reports its progress as events, and no more once it is closed."""

import queue
import threading

import pytest

import dojo.bench.background
from dojo.bench.background import BenchRun, BenchState, CaseDone, Failed, Found
from dojo.bench.run import Abandoned, CannotTime, Findings
from dojo.course.katas import Kata

_PATIENCE = 30.0  # seconds for what takes a moment


@pytest.fixture
def double(small_dojo):
    return Kata("first/k01_double", small_dojo)


@pytest.fixture
def findings(make_run):
    return Findings(make_run(), {}, [], [])


@pytest.fixture
def events_of(monkeypatch, double):
    """The events of a run, up to the last one, for which a function stands in for `time_katas`."""

    def events_of_run(time_katas):
        monkeypatch.setattr(dojo.bench.background, "time_katas", time_katas)
        events = queue.Queue()
        run = BenchRun(double.root, double, "cpu", 1.0, events.put)
        found = [events.get(timeout=_PATIENCE)]
        while isinstance(found[-1], CaseDone):
            found.append(events.get(timeout=_PATIENCE))
        run.close()
        return found

    return events_of_run


def raiser(error):
    """A function that times nothing."""

    def time_katas(*_):
        raise error

    return time_katas


def test_each_case_and_then_the_findings_are_reported(events_of, findings):
    def time_katas(root, katas, device, limit, on_case, is_over):
        on_case({"implementation": "yours", "n": 4})
        on_case({"implementation": "reference", "n": 4})
        return findings

    assert events_of(time_katas) == [
        CaseDone("yours", 4),
        CaseDone("reference", 4),
        Found(findings),
    ]


def test_what_is_asked_for_is_what_is_timed(events_of, findings, double):
    asked = []

    def time_katas(*arguments):
        asked.extend(arguments[:4])
        return findings

    events_of(time_katas)
    assert asked == [double.root, [double], "cpu", 1.0]


def test_a_run_that_cannot_time_says_how_to_see_why(events_of):
    (failed,) = events_of(raiser(CannotTime("Pytest could not time anything.", "Traceback")))
    assert failed.reason == "Pytest could not time anything. To see why: dojo bench k01_double"


def test_a_reason_without_details_stands_alone(events_of):
    (failed,) = events_of(raiser(CannotTime("There is no GPU here.")))
    assert failed.reason == "There is no GPU here."


def test_any_error_ends_the_run_with_its_text(events_of):
    assert events_of(raiser(OSError("no room"))) == [Failed("no room")]
    assert events_of(raiser(ValueError())) == [Failed("ValueError")]


def test_a_closed_run_ends_and_reports_nothing(monkeypatch, double):
    has_begun, events = threading.Event(), []

    def time_katas(root, katas, device, limit, on_case, is_over):
        has_begun.set()
        is_over.wait(_PATIENCE)
        on_case({"implementation": "yours", "n": 4})
        raise Abandoned

    monkeypatch.setattr(dojo.bench.background, "time_katas", time_katas)
    run = BenchRun(double.root, double, "cpu", 1.0, events.append)
    assert has_begun.wait(_PATIENCE)
    run.close()
    assert events == []
    assert not run._thread.is_alive()


# ---------------------------------------------------------------- BenchState


def test_a_state_collects_cases_and_then_has_the_result(double, findings):
    state = BenchState(double)
    state.receive(CaseDone("yours", 4))
    assert (state.done, state.result) == ([CaseDone("yours", 4)], None)
    state.receive(Found(findings))
    assert (state.done, state.result) == ([CaseDone("yours", 4)], Found(findings))


def test_a_state_counts_whole_seconds(double, monkeypatch):
    state = BenchState(double, _begun=100.0)
    monkeypatch.setattr("time.monotonic", lambda: 102.9)
    assert state.seconds == 2
