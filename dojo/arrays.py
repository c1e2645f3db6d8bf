"""Makes the NumPy arrays that checks hand out, and tensors that hold the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def numbers(shape: Sequence[int] = (2, 3), dtype: str = "float32") -> np.ndarray:
    """1, 2, 3 and so on; complex ones have an imaginary part, and of bools every third is True."""
    array = np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape)
    if dtype == "bool":
        return array % 3 == 1
    return (array * (1 + 2j)).astype(dtype) if dtype.startswith("complex") else array.astype(dtype)


def arranged(layout: str, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """An array of shape (2, 3), and the larger one in whose memory it lies.

    Args:
        layout: "contiguous", "transposed", "every second element", "at an offset" or
            "repeated row".
        dtype: NumPy's name of it.
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
    """A tensor with the array's shape, dtype and values, at that place, in memory of its own."""
    dtype = dtype or getattr(torch, array.dtype.name)
    return torch.tensor(array.tolist(), dtype=dtype, device="cpu").reshape(array.shape).to(place)
