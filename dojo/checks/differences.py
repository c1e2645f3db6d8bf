"""Finds where two tensors differ by more than a tolerance, and words the first place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from dojo.checks.messages import returned, rounded

# Relative and absolute, as in ``torch.testing.assert_close``. That function itself would do, but
# its first call imports torch.distributed, which takes a third of the time of importing torch.
TOLERANCES = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-7, 1e-7),
}
_NUMPYS = (torch.float32, torch.float64)


def differing(
    a: torch.Tensor, b: torch.Tensor, rtol: float | None = None, atol: float | None = None
) -> list[list[int]]:
    """Return the indices at which two tensors of one shape and dtype are not close.

    NaN equals NaN. If no tolerance is given, those of ``TOLERANCES`` hold; if only one is
    given, the other is 0.
    """
    if torch.equal(a, b):
        return []  # the usual case
    if not a.is_floating_point() and not a.is_complex():
        return (a != b).nonzero().tolist()
    if rtol is None and atol is None:
        rtol, atol = TOLERANCES[a.dtype]
    rtol, atol = rtol or 0.0, atol or 0.0
    if a.dtype in _NUMPYS and _are_near(a, b, rtol, atol):
        return []
    close = torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    return (~close).nonzero().tolist()


def _are_near(a: torch.Tensor, b: torch.Tensor, rtol: float, atol: float) -> bool:
    """Whether finite numbers are close; NumPy says so in a quarter of the time of isclose."""
    x, y = a.detach().numpy(), b.detach().numpy()
    with np.errstate(all="ignore"):
        errors = np.abs(x - y)
        # an error of inf is no more than rtol times inf
        return bool(((errors <= np.abs(rtol * y) + atol) & (errors < np.inf)).all())


def difference(a: Any, b: Any, index: tuple[int, ...], count: int, subject: str) -> str:
    """Word how two tensors differ at an index.

    Args:
        a, b: what came back and what was expected, of one shape.
        index: the first place that differs.
        count: how many elements differ.
        subject: what came back, such as "the gradient of x"; empty for the result itself.
    """
    got, expected = rounded(a[index].tolist()), rounded(b[index].tolist())
    if got == expected:  # differ only behind the sixth digit
        got, expected = repr(a[index].tolist()), repr(b[index].tolist())
    return difference_in_words(got, expected, index, count, math.prod(a.shape), subject)


def difference_in_words(
    got: str, expected: str, index: tuple[int, ...], count: int, size: int, subject: str = ""
) -> str:
    """Word a difference of which the values are text; ``count`` of ``size`` elements differ."""
    at = f"at index {index}" if index else "in its only element"
    many = f" ({count} of {size} elements differ)." if size > 1 else "."
    return f"{returned(subject)} {got} {at}; expected {expected}{many}".replace("..", ".")
