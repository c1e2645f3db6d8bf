"""The simulated GPU: makes torch act as on a machine with one GPU, or with none.

The memory is real CPU memory, so values, autograd, views and in-place writes are real. It knows no
kernels, streams, clocks or autocast. Operations are simulated in the thread that entered the mode,
``torch.cuda`` in all threads.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from dojo.devices import constructors, moves, write_order  # noqa: F401 - they register rules
from dojo.devices.autograd import custom_functions, saved_tensors
from dojo.devices.environment import (
    default_device_kept,
    patched,
    replacements,
    saved_and_loaded_by_device,
)
from dojo.devices.machine import Machine, thread
from dojo.devices.rules import RULES, Rule, operate


class SimulatedCuda(Machine):
    """Makes torch act as on a machine with one GPU, or with none where not `available`.

    >>> with SimulatedCuda():
    ...     torch.zeros(2).cuda().device
    device(type='cuda', index=0)
    """

    def __init__(self, available: bool = True) -> None:
        super().__init__(available)
        self._replacements = replacements(self)
        if available:
            self._replacements |= custom_functions(self) | saved_tensors(self)

    def __enter__(self) -> SimulatedCuda:
        if not self.is_active:
            self.generator.manual_seed(0)  # so that each check draws the same
        with ExitStack() as stack:
            stack.enter_context(default_device_kept())
            stack.enter_context(patched(self._replacements))
            if self.available:
                stack.enter_context(saved_and_loaded_by_device(self))
            super().__enter__()
            stack.callback(super().__exit__, None, None, None)
            self._exits.append(stack.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.pop().close()

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if thread.handling:
            return func(*args, **(kwargs or {}))
        thread.handling = True
        try:
            rule: Rule = RULES.get(func, operate)
            return rule(self, func, *args, **(kwargs or {}))
        finally:
            thread.handling = False


def no_cuda() -> SimulatedCuda:
    """Makes torch act as on a machine without a GPU, also where there is one."""
    return SimulatedCuda(available=False)
