"""The messages between a worker and the process that asks it."""

import json
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.workers.protocol import answer, open_request, requests, run_request


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
        "prefault": False,
    }


def test_open_request_passes_the_options_on():
    request = open_request(Kata("a/b", Path()), Path(), "cuda", capture=False, prefault=True)
    assert (request["device"], request["capture"], request["prefault"]) == ("cuda", False, True)


def test_run_request_names_the_checks_and_what_follows():
    assert run_request(("a", "b")) == {"run": ["a", "b"], "following": None}
    assert run_request(["a"], "b") == {"run": ["a"], "following": "b"}


@pytest.mark.parametrize("request_", [open_request(Kata("a/b", Path()), Path()), run_request("a")])
def test_a_request_is_plain_json(request_):
    assert json.loads(json.dumps(request_)) == request_


def test_requests_yields_what_is_sent_until_the_line_is_closed(line):
    ours, theirs = line
    for number in (1, 2):
        ours.send_bytes(json.dumps(number).encode())
    ours.close()
    assert list(requests(theirs)) == [1, 2]


def test_answer_sends_one_answer_as_json(line):
    ours, theirs = line
    answer(theirs, {"é": [1]})
    assert json.loads(ours.recv_bytes()) == {"é": [1]}
