"""Chooses the device that a check runs on: the real GPU, or a simulated one if there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from dojo.devices.simulated_cuda import SimulatedCuda, no_cuda
from dojo.devices.tags import tag

CHOICES = ("cpu", "cuda")
_REAL_GPU = torch.cuda.is_available()  # asked before any learner's code runs
_SIMULATED = SimulatedCuda()  # made only once, since that takes longer than most checks


def gpu() -> AbstractContextManager[object]:
    """Give the ``with`` block a machine with a GPU: the real one, or else a simulated one."""
    return nullcontext() if _REAL_GPU else _SIMULATED


def no_gpu() -> AbstractContextManager[object]:
    """Give the ``with`` block a machine without a GPU, even where there is a real one."""
    return no_cuda()


@contextmanager
def on(device: str, beside_a_gpu: bool = False) -> Iterator[str]:
    """Give the ``with`` block the machine for a check on this device, and yield the device's name.

    The machine has a GPU if the device is "cuda", or with ``beside_a_gpu``.
    """
    with gpu() if device == "cuda" or beside_a_gpu else nullcontext():
        yield device


def takes_device(item: Any) -> bool:
    """Whether an item of pytest runs once for each device."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and "device" in callspec.params


def device_of_item(item: Any) -> str:
    """Return the device on which an item of pytest runs; one that takes no device runs on "cpu"."""
    return str(item.callspec.params["device"]) if takes_device(item) else "cpu"


def devices_line(devices: tuple[str, ...]) -> str:
    """Return the devices in words for the learner, and whether the GPU was simulated."""
    cuda = "cuda" if _REAL_GPU else "cuda simulated: no GPU here"
    return ", ".join(cuda if device == "cuda" else device for device in devices)


def can_fork() -> bool:
    """Whether a forked child can run torch here: not on macOS or Windows, not with a real GPU."""
    return sys.platform.startswith("linux") and not _REAL_GPU


def copied_to(x: torch.Tensor, device: str) -> torch.Tensor:
    """Return a copy of a tensor of the CPU in new memory on this kind of device.

    It is made without the simulated GPU's mode, in a tenth of the time.
    """
    with torch._C.DisableTorchFunction():
        if device == "cuda" and _REAL_GPU:
            return x.to("cuda")
        copy = x.clone()
    tag_for(device, copy)
    return copy


def tag_for(device: str, *tensors: torch.Tensor) -> None:
    """Put tensors that were made without the simulated GPU's mode where those of a check lie."""
    if device == "cuda" and not _REAL_GPU:
        for x in tensors:
            tag(x)
