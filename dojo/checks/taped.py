"""Gradients of NumPy formulas by the chain rule: for oracles of many layers, such as a block.

A formula is written once, for ``Taped`` arrays. ``numbers_of`` gives its value, and ``slopes_of``
its gradients, all in one pass: differences would compute it four times for each number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dojo.checks.attention import softmax_of

_ORDER = itertools.count()


class Taped:
    """An array that knows what it was computed from.

    Args:
        numbers: its numbers.
        parents: what it was computed from, each with what makes its slopes of those of the result.
    """

    __array_ufunc__ = None  # so an array leaves `array + taped` to __radd__

    def __init__(self, numbers: Any, *parents: tuple[Taped, Callable[[Any], Any]]) -> None:
        self.numbers = np.asarray(numbers, dtype=float)
        self.parents, self.order = parents, next(_ORDER)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.numbers.shape

    def __add__(self, other: Any) -> Taped:
        other = _taped(other)
        a, b = self.shape, other.shape
        parents = (self, lambda g: _summed(g, a)), (other, lambda g: _summed(g, b))
        return Taped(self.numbers + other.numbers, *parents)

    def __mul__(self, other: Any) -> Taped:
        other = _taped(other)
        x, y = self.numbers, other.numbers
        parents = (
            (self, lambda g: _summed(g * y, x.shape)),
            (
                other,
                lambda g: _summed(g * x, y.shape),
            ),
        )
        return Taped(x * y, *parents)

    def __sub__(self, other: Any) -> Taped:
        return self + other * -1.0

    def __pow__(self, exponent: float) -> Taped:
        x = self.numbers
        return Taped(x**exponent, (self, lambda g: g * exponent * x ** (exponent - 1)))

    def __matmul__(self, other: Any) -> Taped:
        other = _taped(other)
        x, y = self.numbers, other.numbers
        of_x = self, lambda g: _summed(g @ y.swapaxes(-1, -2), x.shape)
        of_y = other, lambda g: _summed(x.swapaxes(-1, -2) @ g, y.shape)
        return Taped(x @ y, of_x, of_y)

    __radd__, __rmul__ = __add__, __mul__

    @property
    def T(self) -> Taped:  # noqa: N802 - as of an array
        """Its last two dimensions exchanged."""
        return self.swapaxes(-1, -2)

    def swapaxes(self, a: int, b: int) -> Taped:
        return Taped(self.numbers.swapaxes(a, b), (self, lambda g: g.swapaxes(a, b)))

    def reshape(self, *shape: int) -> Taped:
        old = self.shape
        return Taped(self.numbers.reshape(shape), (self, lambda g: g.reshape(old)))

    def __getitem__(self, index: Any) -> Taped:
        def back(g: Any) -> Any:
            found = np.zeros(self.shape)
            np.add.at(found, index, g)
            return found

        return Taped(self.numbers[index], (self, back))

    def mean(self) -> Taped:
        """The mean along the last dimension, which stays with the size 1."""
        size, shape = self.shape[-1], self.shape
        back = self, lambda g: np.broadcast_to(g / size, shape)
        return Taped(self.numbers.mean(-1, keepdims=True), back)

    def softmax(self, sees: Any = True) -> Taped:
        """The softmax along the last dimension, over what is seen."""
        shares = softmax_of(np.where(sees, self.numbers, -np.inf))
        back = self, lambda g: shares * (g - (g * shares).sum(-1, keepdims=True))
        return Taped(shares, back)

    def log_softmax(self) -> Taped:
        """The logarithm of the softmax along the last dimension."""
        logs = self.numbers - np.logaddexp.reduce(self.numbers, axis=-1, keepdims=True)
        back = self, lambda g: g - np.exp(logs) * g.sum(-1, keepdims=True)
        return Taped(logs, back)

    def map(self, values: Any, slopes: Any) -> Taped:
        """A function of each number, by its values and its derivatives there."""
        return Taped(values, (self, lambda g: g * slopes))

    def backward(self, weights: Any) -> dict[Taped, np.ndarray]:
        """Return the gradients of ``(self * weights).sum()``, for all that it was computed from."""
        found: dict[Taped, Any] = {self: np.broadcast_to(weights, self.shape).astype(float)}
        waiting = {self}
        while waiting:  # what was computed last comes first: by then its slopes are complete
            one = max(waiting, key=lambda each: each.order)
            waiting.remove(one)
            for parent, back in one.parents:
                found[parent] = found.get(parent, 0.0) + back(found[one])
                waiting.add(parent)
        return found


def numbers_of(formula: Callable[..., Taped], arguments: Sequence[Any]) -> np.ndarray:
    """Return the value of a formula; those of its arguments that are floats are taped."""
    return formula(*_leaves(arguments)).numbers


def slopes_of(
    formula: Callable[..., Taped], weights: Any, arguments: Sequence[Any]
) -> list[np.ndarray | None]:
    """Return the gradients of ``(formula * weights).sum()``, one for each argument.

    It is None for what is no array of floats, such as tokens or a number.
    """
    leaves = _leaves(arguments)
    found = formula(*leaves).backward(weights)
    return [
        found.get(one, np.zeros(one.shape)) if isinstance(one, Taped) else None for one in leaves
    ]


def _leaves(arguments: Sequence[Any]) -> list[Any]:
    return [
        Taped(one) if isinstance(one, np.ndarray) and one.dtype.kind == "f" else one
        for one in arguments
    ]


def _taped(one: Any) -> Taped:
    return one if isinstance(one, Taped) else Taped(one)


def _summed(slopes: Any, shape: tuple[int, ...]) -> Any:
    """Sum slopes up over the dimensions along which a tensor of this shape was repeated."""
    extra = slopes.ndim - len(shape)
    slopes = slopes.sum(tuple(range(extra))) if extra else slopes
    repeated = tuple(n for n, size in enumerate(shape) if size == 1 and slopes.shape[n] != 1)
    return slopes.sum(repeated, keepdims=True) if repeated else slopes
