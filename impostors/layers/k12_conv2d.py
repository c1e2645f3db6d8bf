"""Wrong and right answers to layers/k12_conv2d."""

import itertools

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def pair(value):
    """Rows and columns."""
    return (value, value) if isinstance(value, int) else value


def padded(x, padding):
    """x with zeros on its four sides."""
    rows, columns = pair(padding)
    return functional.pad(x, (columns, columns, rows, rows))


def expect_sizes(x, weight, padding=0):
    """Raise ValueError for what the kata refuses."""
    rows, columns = pair(padding)
    is_low = weight.shape[2] <= x.shape[2] + 2 * rows
    is_narrow = weight.shape[3] <= x.shape[3] + 2 * columns
    if x.shape[1] != weight.shape[1] or not is_low or not is_narrow:
        raise ValueError("sizes do not suit each other")


def places_of(x, weight, stride=1, padding=0):
    """How many windows fit, in rows and in columns."""
    sizes = zip(x.shape[2:], weight.shape[2:], pair(stride), pair(padding), strict=True)
    return tuple((size + 2 * p - k) // s + 1 for size, k, s, p in sizes)


def windows_of(x, weight, stride=1):
    """All windows that fit, (N, C, rows, columns, kh, kw)."""
    (kh, kw), (sh, sw) = weight.shape[2:], pair(stride)
    return x.unfold(2, kh, sh).unfold(3, kw, sw)


def products(windows, weight, bias):
    """The sums of products, plus bias."""
    result = torch.einsum("ncijab,ocab->noij", windows, weight)
    return result if bias is None else result + bias.view(-1, 1, 1)


@impostor(
    "conv2d",
    diagnosis="The kernel is flipped, as in mathematics; in networks it is not.",
    aspect="values",
)
def flips_the_kernel(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    return products(windows_of(padded(x, padding), weight, stride), weight.flip(2, 3), bias)


@impostor(
    "conv2d",
    diagnosis="Windows are flattened by columns, the kernel by rows: their numbers do not meet.",
    aspect="values",
)
def flattens_windows_by_columns(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    windows = windows_of(padded(x, padding), weight, stride).permute(0, 2, 3, 1, 5, 4)
    result = (windows.flatten(3) @ weight.flatten(1).T).permute(0, 3, 1, 2)
    return result if bias is None else result + bias[:, None, None]


@impostor(
    "conv2d",
    diagnosis="`pad` begins with the last dimension: here columns get the padding of rows.",
    aspect="shape",
)
def pads_columns_with_the_rows_of_padding(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    rows, columns = pair(padding)
    around = functional.pad(x, (rows, rows, columns, columns))
    missing = [max(0, k - size) for k, size in zip(weight.shape[2:], around.shape[2:])]
    around = functional.pad(around, (0, missing[1], 0, missing[0]))
    return products(windows_of(around, weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="The pair of strides is taken as columns, rows; it is rows, columns.",
    aspect="shape",
)
def swaps_the_strides(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    swapped = pair(stride)[::-1]
    return products(windows_of(padded(x, padding), weight, swapped), weight, bias)


@impostor(
    "conv2d",
    diagnosis="(H + 2 * padding - kernel) // stride is without the first place: add 1.",
    aspect="shape",
)
def leaves_out_the_last_places(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    windows = windows_of(padded(x, padding), weight, stride)
    rows, columns = places_of(x, weight, stride, padding)
    return products(windows[:, :, : rows - 1, : columns - 1], weight, bias)


@impostor(
    "conv2d",
    diagnosis="A bias of shape (O,) is added along the last dimension, which is that of columns.",
    aspect="values",
)
def adds_the_bias_along_the_columns(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    result = products(windows_of(padded(x, padding), weight, stride), weight, None)
    return result if bias is None else result + bias


@impostor(
    "conv2d",
    diagnosis="The result is laid out with as many rows as it has columns.",
    aspect="shape",
)
def folds_by_columns(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    rows, columns = places_of(x, weight, stride, padding)
    flat = functional.unfold(padded(x, padding), weight.shape[2:], stride=pair(stride))
    result = (weight.flatten(1) @ flat).reshape(len(x), len(weight), columns, rows)
    return result if bias is None else result + bias[:, None, None]


@impostor(
    "conv2d",
    diagnosis="The windows go on by sh numbers in memory, not by sh rows.",
    aspect="values",
)
def takes_sizes_for_strides(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding).contiguous(), pair(stride)
    size = *around.shape[:2], *places_of(x, weight, stride, padding), *weight.shape[2:]
    n, c, row, column = around.stride()
    return products(around.as_strided(size, (n, c, sh, sw, row, column)), weight, bias)


@impostor(
    "conv2d",
    diagnosis="`as_strided` counts in memory, and x need not lie there row by row.",
    aspect="values",
)
def takes_x_for_contiguous(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding) if padding else x, pair(stride)
    size = *around.shape[:2], *places_of(x, weight, stride, padding), *weight.shape[2:]
    _, channels, height, width = around.shape
    n, c, row = channels * height * width, height * width, width
    return products(around.as_strided(size, (n, c, sh * row, sw, row, 1)), weight, bias)


@impostor(
    "conv2d",
    diagnosis="All zeros are put above and to the left of x.",
    aspect="values",
)
def pads_one_corner(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    rows, columns = pair(padding)
    around = functional.pad(x, (2 * columns, 0, 2 * rows, 0))
    return products(windows_of(around, weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="The windows are filled by `torch.tensor` or `.data`, without a graph.",
    aspect="gradient",
)
def hides_x(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    return products(windows_of(padded(x.data, padding), weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="A kernel that does not fit gives an empty result, and no error.",
    aspect="errors",
)
def gives_nothing_where_nothing_fits(x, weight, bias=None, stride=1, padding=0):
    rows, columns = places_of(x, weight, stride, padding)
    if rows < 1 or columns < 1:
        return x.new_zeros(len(x), len(weight), max(0, rows), max(0, columns))
    expect_sizes(x, weight, padding)
    return products(windows_of(padded(x, padding), weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="An x or a weight with one channel is spread over all channels, without an error.",
    aspect="errors",
)
def broadcasts_one_channel(x, weight, bias=None, stride=1, padding=0):
    if 1 in (x.shape[1], weight.shape[1]):
        channels = max(x.shape[1], weight.shape[1])
        x, weight = x.expand(-1, channels, -1, -1), weight.expand(-1, channels, -1, -1)
    expect_sizes(x, weight, padding)
    return products(windows_of(padded(x, padding), weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="Nothing is checked: what does not fit raises whatever torch raises.",
    aspect="errors",
)
def leaves_errors_to_torch(x, weight, bias=None, stride=1, padding=0):
    return products(windows_of(padded(x, padding), weight, stride), weight, bias)


@impostor(
    "conv2d",
    diagnosis="It calls torch's own convolution, which is what the kata makes.",
    aspect="structure",
)
def calls_conv2d(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    return functional.conv2d(x, weight, bias, stride, padding)


@alternative("conv2d")
def by_columns(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    columns = functional.unfold(x, weight.shape[2:], padding=padding, stride=stride)
    result = weight.reshape(len(weight), -1) @ columns
    result = result.view(len(x), len(weight), *places_of(x, weight, stride, padding))
    return result if bias is None else result + bias.view(1, -1, 1, 1)


@alternative("conv2d")
def number_by_number_of_the_kernel(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding), pair(stride)
    rows, columns = places_of(x, weight, stride, padding)
    result = 0 if bias is None else bias[:, None, None]
    for a, b in itertools.product(range(weight.shape[2]), range(weight.shape[3])):
        under = around[:, :, a : a + sh * (rows - 1) + 1 : sh, b : b + sw * (columns - 1) + 1 : sw]
        result = result + torch.tensordot(weight[:, :, a, b], under, ([1], [1])).transpose(0, 1)
    return result


@alternative("conv2d")
def window_by_window(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw), (kh, kw) = padded(x, padding), pair(stride), weight.shape[2:]
    result = x.new_empty(len(x), len(weight), *places_of(x, weight, stride, padding))
    for i, j in itertools.product(*map(range, result.shape[2:])):
        under = around[:, None, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        result[:, :, i, j] = (under * weight).sum((2, 3, 4))
    return result if bias is None else result + bias[None, :, None, None]


@alternative("conv2d")
def by_indices(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    (sh, sw), (kh, kw) = pair(stride), weight.shape[2:]
    rows, columns = places_of(x, weight, stride, padding)
    down = torch.arange(rows, device=x.device)[:, None] * sh + torch.arange(kh, device=x.device)
    right = torch.arange(columns, device=x.device)[:, None] * sw
    right = right + torch.arange(kw, device=x.device)
    windows = padded(x, padding)[:, :, down[:, None, :, None], right[None, :, None, :]]
    return products(windows, weight, bias)


@alternative("conv2d")
def by_strides(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding), pair(stride)
    size = *around.shape[:2], *places_of(x, weight, stride, padding), *weight.shape[2:]
    n, c, row, column = around.stride()
    strides = n, c, sh * row, sw * column, row, column
    return products(torch.as_strided(around, size, strides), weight, bias)


@alternative("conv2d")
def by_fourier_transforms(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding), pair(stride)
    size, (rows, columns) = around.shape[2:], places_of(x, weight, 1, padding)
    of_x, of_weight = torch.fft.rfft2(around, size), torch.fft.rfft2(weight, size).conj()
    result = torch.fft.irfft2(torch.einsum("ncij,ocij->noij", of_x, of_weight), size)
    result = result[..., :rows:sh, :columns:sw].contiguous()
    return result.clone() if bias is None else result + bias[:, None, None]


@alternative("conv2d")
def by_sums_of_rows(x, weight, bias=None, stride=1, padding=0):
    expect_sizes(x, weight, padding)
    around, (sh, sw) = padded(x, padding), pair(stride)
    rows, _ = places_of(x, weight, stride, padding)
    total = torch.zeros((), dtype=x.dtype, device=x.device)
    for a in range(weight.shape[2]):
        lines = around[:, :, a::sh][:, :, :rows].unfold(3, weight.shape[3], sw)
        total = total + torch.einsum("ncijb,ocb->noij", lines, weight[:, :, a])
    return total if bias is None else total + bias.reshape(-1, 1, 1)
