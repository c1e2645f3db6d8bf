"""Wrong and right answers to layers/k13_max_pool2d."""

import functools
import itertools
import math

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def pair(value):
    """Rows and columns."""
    return (value, value) if isinstance(value, int) else value


def expect_sizes(x, kernel_size, padding=0):
    """Raise ValueError for what the kata refuses."""
    for size, k, p in zip(x.shape[2:], pair(kernel_size), pair(padding), strict=True):
        if 2 * p > k or k > size + 2 * p:
            raise ValueError("sizes do not suit each other")


def padded(x, padding, value=-math.inf):
    """x with this number on its four sides."""
    rows, columns = pair(padding)
    return functional.pad(x, (columns, columns, rows, rows), value=value)


def places_of(x, kernel_size, stride=None, padding=0):
    """How many windows fit, in rows and in columns."""
    steps = pair(kernel_size if stride is None else stride)
    sizes = zip(x.shape[2:], pair(kernel_size), steps, pair(padding), strict=True)
    return [(size + 2 * p - k) // s + 1 for size, k, s, p in sizes]


def windows_of(around, kernel_size, stride=None):
    """All windows that fit, (N, C, rows, columns, kh, kw)."""
    (kh, kw), (sh, sw) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    return around.unfold(2, kh, sh).unfold(3, kw, sw)


@impostor(
    "max_pool2d",
    diagnosis="Zeros stand around x, and are larger than negative numbers.",
    aspect="values",
)
def pads_with_zeros(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return windows_of(padded(x, padding, 0.0), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="-1e9 stands around x, and is larger than numbers below it.",
    aspect="values",
)
def pads_with_a_large_number(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    low = max(-1e9, torch.finfo(x.dtype).min)
    return windows_of(padded(x, padding, low), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="The smallest finite number stands around x, and is larger than -inf.",
    aspect="values",
)
def pads_with_the_smallest_finite_number(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    low = torch.finfo(x.dtype).min
    return windows_of(padded(x, padding, low), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="Without a stride the windows go on by 1, as in a convolution; here by their size.",
    aspect="shape",
)
def goes_on_by_one(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    stride = 1 if stride is None else stride
    return windows_of(padded(x, padding), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="`max` along a dimension gives a pair of numbers and places, not the numbers alone.",
    aspect="type",
)
def returns_what_max_gives(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return windows_of(padded(x, padding), kernel_size, stride).flatten(-2).max(-1)


@impostor(
    "max_pool2d",
    diagnosis="The pair of sizes is taken as columns, rows; it is rows, columns.",
    aspect="shape",
)
def swaps_rows_and_columns(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    sizes = [pair(one)[::-1] if one is not None else None for one in (kernel_size, stride, padding)]
    around = padded(x, sizes[2])
    missing = [max(0, k - size) for k, size in zip(sizes[0], around.shape[2:])]
    around = functional.pad(around, (0, missing[1], 0, missing[0]), value=-math.inf)
    return windows_of(around, sizes[0], sizes[1]).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="Windows that reach over the end are kept too: only whole ones count.",
    aspect="shape",
)
def keeps_parts_of_windows(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    around = padded(x, padding)
    steps = pair(kernel_size if stride is None else stride)
    sizes = zip(around.shape[2:], pair(kernel_size), steps)
    more = [(k - size) % s for size, k, s in sizes]
    around = functional.pad(around, (0, more[1], 0, more[0]), value=-math.inf)
    return windows_of(around, kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="The windows are averaged; the largest number is wanted.",
    aspect="values",
)
def takes_the_mean(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return windows_of(padded(x, padding, 0.0), kernel_size, stride).mean((-2, -1))


class _ByHand(torch.autograd.Function):
    """Max pooling with a backward that goes wrong where numbers are equal, or windows overlap."""

    @staticmethod
    def forward(ctx, x, kernel_size, stride, padding, kind):
        windows = windows_of(padded(x, padding), kernel_size, stride)
        places = torch.arange(x[0, 0].numel(), device=x.device).view(1, 1, *x.shape[2:])
        ctx.shape, ctx.kind = x.shape, kind
        rows, columns = pair(padding)
        places = functional.pad(places, (columns, columns, rows, rows)).expand(*x.shape[:2], -1, -1)
        result, which = windows.flatten(-2).max(-1)
        index = windows_of(places, kernel_size, stride).flatten(-2)
        is_largest = windows.flatten(-2) == result[..., None]
        ctx.save_for_backward(index, is_largest, which)
        return result

    @staticmethod
    def backward(ctx, gradient):
        index, is_largest, which = ctx.saved_tensors
        flat = gradient.new_zeros(*ctx.shape[:2], math.prod(ctx.shape[2:]))
        if ctx.kind == "all":
            given = (gradient[..., None] * is_largest).flatten(2)
            found = flat.scatter_add(2, index.flatten(2), given)
        else:
            index = index.gather(-1, which[..., None])
            found = flat.scatter(2, index.flatten(2), gradient.flatten(2))
        return found.view(ctx.shape), None, None, None, None


@impostor(
    "max_pool2d",
    diagnosis="Each of several equal maxima gets the whole gradient; together they get the whole.",
    aspect="gradient",
)
def gives_all_to_each(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return _ByHand.apply(x, kernel_size, stride, padding, "all")


@impostor(
    "max_pool2d",
    diagnosis="Where windows overlap, the gradient of one overwrites that of another.",
    aspect="gradient",
)
def overwrites_where_windows_overlap(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return _ByHand.apply(x, kernel_size, stride, padding, "one")


@impostor(
    "max_pool2d",
    diagnosis="For a window of one number x itself comes back, not a new tensor.",
    aspect="memory",
)
def gives_x_for_a_window_of_one(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    if pair(kernel_size) == (1, 1) and stride in (None, 1, (1, 1)):
        return x
    return windows_of(padded(x, padding), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="More padding than half the window is taken, without an error.",
    aspect="errors",
)
def takes_any_padding(x, kernel_size, stride=None, padding=0):
    if min(places_of(x, kernel_size, stride, padding)) < 1:
        raise ValueError("the window does not fit")
    return windows_of(padded(x, padding), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="A window that does not fit gives an empty result, and no error.",
    aspect="errors",
)
def gives_nothing_where_nothing_fits(x, kernel_size, stride=None, padding=0):
    if any(2 * p > k for p, k in zip(pair(padding), pair(kernel_size))):
        raise ValueError("too much padding")
    places = places_of(x, kernel_size, stride, padding)
    if min(places) < 1:
        return x.new_zeros(*x.shape[:2], *(max(0, one) for one in places))
    return windows_of(padded(x, padding), kernel_size, stride).amax((-2, -1))


@impostor(
    "max_pool2d",
    diagnosis="It calls torch's own max pooling, which is what the kata makes.",
    aspect="structure",
)
def calls_max_pool2d(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return functional.max_pool2d(x, kernel_size, stride, padding)


@alternative("max_pool2d")
def largest_along_one_dimension(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    return windows_of(padded(x, padding), kernel_size, stride).flatten(-2).max(-1).values


@alternative("max_pool2d")
def by_maximum_of_shifted_images(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    (kh, kw), (sh, sw) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    rows, columns = places_of(x, kernel_size, stride, padding)
    around = padded(x, padding)
    shifted = (
        around[:, :, a : a + sh * (rows - 1) + 1 : sh, b : b + sw * (columns - 1) + 1 : sw]
        for a, b in itertools.product(range(kh), range(kw))
    )
    return functools.reduce(torch.maximum, shifted).clone()


@alternative("max_pool2d")
def by_columns(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    wide = padded(x, padding).flatten(0, 1).unsqueeze(1)
    columns = functional.unfold(wide, kernel_size, stride=kernel_size if stride is None else stride)
    return columns.amax(1).view(*x.shape[:2], *places_of(x, kernel_size, stride, padding))


@alternative("max_pool2d")
def rows_first(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    (kh, kw), (sh, sw) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    lines = padded(x, padding).unfold(2, kh, sh).max(-1)[0]
    return lines.unfold(3, kw, sw).max(-1)[0]


@alternative("max_pool2d")
def window_by_window(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    rows, columns = places_of(x, kernel_size, stride, padding)
    result = torch.empty(*x.shape[:2], rows, columns, dtype=x.dtype, device=x.device)
    for i, j in itertools.product(range(rows), range(columns)):
        top, left = i * sh - ph, j * sw - pw
        part = x[:, :, max(0, top) : top + kh, max(0, left) : left + kw]
        result[:, :, i, j] = part.amax((2, 3))
    return result


@alternative("max_pool2d")
def by_sorting(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    windows = windows_of(padded(x, padding), kernel_size, stride).flatten(-2)
    return windows.sort(-1, descending=True)[0][..., 0].clone()


@alternative("max_pool2d")
def by_places(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    windows = windows_of(padded(x, padding), kernel_size, stride).flatten(-2)
    return windows.gather(-1, windows.argmax(-1, keepdim=True)).squeeze(-1)


@alternative("max_pool2d")
def without_padding(x, kernel_size, stride=None, padding=0):
    expect_sizes(x, kernel_size, padding)
    kernel, steps = pair(kernel_size), pair(kernel_size if stride is None else stride)
    counts = places_of(x, kernel_size, stride, padding)
    places = []
    for k, s, p, size, count in zip(kernel, steps, pair(padding), x.shape[2:], counts):
        starts = torch.arange(count, device=x.device)[:, None] * s - p
        # a place beside x is that of the nearest number, which is in the window anyway
        places.append((starts + torch.arange(k, device=x.device)).clamp(0, size - 1))
    return x[:, :, places[0][:, :, None, None], places[1]].amax((3, 5))
