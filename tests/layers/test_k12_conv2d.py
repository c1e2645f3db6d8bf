"""The checks of layers/k12_conv2d: one window after the other, by NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction

FLIPPED = "The kernel is flipped here: weight[..., 0, 0] belongs to a window's first number."
TURNED = "Rows and columns of the kernel are swapped here."
CORNER = "All zeros stand above and to the left of x here; they belong on each of its four sides."
ENDS = "The ends of x are repeated around it here; zeros belong there."
ALONG = "The bias is added along {} here; bias[o] belongs to output o."


def by_all_products(x, weight, bias, stride, padding):
    """All products in memory at once, then their sums."""
    padded = torch.nn.functional.pad(x, (padding,) * 4)
    windows = padded.unfold(2, weight.shape[2], stride).unfold(3, weight.shape[3], stride)
    return (windows[:, None] * weight[:, :, None, None]).sum((2, 5, 6))


BENCHMARK = Benchmark(
    "conv2d",
    means="x: shape (2, 32, n, n), weight: shape (64, 32, 3, 3), padding 1, float32",
    inputs=lambda n: (
        torch.randint(4, (2, 32, n, n)).float(),
        torch.randint(4, (64, 32, 3, 3)).float(),
        None,
        1,
        1,
    ),
    sizes=(8, 32, 128),
    bytes_moved=lambda n: 4 * (2 * (32 + 64) * n**2 + 64 * 32 * 9),  # read both, write the result
    operations=lambda n: 2 * 2 * 64 * 32 * 9 * n**2,
    torchs=torch.nn.functional.conv2d,
    naive=by_all_products,
    naive_up_to=32,
)


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case(x, weight, scale=None, *options):
    """Numbers for these shapes, with a bias of numbers times scale, or None."""
    bias = None if scale is None else scale * numbers(weight[0], seed=2) + 0.0  # no -0.0
    return numbers(*x), numbers(*weight, seed=1), bias, *options


# after the bias: stride, padding
REFUSED = {
    "The kernel has 4 rows, x has 3.": case((1, 2, 3, 5), (2, 2, 4, 1)),
    "The kernel has 5 columns, x with its zeros has 4.": case(
        (1, 1, 5, 4), (2, 1, 2, 5), 1, 1, (1, 0)
    ),
    "The kernel has 6 rows, x with its zeros has 5.": case(
        (1, 1, 3, 8), (1, 1, 6, 2), None, 3, (1, 2)
    ),
    "x has 3 channels, weight is for 2.": case((1, 3, 4, 4), (2, 2, 2, 2)),
    "x has 3 channels, weight is for 1; a size of 1 broadcasts.": case((2, 3, 4, 4), (2, 1, 2, 3)),
    "x has 1 channel, weight is for 3; a size of 1 broadcasts.": case((2, 1, 4, 4), (2, 3, 2, 2)),
}


def windows_of(padded, weight, stride):
    """Each window: its place in the result, and where it lies in padded x."""
    rows, columns = np.broadcast_to(stride, 2)
    _, _, kh, kw = weight.shape
    return [
        ((i, j), np.s_[:, :, top : top + kh, left : left + kw])
        for i, top in enumerate(range(0, padded.shape[2] - kh + 1, rows))
        for j, left in enumerate(range(0, padded.shape[3] - kw + 1, columns))
    ]


def with_zeros(x, padding):
    """X with zeros on its four sides, and where x lies in it."""
    rows, columns = np.broadcast_to(padding, 2)
    inside = np.s_[:, :, rows : rows + x.shape[2], columns : columns + x.shape[3]]
    return np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns))), inside


class TestConv2d(PureFunction):
    name = "conv2d"
    tensors = ("x", "weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], [[[[1.0, 2.0], [3.0, 4.0]]]]),
        case((2, 2, 7, 7), (3, 2, 3, 2), 1, (3, 2)),  # as many outputs as columns of the result
        case((1, 2, 5, 4), (3, 2, 2, 3), None, (2, 1), (0, 1)),
        case((2, 1, 3, 7), (2, 1, 4, 2), 1, (1, 3), (2, 0)),
        case((1, 3, 4, 5), (2, 3, 3, 3), 1, 3, 1),
        case((2, 2, 3, 2), (1, 2, 1, 1), None, (2, 1), (0, 1)),
        case((1, 1, 1, 2), (1, 1, 3, 4), 0, 1, 1),  # the kernel just fits
        case((1, 1, 2, 1), (1, 1, 2, 1), 1, 2, (3, 2)),
    ]
    ulps = 32
    refused = [(one, None, ValueError, hint) for hint, one in REFUSED.items()]
    forbidden = r".*(conv\d|conv_|convol).*"
    hints = {
        "shape": "(H + 2 * ph - kh) // sh + 1 rows, and the same for columns: the last window that"
        " fits counts too. Pairs are rows, then columns; `pad` begins with the last dimension.",
        "raises": "A kernel just as large as x with its zeros fits, at one place. The stride need"
        " not divide any size: what no whole kernel covers is left out.",
        "dtype": "Stay in the dtype of x, also for the zeros around it.",
        "device": "What you make beside x, such as its zeros, has to lie where x lies.",
        "values": "Place (i, j) sums weight[o, c, a, b] * x[n, c, i * sh + a - ph, j * sw + b - pw]"
        " over c, a and b, and bias[o] comes on top.",
        "gradient": "x gets the weights of all windows that it is in, weight the numbers under it,"
        " bias[o] all of output o.",
        "memory": "Zeros and sums go into new tensors; x, weight and bias stay as they are.",
        "forbidden": "The kata is to make it from windows, products and sums.",
    }
    sentences = {
        "test_has_the_shape": "There is a place for each window that fits, in rows and columns.",
        "test_values": "Each place has the sum of products, with zeros around x, and the bias.",
        "test_refuses": "Other channels, or a kernel that does not fit, raise ValueError.",
    }

    def truth(self, x, weight, bias=None, stride=1, padding=0):
        padded, _ = with_zeros(x, padding)
        windows = windows_of(padded, weight, stride)
        (rows, columns), _ = windows[-1]
        result = np.zeros((len(x), len(weight), rows + 1, columns + 1))
        for (i, j), under in windows:
            result[:, :, i, j] = np.tensordot(padded[under], weight, ([1, 2, 3], [1, 2, 3]))
        return result if bias is None else result + bias[:, None, None]

    def gradient(self, weights, x, weight, bias=None, stride=1, padding=0):
        padded, inside = with_zeros(x, padding)
        of_padded, of_weight = np.zeros_like(padded), np.zeros_like(weight)
        for (i, j), under in windows_of(padded, weight, stride):
            of_padded[under] += np.tensordot(weights[:, :, i, j], weight, 1)
            of_weight += np.tensordot(weights[:, :, i, j].T, padded[under], 1)
        return [of_padded[inside], of_weight, weights.sum((0, 2, 3))]

    def mistakes(self, x, weight, bias=None, stride=1, padding=0):
        """What people get wrong: the numbers that come of it, and a sentence."""
        rows, columns = np.broadcast_to(padding, 2)
        sides = (0, 0), (0, 0)
        corner = np.pad(x, (*sides, (2 * rows, 0), (2 * columns, 0)))
        ends = np.pad(x, (*sides, (rows, rows), (columns, columns)), "edge")
        yield self.truth(x, weight[..., ::-1, ::-1], bias, stride, padding), FLIPPED
        turned = weight.reshape(*weight.shape[:2], *weight.shape[:1:-1]).swapaxes(2, 3)
        yield self.truth(x, turned, bias, stride, padding), TURNED
        yield self.truth(corner, weight, bias, stride), CORNER
        yield self.truth(ends, weight, bias, stride), ENDS
        no_bias = self.truth(x, weight, None, stride, padding)
        if bias is not None and len(bias) == no_bias.shape[3]:
            yield no_bias + bias, ALONG.format("the columns")
        if bias is not None and len(bias) == no_bias.shape[2]:
            yield no_bias + bias[:, None], ALONG.format("the rows")

    def why(self, law, arguments, got, expected):
        if law != "values" or np.allclose(got, expected, 1e-4):  # then only digits are wrong
            return ""
        mistakes = self.mistakes(*arguments)
        return next((hint for wrong, hint in mistakes if np.allclose(wrong, got, 1e-4)), "")
