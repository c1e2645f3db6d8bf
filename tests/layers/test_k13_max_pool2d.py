"""The checks of layers/k13_max_pool2d: the largest of each window, without padding, by NumPy."""

import math

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, gradients
from dojo.checks.laws import PureFunction
from dojo.checks.laws.rows import Row

LOW = -math.inf
NOT_OF_X = "{:.6g} is no number of x: what stands around x is -inf, which is never the largest."
SUM = "Windows overlap here: the largest number of several gets the sum of their gradients."
WHOLE = "expected 1 in all, and 0 but for the largest"
# windows of 2 by 2 whose largest number stands there twice, three and four times
TIED = [[[[2.0, 2.0, 1.0, 3.0, 0.0, 0.0], [1.0, 0.5, 3.0, 3.0, 0.0, 0.0]]]]


def by_copies_of_windows(x, kernel_size, stride, padding):
    """All windows copied, then the largest of each."""
    padded = torch.nn.functional.pad(x, (padding,) * 4, value=LOW)
    windows = padded.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)
    return windows.flatten(-2).max(-1).values


BENCHMARK = Benchmark(
    "max_pool2d",
    means="x: shape (4, 32, n, n), window 3 by 3, stride 2, padding 1, float32",
    inputs=lambda n: (torch.randint(-9, 9, (4, 32, n, n)).float(), 3, 2, 1),
    sizes=(16, 64, 256),
    bytes_moved=lambda n: 4 * 4 * 32 * (n**2 + (n // 2) ** 2),  # read x, write the result
    operations=lambda n: 8 * 4 * 32 * (n // 2) ** 2,
    torchs=torch.nn.functional.max_pool2d,
    naive=by_copies_of_windows,
)


def numbers(*shape, below=0.0):
    """Numbers that differ by at least 0.1, in any order, half of them below 0 or all."""
    order = np.random.default_rng(0).permutation(math.prod(shape))
    return (order.reshape(shape) - (order.size // 2)) * 0.1 + 0.03 - below


def windows_of(x, kernel_size, stride=None, padding=0):
    """Each window: its place in the result, and what of x lies in it."""
    kernel, around = np.broadcast_to(kernel_size, 2), np.broadcast_to(padding, 2)
    steps = kernel if stride is None else np.broadcast_to(stride, 2)
    rows, columns = (
        [slice(max(0, start), start + k) for start in range(-p, size + p - k + 1, s)]
        for size, k, s, p in zip(x.shape[2:], kernel, steps, around, strict=True)
    )
    return [
        ((i, j), np.s_[:, :, rows[i], columns[j]])
        for i in range(len(rows))
        for j in range(len(columns))
    ]


# after x: kernel_size, stride, padding
REFUSED = {
    "A padding of 2 is more than half of 3.": (numbers(1, 1, 5, 5), 3, 1, 2),
    "A padding of 1 column is more than half of 1 column.": (
        numbers(1, 2, 4, 5),
        (3, 1),
        None,
        (1, 1),
    ),
    "A padding of 1 row is more than half of 1 row.": (numbers(2, 1, 4, 4), (1, 3), 1, 1),
    "The window has 4 rows, x has 3.": (numbers(1, 1, 3, 4), (4, 2)),
    "The window has 5 columns, x with its padding has 4.": (
        numbers(1, 2, 6, 2),
        (2, 5),
        1,
        1,
    ),
}


class TestMaxPool2d(PureFunction):
    name = "max_pool2d"
    cases = [
        ([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 7.0, 6.0]]]], 2),
        (numbers(2, 2, 5, 7), (2, 3)),
        (numbers(1, 2, 5, 4), 3, 1),
        (numbers(2, 1, 5, 4), (3, 2), (1, 2), (1, 0)),
        (numbers(1, 2, 3, 6), (1, 3), (2, 1)),
        (numbers(1, 1, 3, 4, below=9.0), 3, 2, 1),
        (numbers(2, 3, 2, 3), 1),
        (numbers(1, 1, 3, 2), 1, 2),
        (numbers(1, 1, 1, 2, below=9.0), (2, 4), None, 1),
    ]
    wild = [
        ([[[[LOW, LOW, 2.0], [LOW, -1e30, LOW]]]], 2, 1, 1),
        ([[[[-1e12, -3.0, -5e10]]]], (1, 2), 1, (0, 1)),
        ([[[[LOW, -6e4], [LOW, LOW]]]], 2, None, 1),
    ]
    ulps = 0
    gradient_ulps = 8
    refused = [(one, (torch.float32,), ValueError, hint) for hint, one in REFUSED.items()]
    forbidden = ".*max_pool.*"
    hints = {
        "type": "`max` along a dimension gives the numbers and their places: take the numbers.",
        "shape": "(H + 2 * ph - kh) // sh + 1 rows, and the same for columns. Pairs are rows, then"
        " columns, and with stride None the windows go on by their own size.",
        "raises": "A padding of just half the window is fine, and a window just as large as x with"
        " its padding fits. The stride need not divide any size: what no whole window covers is"
        " left out.",
        "dtype": "The numbers are those of x, in its dtype: 16 bits too.",
        "device": "What you make beside x, such as what stands around it, has to lie where x lies.",
        "values": "[n, c, i, j] is the largest x[n, c, i * sh + a - ph, j * sw + b - pw] over the"
        " kh rows a and the kw columns b.",
        "precise": "The numbers come out exactly as they are in x.",
        "wild": "Of nothing but -inf, the largest is -inf: no finite number may stand around x.",
        "gradient": "A result gives its gradient to the largest number of its window, and to no"
        " other.",
        "memory": "The largest numbers go into a new tensor, for windows of one number too.",
        "forbidden": "The kata is to make it from windows and their largest numbers.",
    }
    sentences = {
        "test_has_the_shape": "There is a place for each window that fits, in rows and columns.",
        "test_values": "Each place has exactly the largest number of its window.",
        "test_wild_values": "-inf around and in x is never taken for another number.",
        "test_gradients": "The largest number of a window gets its gradient, from each window.",
        "test_refuses": "Too much padding, or a window that does not fit, raises ValueError.",
    }

    def truth(self, x, *steps):
        windows = windows_of(x, *steps)
        largest = np.stack([x[under].max((2, 3)) for _, under in windows], -1)
        return largest.reshape(*x.shape[:2], *(1 + size for size in windows[-1][0]))

    def gradient(self, weights, x, *steps):
        of_x = np.zeros_like(x)
        for (i, j), under in windows_of(x, *steps):
            is_largest = x[under] == x[under].max((2, 3), keepdims=True)
            of_x[under] += is_largest * weights[:, :, i, j, None, None]
        return [of_x]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        if "gradient" in law:
            return SUM if len(arguments) > 2 else ""
        foreign = got[~torch.isin(got, torch.tensor(arguments[0], dtype=got.dtype))]
        is_padded = len(foreign) and len(arguments) > 3
        return NOT_OF_X.format(foreign[0].item()) if is_padded else ""

    @aspect("gradient")
    def test_shares_among_equals(self, solution, device):
        """Of equally large numbers one gets the gradient, or they share it."""
        row = Row(self, (TIED, 2), torch.float32, 0, "gradient", ("x",))
        record = self.ask_again(solution, device, row)
        self.expect_truth(record)
        found = gradients(record.got, record.leaves, row.weights.to(device))["x"].cpu()
        for j, weight in enumerate(row.weights.flatten().tolist()):
            part = np.s_[:, :, :, 2 * j : 2 * j + 2]
            window = np.array(TIED)[part].flatten()
            shares = (found[part] / weight).flatten().numpy()
            is_right = (shares >= 0).all() and abs(shares.sum() - 1) < 1e-6
            is_right = bool(is_right and not shares[window < window.max()].any())
            sentence = f"gives the numbers {window.tolist()} of a window the shares"
            sentence = f"{sentence} {np.round(shares, 6).tolist()} of its gradient; {WHOLE}."
            expect(is_right, sentence, self.hints["gradient"])
