"""Judges the saboteurs of a kata in one process, each up to its first red check.

That is right here, since they all come from this project, and takes a tenth of the time.
"""

import functools
import importlib.util
import inspect
import sys
from pathlib import Path

import torch

from dojo.checks.laws import ModuleFactory, OptimizerClass
from dojo.checks.laws.class_of_modules import ClassOfModules
from dojo.checks.laws.contract import Contract
from dojo.devices.select import device_of_item
from dojo.judge.solution import Solution
from dojo.verdict.model import GREEN

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RED, HOLE, UNSEEN, UNASKED = "red", "green", "not shown", "never asked"
BROKEN = "red, though it did nothing"


def load_saboteurs():
    """The package of the saboteurs, which stands beside this file."""
    spec = importlib.util.spec_from_file_location("saboteurs", HERE / "saboteurs" / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["saboteurs"] = module
    spec.loader.exec_module(module)
    return module


class SaboteurRun:
    """Judges saboteurs in place of answers.

    Args:
        runner: what runs the checks.
        only: the public name to look at; empty for all of a kata.
    """

    def __init__(self, runner, only=""):
        self._runner, self._only = runner, only
        self._kinds = load_saboteurs()

    def outcomes(self, kata):
        """The outcomes: function → kind → its outcome, and the aspect and message of it."""
        runner = self._runner
        items = sorted(runner.checks.of(kata), key=is_on_gpu)  # most faults show on the CPU
        contracts = self._contracts = contracts_of(items)
        for contract in contracts.values():
            contract.prepare()  # as the fork server does, which would hide a fault
        names = runner.solution(kata)._names
        found = {}
        for name, public in names.items():
            contract = contracts.get(name)
            if public.is_class and not isinstance(contract, (ClassOfModules, OptimizerClass)):
                continue
            if self._only not in ("", name):
                continue
            kinds = [*self._kinds.SABOTEURS, *self._kinds.RIGHT_VARIANTS]
            kinds = [one for one in kinds if self._suits(one, contract)]
            if self._is_random(runner, kata, items, name):  # others are as right as these
                kinds = [one for one in kinds if one.kind not in self._kinds.OF_NUMBERS]
            found[name] = {
                one.kind: self._outcome(runner, kata, items, name, one, contract)
                for one in kinds
                if applies(one, contract)
            }
            found[name]["unasked"] = self._unasked(runner, kata, items, name, contract)
        return found

    def _suits(self, kind, contract):
        """Whether a saboteur is one of what the contract is about.

        For an optimizer these are its own, and those that change torch at each call.
        """
        if isinstance(contract, OptimizerClass):
            of_calls = kind.applies is self._kinds.any_contract and kind.must_show
            return kind.of_optimizer or of_calls
        return not kind.of_optimizer

    def _unasked(self, runner, kata, items, name, contract):
        """What the contract of a function promises, and no check has asked; in words."""
        if isinstance(contract, OptimizerClass):
            return sorted(map(str, self._kinds.unvaried(contract)))
        if contract is None or not contract.tensors or isinstance(contract, ModuleFactory):
            return []
        probe = self._kinds.Probe(contract)
        for _ in self._checks(runner, kata, items, name, probe.wrap):
            pass  # the probe itself reads numbers, which a check of cost forbids
        return sorted(map(str, self._kinds.promised(contract) - probe.seen))

    def _is_random(self, runner, kata, items, name):
        """Whether a function draws numbers: from torch's generator, or by a seed of its own."""
        draws = []

        def probe(function):
            if {"seed", "generator"} & inspect.signature(function).parameters.keys():
                draws.append(1)

            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                before = torch.default_generator.get_state()
                value = function(*args, **kwargs)
                if not torch.equal(before, torch.default_generator.get_state()):
                    draws.append(1)
                return value

            return wrapper

        self._first_red(runner, kata, items, name, probe)
        return bool(draws)

    def _checks(self, runner, kata, items, name, wrap):
        """The checks of the reference with one function wrapped, one after another."""
        solution = Solution(kata, kata.reference, runner.solution(kata)._names, ROOT)
        runner._loaded[kata.name] = solution
        module = solution._load()
        value = getattr(module, name)
        contract = self._contracts.get(name)
        is_class = isinstance(value, type) and not getattr(wrap, "of_whole", False)
        if is_class and isinstance(contract, OptimizerClass):
            wrapped = wraps_step(value, wrap)
        else:
            wrapped = wraps_class(value, contract, wrap) if is_class else wrap(value)
        setattr(module, name, wrapped)
        return (runner.run(item, None) for item in items)

    def _first_red(self, runner, kata, items, name, wrap):
        """The first red check of the reference with one function wrapped, or None."""
        checks = self._checks(runner, kata, items, name, wrap)
        return next((check for check in checks if check.state != GREEN), None)

    def _outcome(self, runner, kata, items, name, kind, contract):
        """The state and message of the first red check, or that there was none."""
        marks = []
        wrap = functools.partial(kind.wrap, mark=lambda: marks.append(1))
        wrap.of_whole = kind.of_maker or kind.of_optimizer
        if isinstance(contract, ModuleFactory) and not kind.of_maker:
            wrap = functools.partial(wraps_forward, wrap)
        if check := self._first_red(runner, kata, items, name, wrap):
            return [RED if marks else BROKEN, check.aspect, check.message]
        if marks:
            return [HOLE, "", ""]
        return [UNASKED if contract is not None and kind.must_show else UNSEEN, "", ""]


def is_on_gpu(item):
    """Whether a check runs on the GPU."""
    return device_of_item(item) == "cuda"


def wraps_forward(wrap, make):
    """The function that makes a module, with the module's ``forward`` wrapped."""

    @functools.wraps(make)
    def wrapper(*args, **kwargs):
        module = make(*args, **kwargs)
        module.forward = wrap(module.forward)
        return module

    return wrapper


def wraps_step(made, wrap):
    """A class of optimizers whose ``step`` is wrapped."""
    return type(made.__name__, (made,), {"step": wrap(made.step), "__module__": made.__module__})


def wraps_class(made, contract, wrap):
    """A class of modules whose ``forward`` is wrapped, as a function of what it holds, too.

    So a saboteur of functions does to parameters and buffers what it does to other inputs.
    """
    running = []

    def compute(*values):
        module, given, others = running[-1]
        held = {
            name: one
            for name, one in contract.state_in(values).items()
            if one is not contract.held(module, name)
        }
        old = {name: contract.held(module, name) for name in held}
        try:
            for name, one in held.items():
                contract.put(module, name, as_held(one, old[name]))
            inputs = [values[contract.tensors.index(name)] for name in contract.handed[:given]]
            return made.forward(module, *inputs, *others)
        finally:
            for name, one in old.items():
                contract.put(module, name, one)

    wrapped = wrap(compute)

    def forward(self, *inputs):
        values = dict.fromkeys(contract.tensors)
        count = len(contract.handed)
        values |= dict(zip(contract.handed, inputs[:count], strict=False))  # None may be left out
        for name in contract.tensors:
            if name not in contract.handed:
                values[name] = getattr_or_none(contract, self, name)
        running.append((self, len(inputs[:count]), inputs[count:]))
        try:
            return wrapped(*values.values())
        finally:
            running.pop()

    return type(made.__name__, (made,), {"forward": forward, "__module__": made.__module__})


def getattr_or_none(contract, module, name):
    """What a module holds under a name; None if it has no such attribute."""
    try:
        return contract.held(module, name)
    except AttributeError:
        return None


def as_held(one, old):
    """A tensor as what a module can hold: a parameter in the place of one."""
    return torch.nn.Parameter(one, one.requires_grad) if type(old) is torch.nn.Parameter else one


def contracts_of(items):
    """The contracts of a kata's checks, by the public name that they are about."""
    classes = {getattr(item, "cls", None) for item in items}
    found = [one for one in classes if isinstance(one, type) and issubclass(one, Contract)]
    found.sort(key=lambda one: len(one.tensors))  # of several, the one with most tensors
    return {one.name: one() for one in found}


def applies(kind, contract):
    """Whether a saboteur breaks a promise; without a contract only what breaks any does."""
    return kind.applies is None or (contract is not None and bool(kind.applies(contract)))
