"""The dispatch gives each kata a worker, and starts the next kata's early."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from dojo.course.katas import Kata
from dojo.judge import dispatch as dispatch_module
from dojo.judge.dispatch import Dispatch
from dojo.judge.items import KATA, PLACE
from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT, Check
from dojo.workers.worker import WorkerDied, WorkerStuck

ROOT = Path("/dojo")
ONE, TWO = Kata("first/k01", ROOT), Kata("first/k02", ROOT)


class FakeWorker:
    """A worker without a process: it remembers what is sent, and answers from a list."""

    made: list["FakeWorker"]
    failures: dict[int, BaseException]

    def __init__(self, how, limit):
        self.how, self.limit = how, limit
        self.sent, self.is_closed = [], False
        self.failure = self.failures.get(len(self.made))
        self.made.append(self)

    def send(self, request):
        self.sent.append(request)

    def receive(self, parse):
        return parse(self.answer())

    def answer(self):
        if len(self.sent) == 2 and not hasattr(self, "nodeids"):
            self.nodeids = iter(self.sent[1]["run"])
            return {"plan": [], "devices": ""}
        if self.failure is not None:
            raise self.failure
        name = next(self.nodeids)
        state = RED if "red" in name else GREEN
        check = Check(name, "values", "cpu", state, message="is red" if state == RED else "")
        outcome = {"check": check.as_json(), "source_hash": "abc", "seconds": 0.0}
        return {"nodeid": name, **outcome}

    def close(self):
        self.is_closed = True

    def stuck_at(self, path):
        assert path == ROOT / "katas" / "first" / f"{path.stem}.py"
        return 3


class FakeSpawned(FakeWorker):
    """The other kind, that would have to be waited for."""

    def __init__(self, arguments, folder, limit):
        super().__init__((arguments, folder), limit)


class FakeRunner:
    """A runner that counts how often it was made ready to be forked."""

    root, solutions = ROOT, ROOT / "katas"
    warmed_up = 0

    def warm_up(self):
        self.warmed_up += 1

    def check_before(self, item):
        return Check(item.nodeid, "values", "cpu", "")


class FakeItem:
    """An item whose reports are gathered."""

    def __init__(self, name, kata, reports):
        self.nodeid, self.location, self.keywords = name, ("a.py", 1, name), {}
        self.stash = pytest.Stash()
        if kata is not None:
            self.stash[KATA], self.stash[PLACE] = kata, (7, 0)
        self.ihook = SimpleNamespace(
            pytest_runtest_logstart=lambda **_: None,
            pytest_runtest_logfinish=lambda **_: None,
            pytest_runtest_logreport=lambda report: reports.append(report),
        )


@pytest.fixture
def workers(monkeypatch):
    """The workers that a dispatch makes, in their order; there are two processors."""
    FakeWorker.made = []
    FakeWorker.failures = {}
    monkeypatch.setattr(dispatch_module, "ForkedWorker", FakeWorker)
    monkeypatch.setattr(dispatch_module, "SpawnedWorker", FakeSpawned)
    monkeypatch.setattr(dispatch_module.os, "cpu_count", lambda: 2)
    return FakeWorker.made


@pytest.fixture
def reports():
    return []


@pytest.fixture
def items(reports):
    """Two checks of one kata, two of the next."""
    names = [("a1", ONE), ("a2 red", ONE), ("b1", TWO), ("b2", TWO)]
    return [FakeItem(name, kata, reports) for name, kata in names]


@pytest.fixture
def start(items, workers):
    """Makes a dispatch that has collected the items."""

    def start(isolation="fork", **more):
        options = {
            "usepdb": False,
            "trace": False,
            "--isolation": isolation,
            "--time-limit": 7.0,
            "capture": "fd",
        }
        config = SimpleNamespace(getoption=options.__getitem__, **more)
        dispatch = Dispatch(config, FakeRunner())
        dispatch.pytest_collection_finish(SimpleNamespace(items=items))
        return dispatch

    return start


def run_all(dispatch, items):
    for item, following in zip(items, [*items[1:], None], strict=True):
        assert dispatch.pytest_runtest_protocol(item, following) is True


def calls(reports):
    return [report for report in reports if report.when == "call"]


def test_a_kata_has_one_worker_for_all_its_checks(start, items, workers, reports):
    run_all(start(), items)
    assert [worker.sent[0]["kata"] for worker in workers] == ["first/k01", "first/k02"]
    assert workers[0].sent[1] == {"run": ["a1", "a2 red"], "following": None}
    assert [report.dojo["name"] for report in calls(reports)] == [item.nodeid for item in items]


def test_a_worker_has_the_time_limit(start, items, workers):
    run_all(start(), items)
    assert {worker.limit for worker in workers} == {7.0}


def test_the_next_katas_worker_starts_at_the_first_check_of_the_one_before(start, items, workers):
    start().pytest_runtest_protocol(items[0], items[1])
    assert [worker.sent[0]["kata"] for worker in workers] == ["first/k01", "first/k02"]
    assert workers[1].sent[1]["run"] == ["b1", "b2"]


def test_the_next_katas_worker_waits_where_there_is_one_processor(
    start, items, workers, monkeypatch
):
    monkeypatch.setattr(dispatch_module.os, "cpu_count", lambda: 1)
    start().pytest_runtest_protocol(items[0], items[1])
    assert len(workers) == 1


def test_the_next_katas_worker_waits_under_xdist(start, items, workers):
    start(workerinput={}).pytest_runtest_protocol(items[0], items[1])
    assert len(workers) == 1


def test_under_xdist_each_check_is_sent_alone_with_what_follows(start, items, workers):
    dispatch = start(workerinput={})
    dispatch.pytest_runtest_protocol(items[0], items[1])
    assert workers[0].sent[1] == {"run": ["a1"], "following": "a2 red"}


def test_a_next_worker_that_is_not_wanted_is_closed(start, items, workers):
    dispatch = start()
    dispatch.pytest_runtest_protocol(items[0], None)
    other = FakeItem("c1", Kata("first/k03", ROOT), [])
    dispatch._groups.append([other])
    dispatch._place["c1"] = 2
    dispatch.pytest_runtest_protocol(other, None)
    assert workers[1].is_closed
    assert workers[2].sent[0]["kata"] == "first/k03"


def test_a_spawned_next_worker_is_not_waited_for(start, items, workers, monkeypatch):
    dispatch = start("spawn")
    # ForkedWorker is replaced by the base class of both: only a third one tells them apart
    monkeypatch.setattr(dispatch_module, "ForkedWorker", type("Forked", (FakeWorker,), {}))
    dispatch.pytest_runtest_protocol(items[0], items[1])
    assert workers[1].how == ([], ROOT)
    assert workers[1].sent == []


def test_a_worker_is_closed_after_its_katas_last_check(start, items, workers):
    dispatch = start()
    dispatch.pytest_runtest_protocol(items[0], items[1])
    assert not workers[0].is_closed
    dispatch.pytest_runtest_protocol(items[1], items[2])
    assert workers[0].is_closed


def test_the_runner_is_made_ready_once_for_all_forks(start, items):
    dispatch = start()
    run_all(dispatch, items)
    assert dispatch._runner.warmed_up == 1


def test_the_runner_is_not_made_ready_for_spawned_workers(start, items):
    dispatch = start("spawn")
    run_all(dispatch, items)
    assert dispatch._runner.warmed_up == 0


def test_no_process_is_made_without_isolation(start, items, workers):
    assert start("none").pytest_runtest_protocol(items[0], items[1]) is None
    assert workers == []


def test_an_item_that_is_no_check_is_left_to_pytest(start, items, workers):
    assert start().pytest_runtest_protocol(FakeItem("x", None, []), None) is None
    assert workers == []


def test_each_check_has_three_reports_of_which_the_call_has_the_outcome(start, items, reports):
    run_all(start(), items[:2])
    first = reports[3:6]
    assert [report.when for report in first] == ["setup", "call", "teardown"]
    assert [report.outcome for report in first] == ["passed", "failed", "passed"]
    assert first[1].longrepr == "is red"
    assert first[1].dojo["state"] == RED
    assert first[1].dojo_source_hash == "abc"
    assert first[1].dojo_place == (7, 0)


@pytest.mark.parametrize(
    "error, state, message",
    [
        (
            WorkerStuck("not finished after 7 s"),
            TIMED_OUT,
            "katas/first/k01.py, line 3: not finished after 7 s; stuck here.",
        ),
        (WorkerDied("it died"), CRASHED, "katas/first/k01.py, line 3: it died."),
    ],
)
def test_a_worker_that_fails_fails_the_rest_of_its_kata(
    start, items, workers, reports, monkeypatch, error, state, message
):
    monkeypatch.setattr("dojo.workers.failure.read_reference", lambda _kata: None)  # it is there
    FakeWorker.failures[0] = error
    run_all(start(), items)
    outcomes = [(report.dojo["state"], report.dojo["message"]) for report in calls(reports)]
    assert outcomes == [(state, message)] * 2 + [(GREEN, "")] * 2


def test_an_interrupt_ends_the_worker(start, items, workers):
    FakeWorker.failures[0] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        start().pytest_runtest_protocol(items[0], items[1])
    assert workers[0].is_closed


def test_the_end_of_the_run_closes_the_workers_that_are_left(start, items, workers):
    dispatch = start()
    dispatch.pytest_runtest_protocol(items[0], items[1])
    dispatch.pytest_sessionfinish()
    assert [worker.is_closed for worker in workers] == [True, True]
