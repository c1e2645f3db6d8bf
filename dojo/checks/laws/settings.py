"""Watches what a call changes of torch for all that follows: modes, defaults and generators."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dojo.checks.draws import seed_torch
from dojo.checks.expect import expect

_TORCH = torch._C


def _deterministic_mode() -> tuple[bool, bool]:
    return (
        _TORCH._get_deterministic_algorithms(),
        _TORCH._get_deterministic_algorithms_warn_only(),
    )


def _set_deterministic_mode(mode: tuple[bool, bool]) -> None:
    _TORCH._set_deterministic_algorithms(mode[0], warn_only=mode[1])


# what a learner would call it, how it is read, how it is put back
_SETTINGS: tuple[tuple[str, Any, Any], ...] = (
    ("whether autograd records (torch.set_grad_enabled)", torch.is_grad_enabled, None),
    ("torch's inference mode", torch.is_inference_mode_enabled, None),
    (
        "the precision of products (torch.set_float32_matmul_precision)",
        _TORCH._get_float32_matmul_precision,
        _TORCH._set_float32_matmul_precision,
    ),
    *(
        (
            f"whether torch.autocast is on for {device}",
            functools.partial(torch.is_autocast_enabled, device),
            functools.partial(torch.set_autocast_enabled, device),
        )
        for device in ("cpu", "cuda")
    ),
    ("torch's anomaly mode", torch.is_anomaly_enabled, None),
    ("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
    ("torch's mode of cuDNN (benchmark)", _TORCH._get_cudnn_benchmark, _TORCH._set_cudnn_benchmark),
    (
        "torch's mode of cuDNN (deterministic)",
        _TORCH._get_cudnn_deterministic,
        _TORCH._set_cudnn_deterministic,
    ),
    ("torch's deterministic mode", _deterministic_mode, _set_deterministic_mode),
)
_SEED = 20260  # one that nobody sets
_DRAWN = "seeded {}'s random generator, or drew a number from it."
DRAWN_FROM_TORCH = _DRAWN.format("torch")
_READERS = tuple(read for _, read, _ in _SETTINGS)


@dataclass
class Found:
    """What a call changed, in words; empty if nothing."""

    text: str = ""


@contextlib.contextmanager
def settings_watched(
    solution: Any, thoroughly: bool = False, may_draw: bool = False
) -> Iterator[Found]:
    """Yield what the ``with`` block changes of torch, and put torch's settings back.

    A number is drawn first: so a generator is in the midst of its numbers, and is not back
    where it was if only its seed is put back.

    Args:
        solution: the answer, which knows of the defaults that were put back already.
        thoroughly: watch the generators of the GPU, Python and NumPy too, which takes as long as
            a call.
        may_draw: whether the block may draw from torch's generators, of the CPU and of the GPU.
    """
    found = Found()
    if thoroughly and torch.cuda.is_available():
        torch.rand(1, device="cuda")
    with torch._C.DisableTorchFunction():
        torch.empty(1).uniform_()
        before = [read() for read in _READERS]
        state = torch.default_generator.get_state()
        others = _other_generators() if thoroughly else None
    try:
        yield found
    finally:
        with torch._C.DisableTorchFunction():
            found.text = _put_back(before)
            is_same = torch.equal(torch.default_generator.get_state(), state)
            if not (may_draw or is_same):
                found.text = found.text or DRAWN_FROM_TORCH
            if others is not None:
                found.text = found.text or _drawn(others, may_draw)
            if not found.text and solution.changed_default:
                found.text = f"changed {solution.changed_default}."


@contextlib.contextmanager
def settings_untouched(
    solution: Any, hint: str = "", may_draw: bool = False, thoroughly: bool = False
) -> Iterator[None]:
    """Fail if the ``with`` block changed a setting of torch, and put it back.

    Args:
        solution: as for ``settings_watched``.
        hint: where to look if one did change.
        may_draw, thoroughly: as for ``settings_watched``.

    Raises:
        CheckFailed: the block changed a setting, or drew a number though it may not.
    """
    __tracebackhide__ = True
    with settings_watched(solution, thoroughly, may_draw) as found:
        yield
    expect(not found.text, found.text, hint)


def expect_made_aside(solution: Any, make: Callable[[], Any], hint: str, seeds: str) -> None:
    """Fail if to make a module changes a setting of torch, or seeds a generator; it may draw.

    Args:
        solution: the answer.
        make: makes the module.
        hint: where to look if a setting did change.
        seeds: where to look if torch's generator was seeded.
    """
    __tracebackhide__ = True
    seed_torch(_SEED)
    with settings_watched(solution, thoroughly=True, may_draw=True) as found:
        make()
    has_seeded = torch.default_generator.initial_seed() != _SEED
    expect(not has_seeded, "seeds torch's generator when it is made.", seeds)
    expect(not found.text, found.text, hint)


def _put_back(before: list[Any]) -> str:
    text = ""
    for (name, read, write), old in zip(_SETTINGS, before, strict=True):
        new = read()
        if new != old:
            values = "" if isinstance(old, tuple) else f" from {old} to {new}"
            text = text or f"changed {name}{values}."
            if write is not None:
                write(old)
            elif read is torch.is_grad_enabled:
                torch._C._set_grad_enabled(old)
    return text


def _other_generators() -> tuple[Any, Any, Any]:
    random.random()
    np.random.random_sample()
    return random.getstate(), _numpys_state(), _gpus_state()


def _drawn(before: tuple[Any, Any, Any], may_draw: bool) -> str:
    """Say which generator was seeded or drawn from, of those of the GPU, Python and NumPy."""
    pythons, (key, place), gpus = before
    if not may_draw and gpus is not None and not torch.equal(gpus, _gpus_state()):
        return _DRAWN.format("the GPU")
    if random.getstate() != pythons:
        return _DRAWN.format("Python")
    new_key, new_place = _numpys_state()
    is_same = new_place == place and np.array_equal(new_key, key)
    return "" if is_same else _DRAWN.format("NumPy")


def _numpys_state() -> Any:
    state: Any = np.random.get_state()
    return state[1:3]


def _gpus_state() -> Any:
    return torch.cuda.get_rng_state() if torch.cuda.is_available() else None
