"""Changes what lies outside of tensors while the simulated GPU is active, and undoes it after.

That is ``torch.cuda``, ``torch.accelerator``, generators, dlpack, saving and loading.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from dojo.devices.errors import raise_no_cuda
from dojo.devices.generators import generator_class
from dojo.devices.machine import Machine
from dojo.devices.rules import operate
from dojo.devices.tags import GPU, is_on_simulated_gpu, tag_storage, tagged


@contextmanager
def patched(replacements: dict[tuple[Any, str], Any]) -> Iterator[None]:
    """Set attributes of modules and classes inside the ``with`` block, and restore them after it.

    Args:
        replacements: (module or class, name) → the value for the block.
    """
    before = {(space, name): vars(space).get(name) for space, name in replacements}
    try:
        for (space, name), value in replacements.items():
            setattr(space, name, value)
        yield
    finally:
        for (space, name), value in before.items():
            # torch.backends.cudnn forwards look-ups, and must be left without an entry.
            delattr(space, name) if value is None else setattr(space, name, value)


def replacements(sim: Machine) -> dict[tuple[Any, str], Any]:
    """Return what replaces torch's own functions while the mode is active, for ``patched``."""

    def check(device: Any = None) -> None:
        if device is not None:
            sim.resolve(device)

    def index(device: Any = None) -> int:
        check(device)
        return 0

    def name(device: Any = None) -> str:
        check(device)
        return "Simulated CUDA"

    def properties(device: Any = None) -> Any:
        check(device)
        return SimpleNamespace(
            name=name(), major=8, minor=0, total_memory=2**33, multi_processor_count=1
        )

    def get_state(device: Any = None) -> Tensor:
        check(device)
        return sim.generator.get_state()

    def set_state(state: Tensor, device: Any = None) -> None:
        check(device)
        sim.generator.set_state(state)

    def set_states(states: Iterable[Tensor]) -> None:
        for state in states:
            set_state(state)

    def seed(number: int) -> None:
        sim.generator.manual_seed(int(number))

    def accelerator(check_available: bool = False) -> Any:  # noqa: ARG001 (torch's signature)
        return torch.device("cuda") if sim.available else None

    answers = {
        "is_available": lambda: sim.available,
        "device_count": lambda: int(sim.available),
        "current_accelerator": accelerator,
        "synchronize": check,
        "empty_cache": check,
        "reset_peak_memory_stats": check,
        "current_device": index,
        "current_device_index": index,
        "current_device_idx": index,
        "set_device": check,
        "set_device_index": check,
        "set_device_idx": check,
        "current_stream": _Stream,  # optimizers ask it
        "get_device_name": name,
        "get_device_properties": properties,
        # torch.manual_seed seeds the CPU itself, and calls the second one.
        "manual_seed": seed,
        "manual_seed_all": seed,
        "get_rng_state": get_state,
        "set_rng_state": set_state,
        "get_rng_state_all": lambda: [get_state()] if sim.available else [],
        "set_rng_state_all": set_states,
        "_exchange_device": index,
        "_maybe_exchange_device": index,
        "_lazy_init": check,
    }
    if not sim.available:
        raising = ("synchronize", "current_device", "current_device_index", "current_stream")
        questions = ("get_device_name", "get_device_properties", "get_rng_state", "set_rng_state")
        for key in (*raising, *questions, "_lazy_init"):
            answers[key] = raise_no_cuda
        for key in answers.keys() & {"manual_seed", "manual_seed_all", "empty_cache"}:
            del answers[key]  # torch's own are silent without a GPU
    # Each its own object: torch._dynamo, imported meanwhile, refuses one function in two places.
    places = {
        (module, key): _distinct(answer)
        for module in (torch.cuda, torch.accelerator)
        for key, answer in answers.items()
    }
    for key in answers.keys() & vars(torch.cuda.random).keys():
        places[torch.cuda.random, key] = _distinct(answers[key])
    # torch's own is_available stays, and asks these: a learner may have imported it by name.
    del places[torch.cuda, "is_available"]
    places[torch.cuda, "_is_compiled"] = _compiled_for(torch.cuda.is_available, sim)
    places[torch.cuda, "_nvml_based_avail"] = lambda: True
    # cuDNN would be handed CPU memory, or be missed with a warning.
    places[torch.backends.cudnn, "is_acceptable"] = lambda _tensor: False
    if sim.available:
        # what notes the generators' states, such as torch's checkpoint, asks this first
        places[torch.cuda, "_initialized"] = True
        places[torch.cuda, "default_generators"] = (sim.generator,)
        # a loader with workers pins in a thread of its own, where no mode is
        places[torch.utils.data._utils.pin_memory, "pin_memory"] = lambda data, *_: data
    places[torch, "Generator"] = generator_class(sim)
    for space in (torch, torch.utils.dlpack):
        places[space, "from_dlpack"] = _from_dlpack(space.from_dlpack)
    for script in (torch._C.ScriptFunction, torch._C.ScriptMethod):
        places[script, "__call__"] = _script_call(sim, script.__call__)
    # not each version of torch has all of them
    return {(space, name): value for (space, name), value in places.items() if hasattr(space, name)}


def _compiled_for(is_available: Any, sim: Machine) -> Any:
    """Return a `torch.cuda._is_compiled` that is simulated for `is_available` alone.

    Other callers would go on to look for CUDA's C code.
    """
    really = torch.cuda._is_compiled

    def is_compiled() -> bool:
        asked_by = sys._getframe(1).f_code
        return sim.available if asked_by is is_available.__code__ else really()

    return is_compiled


def _from_dlpack(really: Any) -> Any:
    """Return a `from_dlpack` that keeps a GPU tensor on the GPU.

    Memory that is handed over as a dlpack capsule would count as the CPU's.
    """

    def from_dlpack(source: Any, *, device: Any = None, copy: bool | None = None) -> Any:
        if not isinstance(source, Tensor) or not is_on_simulated_gpu(source):
            options = {"device": device, "copy": copy}
            return really(source, **{k: v for k, v in options.items() if v is not None})
        if source.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return source.detach().to(device=device, copy=bool(copy))

    return from_dlpack


def _script_call(sim: Machine, call: Any) -> Any:
    """Return a `__call__` for TorchScript that puts the results on the device of the inputs.

    TorchScript runs outside Python, where no mode sees its operations.
    """

    def run(script: Any, *args: Any, **kwargs: Any) -> Any:
        return operate(sim, functools.partial(call, script), *args, **kwargs)

    return run


def _distinct(function: Any) -> Any:
    return lambda *args, **kwargs: function(*args, **kwargs)


class _Stream:
    """The one stream of a machine that finishes each operation before the next."""

    cuda_stream = 0

    def __init__(self, device: Any = None) -> None:
        self.device = GPU if device is None else device

    def is_capturing(self) -> bool:
        return False

    def synchronize(self) -> None:
        """Nothing is left to wait for."""


@contextmanager
def default_device_kept() -> Iterator[None]:
    """Restore the default device at the end of the ``with`` block.

    One that was set inside may not exist on this machine.
    """
    before = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    try:
        yield
    finally:
        if getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not before:
            torch.set_default_device(before and before.device)


@contextmanager
def saved_and_loaded_by_device(sim: Machine) -> Iterator[None]:
    """Have torch.save write a storage's simulated device, and torch.load put it back there."""

    def tag(storage: Any) -> str | None:
        return str(GPU) if storage._cdata in tagged else None

    def restore(storage: Any, location: str) -> Any:
        if not location.startswith("cuda"):
            return None
        sim.resolve(location)
        tag_storage(storage)  # just read from the file, so nobody else holds it
        return storage

    entry = (0, tag, restore)  # lower comes first, and torch's own begin at 10
    torch.serialization._package_registry.insert(0, entry)
    try:
        yield
    finally:
        torch.serialization._package_registry.remove(entry)
