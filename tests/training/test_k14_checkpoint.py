"""The checks of training/k14_checkpoint: runs that are saved, stopped and gone on with."""

import functools
import os
import random

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises, module_untouched
from dojo.checks.folders import empty_folder, names_in, watched_file
from dojo.checks.laws.settings import settings_watched
from dojo.checks.scenes import NotingSGD, expect_states, states_of

STEP = "Save the step too, and return it: an int, as it was given."
PLAIN = "weights_only takes tensors, numbers, text, lists, tuples, dicts, and no array of NumPy."
STATES = "Save and load the state_dict of model, optimizer and scheduler, each of them whole."
DRAWS = "Save all of this generator's state and put it back: a seed does not say how far it is."
GOES_ON = "load_state_dict writes into the Parameters that the optimizer knows: make no new ones."
NO_SCHEDULER = "scheduler may be None: then there is no state of it."
READS = "Saving only reads: let nothing be drawn for the name of a file either."
IN_PLACE = "Load into the tensors that are there, as load_state_dict does; change nothing else."
ATOMIC = "Save under another name in the same folder, then `os.replace(other, path)`."
SAME_DISK = "Another folder may lie on another disk: then the file is copied, not renamed."
ALONE = "Nothing but the file at path may be left in the folder."
FAILS = "If saving fails, remove the unfinished file and let the exception go on: `try`, `finally`."
REFUSED = "Let `torch.load(path, weights_only=True)` raise, before anything else is touched."


class Run:
    """A training run that draws from three generators; all numbers differ from seed to seed."""

    def __init__(self, seed, has_scheduler=True, layers=4):
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        chain = (nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1))
        self.model = nn.Sequential(*chain[:layers])
        self.model[0].weight.grad = torch.ones(4, 3)
        first, *rest = self.model.parameters()
        groups = [{"params": [first]}, {"params": rest, "lr": 0.02}]
        self.optimizer = NotingSGD(groups, lambda _: None, momentum=0.5)
        self.scheduler = StepLR(self.optimizer, 2, 0.5) if has_scheduler else None
        self.parts = {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}

    def train(self, steps):
        """Take steps, and return their losses."""
        losses = []
        for _ in range(steps):
            order = torch.from_numpy(np.random.permutation(6))
            x = torch.randn(6, 3) + random.random()
            loss = (self.model(x) - x.sum(1, keepdim=True)[order]).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.scheduler:
                self.scheduler.step()
            losses.append(float(f"{loss.item():.6g}"))
        return losses

    def save(self, solution, path, step=7, hint=STATES):
        """Save as the answer does."""
        solution.hint = hint
        solution.save_checkpoint(path, *self.parts.values(), step)
        solution.last_call = "save_checkpoint(path, model, optimizer, scheduler, step)"

    def load(self, solution, path, hint=STATES):
        """Load as the answer does."""
        solution.hint = hint
        got = solution.load_checkpoint(path, *self.parts.values())
        solution.last_call = "load_checkpoint(path, model, optimizer, scheduler)"
        return got


def draws():
    """Numbers of each generator, by its name; the second of a pair of normals is left in each."""
    numbers = {
        "torch": [torch.randn(1).item(), torch.rand(1).item()],
        "Python": [random.gauss(0, 1), random.random()],
        "NumPy": [np.random.standard_normal(), np.random.random_sample()],
    }
    return {name: [float(f"{one:.6g}") for one in pair] for name, pair in numbers.items()}


@aspect("type")
def test_is_plain_data_with_the_step(solution):
    """torch.load reads the file with weights_only=True, and load_checkpoint returns the step."""
    with empty_folder() as folder:
        for path, step in ((folder / "run.pt", 2**40), ("last", 0)):
            Run(1, layers=1).save(solution, path, step, PLAIN)
            torch.serialization.clear_safe_globals()
            try:
                torch.load(path, weights_only=True)
            except Exception as error:
                sentence = f"made a file at which torch.load raises {type(error).__name__}"
                raise CheckFailed(f"{sentence} with weights_only=True.", PLAIN) from error
            got = Run(2, layers=1).load(solution, path, STEP)
            expect(type(got) is int, f"returned {describe(got)}; expected an int.", STEP)
            expect(got == step, f"returned {got}; expected {step}.", STEP)


@aspect("values")
def test_goes_on_to_the_last_bit(solution):
    """A run that is loaded has all states of the one that was saved, and goes on alike."""
    with empty_folder() as folder:
        for hint, *made in ((STATES, True, 4), (NO_SCHEDULER, False, 1)):
            run, other = (Run(seed, *made) for seed in (1, 2))
            other.train(1)
            run.train(2)
            draws()
            states = torch.get_rng_state(), random.getstate(), np.random.get_state()
            run.save(solution, folder / "run.pt", hint=hint)
            torch.set_rng_state(states[0])
            random.setstate(states[1])
            np.random.set_state(states[2])
            state, drawn, losses = states_of(**run.parts), draws(), run.train(2)
            moved = (folder / "run.pt").replace(folder / "moved.pt")
            other.load(solution, moved, hint)
            expect_states("left", hint, state, **other.parts)
            for name, numbers in draws().items():
                sentence = f"had {name}'s generator go on with {numbers}; expected {drawn[name]}."
                expect(numbers == drawn[name], sentence, DRAWS)
            got = other.train(2)
            sentence = f"had the run go on with the losses {got}; expected {losses}."
            expect(got == losses, sentence, GOES_ON)
            expect_states("ended the run with", GOES_ON, states_of(**run.parts), **other.parts)


@aspect("memory")
def test_changes_nothing_else(solution):
    """Saving changes nothing; loading writes into the same Parameters and buffers."""
    with empty_folder() as folder:
        run = Run(1)
        run.train(1)
        before = states_of(**run.parts)
        with module_untouched(run.model, READS), settings_watched(solution, True) as found:
            run.save(solution, folder / "run.pt", hint=READS)
        expect(not found.text, found.text, READS)
        expect_states("left", READS, before, **run.parts)
        left = names_in(folder)
        expect(left == ["run.pt"], f"left the files {left}; expected ['run.pt'].", ALONE)
        other = Run(2)
        other.model.eval()[1].train()
        other.model[3].bias.requires_grad_(False)
        with module_untouched(other.model, IN_PLACE, ["values"]):
            saved = (folder / "run.pt").read_bytes()
            other.load(solution, folder / "run.pt", IN_PLACE)
        is_there = names_in(folder) == ["run.pt"] and (folder / "run.pt").read_bytes() == saved
        expect(is_there, "changed the file, or its folder.", "Loading only reads the file.")


@aspect("memory")
def test_replaces_the_file(solution):
    """A finished file takes the place of the old one, which is never written to."""
    with empty_folder() as outside:
        folder = outside / "runs"
        folder.mkdir()
        path, neighbour = folder / "run.pt", folder / "run.txt"
        path.write_bytes(b"old")
        neighbour.write_bytes(b"other")
        os.link(path, outside / "opened")  # reads what someone reads who has opened the old file
        with watched_file(path) as seen:
            Run(1, layers=1).save(solution, path, hint=ATOMIC)
        is_old = (outside / "opened").read_bytes() == b"old"
        expect(is_old, "wrote into the old file, which others may be reading.", ATOMIC)
        expect(not seen.was_gone, "removed the old file before the new one came.", ATOMIC)
        expect(seen.had_another, "moved the new file here from another folder.", SAME_DISK)
        expect(neighbour.read_bytes() == b"other", "changed another file in the folder.", ALONE)
        left = [*names_in(outside), *names_in(folder)]
        right = ["opened", "runs", "run.pt", "run.txt"]
        expect(left == right, f"left the files {left}; expected {right}.", ALONE)


class Unpicklable:
    """What raises KeyError as soon as it is pickled."""

    def __reduce__(self):
        raise KeyError("cannot be saved")


@aspect("errors")
def test_keeps_the_old_file_on_failure(solution):
    """If pickling fails, the error goes on, the old file is whole, and no other is left."""
    what = "a state that raises KeyError when it is pickled"
    for old in (b"old", None):
        with empty_folder() as folder:
            run, path = Run(1, layers=1), folder / "run.pt"
            run.optimizer.param_groups[0]["note"] = Unpicklable()
            if old:
                path.write_bytes(old)
            save = functools.partial(run.save, solution, path, hint=FAILS)
            expect_raises(KeyError, save, FAILS, what)
            solution.last_call = f"save_checkpoint(…), for {what},"
            left, right = names_in(folder), ["run.pt"] if old else []
            expect(left == right, f"left the files {left}; expected {right}.", FAILS)
            expect(not old or path.read_bytes() == old, "spoiled the old file.", ATOMIC)


class Executed:
    """What makes a folder as soon as it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


@aspect("errors")
def test_refuses_what_torch_refuses(solution):
    """A file that torch.load refuses raises, executes nothing, and changes nothing."""
    with empty_folder() as folder:
        Run(1, layers=1).save(solution, folder / "a whole file", hint=REFUSED)
        data = torch.load(folder / "a whole file", weights_only=False)
        more = {**data, "more": Executed()} if isinstance(data, dict) else [data, Executed()]
        torch.save(more, folder / "a file that runs code")
        whole = (folder / "a whole file").read_bytes()
        (folder / "half a file").write_bytes(whole[: len(whole) // 2])
        (folder / "an empty file").write_bytes(b"")
        run = Run(2, layers=1)
        run.train(1)
        before = states_of(**run.parts)
        for name in ("a file that runs code", "half a file", "an empty file", "a missing file"):
            with module_untouched(run.model, REFUSED), settings_watched(solution, True) as found:
                load = functools.partial(run.load, solution, folder / name, REFUSED)
                expect_raises(Exception, load, REFUSED, name)
                solution.last_call = f"load_checkpoint(…), for {name},"
            expect(not found.text, found.text, REFUSED)
            is_done = (folder / "executed").exists()
            expect(not is_done, "executed code that the file names.", REFUSED)
            expect_states("left", REFUSED, before, **run.parts)
