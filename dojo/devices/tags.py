"""Records which memory counts as the simulated GPU's.

Storages are tagged, since a device is a property of memory: a view of a tagged storage is on the
GPU too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)
# Of each storage whose key is in it, a weak reference is held, as torch's StorageWeakRef holds one,
# at a fifth of the cost: so torch reuses the key for no other storage.
tagged: set[int] = set()
_purge_at = 1024


def storage_of(tensor: Tensor) -> Any:
    """Return the storage of a tensor; None where there is none (mkldnn, nested)."""
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


def key_of(tensor: Tensor) -> int | None:
    """Return the key of a tensor's storage in ``tagged``; None where it has no storage."""
    try:
        return torch._C._storage_id(tensor)  # in a fifth of the time
    except (RuntimeError, NotImplementedError):
        storage = storage_of(tensor)
        return None if storage is None else storage._cdata


def tag_storage(storage: Any) -> None:
    """Put a storage on the simulated GPU; now and then, forget those that were freed."""
    global _purge_at
    if storage._cdata in tagged:
        return
    storage._weak_ref()
    tagged.add(storage._cdata)
    if len(tagged) >= _purge_at:
        for key in [key for key in tagged if torch.UntypedStorage._expired(key)]:
            torch.UntypedStorage._free_weak_ref(key)
            tagged.discard(key)
        _purge_at = 2 * len(tagged) + 1024  # so that purging costs a constant time per tag


def tag(tensor: Tensor) -> None:
    """Put a tensor's storage on the simulated GPU."""
    if key_of(tensor) not in tagged and (storage := storage_of(tensor)) is not None:
        tag_storage(storage)


def is_on_simulated_gpu(tensor: Tensor) -> bool:
    """Whether the tensor's memory pretends to be on the GPU; the mode need not be active."""
    return key_of(tensor) in tagged


def device_of(tensor: Tensor) -> torch.device:
    """Return a tensor's simulated device, else its real one; the mode need not be active."""
    if is_on_simulated_gpu(tensor):
        return GPU
    with torch._C.DisableTorchFunction():
        return tensor.device


def tensors_in(*values: Any) -> list[Tensor]:
    """Return the tensors among some values, and in their tuples, lists and dicts."""
    found: list[Tensor] = []
    _collect_tensors(values, found)
    return found


def _collect_tensors(values: Iterable[Any], found: list[Tensor]) -> None:
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            _collect_tensors(value, found)
        elif isinstance(value, dict):
            _collect_tensors(value.values(), found)
