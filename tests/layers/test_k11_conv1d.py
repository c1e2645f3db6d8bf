"""The checks of layers/k11_conv1d: one window after the other, by NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction

FLIPPED = "The kernel is flipped here: weight[..., 0] belongs to a window's first number."
BLOCKS = "A block is made of neighbours: the first one has the first {}, not every groups-th one."
BEFORE = "All zeros stand before x here; `padding` of them belong on either side."
ENDS = "The ends of x are repeated around it here; zeros belong there."
ALONG = "The bias is added along the places here; bias[o] belongs to output o."
GROUPS = "The outputs of block i are made of weight's block i and of the channels of block i alone."


def by_all_products(x, weight, bias, stride, padding):
    """All products in memory at once, then their sums."""
    windows = torch.nn.functional.pad(x, (padding, padding)).unfold(2, weight.shape[2], stride)
    return (windows[:, None] * weight[:, :, None]).sum((2, 4))


BENCHMARK = Benchmark(
    "conv1d",
    means="x: shape (4, 32, n), weight: shape (64, 32, 5), padding 2, float32",
    inputs=lambda n: (
        torch.randint(4, (4, 32, n)).float(),
        torch.randint(4, (64, 32, 5)).float(),
        None,
        1,
        2,
    ),
    sizes=(64, 1024, 16384),
    bytes_moved=lambda n: 4 * (4 * (32 + 64) * n + 64 * 32 * 5),  # read x, weight; write the result
    operations=lambda n: 2 * 4 * 64 * 32 * 5 * n,
    torchs=torch.nn.functional.conv1d,
    naive=by_all_products,
    naive_up_to=1024,
)


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case(x, weight, scale=None, *options):
    """Numbers for these shapes, with a bias of numbers times scale, or None."""
    bias = None if scale is None else scale * numbers(weight[0], seed=2) + 0.0  # no -0.0
    return numbers(*x), numbers(*weight, seed=1), bias, *options


def windows_of(padded, weight, stride, dilation, groups):
    """Each window: the outputs that see it, its place, and where it lies in padded x."""
    span = dilation * (weight.shape[2] - 1) + 1
    outputs, channels = len(weight) // groups, weight.shape[1]
    assert padded.shape[1] == channels * groups, "the weight is one of another number of channels"
    return [
        (
            slice(g * outputs, (g + 1) * outputs),
            t,
            np.s_[:, g * channels : (g + 1) * channels, start : start + span : dilation],
        )
        for g in range(groups)
        for t, start in enumerate(range(0, padded.shape[2] - span + 1, stride))
    ]


# after the bias: stride, padding, dilation, groups
REFUSED = {
    "5 numbers do not fit into 4.": case((1, 2, 4), (3, 2, 5)),
    "3 numbers with dilation 3 cover 7 places; x and its zeros have 6.": case(
        (1, 2, 4), (3, 2, 3), None, 2, 1, 3
    ),
    "5 channels do not make 2 blocks of equal size.": case((1, 5, 6), (4, 2, 3), None, 1, 0, 1, 2),
    "3 outputs do not make 2 blocks of equal size.": case((1, 4, 6), (3, 2, 2), None, 1, 0, 1, 2),
    "With 2 groups of 4 channels, weight's second size has to be 2.": case(
        (1, 4, 6), (4, 4, 2), None, 1, 0, 1, 2
    ),
    "With 3 channels, weight's second size has to be 3; a size of 1 broadcasts.": case(
        (1, 3, 6), (2, 1, 3), 1
    ),
    "With 1 channel, weight's second size has to be 1; a size of 1 broadcasts.": case(
        (1, 1, 6), (2, 3, 3), 1
    ),
}


class TestConv1d(PureFunction):
    name = "conv1d"
    tensors = ("x", "weight", "bias")
    dtypes = (torch.float32, torch.float64)
    # after the bias: stride, padding, dilation, groups
    cases = [
        ([[[1.0, 2.0, 4.0, 8.0]]], [[[1.0, 10.0]]]),
        case((2, 3, 11), (4, 3, 3), 1, 3, 1),  # as many outputs as places
        case((1, 4, 5), (6, 2, 2), None, 1, 0, 1, 2),
        case((2, 2, 9), (3, 2, 3), 1, 2, 2, 2),
        case((2, 3, 5), (6, 1, 2), None, 3, 0, 2, 3),
        case((1, 2, 2), (2, 2, 6), 1, 1, 2),  # the kernel just fits
        case((2, 1, 3), (2, 1, 1), 0, 2, 3),
        case((2, 4, 8), (6, 2, 3), 1, 3, 1, 2, 2),
    ]
    ulps = 32
    refused = [(one, None, ValueError, hint) for hint, one in REFUSED.items()]
    forbidden = r".*(conv\d|conv_|convol).*"
    hints = {
        "shape": "T is (L + 2 * padding - dilation * (K - 1) - 1) // stride + 1: the last window"
        " that fits counts too.",
        "raises": "A kernel just as large as x with its zeros fits, at one place. The stride need"
        " not divide any size: what no whole kernel covers is left out.",
        "dtype": "Stay in the dtype of x, also for the zeros around it.",
        "device": "What you make beside x, such as its zeros, has to lie where x lies.",
        "values": "Place t sums weight[o, c, k] * x[n, c, t * stride + k * dilation - padding], and"
        " bias[o] comes on top.",
        "gradient": "x gets the weights of all windows that it is in, weight the numbers under it,"
        " bias[o] all of output o.",
        "memory": "Zeros and sums go into new tensors; x, weight and bias stay as they are.",
        "forbidden": "The kata is to make it from windows, products and sums.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (N, O, T), with all windows that fit.",
        "test_values": "Each place has the sum of products, for all strides, zeros, gaps, groups.",
        "test_refuses": "A kernel that does not fit, and sizes that do not suit groups, raise"
        " ValueError.",
    }

    def truth(self, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
        windows = windows_of(padded, weight, stride, dilation, groups)
        result = np.zeros((len(x), len(weight), 1 + windows[-1][1]))
        for o, t, under in windows:
            result[:, o, t] = np.einsum("nck,ock->no", padded[under], weight[o])
        return result if bias is None else result + bias[:, None]

    def gradient(self, weights, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
        of_padded, of_weight = np.zeros_like(padded), np.zeros_like(weight)
        for o, t, under in windows_of(padded, weight, stride, dilation, groups):
            of_padded[under] += np.einsum("no,ock->nck", weights[:, o, t], weight[o])
            of_weight[o] += np.einsum("no,nck->ock", weights[:, o, t], padded[under])
        of_x = of_padded[:, :, padding : padding + x.shape[2]]
        return [of_x, of_weight, weights.sum((0, 2))]

    def mistakes(self, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """What people get wrong: the numbers that come of it, and a sentence."""
        steps = stride, padding, dilation, groups
        dealt, collected = (
            np.arange(size).reshape(shape).T.ravel()
            for size, shape in ((x.shape[1], (-1, groups)), (len(weight), (groups, -1)))
        )
        no_bias = self.truth(x, weight, None, *steps)
        added = 0 if bias is None else bias[:, None]
        before, ends = (
            np.pad(x, ((0, 0), (0, 0), sides), mode)
            for sides, mode in (((2 * padding, 0), "constant"), ((padding, padding), "edge"))
        )
        steps_inside = stride, 0, dilation, groups
        yield self.truth(x, weight[..., ::-1], bias, *steps), FLIPPED
        yield self.truth(x[:, dealt], weight, bias, *steps), BLOCKS.format("C / groups channels")
        yield no_bias[:, collected] + added, BLOCKS.format("O / groups outputs")
        yield self.truth(before, weight, bias, *steps_inside), BEFORE
        yield self.truth(ends, weight, bias, *steps_inside), ENDS
        if bias is not None and len(bias) == no_bias.shape[2]:
            yield no_bias + bias, ALONG

    def why(self, law, arguments, got, expected):
        if law != "values" or np.allclose(got, expected, 1e-4):  # then only digits are wrong
            return ""
        mistakes = self.mistakes(*arguments)
        found = (hint for wrong, hint in mistakes if np.allclose(wrong, got, 1e-4))
        return next(found, GROUPS if len(arguments) > 6 else "")
