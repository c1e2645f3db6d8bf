"""The messages between a worker and the process that asks it."""

import json
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.verdict.model import GREEN, Check
from dojo.workers.frames import NoAnswer
from dojo.workers.protocol import (
    RUN_ID,
    WorkerEnd,
    answer,
    open_request,
    parse_outcome,
    parse_plan,
    requests,
    run_request,
)

RUN = b"r" * RUN_ID


@pytest.fixture
def line():
    """Both ends of a connection: the parent's and the worker's."""
    ours, theirs = Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_open_request_names_kata_and_folder():
    kata = Kata("first/k01_double", Path("root"))
    assert open_request(kata, Path("answers")) == {
        "kata": "first/k01_double",
        "solutions": "answers",
        "device": "all",
        "capture": True,
        "rehearse": False,
    }


def test_open_request_passes_the_options_on():
    request = open_request(Kata("a/b", Path()), Path(), "cuda", capture=False, rehearse=True)
    assert (request["device"], request["capture"], request["rehearse"]) == ("cuda", False, True)


def test_run_request_names_the_checks_and_what_follows():
    assert run_request(("a", "b")) == {"run": ["a", "b"], "following": None}
    assert run_request(["a"], "b") == {"run": ["a"], "following": "b"}


@pytest.mark.parametrize("request_", [open_request(Kata("a/b", Path()), Path()), run_request("a")])
def test_a_request_is_plain_json(request_):
    assert json.loads(json.dumps(request_)) == request_


def test_requests_yields_what_is_sent_until_the_line_is_closed(line):
    ours, theirs = line
    for number in (1, 2):
        ours.send_bytes(RUN + json.dumps(number).encode())
    ours.close()
    assert list(requests(WorkerEnd(theirs))) == [1, 2]


def test_an_answer_is_json_behind_the_id_that_came_with_the_request(line):
    ours, theirs = line
    ours.send_bytes(RUN + b"1")
    end = WorkerEnd(theirs)
    assert end.receive() == 1
    answer(end, {"é": [1]})
    message = ours.recv_bytes()
    assert message.startswith(RUN)
    assert json.loads(message.removeprefix(RUN)) == {"é": [1]}


# ---------------------------------------------------------------- what the parent takes

CHECK = Check("It works", "values", "cpu", GREEN, got=[["1."]]).as_json()
PLAN = {"plan": [{"nodeid": "a::b", "check": CHECK}], "devices": "cpu"}
OUTCOME = {"nodeid": "a::b", "check": CHECK, "seconds": 0.5, "source_hash": "ab"}


def without(value, name):
    return {key: one for key, one in value.items() if key != name}


def test_parse_plan_reads_the_checks_by_their_ids():
    plan = parse_plan(PLAN)
    assert plan.checks == {"a::b": Check(**CHECK)}
    assert plan.devices == "cpu"


def test_parse_outcome_reads_check_time_and_hash():
    outcome = parse_outcome(OUTCOME, "a::b")
    assert (outcome.check, outcome.seconds, outcome.source_hash) == (Check(**CHECK), 0.5, "ab")


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "hello",
        [],
        {},
        {**OUTCOME, "more": 1},
        *(without(OUTCOME, name) for name in OUTCOME),
        {**OUTCOME, "nodeid": "a::other"},
        {**OUTCOME, "seconds": float("nan")},
        {**OUTCOME, "seconds": -1.0},
        {**OUTCOME, "seconds": "1"},
        {**OUTCOME, "source_hash": None},
        {**OUTCOME, "check": {**CHECK, "state": "splendid"}},
        {**OUTCOME, "check": {**CHECK, "state": ["green"]}},
        {**OUTCOME, "check": {**CHECK, "line": True}},
        {**OUTCOME, "check": {**CHECK, "got": [[1]]}},
        {**OUTCOME, "check": {**CHECK, "got": "rows"}},
        {**OUTCOME, "check": without(CHECK, "message")},
    ],
)
def test_what_has_not_the_exact_form_of_an_outcome_is_no_answer(value):
    with pytest.raises(NoAnswer):
        parse_outcome(value, "a::b")


@pytest.mark.parametrize(
    "value", [OUTCOME, {"plan": [], "devices": None}, {**PLAN, "plan": [CHECK]}, {"plan": {}}]
)
def test_what_has_not_the_exact_form_of_a_plan_is_no_answer(value):
    with pytest.raises(NoAnswer):
        parse_plan(value)
