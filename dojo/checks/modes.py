"""Runs helpers of the checks without torch's function modes, so that they see real memory."""

from __future__ import annotations

import functools
from typing import Any

import torch

from dojo.checks.aspects import Function


def without_modes(function: Function) -> Function:
    """Make a function run without torch's function modes and without autograd.

    So it sees real memory on the CPU, and no mode of the learner's takes part.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with torch._C.DisableTorchFunction():
            was_enabled = torch.is_grad_enabled()
            torch._C._set_grad_enabled(False)  # in a fifth of the time of torch.no_grad()
            try:
                return function(*args, **kwargs)
            finally:
                torch._C._set_grad_enabled(was_enabled)

    return wrapper  # type: ignore[return-value]
