"""The rules for functions that move a tensor: to, cuda, cpu, type_as, type, pin_memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from dojo.devices.machine import Machine
from dojo.devices.rules import rule
from dojo.devices.tags import CPU, GPU, device_of, is_on_simulated_gpu


@rule(Tensor.to)
def _to(sim: Machine, _func: Any, tensor: Tensor, /, *args: Any, **kwargs: Any) -> Any:
    flags = [arg for arg in args if isinstance(arg, bool)]
    kwargs.update(zip(("non_blocking", "copy"), flags, strict=False))
    for arg in (*args, kwargs.pop("tensor", None)):
        if isinstance(arg, Tensor):
            kwargs.update(device=device_of(arg), dtype=arg.dtype)
        elif isinstance(arg, torch.dtype):
            kwargs["dtype"] = arg
        elif isinstance(arg, (str, int, torch.device)) and not isinstance(arg, bool):
            kwargs["device"] = arg
    return sim.move(tensor, **kwargs)


@rule(Tensor.cuda)
def _cuda(
    sim: Machine, func: Any, tensor: Tensor, device: Any = None, *args: Any, **kwargs: Any
) -> Any:
    device = sim.resolve(GPU if device is None else device)
    if device.type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    return _to(sim, func, tensor, device, *args, **kwargs)


@rule(Tensor.cpu)
def _cpu(sim: Machine, _func: Any, tensor: Tensor, **kwargs: Any) -> Any:
    return sim.move(tensor, CPU, **kwargs)


@rule(Tensor.type_as)
def _type_as(sim: Machine, func: Any, tensor: Tensor, other: Tensor) -> Any:
    return _to(sim, func, tensor, other)


@rule(Tensor.type)
def _type(sim: Machine, func: Any, tensor: Tensor, dtype: Any = None, *_: Any) -> Any:
    if dtype is None:
        name = func(tensor)
        return name.replace("torch.", "torch.cuda.") if is_on_simulated_gpu(tensor) else name
    if isinstance(dtype, torch.dtype):
        return sim.move(tensor, dtype=dtype)
    name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
    module, name = name.rsplit(".", 1)
    return sim.move(tensor, GPU if module == "torch.cuda" else CPU, getattr(torch, name).dtype)


@rule(Tensor.pin_memory)
def _pin_memory(sim: Machine, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    if is_on_simulated_gpu(tensor):
        name = _type(sim, Tensor.type, tensor)
        raise RuntimeError(f"cannot pin '{name}' only dense CPU tensors can be pinned")
    return tensor.clone() if sim.available else func(tensor, *args, **kwargs)
