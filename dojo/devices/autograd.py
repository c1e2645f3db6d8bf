"""The rules for autograd: each gradient is on its tensor's device, and hooks see it there."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

from dojo.devices.errors import check_same_device
from dojo.devices.machine import Machine
from dojo.devices.rules import rule
from dojo.devices.tags import CPU, GPU, device_of, is_on_simulated_gpu, key_of, tag, tensors_in

_ON_GPU = "_is_on_simulated_gpu"  # an attribute of ctx


@rule(torch.autograd.grad)
def _grad(sim: Machine, func: Any, outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Put each gradient on the device of its input, or of the result where that is an edge.

    A gradient that aliases a given cotangent is moved, so that the cotangent keeps its device.
    """
    _check_cotangents(outputs, args[0] if args else kwargs.get("grad_outputs"))
    given = {key_of(tensor) for tensor in tensors_in(args, kwargs)}

    first = next(iter(tensors_in(outputs)), None)

    def placed(grad: Any, source: Any) -> Any:
        tensor = source if isinstance(source, Tensor) else first
        if grad is None or tensor is None or device_of(grad) == device_of(tensor):
            return grad
        if is_on_simulated_gpu(grad) or key_of(grad) in given:
            return sim.move(grad, device_of(tensor))
        tag(grad)
        return grad

    grads = func(outputs, inputs, *args, **kwargs)
    if isinstance(inputs, dict):
        return {name: placed(grad, inputs[name]) for name, grad in grads.items()}
    tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return tuple(map(placed, grads, tensors))


def _check_cotangents(outputs: Any, cotangents: Any) -> None:
    """Raise torch's error if a GPU result gets a CPU gradient that is more than a number."""
    lists = [one if isinstance(one, (tuple, list)) else [one] for one in (outputs, cotangents)]
    for number, (output, given) in enumerate(zip(*lists, strict=False)):
        if not isinstance(output, Tensor) or not isinstance(given, Tensor) or not given.dim():
            continue
        if is_on_simulated_gpu(output) and device_of(given) == CPU:
            raise RuntimeError(
                f"invalid gradient at index {number} - expected device {GPU} but got {CPU}"
            )


@rule(Tensor.backward)
def _backward(_sim: Machine, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> None:
    # The backward pass runs with the mode off, but for custom functions: see custom_functions.
    check_same_device([tensor, *tensors_in(args[:1], kwargs.get("gradient"))])
    func(tensor, *args, **kwargs)


@rule(Tensor.grad.__set__)
def _set_grad(_sim: Machine, func: Any, tensor: Tensor, grad: Any) -> None:
    if isinstance(grad, Tensor) and device_of(grad) != device_of(tensor):
        raise RuntimeError("assigned grad has data located on a different device")
    func(tensor, grad)


@rule(Tensor.register_hook, Tensor.register_post_accumulate_grad_hook)
def _register_hook(sim: Machine, func: Any, tensor: Tensor, hook: Any) -> Any:
    """Register a hook; on a GPU tensor, it gets a GPU gradient and runs with the mode back on."""

    def simulated(value: Tensor) -> Any:
        if not sim.is_active:
            return hook(value)
        tag(value)
        with sim.resumed():
            return hook(value)

    return func(tensor, simulated if is_on_simulated_gpu(tensor) else hook)


def custom_functions(sim: Machine) -> dict[tuple[Any, str], Any]:
    """Return what replaces parts of ``torch.autograd.Function`` while the mode is active.

    A backward runs with the mode back on. It gets GPU gradients if its function was called with GPU
    tensors, or has returned one, as a function may that uses other tensors than its arguments.
    """
    node = torch.autograd.function.BackwardCFunction
    really = node.apply

    def note_the_device(ctx: Any) -> None:
        # torch makes ctx inside of Function.apply, which may have been looked up before the mode
        caller = sys._getframe(1).f_locals
        if any(map(is_on_simulated_gpu, tensors_in(caller.get("args", ())))):
            setattr(ctx, _ON_GPU, True)
        elif isinstance(function := caller.get("cls"), type):
            _note_the_result(ctx, function)

    def on_gpu(grad: Any) -> Any:
        if not isinstance(grad, Tensor) or is_on_simulated_gpu(grad):
            return grad
        copy = grad.clone()  # the memory may be that of a gradient on the CPU
        tag(copy)
        return copy

    def apply(ctx: Any, *grads: Any) -> Any:
        if getattr(ctx, _ON_GPU, False):
            grads = tuple(map(on_gpu, grads))
        with sim.resumed():
            return really(ctx, *grads)

    return {(node, "__init__"): note_the_device, (node, "apply"): apply}


def _note_the_result(ctx: Any, function: Any) -> None:
    """Wrap the next forward of a function, so that ctx will know whether it returned a GPU tensor.

    Nothing else sees the results: torch makes them part of the graph in C++.
    """
    own, forward = vars(function).get("forward"), function.forward

    def once(*args: Any, **kwargs: Any) -> Any:
        if own is None:
            del function.forward
        else:
            function.forward = own
        result = forward(*args, **kwargs)
        if any(map(is_on_simulated_gpu, tensors_in(result))):
            setattr(ctx, _ON_GPU, True)
        return result

    function.forward = staticmethod(once)


def saved_tensors(sim: Machine) -> dict[tuple[Any, str], Any]:
    """Return what replaces a part of ``saved_tensors_hooks``: its hooks run with the mode on.

    torch calls them inside of an operation or of a backward pass, where the mode is off.
    """
    hooks = torch.autograd.graph.saved_tensors_hooks
    really = hooks.__init__

    def resumed(hook: Any) -> Any:
        def run(value: Any) -> Any:
            if not sim.is_active:
                return hook(value)
            host, sim.host_inputs = sim.host_inputs, None
            # what an operation of the GPU makes is put there only when it returns
            if host is not None and isinstance(value, Tensor) and key_of(value) not in host:
                tag(value)
            try:
                with sim.resumed():
                    return hook(value)
            finally:
                sim.host_inputs = host

        return run

    def init(self: Any, pack_hook: Any, unpack_hook: Any) -> None:
        really(self, resumed(pack_hook), resumed(unpack_hook))

    return {(hooks, "__init__"): init}
