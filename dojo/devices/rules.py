"""The table of rules: what each function of torch does on the pretended machine.

This module has the table, the rules for questions about a tensor, and ``operate`` for all functions
without a rule. ``moves``, ``constructors`` and ``autograd`` have the other rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dojo.devices.errors import check_generator, check_operation, named
from dojo.devices.machine import Machine
from dojo.devices.tags import (
    CPU,
    GPU,
    device_of,
    is_on_simulated_gpu,
    key_of,
    tag,
    tagged,
    tensors_in,
)

# Their second output holds lengths or batch sizes, which torch keeps on the CPU.
_FIRST_OUTPUT_ONLY = named("_pack_padded_sequence", "_pad_packed_sequence")
# A rule gets the simulator, the function, and the function's arguments. Property getters are new
# objects at each look-up, but equal ones with equal hashes, so a dict finds them.
Rule = Callable[..., Any]
RULES: dict[Any, Rule] = {
    Tensor.device.__get__: lambda _sim, _func, tensor: device_of(tensor),
    Tensor.is_cuda.__get__: lambda _sim, _func, tensor: device_of(tensor).type == "cuda",
    Tensor.is_cpu.__get__: lambda _sim, _func, tensor: device_of(tensor).type == "cpu",
}


def rule(*funcs: Any) -> Callable[[Rule], Rule]:
    """Register the decorated function as the rule for these functions of torch."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(funcs, rule))
        return rule

    return register


@rule(
    *(getattr(Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "layout")),
    *(getattr(Tensor, name).__get__ for name in ("requires_grad", "is_leaf", "grad_fn")),
    *named("dim", "size", "numel", "stride", "storage_offset", "element_size", "data_ptr"),
    *named("is_floating_point", "is_complex", "is_contiguous", "untyped_storage"),
    torch._C._nn._parse_to,  # reads the arguments of a module's `to`
)
def _answer_alike(_sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function that says the same on each device."""
    return func(*args, **kwargs)


@rule(*named("get_device"))
def _get_device(_sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    on_gpu = any(map(is_on_simulated_gpu, tensors_in(args, kwargs)))
    return 0 if on_gpu else func(*args, **kwargs)


@rule(Tensor.__repr__)
def _repr(sim: Machine, _func: Any, tensor: Tensor, *, tensor_contents: Any = None) -> Any:
    with sim.resumed():  # so that torch's own formatting sees the simulated device
        return torch._tensor_str._str(tensor, tensor_contents=tensor_contents)


@rule(Tensor.__format__)
def _format(sim: Machine, func: Any, tensor: Tensor, spec: str) -> Any:
    return func(tensor, spec) if spec or tensor.dim() == 0 else _repr(sim, func, tensor)


@rule(Tensor.numpy, Tensor.__array__, Tensor.__dlpack__)
def _as_array(_sim: Machine, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    if not is_on_simulated_gpu(tensor):
        return func(tensor, *args, **kwargs)
    if kwargs.get("force"):
        return func(tensor, *args, **kwargs).copy()
    raise TypeError(
        f"can't convert {GPU} device type tensor to numpy. "
        "Use Tensor.cpu() to copy the tensor to host memory first."
    )


@rule(Tensor.__dlpack_device__)
def _dlpack_device(_sim: Machine, func: Any, tensor: Tensor) -> Any:
    if is_on_simulated_gpu(tensor):
        return torch.utils.dlpack.DLDeviceType.kDLCUDA, 0
    return func(tensor)


def operate(sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function without a rule of its own.

    Its inputs must be on one device, and its results are put there.
    """
    generator = None
    if kwargs:
        if kwargs.get("device") is not None:
            return sim.create(func, sim.resolve(kwargs.pop("device")), *args, **kwargs)
        generator = kwargs.get("generator")
    keys = [key_of(tensor) for tensor in tensors_in(*args, *kwargs.values())]
    host = [key for key in keys if key not in tagged]
    if len(host) == len(keys):
        if keys:
            check_generator(generator, CPU)
        return func(*args, **kwargs)
    if host:  # else all inputs agree
        check_operation(func, args, kwargs)
    check_generator(generator, GPU)
    before, sim.host_inputs = sim.host_inputs, host
    try:
        result = sim.compute(func, *args, **kwargs)
    finally:
        sim.host_inputs = before
    if type(result) is Tensor:  # the usual case
        if not host or key_of(result) not in host:  # a view of a CPU input stays there
            tag(result)
        return result
    for tensor in tensors_in(result[0] if func in _FIRST_OUTPUT_ONLY else result):
        if not host or key_of(tensor) not in host:
            tag(tensor)
    return result
