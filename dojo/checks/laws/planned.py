"""Plans how an optimizer is driven: parameters of many kinds, their gradients, and the oracle.

A plan is the same for each answer, so that it is made once, before a worker is forked.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from dojo.checks.laws.numbers import as_array

STEPS, MORE = 14, 3  # of a run; after its state was saved and loaded
SHORT = 4  # steps of a run on the GPU
LATE, ADDED, CHANGED, PAUSE = 3, 5, 8, (10, 11)  # numbers of steps, from 0
FROZEN = "frozen"  # the parameter that does not require grad
TOLERANCES = {torch.float32: (1e-4, 1e-6), torch.float64: (1e-10, 1e-10)}
EMPTY = "This is a step with an empty state: keep all that a later step needs in self.state[p]."
AFTER_NONE = "Those that follow one without a gradient have their step too."
_SIZES = (1e-6, 1e-3, 1e3, 1e6)


class Kind(NamedTuple):
    """A parameter: what a message calls it and says of it, its group and its shape."""

    name: str
    words: str
    group: int
    shape: tuple[int, ...]


KINDS = (
    Kind("weight", "", 0, (2, 3)),
    Kind("bias", "Each third gradient of `bias` is 0.", 0, (2,)),
    Kind("late", "`late` has no gradient before step 4, nor in some later steps.", 0, ()),
    Kind("unused", "`unused` has no gradient for long.", 0, (2,)),
    Kind("sizes", "Gradients of `sizes` are about 1e-6, 1e-3, 1e3 and 1e6.", 0, (4,)),
    Kind("transposed", "`transposed` is in the second group.", 1, (3, 2)),
    Kind("empty", "", 1, (0, 2)),
    Kind(FROZEN, "`frozen` has requires_grad False, but a gradient all the same.", 1, (2,)),
    Kind("added", "The group of `added` is added before step 6.", 2, (2,)),
)


class Step(NamedTuple):
    """What is done in a step, and what should come of it.

    Attributes:
        number: of the step, from 0.
        gradients: of all parameters, as they lie in one memory.
        has: whether each parameter has a gradient.
        options: of each group, by name.
        values: what the parameters should hold afterwards.
        sizes: the largest numbers that each has held, to which errors of rounding are compared.
        flat: values of all parameters as they lie in one memory, and how far they may be off.
    """

    number: int
    gradients: torch.Tensor
    has: list[bool]
    options: list[dict[str, Any]]
    values: list[np.ndarray]
    sizes: list[np.ndarray]
    flat: tuple[np.ndarray, np.ndarray]


class Plan(NamedTuple):
    """What the parameters hold at first, as they lie in one memory, and all steps."""

    dtype: torch.dtype
    start: torch.Tensor
    steps: list[Step]


def parts_of(memory: torch.Tensor) -> list[torch.Tensor]:
    """Return the parts of a memory, one for each parameter; that of `transposed` is transposed."""
    parts, begin = [], 0
    for kind in KINDS:
        size = math.prod(kind.shape)
        strides = [math.prod(kind.shape[n + 1 :]) for n in range(len(kind.shape))]
        if kind.name == "transposed":
            strides = [1, kind.shape[0]]
        parts.append(memory.as_strided(kind.shape, strides, begin))
        begin += size
    return parts


@functools.cache
def plan_of(contract: type, number: int, dtype: torch.dtype) -> Plan:
    """Return the plan for the options of this number in a contract."""
    oracle: Any = contract()
    generator = np.random.default_rng(3)
    start = torch.zeros(sum(math.prod(kind.shape) for kind in KINDS), dtype=dtype)
    for kind, part in zip(KINDS, parts_of(start), strict=True):
        part.copy_(torch.tensor(generator.uniform(0.5, 2, kind.shape) * _signs(kind.shape)))
    values = [as_array(x) for x in parts_of(start)]
    sizes = [np.abs(x) for x in values]
    states: list[dict[str, Any]] = [{} for _ in KINDS]
    options = options_of(oracle, oracle.runs[number])
    rtol, atol = TOLERANCES[dtype]
    steps = []
    for step in range(STEPS + MORE):
        if step == CHANGED:  # as a scheduler does it
            options = [{**one, "lr": one["lr"] * 0.5} for one in options]
            options[1].update(oracle.later)
        gradients = torch.zeros_like(start)
        has = [_has_gradient(kind, step) for kind in KINDS]
        for place, (kind, gradient) in enumerate(zip(KINDS, parts_of(gradients), strict=True)):
            if has[place]:
                gradient.copy_(torch.tensor(_gradient_of(kind, step, generator)))
                g, given = as_array(gradient), options[kind.group]
                values[place] = oracle.update(values[place], g, states[place], **given)
                sizes[place] = np.maximum(sizes[place], np.abs(values[place]))
        flat = _flat(values, start), rtol * _flat(sizes, start) + atol
        steps.append(Step(step, gradients, has, options, list(values), list(sizes), flat))
    return Plan(dtype, start, steps)


def _flat(arrays: list[np.ndarray], start: torch.Tensor) -> np.ndarray:
    memory = torch.zeros_like(start, dtype=torch.float64)
    for part, array in zip(parts_of(memory), arrays, strict=True):
        part.copy_(torch.tensor(array))
    return memory.numpy()


def _signs(shape: tuple[int, ...]) -> np.ndarray:
    return np.resize([1.0, -1.0], shape)


def _has_gradient(kind: Kind, step: int) -> bool:
    is_absent = {
        "unused": step <= STEPS,
        "late": step < LATE or step in PAUSE,
        "added": step < ADDED,
    }
    return not is_absent.get(kind.name, False)


def _gradient_of(kind: Kind, step: int, generator: np.random.Generator) -> np.ndarray:
    numbers = generator.uniform(-0.75, 1.25, kind.shape)
    if kind.name == "sizes":  # of one sign each, so that float32 loses no digits
        return (1.5 + numbers) * _signs(kind.shape) * _SIZES
    if kind.name == "bias":  # a gradient of 0 is a gradient, the first one too
        return numbers * (step % 3 > 0)
    return numbers * (1.0, 1e-3, 10.0)[step % 3]


def options_of(contract: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all options of each group at the first step."""
    taken = list(inspect.signature(contract.update).parameters.values())[3:]
    given = {one.name: one.default for one in taken} | options
    return [given, given | contract.second, dict(given)]


# ---------------------------------------------------------------- what went wrong


class Past(NamedTuple):
    """A step of one parameter: its number, its gradient if there is one, the groups' options."""

    number: int
    gradient: np.ndarray | None
    options: list[dict[str, Any]]


def why_wrong(contract: Any, plan: Plan, place: int, seen: dict[int, np.ndarray]) -> str:
    """Return the sentence of the mistake that explains what was seen; empty if none is known.

    Args:
        contract: has the oracle, and knows mistakes.
        plan: tells what was done.
        place: of the parameter among ``KINDS``.
        seen: what it held after steps, by their numbers; the first of them is wrong.
    """
    best, most = "", 0
    for sentence, values in _mistakes(contract, plan, place, max(seen)):
        explained = []
        for number, got in seen.items():
            right, size = (one[place] for one in plan.steps[number][-3:-1])
            rtol, atol = TOLERANCES[plan.dtype]
            limit = 0.02 * np.abs(got - right) + 0.02 * (rtol * size + atol)
            with np.errstate(invalid="ignore"):
                is_near = np.abs(values[number] - got) <= limit
            is_nan = np.isnan(values[number]) & np.isnan(got)
            explained.append(bool((is_near | is_nan).all()))
        if explained[0] and sum(explained) > most:
            best, most = sentence, sum(explained)
    return best


def _with_option(past: Past, name: str, options: dict[str, Any]) -> Past:
    """Return the step with one option taken from others in all groups."""
    return past._replace(options=[{**one, name: options[name]} for one in past.options])


def _mistakes(
    contract: Any, plan: Plan, place: int, last: int
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield mistakes: a sentence, and what a parameter holds after each step if it is made."""
    group, right = KINDS[place].group, contract.update
    start = as_array(parts_of(plan.start)[place])
    past = []
    for step in plan.steps[: last + 1]:
        gradient = as_array(parts_of(step.gradients)[place]) if step.has[place] else None
        past.append(Past(step.number, gradient, step.options))

    def replayed(update: Callable[..., Any], past: list[Past], begin: int = 0) -> list[np.ndarray]:
        state: dict[str, Any] = {}
        values = [step.values[place] for step in plan.steps[:begin]]
        value = values[-1] if values else start
        for step in past[begin:]:
            if step.gradient is not None:
                state["calls"] = step.number + 1
                state["updates"] = sum(sum(one.has) for one in plan.steps[: step.number])
                state["updates"] += sum(plan.steps[step.number].has[: place + 1])
                with np.errstate(all="ignore"):
                    value = update(value, step.gradient, state, **step.options[group])
            values.append(value)
        return values

    def twice(p: np.ndarray, g: np.ndarray, state: dict[str, Any], **options: Any) -> Any:
        return right(right(p, g, state, **options), g, state, **options)

    if last >= STEPS:
        yield EMPTY, replayed(right, past, STEPS)
    for sentence, update in contract.mistakes().items():
        yield sentence, replayed(update, past)
    follows_none = place > 0 and not plan.steps[past[-1].number].has[place - 1]
    words = AFTER_NONE if follows_none else KINDS[place].words
    kept = f"The parameter was not changed at all. {words}".strip()
    yield kept, [start] * (last + 1)
    yield "A parameter is to be changed once in each step.", replayed(twice, past)
    made = [one._replace(options=past[0].options) for one in past]
    yield "Options have changed since: read them from the group.", replayed(right, made)
    of_first = [one._replace(options=one.options[:1] * 3) for one in past]
    yield "Each group has its own options; these are the first group's.", replayed(right, of_first)
    for name in past[0].options[0]:
        made = [_with_option(one, name, past[0].options[group]) for one in past]
        yield f"The option {name} has changed since: read it from the group.", replayed(right, made)
        of_first = [_with_option(one, name, one.options[0]) for one in past]
        words = f"Each group has its own {name}; this is that of the first group."
        yield words, replayed(right, of_first)
    some = [
        one if one.gradient is not None and one.gradient.any() else one._replace(gradient=None)
        for one in past
    ]
    yield "A gradient of 0 is a gradient too: take the step.", replayed(right, some)
    nothing = np.zeros_like(start)
    full = [one._replace(gradient=nothing) if one.gradient is None else one for one in past]
    yield "A parameter without a gradient is skipped, and its state too.", replayed(right, full)
