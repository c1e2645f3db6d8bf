"""Knows which memory pretends to be on a GPU; knows no kernels, streams, clocks or autocast.

The memory is real CPU memory, so values, autograd, views and in-place writes are real. Tags sit on
storages, since a device is a property of memory: a view of a tagged storage is on the GPU too.
Operations are simulated in the thread that entered the mode, ``torch.cuda`` in all threads.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import torch
import torch.utils._device as default_device
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)


# --- which memory is on the GPU

# Holding the weak reference keeps torch from reusing the key for another storage.
_tags: dict[int, StorageWeakRef] = {}
_purge_at = 1024


def _storage(tensor: Tensor) -> Any:
    """The storage behind a tensor, or None where there is none (mkldnn, nested)."""
    functorch = torch._C._functorch
    try:
        with torch._C.DisableTorchFunction():
            while functorch.is_functorch_wrapped_tensor(tensor):
                tensor = functorch.get_unwrapped(tensor)
            if tensor.layout in (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc):
                tensor = tensor._values() if tensor.layout == torch.sparse_coo else tensor.values()
            return tensor.untyped_storage()
    except (RuntimeError, NotImplementedError, AttributeError):
        return None


def _key(tensor: Tensor) -> int | None:
    try:
        return torch._C._storage_id(tensor)  # in a fifth of the time
    except (RuntimeError, NotImplementedError):
        storage = _storage(tensor)
        return None if storage is None else storage._cdata


def _tag_storage(storage: Any) -> None:
    global _purge_at
    if storage._cdata in _tags:
        return
    _tags[storage._cdata] = StorageWeakRef(storage)
    if len(_tags) >= _purge_at:
        for key in [key for key, reference in list(_tags.items()) if reference.expired()]:
            del _tags[key]
        _purge_at = 2 * len(_tags) + 1024  # so that purging costs a constant time per tag


def _tag(tensor: Tensor) -> None:
    if _key(tensor) not in _tags and (storage := _storage(tensor)) is not None:
        _tag_storage(storage)


def is_on_simulated_gpu(tensor: Tensor) -> bool:
    """Whether the tensor's memory pretends to be on the GPU; the mode need not be active."""
    return _key(tensor) in _tags


def device_of(tensor: Tensor) -> torch.device:
    """The simulated device, else the real one; the mode need not be active."""
    if is_on_simulated_gpu(tensor):
        return GPU
    with torch._C.DisableTorchFunction():
        return tensor.device


def _tensors(*values: Any) -> list[Tensor]:
    """The tensors among some values, and in their tuples, lists and dicts."""
    found: list[Tensor] = []
    _gather(values, found)
    return found


def _gather(values: Iterable[Any], found: list[Tensor]) -> None:
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            _gather(value, found)
        elif isinstance(value, dict):
            _gather(value.values(), found)


# --- what torch says about mixed devices


def _named(*names: str) -> frozenset[Any]:
    spaces = (torch, Tensor, torch.nn.functional)
    return frozenset(
        getattr(space, name) for space in spaces for name in names if hasattr(space, name)
    )


# These read no elements of their other arguments, or copy them, or want them on the CPU.
_MIXES_DEVICES = _named(
    *("copy_", "_foreach_copy_", "_has_compatible_shallow_copy_type", "result_type"),
    *("expand_as", "view_as", "reshape_as", "broadcast_tensors", "is_same_size", "is_set_to"),
    *("atleast_1d", "atleast_2d", "atleast_3d", "tensor_split", "ctc_loss"),
    *("_pack_padded_sequence", "_pad_packed_sequence"),
) | {Tensor.data.__set__, torch.autograd.backward}

# Elsewhere a 0-dim CPU tensor counts as a number and mixes with GPU tensors, never the reverse.
_TAKES_NO_NUMBERS = _named(
    *("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"),
    *("row_stack", "equal", "embedding", "index_select", "gather", "take", "index_add"),
    *("index_add_", "nextafter"),
)
_INDEXES = _named("__getitem__", "__setitem__", "index_put", "index_put_")
_RECURRENT = _named("lstm", "gru", "rnn_tanh", "rnn_relu")
# Their second output holds lengths or batch sizes, which torch keeps on the CPU.
_FIRST_OUTPUT_ONLY = _named("_pack_padded_sequence", "_pad_packed_sequence")


def _is_written_in_place(name: str) -> bool:
    if name.startswith("__"):
        return name.startswith("__i")
    return name.endswith("_")


def _check_same_device(
    tensors: Iterable[Tensor], *, written: Iterable[Tensor] = (), numbers: bool = True
) -> None:
    tensors = list(tensors)
    if not any(map(is_on_simulated_gpu, tensors)):
        return
    for tensor in tensors:
        if device_of(tensor) != CPU:
            continue
        if not numbers or tensor.dim() > 0 or any(tensor is other for other in written):
            raise RuntimeError(
                "Expected all tensors to be on the same device, "
                f"but found at least two devices, {GPU} and {CPU}!"
            )


def _check_index(tensor: Tensor, index: Any) -> None:
    """A GPU tensor takes a CPU index; a CPU tensor takes only a GPU integer, read as a number."""
    for part in _tensors(index):
        is_number = part.dim() == 0 and part.dtype not in (torch.bool, torch.uint8)
        if device_of(tensor) == CPU and is_on_simulated_gpu(part) and not is_number:
            raise RuntimeError(
                "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
            )


def _gathers(index: Any) -> bool:
    """Whether this is advanced indexing; writing through any other index is a copy_."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(part, list) or (isinstance(part, Tensor) and part.dim() > 0) for part in parts
    )


def _check_operation(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if func in _MIXES_DEVICES:
        return
    if func in _INDEXES and len(args) > 1:
        _check_index(args[0], args[1])
        if func != Tensor.__setitem__ or _gathers(args[1]):
            values = [value for value in _tensors(args[2:], kwargs) if value.dim() > 0]
            _check_same_device([args[0], *values])
        return
    if func in _RECURRENT and isinstance(args[1], Tensor) and args[1].dtype == torch.int64:
        args = (args[0], *args[2:])  # batch sizes of a packed sequence, on the CPU by contract
    written = _tensors(kwargs.get("out"))
    if _is_written_in_place(getattr(func, "__name__", "")):
        written += _tensors(args[:1])
    numbers = func not in _TAKES_NO_NUMBERS
    _check_same_device(_tensors(args, kwargs), written=written, numbers=numbers)


def _check_generator(generator: Any, device: torch.device) -> None:
    if generator is not None and generator.device.type != device.type:
        raise RuntimeError(
            f"Expected a '{device.type}' device type for generator "
            f"but found '{generator.device.type}'"
        )


def _no_cuda(*_: Any, **__: Any) -> Any:
    if torch.backends.cuda.is_built():
        raise RuntimeError("No CUDA GPUs are available")
    raise AssertionError("Torch not compiled with CUDA enabled")


# --- the rules: what each function of torch does on a machine with one GPU

# A rule gets the simulator, the function, and the function's arguments. Property getters are new
# objects at each look-up, but equal ones with equal hashes, so a dict finds them.
_Rule = Callable[..., Any]
_rules: dict[Any, _Rule] = {
    Tensor.device.__get__: lambda _sim, _func, tensor: device_of(tensor),
    Tensor.is_cuda.__get__: lambda _sim, _func, tensor: device_of(tensor).type == "cuda",
    Tensor.is_cpu.__get__: lambda _sim, _func, tensor: device_of(tensor).type == "cpu",
}


def _rule(*funcs: Any) -> Callable[[_Rule], _Rule]:
    def register(rule: _Rule) -> _Rule:
        _rules.update(dict.fromkeys(funcs, rule))
        return rule

    return register


@_rule(
    *(getattr(Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "layout")),
    *(getattr(Tensor, name).__get__ for name in ("requires_grad", "is_leaf", "grad_fn")),
    *_named("dim", "size", "numel", "stride", "storage_offset", "element_size", "data_ptr"),
    *_named("is_floating_point", "is_complex", "is_contiguous", "untyped_storage"),
)
def _tell(_sim: SimulatedCuda, func: Any, *args: Any, **kwargs: Any) -> Any:
    """What is told of a tensor is the same on each device."""
    return func(*args, **kwargs)


@_rule(*_named("get_device"))
def _get_device(_sim: SimulatedCuda, func: Any, *args: Any, **kwargs: Any) -> Any:
    on_gpu = any(map(is_on_simulated_gpu, _tensors(args, kwargs)))
    return 0 if on_gpu else func(*args, **kwargs)


@_rule(Tensor.__repr__)
def _repr(sim: SimulatedCuda, _func: Any, tensor: Tensor, *, tensor_contents: Any = None) -> Any:
    with sim.resumed():  # so that torch's own formatting sees the simulated device
        return torch._tensor_str._str(tensor, tensor_contents=tensor_contents)


@_rule(Tensor.__format__)
def _format(sim: SimulatedCuda, func: Any, tensor: Tensor, spec: str) -> Any:
    return func(tensor, spec) if spec or tensor.dim() == 0 else _repr(sim, func, tensor)


@_rule(Tensor.numpy, Tensor.__array__, Tensor.__dlpack__)
def _as_array(_sim: SimulatedCuda, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    if not is_on_simulated_gpu(tensor):
        return func(tensor, *args, **kwargs)
    if kwargs.get("force"):
        return func(tensor, *args, **kwargs).copy()
    raise TypeError(
        f"can't convert {GPU} device type tensor to numpy. "
        "Use Tensor.cpu() to copy the tensor to host memory first."
    )


@_rule(Tensor.__dlpack_device__)
def _dlpack_device(_sim: SimulatedCuda, func: Any, tensor: Tensor) -> Any:
    if is_on_simulated_gpu(tensor):
        return torch.utils.dlpack.DLDeviceType.kDLCUDA, 0
    return func(tensor)


@_rule(Tensor.to)
def _to(sim: SimulatedCuda, _func: Any, tensor: Tensor, /, *args: Any, **kwargs: Any) -> Any:
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


@_rule(Tensor.cuda)
def _cuda(
    sim: SimulatedCuda, func: Any, tensor: Tensor, device: Any = None, *args: Any, **kwargs: Any
) -> Any:
    device = sim.resolve(GPU if device is None else device)
    if device.type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    return _to(sim, func, tensor, device, *args, **kwargs)


@_rule(Tensor.cpu)
def _cpu(sim: SimulatedCuda, _func: Any, tensor: Tensor, **kwargs: Any) -> Any:
    return sim.move(tensor, CPU, **kwargs)


@_rule(Tensor.type_as)
def _type_as(sim: SimulatedCuda, func: Any, tensor: Tensor, other: Tensor) -> Any:
    return _to(sim, func, tensor, other)


@_rule(Tensor.type)
def _type(sim: SimulatedCuda, func: Any, tensor: Tensor, dtype: Any = None, *_: Any) -> Any:
    if dtype is None:
        name = func(tensor)
        return name.replace("torch.", "torch.cuda.") if is_on_simulated_gpu(tensor) else name
    if isinstance(dtype, torch.dtype):
        return sim.move(tensor, dtype=dtype)
    name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
    module, name = name.rsplit(".", 1)
    return sim.move(tensor, GPU if module == "torch.cuda" else CPU, getattr(torch, name).dtype)


@_rule(Tensor.pin_memory)
def _pin_memory(sim: SimulatedCuda, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    if is_on_simulated_gpu(tensor):
        name = _type(sim, Tensor.type, tensor)
        raise RuntimeError(f"cannot pin '{name}' only dense CPU tensors can be pinned")
    return tensor.clone() if sim.available else func(tensor, *args, **kwargs)


_ALIASING_CONSTRUCTORS = {torch.as_tensor, torch.asarray}
_DATA_CONSTRUCTORS = {torch.tensor, *_ALIASING_CONSTRUCTORS}


@_rule(*default_device._device_constructors())
def _construct(sim: SimulatedCuda, func: Any, *args: Any, **kwargs: Any) -> Any:
    device = kwargs.pop("device", None)
    # `with torch.device(...)` puts itself below this mode, so its device must be looked up.
    device = default_device.CURRENT_DEVICE if device is None else device
    is_sparse = "sparse" in func.__name__
    if device is None and (is_sparse or kwargs.get("out") is not None):
        return _operate(sim, func, *args, **kwargs)  # there the other tensors decide
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
    sim: SimulatedCuda, func: Any, target: torch.device, *args: Any, **kwargs: Any
) -> Any:
    """Memory that a tensor or array of another device owns must neither get a tag nor keep one."""
    if func == torch.asarray:
        if kwargs.get("copy") is False:
            raise ValueError(f"can't alias tensor on another device than {target}.")
        return sim.create(func, target, *args, **{**kwargs, "copy": True})
    data = args[0] if args else kwargs.pop("data")
    if isinstance(data, Tensor):
        return sim.move(data, target, **kwargs)
    return sim.create(torch.tensor, target, data, **kwargs)


@_rule(
    *_named("empty_like", "full_like", "ones_like", "zeros_like"),
    *_named("rand_like", "randint_like", "randn_like"),
    *_named("new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor", "new_zeros"),
)
def _construct_like(sim: SimulatedCuda, func: Any, *args: Any, **kwargs: Any) -> Any:
    device = kwargs.pop("device", None)
    like = args[0] if args else kwargs["input"]
    target = device_of(like) if device is None else sim.resolve(device)
    return sim.create(func, target, *args, **kwargs)


@_rule(torch.autograd.grad)
def _grad(
    sim: SimulatedCuda, func: Any, outputs: Any, inputs: Any, *args: Any, **kwargs: Any
) -> Any:
    """Each gradient lives where its input does; a cotangent that it aliases keeps its place."""
    given = {_key(tensor) for tensor in _tensors(args, kwargs)}

    def placed(grad: Any, tensor: Any) -> Any:
        if grad is None or not isinstance(tensor, Tensor) or device_of(grad) == device_of(tensor):
            return grad
        if is_on_simulated_gpu(grad) or _key(grad) in given:
            return sim.move(grad, device_of(tensor))
        _tag(grad)
        return grad

    grads = func(outputs, inputs, *args, **kwargs)
    if isinstance(inputs, dict):
        return {name: placed(grad, inputs[name]) for name, grad in grads.items()}
    tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return tuple(map(placed, grads, tensors))


@_rule(Tensor.backward)
def _backward(_sim: SimulatedCuda, func: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> None:
    # The backward pass runs with the mode off: a custom autograd.Function sees CPU tensors there.
    _check_same_device([tensor, *_tensors(args[:1], kwargs.get("gradient"))])
    func(tensor, *args, **kwargs)


@_rule(Tensor.grad.__set__)
def _set_grad(_sim: SimulatedCuda, func: Any, tensor: Tensor, grad: Any) -> None:
    if isinstance(grad, Tensor) and device_of(grad) != device_of(tensor):
        raise RuntimeError("assigned grad has data located on a different device")
    func(tensor, grad)


@_rule(Tensor.register_hook, Tensor.register_post_accumulate_grad_hook)
def _register_hook(sim: SimulatedCuda, func: Any, tensor: Tensor, hook: Any) -> Any:
    """A hook on a GPU tensor gets a GPU gradient, and runs with the mode back on."""

    def simulated(value: Tensor) -> Any:
        if not sim.is_active:
            return hook(value)
        _tag(value)
        with sim.resumed():
            return hook(value)

    return func(tensor, simulated if is_on_simulated_gpu(tensor) else hook)


def _operate(sim: SimulatedCuda, func: Any, *args: Any, **kwargs: Any) -> Any:
    """Any other function: its inputs must agree, and what it returns lives where they do."""
    if kwargs.get("device") is not None:
        return sim.create(func, sim.resolve(kwargs.pop("device")), *args, **kwargs)
    keys = [_key(tensor) for tensor in _tensors(*args, *kwargs.values())]
    host = [key for key in keys if key not in _tags]
    if len(host) == len(keys):
        if keys:
            _check_generator(kwargs.get("generator"), CPU)
        return func(*args, **kwargs)
    if host:  # else all inputs agree
        _check_operation(func, args, kwargs)
    _check_generator(kwargs.get("generator"), GPU)
    result = func(*args, **kwargs)
    for tensor in _tensors(result[0] if func in _FIRST_OUTPUT_ONLY else result):
        if not host or _key(tensor) not in host:  # a view of a CPU input stays there
            _tag(tensor)
    return result


# --- the mode


class _Thread(threading.local):
    """Whether a simulator handles a call in this thread; those it is nested in must not, too."""

    handling = False


_thread = _Thread()


class SimulatedCuda(TorchFunctionMode):
    """Makes torch act as on a machine with one GPU, or with none where not `available`.

    >>> with SimulatedCuda():
    ...     torch.zeros(2).cuda().device
    device(type='cuda', index=0)
    """

    def __init__(self, available: bool = True) -> None:
        super().__init__()
        self.available = available
        self._replacements = _environment(self)
        self._exits: list[ExitStack] = []

    @property
    def is_active(self) -> bool:
        return bool(self._exits)

    def __enter__(self) -> SimulatedCuda:
        with ExitStack() as stack:
            stack.enter_context(_default_device_kept())
            stack.enter_context(_patched(self._replacements))
            if self.available:
                stack.enter_context(_saved_and_loaded_by_device(self))
            super().__enter__()
            stack.callback(super().__exit__, None, None, None)
            self._exits.append(stack.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.pop().close()

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if _thread.handling:
            return func(*args, **(kwargs or {}))
        _thread.handling = True
        try:
            rule: _Rule = _rules.get(func, _operate)
            return rule(self, func, *args, **(kwargs or {}))
        finally:
            _thread.handling = False

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Torch pops the mode while it handles a call; this pushes it back for code inside."""
        handling, _thread.handling = _thread.handling, False
        super().__enter__()
        try:
            yield
        finally:
            super().__exit__(None, None, None)
            _thread.handling = handling

    def resolve(self, device: Any) -> torch.device:
        """The device as torch names it; raises what torch raises where there is none such."""
        device = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
        if device.type == "cpu":
            return CPU
        if device.type != "cuda":
            return device
        if not self.available:
            _no_cuda()
        if device.index not in (None, 0):
            # torch 2.6 and 2.7 raise a plain RuntimeError
            error = getattr(torch, "AcceleratorError", RuntimeError)
            raise error("CUDA error: invalid device ordinal")
        return GPU

    def create(self, func: Any, target: torch.device, *args: Any, **kwargs: Any) -> Any:
        """Run a function that returns fresh memory, on `target`."""
        if target not in (CPU, GPU):
            return func(*args, device=target, **kwargs)
        _check_generator(kwargs.get("generator"), target)
        if self.available:
            kwargs.pop("pin_memory", None)  # a build without CUDA can't pin
        result = func(*args, device=CPU, **kwargs)
        if target == GPU:
            for tensor in _tensors(result):
                _tag(tensor)
        return result

    def move(
        self,
        tensor: Tensor,
        device: Any = None,
        dtype: Any = None,
        copy: bool = False,
        **kwargs: Any,
    ) -> Tensor:
        """`tensor.to(...)`: the same object where nothing changes, else a recorded copy."""
        source = device_of(tensor)
        target = source if device is None else self.resolve(device)
        if not {source, target} <= {CPU, GPU}:
            return tensor.to(device=device, dtype=dtype, copy=copy, **kwargs)
        copy = copy or source != target
        result = tensor.to(dtype=dtype or tensor.dtype, copy=copy, **kwargs)
        if target == GPU:
            _tag(result)
        return result


def no_cuda() -> SimulatedCuda:
    """Makes torch act as on a machine without a GPU, also where there is one."""
    return SimulatedCuda(available=False)


# --- what entering changes outside tensors, and puts back on leaving


@contextmanager
def _patched(replacements: dict[tuple[Any, str], Any]) -> Iterator[None]:
    before = {(space, name): vars(space).get(name) for space, name in replacements}
    try:
        for (space, name), value in replacements.items():
            setattr(space, name, value)
        yield
    finally:
        for (space, name), value in before.items():
            # torch.backends.cudnn forwards look-ups, and must be left without an entry.
            delattr(space, name) if value is None else setattr(space, name, value)


def _environment(sim: SimulatedCuda) -> dict[tuple[Any, str], Any]:
    """What stands in the place of torch's own functions while the mode is active."""

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
        return torch.default_generator.get_state()

    def set_state(state: Tensor, device: Any = None) -> None:
        check(device)
        torch.default_generator.set_state(state)

    def seed(number: int) -> None:
        torch.default_generator.manual_seed(number)

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
        # One generator serves both devices, so seeding either seeds both.
        "manual_seed": seed,
        "manual_seed_all": seed,
        "get_rng_state": get_state,
        "set_rng_state": set_state,
        "_exchange_device": index,
        "_maybe_exchange_device": index,
        "_lazy_init": check,
    }
    if not sim.available:
        raising = ("synchronize", "current_device", "current_device_index", "current_stream")
        questions = ("get_device_name", "get_device_properties", "get_rng_state", "set_rng_state")
        for key in (*raising, *questions, "_lazy_init"):
            answers[key] = _no_cuda
        for key in answers.keys() & {"manual_seed", "manual_seed_all", "empty_cache"}:
            del answers[key]  # torch's own are silent without a GPU
    # Each its own object: torch._dynamo, imported meanwhile, refuses one function in two places.
    places = {
        (module, key): _distinct(answer)
        for module in (torch.cuda, torch.accelerator)
        for key, answer in answers.items()
    }
    # torch's own is_available stays, and asks these: a learner may have imported it by name.
    del places[torch.cuda, "is_available"]
    places[torch.cuda, "_is_compiled"] = _compiled_for(torch.cuda.is_available, sim)
    places[torch.cuda, "_nvml_based_avail"] = lambda: True
    # cuDNN would be handed CPU memory, or be missed with a warning.
    places[torch.backends.cudnn, "is_acceptable"] = lambda _tensor: False
    if sim.available:  # a loader with workers pins in a thread of its own, where no mode is
        places[torch.utils.data._utils.pin_memory, "pin_memory"] = lambda data, *_: data
    places[torch, "Generator"] = _generator_class(sim)
    for space in (torch, torch.utils.dlpack):
        places[space, "from_dlpack"] = _from_dlpack(space.from_dlpack)
    for script in (torch._C.ScriptFunction, torch._C.ScriptMethod):
        places[script, "__call__"] = _script_call(sim, script.__call__)
    # not each version of torch has all of them
    return {(space, name): value for (space, name), value in places.items() if hasattr(space, name)}


def _compiled_for(is_available: Any, sim: SimulatedCuda) -> Any:
    """Simulated for `is_available` alone: others would go on to look for CUDA's C code."""
    really = torch.cuda._is_compiled

    def is_compiled() -> bool:
        asked_by = sys._getframe(1).f_code
        return sim.available if asked_by is is_available.__code__ else really()

    return is_compiled


def _from_dlpack(really: Any) -> Any:
    """A tensor's memory that was handed over as a capsule would count as the CPU's."""

    def from_dlpack(source: Any, *, device: Any = None, copy: bool | None = None) -> Any:
        if not isinstance(source, Tensor) or not is_on_simulated_gpu(source):
            options = {"device": device, "copy": copy}
            return really(source, **{k: v for k, v in options.items() if v is not None})
        if source.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return source.detach().to(device=device, copy=bool(copy))

    return from_dlpack


def _script_call(sim: SimulatedCuda, call: Any) -> Any:
    """TorchScript runs outside Python, where no mode sees its operations."""

    def run(script: Any, *args: Any, **kwargs: Any) -> Any:
        return _operate(sim, functools.partial(call, script), *args, **kwargs)

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


_Generator: Any = torch.Generator
_GeneratorMeta: Any = type(_Generator)


class _GpuGenerator(_Generator):
    device = GPU


def _generator_class(sim: SimulatedCuda) -> type:
    """Stands in for torch.Generator: builds them for the GPU too, and all are its instances."""

    class Meta(_GeneratorMeta):
        def __call__(self, device: Any = CPU) -> Any:
            target = sim.resolve(device)
            return _GpuGenerator() if target == GPU else _Generator(target)

        def __instancecheck__(self, instance: Any) -> bool:
            return isinstance(instance, _Generator)

    return Meta("Generator", (_Generator,), {})


@contextmanager
def _default_device_kept() -> Iterator[None]:
    """A default device set inside, which this machine may lack, must not outlive the mode."""
    before = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    try:
        yield
    finally:
        if getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None) is not before:
            torch.set_default_device(before and before.device)


@contextmanager
def _saved_and_loaded_by_device(sim: SimulatedCuda) -> Iterator[None]:
    """torch.save writes the simulated device of a storage, and torch.load puts it back there."""

    def tag(storage: Any) -> str | None:
        return str(GPU) if storage._cdata in _tags else None

    def restore(storage: Any, location: str) -> Any:
        if not location.startswith("cuda"):
            return None
        sim.resolve(location)
        _tag_storage(storage)  # fresh from the file, so nobody else holds it
        return storage

    entry = (0, tag, restore)  # lower comes first, and torch's own begin at 10
    torch.serialization._package_registry.insert(0, entry)
    try:
        yield
    finally:
        torch.serialization._package_registry.remove(entry)
