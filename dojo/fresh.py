"""What a check finds as it was: settings and generators, and what was imported before any fork."""

from __future__ import annotations

import gc
import importlib
import random
import warnings

import numpy as np
import torch


def put_defaults_back() -> None:
    """What an answer has set must not rule what a check creates next, nor pass for tampering."""
    if getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not None:
        torch.set_default_device(None)  # torch keeps it as a mode
    if torch.get_default_dtype() is not torch.float32:
        torch.set_default_dtype(torch.float32)  # it changes torch.Storage as well


def forget_what_was_set() -> None:
    """Put back the settings of torch that outlive a call, and seed every generator."""
    warnings.simplefilter("ignore")  # a right answer may cause one in NumPy or torch
    put_defaults_back()
    torch.set_grad_enabled(True)
    torch._C._set_deterministic_algorithms(False)  # the public function imports the compiler
    torch.default_generator.manual_seed(0)  # the public function walks the stack for lazy CUDA
    np.random.seed(0)
    random.seed(0)


def warm_up(thoroughly: bool) -> None:
    """Do once, before the first fork, what every child would have to do again.

    Args:
        thoroughly: import also what only some answers need, such as for their first optimizer.
    """
    torch.set_num_threads(1)  # so that no thread pool exists that a fork would lose
    np.random.seed(0)  # imports a part of NumPy
    if thoroughly:
        gc.disable()  # there will be little garbage
        torch.testing.assert_close(0, 0)  # imports half of torch
        importlib.import_module("torch._dynamo")
        gc.enable()
