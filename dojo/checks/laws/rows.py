"""A row: one case of a contract in one dtype and layout, with the truth about it, made once."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from dojo.checks.inputs import random_like
from dojo.checks.laws.layouts import CONTIGUOUS, LAYOUTS, REPEATED, Template
from dojo.checks.laws.numbers import as_array, is_differentiable


class Slopes(NamedTuple):
    """Gradients of several tensors, one after the other.

    Attributes:
        names: of the tensors.
        expected: all their gradients.
        limits: how far each number may be off; below 0 for what is not finite.
    """

    names: list[str]
    expected: torch.Tensor
    limits: torch.Tensor

    def are_near(self, found: Sequence[torch.Tensor]) -> bool:
        """Whether gradients on the CPU have these numbers; never where one is not finite."""
        got = [one.detach().to_dense().reshape(-1) for one in found]
        errors = (torch.cat([self.expected[:0], *got]) - self.expected).abs()
        return bool((errors <= self.limits).all())


class Row:
    """What an answer is asked, and what is right: it depends on no answer, so it is made once.

    Args:
        contract: the ``Contract`` whose row it is.
        case: the arguments, the tensors as lists or arrays; None stands for a tensor that is not
            given, and the last ones may be left out.
        dtype: of the tensors that have no dtype of their own.
        place: chooses the layouts; 0 is contiguous.
        law: the law whose hint and tolerance hold, such as "values" or "wild".
        tracked: the names of the tensors that require grad.
        is_leaf: whether these are leaves themselves, and not computed from leaves.

    Attributes:
        part: which of several results is meant; None where one tensor comes back.
        subject: that result in words; empty where one tensor comes back.
    """

    part: int | None = None
    subject: str = ""
    _siblings: Sequence[Row] = ()

    def __init__(
        self,
        contract: Any,
        case: Sequence[Any],
        dtype: torch.dtype,
        place: int = 0,
        law: str = "values",
        tracked: Sequence[str] = (),
        is_leaf: bool = False,
    ) -> None:
        self.contract, self.case, self.dtype, self.place = contract, case, dtype, place
        self.law, self.is_leaf = law, is_leaf
        named = zip(contract.tensors, case, strict=False)
        given = {name for name, value in named if value is not None}
        self.tracked = tuple(name for name in tracked if name in given)

    @functools.cached_property
    def templates(self) -> list[Template | None]:
        """The tensors, in the order of the contract; None for one that is not given."""
        found: list[Template | None] = []
        for index, name in enumerate(self.contract.tensors[: len(self.case)]):
            if self.case[index] is None:
                found.append(None)
                continue
            layouts = self.contract.layouts_of(name)
            layout = layouts[(self.place * _steps(len(layouts), index)) % len(layouts)]
            kept = (*self.tracked, *self.contract.fixed) if self.tracked else ()
            if layout == REPEATED and name in kept:
                layout = CONTIGUOUS  # a mask of equal rows may leave no way for gradients
            x = self.contract.tensor(name, self.case[index], self.dtype)
            found.append(Template(x, layout))
        return found

    @functools.cached_property
    def arrays(self) -> list[Any]:
        """The arguments for the oracle: the numbers that the tensors really hold, as arrays."""
        tensors = [None if one is None else as_array(one.x) for one in self.templates]
        return tensors + list(self.case[len(self.templates) :])

    @functools.cached_property
    def named(self) -> list[tuple[int, str, Template]]:
        """The place, the name and the template of each tensor that is given."""
        named = zip(self.contract.tensors, self.templates, strict=False)
        return [(index, name, one) for index, (name, one) in enumerate(named) if one is not None]

    @functools.cached_property
    def parts(self) -> list[Row]:
        """The row once for each result: the row itself where one tensor comes back."""
        if self.part is not None or not self.contract.results:
            return [self]
        _ = self.templates, self.arrays, self.words  # are those of all parts
        parts: list[Row] = []
        for number, subject in enumerate(self.contract.results):
            part = copy.copy(self)
            part.part, part.subject, part._siblings = number, subject, parts
            parts.append(part)
        return parts

    @functools.cached_property
    def expected(self) -> torch.Tensor:
        """The right result."""
        return self.contract.expected(self.arrays, self.dtype, self.part)

    @functools.cached_property
    def limits(self) -> tuple[float, float]:
        """By which share of itself, and by how much, each number of the result may be off."""
        found: tuple[float, float] = self.contract.limits(self.expected)
        return found

    @functools.cached_property
    def weights(self) -> torch.Tensor:
        """The weights of the result's elements, with which gradients are asked for."""
        real = random_like(self.expected, seed=self.place)
        is_complex = self.expected.is_complex()
        return real + 1j * random_like(self.expected, seed=self.place + 1) if is_complex else real

    @functools.cached_property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The right gradients of ``(result * weights).sum()``, by the names of the tensors."""
        contract = self.contract
        names = contract.tensors[: len(self.templates)]
        names = [name for name in names if name not in contract.fixed]
        # torch's gradient of the real part of (result * weights) has the conjugate weights
        weights: Any = np.conj(as_array(self.weights))
        if self.part is not None:  # the other results take no part
            nothing = [np.zeros(one.expected.shape) for one in self._siblings]
            weights = [weights if n == self.part else one for n, one in enumerate(nothing)]
        with np.errstate(all="ignore"):
            found = dict(zip(names, contract.gradient(weights, *self.arrays), strict=False))
        for name in contract.constants:
            found[name] = np.zeros(self.arrays[contract.tensors.index(name)].shape)
        return {
            name: torch.tensor(np.array(found[name], order="C"), dtype=self.dtype)
            for name in self.tracked
        }

    @functools.cached_property
    def slopes(self) -> Slopes:
        """The right gradients of all tensors that the result depends on, for one comparison."""
        contract, nothing = self.contract, torch.empty(0, dtype=self.dtype)
        expected, limits = [nothing], [nothing.abs()]
        names = [name for name in self.tracked if contract.reaches(self, name)]
        for one in (self.gradients[name] for name in names):
            rtol, atol = contract.gradient_limits(one)
            expected.append(one.reshape(-1))
            limits.append((rtol * one.reshape(-1)).abs() + atol)
        together, limit = torch.cat(expected), torch.cat(limits)
        limit[~together.isfinite()] = -1.0  # an error of inf is no more than rtol times inf
        return Slopes(names, together, limit)

    @functools.cached_property
    def buffers(self) -> dict[str, torch.Tensor]:
        """What the buffers of a module should hold after the call, by their names."""
        found: dict[str, torch.Tensor] = self.contract.buffers_after(self)
        return found

    @functools.cached_property
    def words(self) -> str:
        """What a learner is told of the layouts; empty where all tensors are contiguous."""
        words = [LAYOUTS[one.layout].format(name=name) for _, name, one in self.named]
        return " ".join(filter(None, words))

    def prepare(self) -> None:
        """Make all that can be made before an answer is there."""
        _ = self.templates, self.arrays, self.words, self.named
        for part in self.parts:
            _ = part.expected, part.limits
            is_asked = self.tracked and self.contract.recorded
            if is_asked and is_differentiable(part.expected.dtype):
                _ = part.weights, part.gradients, part.slopes


def _steps(count: int, index: int) -> int:
    """Return how fast the layouts of a tensor take turns, so that each comes to each tensor."""
    coprime = [step for step in range(1, count + 1) if math.gcd(step, count) == 1]
    return coprime[index % len(coprime)]
