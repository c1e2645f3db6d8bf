"""The rules for functions that make tensors: torch.zeros, torch.tensor, zeros_like and so on."""

from __future__ import annotations

from typing import Any

import torch
import torch.utils._device as default_device
from torch import Tensor

from dojo.devices.errors import named
from dojo.devices.machine import Machine
from dojo.devices.rules import operate, rule
from dojo.devices.tags import CPU, device_of

_ALIASING_CONSTRUCTORS = {torch.as_tensor, torch.asarray}
_DATA_CONSTRUCTORS = {torch.tensor, *_ALIASING_CONSTRUCTORS}


@rule(*default_device._device_constructors())
def _construct(sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    device = kwargs.pop("device", None)
    # `with torch.device(...)` puts itself below this mode, so its device must be looked up.
    device = default_device.CURRENT_DEVICE if device is None else device
    is_sparse = "sparse" in func.__name__
    if device is None and (is_sparse or kwargs.get("out") is not None):
        return operate(sim, func, *args, **kwargs)  # there the other tensors decide
    data = args[0] if args else kwargs.get("data", kwargs.get("obj"))
    takes_tensor = func in _DATA_CONSTRUCTORS and isinstance(data, Tensor)
    home = device_of(data) if takes_tensor else CPU
    target = home if device is None else sim.resolve(device)
    if is_sparse:  # it aliases its values
        args = tuple(sim.move(arg, target) if isinstance(arg, Tensor) else arg for arg in args)
    if func in _ALIASING_CONSTRUCTORS and target != home:
        return _construct_by_copy(sim, func, target, *args, **kwargs)
    return sim.create(func, target, *args, **kwargs)


def _construct_by_copy(
    sim: Machine, func: Any, target: torch.device, *args: Any, **kwargs: Any
) -> Any:
    """Make the tensor in memory of its own.

    The memory of a tensor or array on another device must neither get a tag nor keep one.
    """
    if func == torch.asarray:
        if kwargs.get("copy") is False:
            raise ValueError(f"can't alias tensor on another device than {target}.")
        return sim.create(func, target, *args, **{**kwargs, "copy": True})
    data = args[0] if args else kwargs.pop("data")
    if isinstance(data, Tensor):
        return sim.move(data, target, **kwargs)
    return sim.create(torch.tensor, target, data, **kwargs)


@rule(
    *named("empty_like", "full_like", "ones_like", "zeros_like"),
    *named("rand_like", "randint_like", "randn_like"),
    *named("new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor", "new_zeros"),
)
def _construct_like(sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    device = kwargs.pop("device", None)
    like = args[0] if args else kwargs["input"]
    target = device_of(like) if device is None else sim.resolve(device)
    return sim.create(func, target, *args, **kwargs)
