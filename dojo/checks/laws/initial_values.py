"""The law of what a new module holds: constants, or numbers that are drawn from distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.draws import expect_drawn, seed_torch
from dojo.checks.expect import expect
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.own_modules import OwnModules
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import law

DRAW = "Draw from torch's global generator when a module is made, and set no seed."
SOME = 40  # numbers of one parameter that are looked for in another one; chance brings few there
NO_DRAW = "Nothing here is random: leave torch's generator alone."


class DrawnModules(OwnModules):
    """A contract of a class of modules that begin with the initial values of the contract."""

    @aspect("values")
    @law("drawn_with")
    def test_initial_values(self, solution: Any) -> None:
        """A new module holds the initial values, drawn anew for each where they are random."""
        for made_with in self.drawn_with:
            solution.hint = self.hint("initial")
            kind = getattr(solution, self.name)
            makers = [self.maker(kind, made_with) for _ in range(2)]
            with settings_watched(solution) as found:
                one, other = (make() for make in makers)
            initial = self.initial(*made_with)
            seen: list[tuple[str, torch.Tensor]] = []
            for name, distribution in initial.items():
                held = self.held(one, name)
                subject = f"made a module whose {name}"
                expect_drawn(as_array(held), distribution, subject, self.hint("initial"))
                if distribution.is_random:
                    same = [name for name, other in seen if torch.equal(other, held)]
                    sentence = (
                        f"made a module with the same numbers in {''.join(same[:1])} and {name}."
                    )
                    expect(not same, sentence, self.hint("draws") or DRAW)
                    for twin, numbers in seen:
                        sentence = f"made a module whose {name} repeats the numbers of {twin};"
                        sentence = f"{sentence} expected each to be drawn for itself."
                        expect(not _repeats(held, numbers), sentence, self.hint("draws") or DRAW)
                    seen.append((name, held))
                    is_other = bool((self.held(other, name) != held).any())
                    sentence = f"made two modules with the same numbers in {name}."
                    expect(is_other, sentence, self.hint("draws") or DRAW)
            if any(one.is_random for one in initial.values()):
                self._expect_follows_seed(solution, made_with)
            elif initial.keys() >= set(self.parameters):  # else the rest may be drawn
                expect(not found.text, found.text, NO_DRAW)

    def _expect_follows_seed(self, solution: Any, made_with: Sequence[Any]) -> None:
        __tracebackhide__ = True
        states = []
        for _ in range(2):
            seed_torch(1)
            torch.rand(3)
            module = self.maker(getattr(solution, self.name), made_with)()
            states.append(module.state_dict())
        is_same = all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        sentence = "made two modules that differ, though torch.manual_seed was the same."
        expect(is_same, sentence, self.hint("draws") or DRAW)


def _repeats(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether the numbers of the smaller tensor are in the other one, whatever their order."""
    sizes = (np.abs(as_array(each)).ravel() for each in (one, other))
    fewer, more = sorted(sizes, key=len)
    is_there = (fewer[:SOME, None] == more).any(1)
    return len(is_there) == SOME and bool(is_there.mean() > 1 / 2)
