"""What holds for every schedule of a learning rate: what it leaves alone, and what it saves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from dojo.checks.expect import expect
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import describe
from dojo.checks.modules import module_untouched
from dojo.checks.tracing import modules_called

HOOKS = "Set lr in your own step(), and leave no hook on the optimizer and no other method in it."
KEEP = "A schedule changes lr in the groups of its optimizer, and nothing else."
OWN = "Write the schedule yourself, without torch.optim.lr_scheduler."
PLAIN = "The state is made of numbers, strings, bools and None, in dicts, lists and tuples."
SAVED = "Return a new dict with a copy of what is kept."


def optimizer_of(lrs: Sequence[float], kind: Any = torch.optim.SGD) -> torch.optim.Optimizer:
    """Return an optimizer with a group for each lr."""
    optimizer: torch.optim.Optimizer = kind(
        [{"params": [nn.Parameter(torch.ones(2))], "lr": lr} for lr in lrs]
    )
    return optimizer


def expect_only_lr_changes(
    solution: Any, run: Callable[[torch.optim.Optimizer], object], words: str
) -> None:
    """Fail if a schedule changes more than lr: in parameters, the optimizer, or torch.

    Args:
        solution: the answer.
        run: makes a schedule over an optimizer, and goes some steps.
        words: what that is for a message.
    """
    __tracebackhide__ = True
    net = nn.Linear(2, 1)
    net(torch.ones(1, 2)).sum().backward()
    groups = [{"params": [net.weight], "lr": 0.5}, {"params": [net.bias], "weight_decay": 0.1}]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    for p in net.parameters():  # by hand: the first step of torch's AdamW imports its compiler
        optimizer.state[p] = {"step": torch.tensor(1.0), "exp_avg": torch.ones_like(p)}
    solution.hint = KEEP
    before, hooks = copy.deepcopy(optimizer.state_dict()), _hooks_of(optimizer)
    with module_untouched(net, KEEP), settings_watched(solution, thoroughly=True) as found:
        run(optimizer)
    solution.last_call = f"{words}, with some steps,"
    expect(not found.text, found.text, KEEP)
    sentence = "left a hook on the optimizer, or put another method in the place of its own."
    expect(_hooks_of(optimizer) == hooks, sentence, HOOKS)
    after = optimizer.state_dict()
    for n, (old, new) in enumerate(zip(before["param_groups"], after["param_groups"], strict=True)):
        for name, value in old.items():
            if name != "lr":  # a group may get entries beside those that it has
                sentence = f"changed {name} of group {n} from {value!r} to"
                expect(new.get(name) == value, f"{sentence} {new.get(name)!r}.", KEEP)
    for n, state in before["state"].items():
        is_same = all(torch.equal(after["state"][n][name], one) for name, one in state.items())
        expect(is_same, "changed the state of the optimizer.", KEEP)


def _hooks_of(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return what runs at calls of an optimizer: its hooks, and methods put into it alone."""
    held = vars(optimizer).items()
    hooks = {name: list(one.values()) for name, one in held if name.endswith("_hooks")}
    return {**hooks, **{name: one for name, one in held if hasattr(type(optimizer), name)}}


def expect_made_without_torchs(solution: Any, run: Callable[[], object]) -> None:
    """Fail if a run of the schedule comes to torch's own schedulers."""
    __tracebackhide__ = True
    solution.hint = OWN
    used = [name for name in modules_called(run) if name.startswith("torch.optim.lr_scheduler")]
    expect(not used, "used torch.optim.lr_scheduler, which is forbidden here.", OWN)


def expect_plain_state(solution: Any, schedule: Any, later: Sequence[Callable[[], object]]) -> None:
    """Fail unless the state is a dict of plain values, which no later step changes.

    Args:
        solution: the answer.
        schedule: whose state it is.
        later: steps that the schedule takes afterwards.
    """
    __tracebackhide__ = True
    saved = schedule.state_dict()
    solution.last_call = "state_dict()"
    expect(type(saved) is dict, f"returned {describe(saved)}; expected a dict.", PLAIN)
    odd = _odd_part(saved)
    expect(odd is None, f"returned a dict that holds {describe(odd)}.", PLAIN)
    before = copy.deepcopy(saved)
    for step in later:
        step()
        sentence = f"returned {before}, which a later step has changed to {saved}."
        expect(saved == before, sentence, SAVED)


def _odd_part(value: Any) -> Any:
    """Return the first part of a state that is no plain value; None if all are."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if type(value) in (list, tuple):
        return next((odd for odd in map(_odd_part, value) if odd is not None), None)
    return None if value is None or type(value) in (bool, int, float, str) else value
