"""A pretended machine with one GPU or none: resolves devices, and creates and moves tensors.

It decides on which device a tensor is. What each function of torch does is in ``rules``.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dojo.devices.errors import check_generator, raise_no_cuda
from dojo.devices.generators import GpuGenerator
from dojo.devices.tags import CPU, GPU, device_of, tag, tensors_in

# Parts of the names of what may draw; a name too many costs only the time of a swap.
_MAY_DRAW = re.compile(
    "rand|normal|uniform|bernoulli|multinomial|poisson|binomial|exponential_|cauchy_|geometric_"
    "|dropout|rrelu|gumbel|attention|fractional_max_pool|rnn|lstm|gru"
)


@functools.cache
def _may_draw(name: str) -> bool:
    return _MAY_DRAW.search(name) is not None


class _Thread(threading.local):
    """Whether a machine handles a call in this thread: machines around it then leave it alone."""

    handling = False


thread = _Thread()


class Machine(TorchFunctionMode):
    """The simulator as the rules see it.

    Attributes:
        available: whether the machine has a GPU.
        generator: the random generator of the GPU, which is another one than the CPU's.
        host_inputs: while an operation of the GPU runs, the keys of its inputs on the CPU, such as
            a number; else None.
    """

    def __init__(self, available: bool = True) -> None:
        super().__init__()
        self.available = available
        self.generator = GpuGenerator()
        self.host_inputs: list[int | None] | None = None
        self._exits: list[
            ExitStack
        ] = []  # what to undo on leaving, one for each time that it was entered

    @property
    def is_active(self) -> bool:
        """Whether torch acts as on this machine at the moment."""
        return bool(self._exits)

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Push the mode back for the ``with`` block: torch pops it while it handles a call."""
        handling, thread.handling = thread.handling, False
        super().__enter__()
        try:
            yield
        finally:
            super().__exit__(None, None, None)
            thread.handling = handling

    def resolve(self, device: Any) -> torch.device:
        """Return the device as torch names it.

        Raises:
            RuntimeError, AssertionError: what torch raises where there is no such device.
        """
        device = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
        if device.type == "cpu":
            return CPU
        if device.type != "cuda":
            return device
        if not self.available:
            raise_no_cuda()
        if device.index not in (None, 0):
            # torch 2.6 and 2.7 raise a plain RuntimeError
            error = getattr(torch, "AcceleratorError", RuntimeError)
            raise error("CUDA error: invalid device ordinal")
        return GPU

    def create(self, func: Any, target: torch.device, *args: Any, **kwargs: Any) -> Any:
        """Call a function that returns new memory, and put its results on `target`."""
        if target not in (CPU, GPU):
            return func(*args, device=target, **kwargs)
        check_generator(kwargs.get("generator"), target)
        if self.available:
            kwargs.pop("pin_memory", None)  # a build without CUDA can't pin
        if target == CPU:
            return func(*args, device=CPU, **kwargs)
        result = self.compute(func, *args, device=CPU, **kwargs)
        for tensor in tensors_in(result):
            tag(tensor)
        return result

    def compute(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the GPU: what it draws comes from the GPU's own generator."""
        if kwargs.get("generator") is not None or not _may_draw(getattr(func, "__name__", "")):
            return func(*args, **kwargs)
        of_cpu = torch.default_generator
        state = of_cpu.get_state()
        of_cpu.set_state(self.generator.get_state())
        try:
            return func(*args, **kwargs)
        finally:
            self.generator.set_state(of_cpu.get_state())
            of_cpu.set_state(state)

    def move(
        self,
        tensor: Tensor,
        device: Any = None,
        dtype: Any = None,
        copy: bool = False,
        **kwargs: Any,
    ) -> Tensor:
        """Do what `tensor.to(...)` does: give the same object if nothing changes, else a copy."""
        source = device_of(tensor)
        target = source if device is None else self.resolve(device)
        if not {source, target} <= {CPU, GPU}:
            return tensor.to(device=device, dtype=dtype, copy=copy, **kwargs)
        copy = copy or source != target
        result = tensor.to(dtype=dtype or tensor.dtype, copy=copy, **kwargs)
        if target == GPU:
            tag(result)
        return result
