"""Rules for writes of several numbers to one place, whose order a GPU does not promise.

The notes on reproducibility of torch call ``scatter_`` and ``index_put_`` with repeated indices
nondeterministic on a GPU. On a CPU the last number stays, so an answer that relies on it looks
right there. On the pretended GPU the first one stays.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from dojo.devices.errors import named
from dojo.devices.machine import Machine
from dojo.devices.rules import operate, rule
from dojo.devices.tags import is_on_simulated_gpu, tag

REMARK = (
    "Several numbers are written to one place: on a GPU any of them may stay, not only the last."
)


class WriteOrder:
    """Whether a write had no promised order since this was set to False."""

    was_open = False


@rule(*named("scatter", "scatter_"))
def _scatter(sim: Machine, func: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    """Write ``src`` from its end, if an index occurs twice; not where numbers are reduced."""
    named_args = dict(zip(("dim", "index", "src"), args, strict=False)) | kwargs
    if len(named_args) == 3 and _are_on_gpu(x, named_args.get("index"), named_args.get("src")):
        dim, index, src = (named_args[name] for name in ("dim", "index", "src"))
        if index.dim() and _has_repeated(index, dim):
            used = src[tuple(slice(size) for size in index.shape)]
            return _write(sim, func, x, dim, _flipped(index, dim), _flipped(used, dim))
    return operate(sim, func, x, *args, **kwargs)


@rule(*named("index_copy", "index_copy_"))
def _index_copy(sim: Machine, func: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    named_args = dict(zip(("dim", "index", "source"), args, strict=False)) | kwargs
    if len(named_args) == 3 and _are_on_gpu(x, named_args.get("index"), named_args.get("source")):
        dim, index, source = (named_args[name] for name in ("dim", "index", "source"))
        if index.dim() == 1 and source.dim() and _has_repeated(index, 0):
            return _write(sim, func, x, dim, _flipped(index, 0), _flipped(source, dim))
    return operate(sim, func, x, *args, **kwargs)


@rule(Tensor.__setitem__)
def _set_item(sim: Machine, func: Any, x: Tensor, key: Any, value: Any) -> Any:
    indices = key if isinstance(key, tuple) else (key,)
    if _are_on_gpu(x, value, *indices) and (turned := _turned(x, indices, value)):
        return _write(sim, func, x, *turned)
    return operate(sim, func, x, key, value)


@rule(*named("index_put", "index_put_"))
def _index_put(sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    """Write the values from their end, if a place occurs twice; not where they are added."""
    if len(args) == 3 and not kwargs.get("accumulate"):
        x, indices, values = args
        if _are_on_gpu(x, values, *indices) and (turned := _turned(x, tuple(indices), values)):
            return _write(sim, func, x, *turned, **kwargs)
    return operate(sim, func, *args, **kwargs)


def _write(sim: Machine, func: Any, *args: Any, **kwargs: Any) -> Any:
    """Write numbers in another order than a CPU does, and note that."""
    WriteOrder.was_open = True
    return operate(sim, func, *args, **kwargs)


def _are_on_gpu(*tensors: Any) -> bool:
    return all(type(one) is Tensor and is_on_simulated_gpu(one) for one in tensors)


def _has_repeated(index: Tensor, dim: int) -> bool:
    """Return whether an index occurs twice along a dimension; no tracer sees the question."""
    with torch.no_grad(), _disable_current_modes():
        ordered = index.sort(dim).values
        return bool((ordered.diff(dim=dim) == 0).any())


def _turned(x: Tensor, indices: tuple[Tensor, ...], values: Tensor) -> tuple[Any, Tensor] | None:
    """Return indices and values from their ends.

    Returns:
        None if no place occurs twice, or if the indices are not whole numbers of the first
        dimensions.
    """
    if not indices or any(one.dtype not in (torch.int64, torch.int32) for one in indices):
        return None
    shape = torch.broadcast_shapes(*(one.shape for one in indices))
    if not shape or not all(shape):
        return None
    all_of = [one.expand(shape).reshape(-1) for one in indices]
    with torch.no_grad(), _disable_current_modes():
        rows = torch.stack([one % size for one, size in zip(all_of, x.shape, strict=False)], 1)
        if len(rows.unique(dim=0)) == len(rows):
            return None
    rest = x.shape[len(indices) :]
    numbers = values.expand(*shape, *rest).reshape(-1, *rest)
    return tuple(_flipped(one, 0) for one in all_of), _flipped(numbers, 0)


def _flipped(x: Tensor, dim: int) -> Tensor:
    result = x.flip(dim)
    tag(result)
    return result
