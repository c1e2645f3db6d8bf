"""What an answer replaces is named and put back."""

import builtins
import os
import types

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import dojo.checks
from dojo.judge import runner
from dojo.judge.sandbox.tampering import Snapshot


@pytest.fixture
def snapshot():
    snapshot = Snapshot()
    yield snapshot
    snapshot.restore()


def test_restore_finds_nothing_where_nothing_was_replaced(snapshot):
    assert torch.ones(1).sum() == 1
    assert snapshot.restore() == []


@pytest.mark.parametrize(
    "space, name, shown",
    [
        (torch, "equal", "torch.equal"),
        (torch.Tensor, "backward", "Tensor.backward"),
        (torch.testing, "assert_close", "torch.testing.assert_close"),
        (torch.nn.functional, "softmax", "torch.nn.functional.softmax"),
        (builtins, "len", "builtins.len"),
        (os, "getpid", "os.getpid"),
        (dojo.checks, "expect_values", "dojo.checks.expect_values"),
        (runner.Runner, "run", "Runner.run"),
        (pytest, "fail", "pytest.fail"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_restore_puts_a_replaced_function_back_and_names_it(snapshot, space, name, shown):
    before = vars(space)[name]
    setattr(space, name, lambda *args, **kwargs: before(*args, **kwargs))
    assert snapshot.restore() == [shown]
    assert vars(space)[name] is before


def test_restore_puts_back_what_was_deleted(snapshot):
    before = torch.allclose
    del torch.allclose
    assert snapshot.restore() == ["torch.allclose"]
    assert torch.allclose is before


def test_restore_names_each_change_once(snapshot):
    torch.equal = None
    snapshot.restore()
    assert snapshot.restore() == []


def test_restore_that_is_not_thorough_looks_at_modes_only(snapshot):
    before = torch.equal
    torch.equal = None
    assert snapshot.restore(thoroughly=False) == []
    assert snapshot.restore() == ["torch.equal"]
    assert torch.equal is before


def test_a_value_that_cannot_be_called_is_no_tampering(snapshot):
    torch.of_the_answer = 1
    assert snapshot.restore() == []
    del torch.of_the_answer


@pytest.mark.parametrize("mode", [TorchFunctionMode, TorchDispatchMode])
@pytest.mark.parametrize("thoroughly", [False, True])
def test_restore_leaves_the_modes_that_an_answer_entered(snapshot, mode, thoroughly):
    mode().__enter__()
    assert snapshot.restore(thoroughly) == ["torch's mode stack"]
    assert torch._C._len_torch_function_stack() == 0
    assert torch._C._len_torch_dispatch_stack() == 0


def test_restore_takes_default_settings_back_without_a_fault(snapshot):
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float64)
    assert snapshot.restore(thoroughly=False) == []
    assert torch.zeros(1).device.type == "cpu"
    assert torch.get_default_dtype() is torch.float32
    assert snapshot.restore() == []


def test_restore_cannot_be_replaced_in_its_class(snapshot, monkeypatch):
    monkeypatch.setattr(Snapshot, "restore", lambda _self, _thoroughly=True: [])
    before = torch.equal
    torch.equal = None
    assert "torch.equal" in snapshot.restore()
    assert torch.equal is before


def test_a_wrapper_by_torchs_own_compiler_is_no_tampering(snapshot):
    before = torch.equal
    wrapper = types.FunctionType((lambda: None).__code__, vars(torch._compile))
    wrapper.__wrapped__ = before
    torch.equal = wrapper
    assert snapshot.restore() == []
    torch.equal = before
