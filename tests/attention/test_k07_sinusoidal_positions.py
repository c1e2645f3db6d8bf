"""The checks of attention/k07_sinusoidal_positions: Python's own sine and cosine, one by one."""

import math

import numpy as np
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

SMALL, CLOSE = 10, 5e-6  # positions up to SMALL are right within CLOSE
ROUNDED = "Numbers are rounded here: compute angles, sines, cosines in float32, not in 16 bits."


def entry(p, j, dim, base):
    """Entry j of the row of position p."""
    angle = p * base ** (-2 * (j // 2) / dim)
    return math.cos(angle) if j % 2 else math.sin(angle)


class TestSinusoidalPositions(PureFunction):
    name = "sinusoidal_positions"
    tensors = ("positions",)
    dtypes = (torch.int64,)
    recorded = False
    of_largest = {torch.float32: 1e-3}
    cases = [
        ([0, 1, 5], 6),
        ([[7, 2, 2], [0, 9, 4]], 5, 30.0),
        (3, 4),
        ([[1, 9], [2, 3], [4, 0]], 1),
        ([[[4000, 17]], [[4095, 2049]]], 8, 2.5),
        ([[800, 3], [4095, 1021]], 7, 500000.0),
        ([60], 4, 50.0),
        (np.zeros((2, 0), int), 4),
    ]
    hints = {
        "shape": "Each position has a row of dim numbers, whatever the shape of positions.",
        "dtype": "The rows are float32; positions are whole numbers.",
        "device": "`torch.arange` makes its numbers on the CPU unless it is told a device.",
        "raises": "With an odd dim there is one cosine less than sines. positions may be 0-d, or"
        " have a size of 0, where -1 in a shape is ambiguous: write dim.",
        "values": "Entry j has the frequency base ** (-2 * (j // 2) / dim); even ones are sines.",
    }
    sentences = {
        "test_has_the_shape": "Each position has a row of dim numbers.",
        "test_has_the_dtype": "The rows are float32.",
        "test_values": "Entry 2i is sin(p·ω), entry 2i + 1 is cos(p·ω), with ω = base^(-2i/dim).",
    }

    @once
    def again_rows(self):
        """A position alone too: ``table[position]`` is a view of the table then."""
        rows = [Row(self, (p, 4), torch.int64) for p in (3, 7)]
        return [*super().again_rows, tuple(rows)]

    def result_dtype(self, dtype):
        return torch.float32

    def truth(self, positions, dim, base=10000.0):
        rows = [[entry(p, j, dim, base) for j in range(dim)] for p in positions.flat]
        return np.reshape(np.array(rows), (*positions.shape, dim))

    def why_shape(self, arguments, shape):
        positions, dim = arguments[:2]
        if dim % 2 and shape == (*positions.shape, dim + 1):
            return "With an odd dim the last sine has no cosine beside it: leave that out."
        if dim % 2 and shape == (*positions.shape, dim - 1):
            return "With an odd dim the row ends with one more sine."
        return ""

    def others(self, positions, dim, base=10000.0):
        p, j = positions[..., None], np.arange(dim)
        pairs, half, is_cosine = j // 2, (dim + 1) // 2, j % 2
        right, places = 2 * pairs / dim, np.arange(positions.size).reshape(p.shape)

        def waves(exponents, p=p, base=base, is_cosine=is_cosine):
            angles = p * base**-exponents
            return np.where(is_cosine, np.cos(angles), np.sin(angles))

        return {
            "Each entry has a frequency of its own here; a sine and its cosine share one.": (
                waves(j / dim)
            ),
            "The frequencies fall twice as fast here: the exponent is -2i/dim for pair i.": (
                waves(2 * right)
            ),
            "The frequencies fall half as fast here: the exponent is -2i/dim for pair i.": (
                waves(right / 2)
            ),
            "The frequencies grow here: the exponent is negative.": waves(-right),
            "All sines stand before all cosines here; each cosine follows its own sine.": (
                waves(2 * (j % half) / dim, is_cosine=j >= half)
            ),
            "The cosine stands first here; a pair begins with the sine.": (
                waves(right, is_cosine=1 - is_cosine)
            ),
            "Sines and cosines are those of the next position, p + 1.": waves(right, p + 1),
            "These are the rows of 0, 1, 2, ...: take the positions that are given.": (
                waves(right, places)
            ),
            "base is 10,000 here, whatever is given.": waves(right, base=10000.0),
            "The last pair has the frequency 1/base here, which the formula does not reach: the"
            " exponent is -2i/dim.": waves(pairs / max(dim // 2 - 1, 1)),
            "The exponent has dim in it, also where it is odd; here it is dim + 1.": (
                waves(pairs / half)
            ),
            "The exponent has dim in it, also where it is odd; here it is dim - 1.": (
                waves(pairs / max(dim // 2, 1))
            ),
            "With an odd dim the row ends with a sine, not with 0.": (
                np.where(j == dim - dim % 2, 0, waves(right))
            ),
        }

    def why(self, law, arguments, got, expected):
        known = super().why(law, arguments, got, expected)
        is_near = law == "values" and np.allclose(got, expected, 0, 0.05)
        return known or (ROUNDED if is_near else "")

    def compare(self, record, expected, hint, rtol, atol):
        is_small = record.row.arrays[0].max(initial=0) <= SMALL
        super().compare(record, expected, hint, rtol, CLOSE if is_small else atol)
