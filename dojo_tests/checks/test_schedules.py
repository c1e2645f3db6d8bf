"""What holds for every schedule: each fault is found, and a right one has none."""

import functools

import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.schedules import (
    expect_made_without_torchs,
    expect_only_lr_changes,
    expect_plain_state,
    optimizer_of,
)


class Answer:
    """A stand-in for an answer."""

    hint = last_call = changed_default = ""


class Halving:
    """A right schedule."""

    def __init__(self, optimizer):
        self.optimizer, self.steps, self.seen = optimizer, 0, []

    def step(self):
        self.steps += 1
        self.seen.append(self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] /= 2
            group.setdefault("steps", 0)  # a group may get entries

    def state_dict(self):
        return {"steps": self.steps, "seen": [*self.seen], 3: (None, True, "x", {"y": 0.5})}


class ChangesDecay(Halving):
    def step(self):
        super().step()
        self.optimizer.param_groups[0]["weight_decay"] = 7.0


class ClearsGradients(Halving):
    def step(self):
        super().step()
        self.optimizer.zero_grad()


class ChangesState(Halving):
    def step(self):
        super().step()
        for state in self.optimizer.state.values():
            state["exp_avg"].zero_()


class Draws(Halving):
    def step(self):
        super().step()
        torch.rand(1)


class LeavesHook(Halving):
    def __init__(self, optimizer):
        super().__init__(optimizer)
        optimizer.register_step_post_hook(lambda *_: None)


class ReplacesStep(Halving):
    def __init__(self, optimizer):
        super().__init__(optimizer)
        own = optimizer.step
        optimizer.step = lambda *arguments: own(*arguments)


class SavesList(Halving):
    def state_dict(self):
        return {"seen": self.seen}


class SavesTensor(Halving):
    def state_dict(self):
        return {"lrs": [{"a": torch.tensor(0.5)}]}


class SavesPairs(Halving):
    def state_dict(self):
        return [("steps", self.steps)]


def drive(kind, optimizer):
    schedule = kind(optimizer)
    schedule.step()
    return schedule


def test_a_right_one_has_no_fault():
    expect_only_lr_changes(Answer(), functools.partial(drive, Halving), "Halving(optimizer)")
    schedule = Halving(optimizer_of([0.5, 1.0]))
    expect_plain_state(Answer(), schedule, [schedule.step] * 2)
    expect_made_without_torchs(Answer(), lambda: drive(Halving, optimizer_of([1.0])))


@pytest.mark.parametrize(
    "kind, sentence",
    [
        (ChangesDecay, "changed weight_decay of group 0 from 0.01 to 7.0."),
        (ClearsGradients, "the .grad of weight."),
        (ChangesState, "changed the state of the optimizer."),
        (LeavesHook, "left a hook on the optimizer"),
        (ReplacesStep, "put another method in the place of its own"),
        (Draws, "seeded torch's random generator"),
    ],
)
def test_what_changes_more_than_lr_is_found(kind, sentence):
    with pytest.raises(CheckFailed) as error:
        expect_only_lr_changes(Answer(), functools.partial(drive, kind), "Schedule(optimizer)")
    assert sentence in error.value.sentence


@pytest.mark.parametrize(
    "kind, sentence",
    [
        (SavesList, "returned {'seen': [1]}, which a later step has changed to {'seen': [1, 2]}."),
        (SavesTensor, "returned a dict that holds a float32 tensor"),
        (SavesPairs, "expected a dict."),
    ],
)
def test_a_state_that_is_not_plain_or_changes_is_found(kind, sentence):
    schedule = drive(kind, optimizer_of([1.0]))
    with pytest.raises(CheckFailed) as error:
        expect_plain_state(Answer(), schedule, [schedule.step])
    assert sentence in error.value.sentence


def test_torchs_own_schedulers_are_found():
    def run():
        torch.optim.lr_scheduler.StepLR(optimizer_of([1.0]), 1).state_dict()

    with pytest.raises(CheckFailed, match="forbidden"):
        expect_made_without_torchs(Answer(), run)
