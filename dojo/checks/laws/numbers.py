"""Numbers for the laws: tensors as arrays, numbers with all digits of a dtype, slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
ALL = (*FLOATS, torch.complex64, *INTEGERS, torch.bool)
_NARROWER = {
    torch.float64: (torch.float32, torch.float16, torch.bfloat16),
    torch.float32: (torch.float16, torch.bfloat16),
}
_STEP = 1e-4  # of a difference: with four of them, the error is below 1e-10
_IMAGINARY_STEP = 1e-100  # its square is lost beside any number


def as_array(x: torch.Tensor) -> np.ndarray:
    """Return a tensor's numbers as an array of float64, complex128, int64 or bool, all exact."""
    x = x.detach().cpu()
    if x.dtype in FLOATS:
        return x.double().numpy().copy()
    if x.is_complex():
        return x.to(torch.complex128).numpy().copy()
    return x.numpy().copy() if x.dtype == torch.bool else x.long().numpy().copy()


def is_differentiable(dtype: torch.dtype) -> bool:
    """Whether a tensor of this dtype can require grad."""
    return dtype.is_floating_point or dtype.is_complex


def largest_of(x: torch.Tensor) -> float:
    """Return the size of the largest finite number in a tensor, or 1 where that is smaller."""
    largest = float(x.abs().max()) if x.numel() else 0.0
    if not math.isfinite(largest):
        finite = x[torch.isfinite(x)].abs()
        largest = float(finite.max()) if finite.numel() else 0.0
    return max(1.0, largest)


def first_known(others: dict[str, Any], got: torch.Tensor, expected: torch.Tensor) -> str:
    """Return the hint of the first known mistake that gives what came back, and not what is right.

    Args:
        others: hint → what the mistake gives, as an array.
        got, expected: tensors on the CPU of one shape.
    """
    right, numbers = expected.double().numpy(), got.double().numpy()
    for hint, one in others.items():
        is_known = np.shape(one) == right.shape and np.allclose(one, numbers, 1e-3, 1e-4)
        if is_known and not np.allclose(one, right, 1e-3, 1e-3):
            return hint
    return ""


def is_rounded(kept: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether a wrong result is near the right one: only its last digits are lost.

    What is off by more than 1e-4 has to be rounded to a narrower dtype, or to be of 16 bits itself:
    else another mistake may have come near.
    """
    if not (expected.is_floating_point() or expected.is_complex()):
        return False
    is_narrow = expected.dtype.itemsize == 2 or any(
        _holds(dtype, kept) and not _holds(dtype, expected)
        for dtype in _NARROWER.get(expected.dtype, ())
    )
    return torch.allclose(kept, expected, 1e-2 if is_narrow else 1e-4, 0, equal_nan=True)


def _holds(dtype: torch.dtype, x: torch.Tensor) -> bool:
    """Whether a narrower dtype holds all numbers of x but NaN."""
    return bool((x.to(dtype).to(x.dtype) == x).logical_or_(x != x).all())


def with_all_digits(numbers: Any, dtype: torch.dtype) -> torch.Tensor:
    """Return small whole numbers, changed so that a narrower dtype does not hold them.

    They stay different from each other in each dtype but bool and, of many, bfloat16.
    """
    numbers = np.asarray(numbers)
    if dtype == torch.bool:
        return torch.tensor(numbers % 3 == 0)
    if dtype.is_complex:
        return torch.tensor(numbers + 1j * (numbers + 0.5), dtype=dtype)
    if dtype.is_floating_point:
        digits = {torch.float64: 2.0**-40, torch.float32: 2.0**-21, torch.float16: 2.0**-9}
        if dtype == torch.bfloat16:  # larger than what float16 holds
            return torch.tensor(numbers * 2.0**100, dtype=dtype)
        # a share of themselves: so a message, which shows six digits, has 1 and 2 for float32
        return torch.tensor(numbers * (1 + digits[dtype]), dtype=dtype)
    more = {torch.int64: 2**60 + 1, torch.int32: 2**29 + 1, torch.int16: 2**13, torch.uint8: 130}
    return torch.tensor(numbers + more.get(dtype, 0), dtype=dtype)


def slopes(
    truth: Callable[..., Any], weights: Any, arguments: Sequence[Any], index: int
) -> np.ndarray:
    """Return the gradient of ``(truth * weights).sum()`` for one argument, by four differences.

    Where the truth is several results, weights is a list with those of each.
    """
    x = np.array(arguments[index], dtype=float)
    found = np.zeros(x.size)
    for place in range(x.size):
        ends = {}
        for steps in (-2, -1, 1, 2):
            moved = x.copy()
            moved.flat[place] += steps * _STEP
            there = [*arguments[:index], moved, *arguments[index + 1 :]]
            ends[steps] = _weighted(truth(*there), weights)
        near, far = ends[1] - ends[-1], ends[2] - ends[-2]
        found[place] = (8 * near - far) / (12 * _STEP)
    return found.reshape(x.shape)


def exact_slopes(function: Callable[..., Any], arguments: Sequence[Any], index: int) -> np.ndarray:
    """Return the gradient of a function for one argument, right in all digits.

    The function gives one number, and is made of what NumPy computes for complex arrays too: sums,
    products, powers, exp, tanh. f(x + ih) is f(x) + ih f'(x) for a small h. Nothing is subtracted,
    so no digit is lost.
    """
    x = np.array(arguments[index], dtype=complex)
    found = np.zeros(x.shape)
    for place in range(x.size):
        moved = x.copy()
        moved.flat[place] += 1j * _IMAGINARY_STEP
        there = [*arguments[:index], moved, *arguments[index + 1 :]]
        found.flat[place] = np.imag(function(*there)) / _IMAGINARY_STEP
    return found


def _weighted(results: Any, weights: Any) -> float:
    if isinstance(weights, list):
        return sum(map(_weighted, results, weights))
    return float((np.asarray(results, dtype=float) * weights).sum())
