"""Runs the laws of small contracts for functions that keep or break them."""

import functools
import inspect

import pytest
import torch

from dojo.checks import Call, aspect_of
from dojo.devices.select import on
from dojo.judge.sandbox.defaults import reset_defaults, reset_settings_and_seeds


class Answer:
    """A stand-in for ``dojo.judge.solution.Solution``: an answer of one function.

    Args:
        name: the public name.
        function: what the learner has written.

    Attributes:
        calls: how many there were.
    """

    def __init__(self, name, function):
        self.hint = self.last_call = self.changed_default = ""
        self.last_line = 0
        self.records = {}
        self.calls = 0
        self._function = function
        setattr(self, name, functools.partial(self._call, name))

    def _call(self, name, *args, **kwargs):
        self.last_call = Call(name, args, kwargs)
        code = getattr(self._function, "__code__", None)  # a class has none
        self.last_line = getattr(code, "co_firstlineno", 0)
        self.calls += 1
        try:
            return self._function(*args, **kwargs)
        finally:
            self.changed_default = reset_defaults()


@pytest.fixture(scope="session")
def answer_of():
    """Makes the stand-in for an answer: ``answer_of(contract, function)``."""
    return lambda contract, function: Answer(contract.name, function)


@pytest.fixture(scope="session")
def laws_of():
    """The names of the laws of a contract, in the order in which pytest collects them."""

    def laws(contract):
        return [name for name, law in vars(contract).items() if name.startswith("test_") and law]

    return laws


@pytest.fixture(scope="session")
def run_laws(laws_of):
    """Runs the laws of a contract for a function on a device.

    Gives law → what it raised, None if nothing. A function that is no ``Answer`` is made one.
    """

    def run(contract, function, device="cpu", only=()):
        answer = function if isinstance(function, Answer) else Answer(contract.name, function)
        return {law: outcome(contract, answer, device, law) for law in only or laws_of(contract)}

    return run


def outcome(contract, answer, device, name):
    """What one law raises; it is run as ``dojo.judge.runner`` runs it."""
    law = getattr(contract(), name)  # pytest makes an object of the class for each
    has_device = "device" in inspect.signature(law).parameters
    if not has_device and device != "cpu":  # it is judged once
        return None
    reset_settings_and_seeds()
    answer.hint = ""
    with on(device, beside_a_gpu=has_device and aspect_of(law) == "device"):
        try:
            law(answer, device) if has_device else law(answer)
        except Exception as error:  # noqa: BLE001 - what an answer raises is an outcome, too
            return error
    return None


@pytest.fixture(scope="session")
def red_of(run_laws):
    """The laws that are red for a function: law → ``CheckFailed``, or what else was raised."""

    def red(contract, function, device="cpu", only=()):
        found = run_laws(contract, function, device, only)
        return {law: error for law, error in found.items() if error is not None}

    return red


@pytest.fixture(scope="session")
def first_red(red_of):
    """The first red law and its sentence, which is what a learner is shown."""

    def first(contract, function, device="cpu", only=()):
        for law, error in red_of(contract, function, device, only).items():
            return law, getattr(error, "sentence", f"{type(error).__name__}: {error}")
        return "", ""

    return first


@pytest.fixture(autouse=True)
def torch_as_it_was():
    """Puts back what answers here change of torch on purpose, and what their judge sets."""
    is_strict = torch.are_deterministic_algorithms_enabled()
    yield
    reset_settings_and_seeds()
    torch.set_anomaly_enabled(False)
    torch._C._set_deterministic_algorithms(is_strict)
