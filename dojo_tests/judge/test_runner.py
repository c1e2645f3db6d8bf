"""The runner runs one check in this process, and looks whether the judge is still whole."""

import gc
import sys
import weakref
from types import SimpleNamespace

import pytest
import torch

from dojo.checks import aspect, expect_values
from dojo.judge.runner import Runner
from dojo.judge.solution import Solution
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Check

RIGHT = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    return x1.add_(x2)\n"

# These are no tests: items are made of them.


@aspect("values")
def check_of_add(solution):
    """add holds the sum."""
    expect_values(solution.add(torch.ones(1), torch.ones(1)), torch.tensor([2.0]))


@aspect("gradient")
def check_of_a_gradient(solution):
    """Gradients reach x1."""
    x = torch.ones(1, requires_grad=True)
    solution.add(x, x)
    solution.add(x, x).sum().backward()


def check_of_a_setting(solution):
    """A check finds torch's settings as they were."""
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32


def check_of_the_device(solution, device):
    """A check gets its device."""
    assert device == "cpu"


@pytest.fixture
def runner(own_dojo):
    return Runner(SimpleNamespace(), own_dojo, own_dojo / "katas")


# ---------------------------------------------------------------- running


def test_run_gives_a_green_check_for_a_right_answer(runner, add, item_of):
    add.stub.write_text(RIGHT)
    check = runner.run(item_of(check_of_add, add), None)
    assert (check.state, check.name, check.aspect) == (GREEN, "add holds the sum", "values")


def test_run_gives_a_red_check_with_the_call_for_a_wrong_answer(runner, add, item_of):
    add.stub.write_text(RIGHT.replace("x1 + x2", "x1 - x2"))
    check = runner.run(item_of(check_of_add, add), None)
    assert (check.state, check.line) == (RED, 1)
    assert check.message == (
        "add(tensor([1.]), tensor([1.])) returned 0. at index (0,); expected 2."
    )


def test_run_gives_not_started_for_a_stub(runner, add, item_of):
    assert runner.run(item_of(check_of_add, add), None).state == NOT_STARTED


def test_run_resets_settings_before_the_check(runner, add, item_of):
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    assert runner.run(item_of(check_of_a_setting, add), None).state == GREEN


def test_run_names_the_call_that_left_autograd_off(runner, add, item_of):
    add.stub.write_text(
        "import torch\ndef add(x1, x2):\n    result = x1 + x2\n    torch.set_grad_enabled(False)\n"
        "    return result\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
    )
    check = runner.run(item_of(check_of_a_gradient, add), None)
    assert check.heading == "add leaves autograd switched off"
    assert "after add(" in check.message.lower()
    assert runner.run(item_of(check_of_add, add), None).state == GREEN


def test_run_forgets_the_hint_of_the_check_before(runner, add, item_of):
    add.stub.write_text(RIGHT)
    runner.solution(add).hint = "It was of another check."
    runner.run(item_of(check_of_a_setting, add), None)
    assert runner.solution(add).hint == ""


def test_run_gives_a_check_its_device(runner, add, item_of):
    assert runner.run(item_of(check_of_the_device, add), None).state == GREEN


def test_an_answer_is_made_once(runner, add):
    assert isinstance(runner.solution(add), Solution)
    assert runner.solution(add) is runner.solution(add)


@pytest.fixture
def opened(runner, add, monkeypatch):
    """A runner that has opened the kata, and may still read all files."""
    monkeypatch.setattr("dojo.judge.guard.AuditHook", lambda *_: None)
    runner.open(add, add.root / "katas", will_rehearse=True)
    return runner


def check_that_notes_what_it_calls(solution):
    called.append(solution.add)


called = []


def test_rehearse_runs_the_checks_on_the_reference_and_puts_the_answer_back(opened, add, item_of):
    add.stub.write_text("import os\nos._exit(1)\n")  # must not be read
    answer = opened.solution(add)
    called.clear()
    opened.rehearse(add, [item_of(check_that_notes_what_it_calls, add)])
    assert called[0](torch.ones(2), torch.ones(2)).tolist() == [2.0, 2.0]
    assert opened.solution(add) is answer
    assert answer.source_hash == ""


def test_rehearse_leaves_nothing_of_the_reference(opened, add, item_of):
    modules, path = set(sys.modules), list(sys.path)
    called.clear()
    opened.rehearse(add, [item_of(check_that_notes_what_it_calls, add)])
    function = weakref.ref(called.pop())
    gc.collect()
    assert function() is None
    assert set(sys.modules) == modules
    assert sys.path == path


def test_rehearse_ends_before_the_next_check_once_the_verdict_is_asked_for(opened, add, item_of):
    called.clear()
    items = [item_of(check_that_notes_what_it_calls, add)] * 3
    opened.rehearse(add, items, is_awaited=lambda: len(called) == 2)
    assert len(called) == 2
    called.clear()


def test_rehearse_looks_for_tampering_once_so_that_its_memory_is_there(runner, add):
    runner._guard.snapshot = FakeSnapshot()
    runner.solution(add)
    runner.rehearse(add, [])
    assert runner._guard.snapshot.asked == [True]


# ---------------------------------------------------------------- verify_integrity


class FakeSnapshot:
    """A snapshot that finds what it is told."""

    def __init__(self, *found):
        self.found, self.asked = list(found), []

    def restore(self, thoroughly=True):
        self.asked.append(thoroughly)
        return self.found


@pytest.fixture
def verify(runner, add, item_of):
    """Verifies that the judge is whole after a green check, with what was seen meanwhile."""

    def verify(was_read="", snapshot=None, thoroughly=True):
        runner._guard._audit_hook = SimpleNamespace(was_read=was_read, was_changed="")
        runner._guard.snapshot = snapshot
        check = Check("add holds the sum", "values", "cpu", GREEN)
        return check, runner.verify_integrity(item_of(check_of_add, add), check, thoroughly)

    return verify


def test_verify_integrity_gives_the_check_itself_where_all_is_whole(verify):
    check, verified = verify(snapshot=FakeSnapshot())
    assert verified is check


def test_verify_integrity_turns_a_check_red_where_the_judge_was_replaced(verify):
    _, check = verify(snapshot=FakeSnapshot("torch.equal", "torch.allclose"))
    assert check.state == RED
    assert check.message == (
        "katas/first/k02_add.py: your file replaces torch.equal, which judges your answer. "
        "Leave it as it is."
    )


def test_verify_integrity_turns_a_check_red_where_the_reference_was_read(verify):
    _, check = verify(was_read="reference/first/k02_add.py", snapshot=FakeSnapshot())
    assert check.state == RED
    assert check.message == (
        "katas/first/k02_add.py: your file reads reference/first/k02_add.py: "
        "the answer must be your own."
    )


@pytest.mark.parametrize("thoroughly", [True, False])
def test_verify_integrity_looks_as_thoroughly_as_it_is_told(verify, thoroughly):
    snapshot = FakeSnapshot()
    verify(snapshot=snapshot, thoroughly=thoroughly)
    assert snapshot.asked == [thoroughly]


def test_verify_integrity_works_without_a_snapshot(verify):
    check, verified = verify()
    assert verified is check
