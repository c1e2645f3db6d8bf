"""A worker answers with its plan, then with the outcome of each check that it is asked to run."""

import hashlib

import pytest

from dojo.judge.serve import ServedRun
from dojo.verdict.model import GREEN, RED, Check
from dojo.workers.client import temporary_solutions
from dojo.workers.protocol import SOCKET, open_request, run_request
from dojo.workers.spawned import ADDRESS

RIGHT = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
CHATTY = "def add(x1, x2):\n    print('I am here')\n    return {}\n" + RIGHT.partition("x2\n")[2]


@pytest.fixture
def open_worker(small_pool, add_kata):
    """Has a worker open an answer to ``add_kata`` that is given as text; gives it and its plan."""
    closing = []

    def open_worker(text, **options):
        folder = temporary_solutions(add_kata, text)
        path = folder.__enter__()
        worker = small_pool.get(60.0)
        small_pool.start()
        closing.extend([worker.close, lambda: folder.__exit__(None, None, None)])
        plan = worker.ask(open_request(add_kata, path, **options))
        return worker, plan

    yield open_worker
    for close in closing:
        close()


def nodeids(plan):
    return [one["nodeid"] for one in plan["plan"]]


def test_the_plan_has_each_check_as_if_it_were_green(open_worker):
    _, plan = open_worker(RIGHT)
    checks = [Check(**one["check"]) for one in plan["plan"]]
    assert len(checks) == 12
    assert {check.state for check in checks} == {GREEN}
    assert checks[0].name == "Both functions return a tensor"
    assert plan["devices"].startswith("cpu, cuda")


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_the_plan_has_the_checks_for_the_device(open_worker, place):
    _, plan = open_worker(RIGHT, device=place)
    assert [one["check"]["device"] for one in plan["plan"]] == [place] * 6


def test_each_check_gets_an_answer_in_the_order_of_the_request(open_worker):
    worker, plan = open_worker(RIGHT)
    asked = nodeids(plan)[:3][::-1]
    worker.send(run_request(asked))
    names = {one["nodeid"]: one["check"]["name"] for one in plan["plan"]}
    answers = [worker.receive() for _ in asked]
    assert [answer["check"]["name"] for answer in answers] == [names[nodeid] for nodeid in asked]
    assert {answer["source_hash"] for answer in answers} == {
        hashlib.sha256(RIGHT.encode()).hexdigest()
    }


def test_a_worker_takes_several_requests(open_worker):
    worker, plan = open_worker(RIGHT)
    for nodeid in nodeids(plan)[:2]:
        assert worker.ask(run_request([nodeid]))["check"]["state"] == GREEN


def add_check(plan):
    return next(nodeid for nodeid in nodeids(plan) if "add_holds" in nodeid)


def test_what_a_red_answer_prints_is_in_its_check(open_worker):
    worker, plan = open_worker(CHATTY.format("x1"))
    check = worker.ask(run_request([add_check(plan)]))["check"]
    assert (check["state"], check["output"]) == (RED, "I am here\n")


def test_what_a_green_answer_prints_is_dropped(open_worker):
    worker, plan = open_worker(CHATTY.format("x1 + x2"))
    check = worker.ask(run_request([add_check(plan)]))["check"]
    assert (check["state"], check["output"]) == (GREEN, "")


def test_what_is_not_captured_is_not_in_the_check(open_worker):
    worker, plan = open_worker(CHATTY.format("x1"), capture=False)
    check = worker.ask(run_request([add_check(plan)]))["check"]
    assert (check["state"], check["output"]) == (RED, "")


def test_a_patch_is_seen_after_the_first_check(open_worker):
    worker, plan = open_worker("import torch\ntorch.allclose = None\n" + RIGHT)
    first = worker.ask(run_request(nodeids(plan)))["check"]
    assert first["state"] == RED
    assert "your file replaces torch.allclose" in first["message"]


def test_a_patch_in_a_later_call_is_seen_at_the_last_check(open_worker):
    late = RIGHT.replace("return x1.add_", "import torch; torch.allclose = None; return x1.add_")
    worker, plan = open_worker(late)
    in_place = [nodeid for nodeid in nodeids(plan) if "in_place_holds" in nodeid]
    worker.send(run_request([add_check(plan), *in_place]))
    states = [worker.receive()["check"]["state"] for _ in range(3)]
    assert states == [GREEN, GREEN, RED]


@pytest.mark.parametrize("name", [SOCKET, ADDRESS])
def test_a_run_is_asked_to_serve_by_its_environment(monkeypatch, name):
    assert not ServedRun.is_asked_for()
    monkeypatch.setenv(name, "1")
    assert ServedRun.is_asked_for()
