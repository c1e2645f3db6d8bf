"""Resets torch's global settings and seeds before each check; preloads what workers need."""

from __future__ import annotations

import contextlib
import gc
import importlib
import random
import warnings
from collections.abc import Iterator

import numpy as np
import torch

from dojo.devices.environment import default_device_kept


def reset_defaults() -> str:
    """Undo ``set_default_device`` and ``set_default_dtype`` that the learner's code left behind.

    They must not decide what a check creates next, nor count as tampering.

    Returns:
        What had been changed, in words; empty if nothing.
    """
    changed = ""
    if getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not None:
        torch.set_default_device(None)  # torch keeps it as a mode
        changed = "torch's default device"
    if torch.get_default_dtype() is not torch.float32:
        torch.set_default_dtype(torch.float32)  # it changes torch.Storage as well
        changed = "torch's default dtype"
    return changed


def reset_settings_and_seeds() -> None:
    """Reset the settings of torch that outlive a call, and seed every random generator."""
    warnings.simplefilter("ignore")  # a right answer may cause one in NumPy or torch
    reset_defaults()
    torch.set_grad_enabled(True)
    torch._C.set_anomaly_enabled(False, True)
    # In this mode memory that was never written holds NaN, and not by luck the right numbers. The
    # public function imports the compiler.
    torch._C._set_deterministic_algorithms(True, warn_only=True)
    torch._C._set_float32_matmul_precision("highest")
    torch.default_generator.manual_seed(0)  # the public function walks the stack for lazy CUDA
    np.random.seed(0)
    random.seed(0)


@contextlib.contextmanager
def defaults_and_seeds_kept() -> Iterator[None]:
    """After the ``with`` block, put back torch's defaults and the state of every generator."""
    dtype = torch.get_default_dtype()
    pythons, numpys = random.getstate(), np.random.get_state()
    generators = [torch.default_generator]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        generators += torch.cuda.default_generators
    states = [one.get_state() for one in generators]
    try:
        with default_device_kept():
            yield
    finally:
        torch.set_default_dtype(dtype)
        random.setstate(pythons)
        np.random.set_state(numpys)
        for one, state in zip(generators, states, strict=True):
            one.set_state(state)


def preload(all_of_torch: bool) -> None:
    """Import, once before the first fork, what every forked worker would have to import again.

    Args:
        all_of_torch: import also what only some answers need, such as for their first optimizer.
    """
    torch.set_num_threads(1)  # so that no thread pool exists that a fork would lose
    _spare_optimizers_the_compiler()
    np.random.seed(0)  # imports a part of NumPy
    if all_of_torch:
        gc.disable()  # there will be little garbage
        torch.testing.assert_close(0, 0)  # imports half of torch
        importlib.import_module("torch._dynamo")
        gc.enable()


def _spare_optimizers_the_compiler() -> None:
    """Let the methods of torch's Optimizer run as they are.

    At the first call of some of them, torch imports its compiler, only to tell it to leave the
    method alone: a learner's first optimizer would wait for that, in each worker that is not warm.
    """
    wrapper = vars(torch._compile)
    for method in vars(torch.optim.Optimizer).values():
        if getattr(method, "__globals__", None) is wrapper:
            function = method.__wrapped__
            function.__dict__.setdefault("__dynamo_disable", function)
