"""Makes what checks hand to a learner's function: arrays and tensors in many dtypes and layouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def numbers(shape: Sequence[int] = (2, 3), dtype: str = "float32") -> np.ndarray:
    """Return an array of 1, 2, 3 and so on.

    Complex numbers have an imaginary part; of bools, the first and then every third is True.
    """
    array = np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape)
    if dtype == "bool":
        return array % 3 == 1
    return (array * (1 + 2j)).astype(dtype) if dtype.startswith("complex") else array.astype(dtype)


def arranged(layout: str, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """Return an array of shape (2, 3), and the larger array of shape (20,) that owns its memory.

    Args:
        layout: "contiguous", "transposed", "every second element", "at an offset" or
            "repeated row".
        dtype: NumPy's name of the dtype.
    """
    whole = numbers((20,), dtype)
    arrays = {
        "contiguous": whole[:6].reshape(2, 3),
        "transposed": whole[:6].reshape(3, 2).T,
        "every second element": whole[1:13:2].reshape(2, 3),
        "at an offset": whole[5:11].reshape(2, 3),
        "repeated row": np.lib.stride_tricks.as_strided(whole[4:], (2, 3), (0, whole.itemsize)),
    }
    return arrays[layout], whole


def tensor_of(array: np.ndarray, place: Any = "cpu", dtype: torch.dtype | None = None) -> Any:
    """Return a tensor in new memory with the array's shape and values.

    Args:
        array: an array of any dtype that torch has.
        place: a device, or anything else that ``Tensor.to`` takes.
        dtype: of the tensor; None for the array's.
    """
    dtype = dtype or getattr(torch, array.dtype.name)
    return torch.tensor(array.tolist(), dtype=dtype, device="cpu").reshape(array.shape).to(place)


def random_like(x: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Return random numbers in ±[0.5, 1.5], away from zero, of x's shape, dtype and device."""
    generator = torch.Generator().manual_seed(seed)
    size = torch.rand(tuple(x.shape), generator=generator, dtype=torch.float64) + 0.5
    sign = torch.randint(0, 2, tuple(x.shape), generator=generator) * 2 - 1
    return (size * sign).to(x.dtype).to(x.device)


def _contiguous(x: torch.Tensor) -> torch.Tensor:
    return x.clone(memory_format=torch.contiguous_format)


def _transposed(x: torch.Tensor) -> torch.Tensor:
    reversed_dims = tuple(reversed(range(x.dim())))
    return _contiguous(x.permute(reversed_dims)).permute(reversed_dims)


def _every_second(x: torch.Tensor) -> torch.Tensor:
    spread = x.new_zeros(*x.shape, 2)
    spread[..., 1] = x
    return spread[..., 1]


def _at_an_offset(x: torch.Tensor) -> torch.Tensor:
    longer = x.new_zeros(x.numel() + 3)
    longer[3:] = x.reshape(-1)
    return longer[3:].view(x.shape)


_LAYOUTS = {
    "contiguous": _contiguous,
    "transposed": _transposed,
    "every second element": _every_second,
    "at an offset": _at_an_offset,
}


def in_layout(x: torch.Tensor, kind: str) -> torch.Tensor:
    """Return a tensor equal to x in new memory; ``kind`` is a name of ``layouts``."""
    return _LAYOUTS[kind](x)


def layouts(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the values of x in different memory layouts, none of which overlaps.

    Returns:
        name → a tensor equal to x: contiguous, with reversed strides, every second element of
        a larger memory, and at an offset into one.
    """
    return {kind: in_layout(x, kind) for kind in _LAYOUTS}
