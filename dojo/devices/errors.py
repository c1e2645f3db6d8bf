"""Raises what torch raises where devices do not agree: mixed tensors, indices, generators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from dojo.devices.tags import CPU, GPU, device_of, is_on_simulated_gpu, tensors_in


def named(*names: str) -> frozenset[Any]:
    """Return the functions of these names in torch, torch.Tensor and torch.nn.functional."""
    spaces = (torch, Tensor, torch.nn.functional)
    return frozenset(
        getattr(space, name) for space in spaces for name in names if hasattr(space, name)
    )


# These read no elements of their other arguments, or copy them, or want them on the CPU.
_MIXES_DEVICES = named(
    *("copy_", "_foreach_copy_", "_has_compatible_shallow_copy_type", "result_type"),
    *("expand_as", "view_as", "reshape_as", "broadcast_tensors", "is_same_size", "is_set_to"),
    *("atleast_1d", "atleast_2d", "atleast_3d", "tensor_split", "ctc_loss"),
    *("_pack_padded_sequence", "_pad_packed_sequence"),
) | {Tensor.data.__set__, torch.autograd.backward}
# Elsewhere a 0-dim CPU tensor counts as a number and mixes with GPU tensors, never the reverse.
_TAKES_NO_NUMBERS = named(
    *("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"),
    *("row_stack", "equal", "embedding", "index_select", "gather", "take", "index_add"),
    *("index_add_", "nextafter"),
)
_INDEXES = named("__getitem__", "__setitem__", "index_put", "index_put_")
_RECURRENT = named("lstm", "gru", "rnn_tanh", "rnn_relu")


def _is_written_in_place(name: str) -> bool:
    if name.startswith("__"):
        return name.startswith("__i")
    return name.endswith("_")


def check_same_device(
    tensors: Iterable[Tensor], *, written: Iterable[Tensor] = (), numbers: bool = True
) -> None:
    """Raise torch's error if some of the tensors are on the GPU and others on the CPU.

    Args:
        tensors: the inputs of an operation.
        written: those of them that the operation writes to.
        numbers: whether a 0-d CPU tensor counts as a number, which mixes with GPU tensors.
    """
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
    """Raise torch's error if a CPU tensor is indexed by a GPU tensor.

    A GPU integer without a dimension is allowed, since it is read as a number. A GPU tensor takes
    any CPU index.
    """
    for part in tensors_in(index):
        is_number = part.dim() == 0 and part.dtype not in (torch.bool, torch.uint8)
        if device_of(tensor) == CPU and is_on_simulated_gpu(part) and not is_number:
            raise RuntimeError(
                "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
            )


def _gathers(index: Any) -> bool:
    """Whether an index is an advanced one; writing through any other is a copy_."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(part, list) or (isinstance(part, Tensor) and part.dim() > 0) for part in parts
    )


def check_operation(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise torch's error if the tensors of a call may not be mixed in this function of torch."""
    if func in _MIXES_DEVICES:
        return
    if func in _INDEXES and len(args) > 1:
        _check_index(args[0], args[1])
        if func != Tensor.__setitem__ or _gathers(args[1]):
            values = [value for value in tensors_in(args[2:], kwargs) if value.dim() > 0]
            check_same_device([args[0], *values])
        return
    if func in _RECURRENT and isinstance(args[1], Tensor) and args[1].dtype == torch.int64:
        args = (args[0], *args[2:])  # batch sizes of a packed sequence, on the CPU by contract
    written = tensors_in(kwargs.get("out"))
    if _is_written_in_place(getattr(func, "__name__", "")):
        written += tensors_in(args[:1])
    numbers = func not in _TAKES_NO_NUMBERS
    check_same_device(tensors_in(args, kwargs), written=written, numbers=numbers)


def check_generator(generator: Any, device: torch.device) -> None:
    """Raise torch's error if a random generator is for another kind of device."""
    if generator is not None and generator.device.type != device.type:
        raise RuntimeError(
            f"Expected a '{device.type}' device type for generator "
            f"but found '{generator.device.type}'"
        )


def raise_no_cuda(*_: Any, **__: Any) -> Any:
    """Raise what torch raises on a machine without a GPU; takes any arguments."""
    if torch.backends.cuda.is_built():
        raise RuntimeError("No CUDA GPUs are available")
    raise AssertionError("Torch not compiled with CUDA enabled")
