"""The checks of attention/k08_rope: each pair as a complex number, in NumPy."""

import numpy as np
import torch

from dojo.checks import expect_values
from dojo.checks.laws import PureFunction

SMALL, CLOSE = 10, 1e-5  # positions up to SMALL are right within CLOSE in float32
ROUNDED = (
    "Angles are rounded here: compute positions times frequencies, sines and cosines in float32,"
    " where x is float64 in float64."
)


def numbers(*shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def turned(x, angles):
    """x with the pairs of both halves turned by these angles."""
    a, b = np.split(x, 2, -1)
    pairs = (a + 1j * b) * np.exp(1j * angles)
    return np.concatenate((pairs.real, pairs.imag), -1)


def turned_neighbours(x, angles):
    """x with the pairs of neighbours turned by these angles."""
    pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
    return np.stack((pairs.real, pairs.imag), -1).reshape(x.shape)


class TestApplyRope(PureFunction):
    name = "apply_rope"
    tensors = ("x", "positions")
    fixed = {"positions": torch.int64}
    of_largest = {torch.float32: 1e-3, torch.float64: 1e-9}
    of_largest |= {torch.float16: 0.03, torch.bfloat16: 0.03}
    cases = [
        ([[1.0, 2.0, -3.0, 0.5], [2.0, -1.0, 1.0, 3.0]], [1, 3]),
        (numbers(2, 3, 6, seed=2), [9, 700, 4095], 30.0),
        (numbers(2, 3, 2, 8, seed=3), [[[2049, 3]], [[0, 301]]]),
        (numbers(2, 4, 6, seed=4), [[4000, 17, 17, 1], [0, 1023, 2, 3]], 500000.0),
        ([[3.0, -4.0]], [2]),
        (numbers(2, 1, 4, seed=5), [[8], [3]], 5.0),
        (numbers(3, 2, 4, seed=6), [4]),
        (numbers(2, 2, 3, 4, seed=9), [[1, 5, 2], [7, 0, 3]]),
        ([[3.0, -4.0, 1.0, 0.5]], [0]),
    ]
    refused = [
        (
            (numbers(2, 3, seed=7), [0, 1]),
            (torch.float32, torch.float16),
            ValueError,
            "A row of 3 has no pairs: raise.",
        ),
        (
            (numbers(2, 2, 1, seed=8), [5, 6], 100.0),
            (torch.float32,),
            ValueError,
            "A row of 1 has no pair.",
        ),
    ]
    hints = {
        "shape": "Every number of x has its place in the result; only its value changes.",
        "dtype": "Compute angles in float32 where x has 16 bits, but return x's own dtype.",
        "device": "`torch.arange` makes its numbers on the CPU unless it is told a device.",
        "values": "a·cos θ - b·sin θ in the first half, b·cos θ + a·sin θ in the second, and"
        " θ = p * base ** (-2i / D).",
        "gradient": "A rotation goes back by the same angle: nothing but x is tracked.",
        "raises": "positions broadcasts to x's shape without D.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of x.",
        "test_values": "Pair i is turned by p·base^(-2i/D), in every dtype and layout.",
        "test_gradients": "The gradient of x is turned back by the same angles.",
        "test_refuses": "An odd D raises ValueError.",
    }

    def angles(self, x, positions, base=10000.0):
        pairs = np.arange(x.shape[-1] // 2)
        return positions[..., None] * base ** (-2 * pairs / x.shape[-1])

    def truth(self, x, positions, base=10000.0):
        return turned(x, self.angles(x, positions, base))

    def gradient(self, weights, x, positions, base=10000.0):
        return [turned(weights, -self.angles(x, positions, base))]

    def others(self, x, positions, base=10000.0):
        size, angles = x.shape[-1], self.angles(x, positions, base)
        pairs, places = np.arange(size // 2), np.arange(x.shape[-2])
        doubled, repeated = np.tile(angles, 2), np.repeat(angles, 2, -1)
        other_half = np.concatenate(np.split(x, 2, -1)[::-1], -1)
        minus = np.where(np.arange(size) < size // 2, -1, 1)
        neighbours = turned_neighbours(x, angles)
        to_halves = np.concatenate((neighbours[..., 0::2], neighbours[..., 1::2]), -1)
        swapped = x.reshape(*x.shape[:-1], -1, 2)[..., ::-1].reshape(x.shape)

        def of_exponents(exponents, positions=positions, base=base):
            return turned(x, positions[..., None] * base**-exponents)

        right = 2 * pairs / size
        found = {}
        if positions.ndim == 2 and x.ndim == 4:
            words = "positions of shape (B, T) are laid along the batch here; they broadcast as"
            found[f"{words} they are, to (H, T)."] = self.truth(x, positions[:, None], base)
        return found | {
            "Neighbours are pairs here; x[..., i] belongs to x[..., i + D/2].": neighbours,
            "Neighbours are pairs here, and come out in halves; x[..., i] belongs to"
            " x[..., i + D/2].": to_halves,
            "The pairs are right, but the angles are repeated for neighbours: both halves have the"
            " angles 0 to D/2 - 1.": x * np.cos(repeated) + minus * other_half * np.sin(repeated),
            "The angles are those of halves here, but neighbours are turned as pairs.": (
                x * np.cos(doubled)
                + np.where(np.arange(size) % 2, 1, -1) * swapped * np.sin(doubled)
            ),
            "The pairs are turned the other way: a·cos θ - b·sin θ and b·cos θ + a·sin θ.": (
                turned(x, -angles)
            ),
            "b·sin θ is added to a here; subtract it.": (
                x * np.cos(doubled) + other_half * np.sin(doubled)
            ),
            "The halves are exchanged here: the new a stands where a stood.": (
                np.roll(turned(x, angles), size // 2, -1)
            ),
            "The exponent is -i/D here; it is -2i/D.": of_exponents(right / 2),
            "The exponent is -4i/D here; it is -2i/D.": of_exponents(2 * right),
            "Pairs are counted from 1 here: the first one has the frequency 1.": (
                of_exponents(2 * (pairs + 1) / size)
            ),
            "The frequencies grow here: the exponent is negative.": of_exponents(-right),
            "The positions are 0, 1, 2, ... here, whatever is given.": of_exponents(right, places),
            "The positions are one too large here.": of_exponents(right, positions + 1),
            "base is 10,000 here, whatever is given.": of_exponents(right, base=10000.0),
        }

    def why(self, law, arguments, got, expected):
        known = super().why(law, arguments, got, expected)
        is_near = law == "values" and np.allclose(got.float(), expected.float(), 0, 0.1)
        has_rounded = law == "values" and got.dtype.itemsize == 2 and arguments[1].max() > 256
        return known or (ROUNDED if is_near or has_rounded else "")

    def compare(self, record, expected, hint, rtol, atol):
        limit, row = self.limit(expected.dtype), record.row
        if expected.dtype == torch.float32 and row.arrays[1].max() <= SMALL:
            limit = CLOSE
        a, b = expected.double().chunk(2, -1)
        allowed = limit * torch.hypot(a, b).repeat((1,) * (a.dim() - 1) + (2,))
        is_right = (record.kept.double() - expected.double()).abs() <= allowed
        got = expected.where(is_right, record.kept)
        expect_values(got, expected, hint, row.subject, 0, 0)
