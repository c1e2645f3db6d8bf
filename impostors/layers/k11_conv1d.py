"""Wrong and right answers to layers/k11_conv1d."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def expect_sizes(x, weight, padding=0, dilation=1, groups=1):
    """Raise ValueError for what the kata refuses."""
    span = dilation * (weight.shape[2] - 1) + 1
    fits = span <= x.shape[2] + 2 * padding
    if not fits or x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError("sizes do not suit each other")


def places_of(x, weight, stride=1, padding=0, dilation=1):
    """How many windows fit."""
    span = dilation * (weight.shape[2] - 1) + 1
    return (x.shape[2] + 2 * padding - span) // stride + 1


def products(windows, weight, bias, groups):
    """The sums of products of windows (N, C, T, K) and weight, plus bias."""
    parts = zip(windows.chunk(groups, 1), weight.chunk(groups), strict=True)
    result = torch.cat([torch.einsum("nctk,ock->not", one, w) for one, w in parts], 1)
    return result if bias is None else result + bias.view(-1, 1)


def windows_of(x, weight, stride=1, padding=0, dilation=1):
    """All windows that fit, (N, C, T, K)."""
    span = dilation * (weight.shape[2] - 1) + 1
    return functional.pad(x, (padding, padding)).unfold(2, span, stride)[..., ::dilation]


@impostor(
    "conv1d",
    diagnosis="The kernel is flipped, as in mathematics; in networks it is not.",
    aspect="values",
)
def flips_the_kernel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    windows = windows_of(x, weight, stride, padding, dilation)
    return products(windows, weight.flip(-1), bias, groups)


@impostor(
    "conv1d",
    diagnosis="Channels go to groups in turns, as cards are dealt; a group has neighbours.",
    aspect="values",
)
def deals_the_channels(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    dealt = x.unflatten(1, (-1, groups)).transpose(1, 2).flatten(1, 2)
    return products(windows_of(dealt, weight, stride, padding, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="The outputs of the groups are shuffled: those of a group stay neighbours.",
    aspect="values",
)
def shuffles_the_outputs(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    result = products(windows_of(x, weight, stride, padding, dilation), weight, None, groups)
    result = result.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
    return result if bias is None else result + bias.view(-1, 1)


@impostor(
    "conv1d",
    diagnosis="A kernel with dilation covers dilation * (K - 1) + 1 places, not dilation * K.",
    aspect="shape",
)
def leaves_a_gap_behind_the_kernel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded = functional.pad(x, (padding, padding))
    span = min(dilation * weight.shape[2], padded.shape[2])
    return products(padded.unfold(2, span, stride)[..., ::dilation], weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="The places are counted as if there were no dilation.",
    aspect="shape",
)
def counts_places_without_dilation(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    places = places_of(x, weight, stride, padding)
    padded = functional.pad(x, (padding, padding + dilation * weight.shape[2]))
    windows = windows_of(padded, weight, stride, 0, dilation)[:, :, :places]
    return products(windows, weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="range(0, length - span, stride) leaves out the window that ends with x.",
    aspect="shape",
)
def leaves_out_the_last_window(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded = functional.pad(x, (padding, padding))
    steps = torch.arange(weight.shape[2], device=x.device) * dilation
    last = padded.shape[2] - dilation * (weight.shape[2] - 1) - 1
    starts = torch.arange(0, last, stride, device=x.device)
    return products(padded[:, :, starts[:, None] + steps], weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="All zeros are put before x, as in a causal convolution.",
    aspect="values",
)
def pads_before_x_alone(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded = functional.pad(x, (2 * padding, 0))
    return products(windows_of(padded, weight, stride, 0, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="The ends of x are repeated; around x there are zeros.",
    aspect="values",
)
def repeats_the_ends(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded = torch.cat([x[..., :1]] * padding + [x] + [x[..., -1:]] * padding, -1)
    return products(windows_of(padded, weight, stride, 0, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="The first group's weights are used for all groups.",
    aspect="values",
)
def uses_one_block_of_weights(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    first = weight.chunk(groups)[0].repeat(groups, 1, 1)
    return products(windows_of(x, weight, stride, padding, dilation), first, bias, groups)


@impostor(
    "conv1d",
    diagnosis="The weights are taken out of autograd by `.data`.",
    aspect="gradient",
)
def hides_the_weights(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    windows = windows_of(x, weight, stride, padding, dilation)
    return products(windows, weight.data, bias, groups)


@impostor(
    "conv1d",
    diagnosis="A kernel that does not fit gives an empty result, and no error.",
    aspect="errors",
)
def gives_nothing_where_nothing_fits(
    x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
):
    places = places_of(x, weight, stride, padding, dilation)
    if places < 1:
        return x.new_zeros(x.shape[0], weight.shape[0], 0)
    expect_sizes(x, weight, padding, dilation, groups)
    return products(windows_of(x, weight, stride, padding, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="A weight with one channel is spread over all channels, without an error.",
    aspect="errors",
)
def broadcasts_one_channel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    full = weight.expand(-1, x.shape[1], -1) if groups == 1 == weight.shape[1] else weight
    expect_sizes(x, full, padding, dilation, groups)
    return products(windows_of(x, weight, stride, padding, dilation), full, bias, groups)


@impostor(
    "conv1d",
    diagnosis="C // groups drops the channels that are left over, without an error.",
    aspect="errors",
)
def drops_channels(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x = x[:, : x.shape[1] // groups * groups]
    expect_sizes(x, weight, padding, dilation, groups)
    return products(windows_of(x, weight, stride, padding, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="Nothing is checked: what does not fit raises whatever torch raises.",
    aspect="errors",
)
def leaves_errors_to_torch(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return products(windows_of(x, weight, stride, padding, dilation), weight, bias, groups)


@impostor(
    "conv1d",
    diagnosis="It calls torch's own convolution, which is what the kata makes.",
    aspect="structure",
)
def calls_conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    return functional.conv1d(x, weight, bias, stride, padding, dilation, groups)


@alternative("conv1d")
def number_by_number_of_the_kernel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded, places = (
        functional.pad(x, (padding, padding)),
        places_of(x, weight, stride, padding, dilation),
    )
    blocks = weight.view if weight.is_contiguous() else weight.reshape
    blocks = blocks(groups, -1, *weight.shape[1:])
    result = x.new_zeros(x.shape[0], groups, blocks.shape[1], places)
    for k in range(weight.shape[2]):
        start = k * dilation
        under = padded[:, :, start : start + (places - 1) * stride + 1 : stride]
        result = result + blocks[..., k] @ under.unflatten(1, (groups, -1))
    result = result.flatten(1, 2)
    return result if bias is None else result + bias.unsqueeze(1)


@alternative("conv1d")
def by_columns_of_an_image(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    kernel = weight.shape[2]
    columns = functional.unfold(
        x[:, :, None], (1, kernel), (1, dilation), (0, padding), (1, stride)
    )
    columns = columns.reshape(x.shape[0], groups, -1, columns.shape[-1])
    result = weight.reshape(groups, weight.shape[0] // groups, -1) @ columns
    result = result.reshape(x.shape[0], weight.shape[0], -1)
    return result if bias is None else result + bias[None, :, None]


@alternative("conv1d")
def by_indices(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    zeros = x.new_zeros(*x.shape[:2], padding)
    steps = torch.arange(weight.shape[2], device=x.device) * dilation
    places = places_of(x, weight, stride, padding, dilation)
    starts = torch.arange(places, device=x.device) * stride
    windows = torch.cat([zeros, x, zeros], 2)[:, :, starts[:, None] + steps]
    return products(windows, weight, bias, groups)


@alternative("conv1d")
def place_by_place(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    outputs = weight.shape[0] // groups
    rows = []
    for o, kernel in enumerate(weight):
        first = o // outputs * weight.shape[1]
        sums = []
        for t in range(places_of(x, weight, stride, padding, dilation)):
            total = 0 if bias is None else bias[o]
            for k in range(weight.shape[2]):
                place = t * stride + k * dilation - padding
                if 0 <= place < x.shape[2]:
                    under = x[:, first : first + weight.shape[1], place]
                    total = total + (under * kernel[:, k]).sum(1)
            sums.append(total + x.new_zeros(len(x)))
        rows.append(torch.stack(sums, 1))
    return torch.stack(rows, 1)


@alternative("conv1d")
def by_fourier_transforms(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded, span = functional.pad(x, (padding, padding)), dilation * (weight.shape[2] - 1) + 1
    spread = x.new_zeros(*weight.shape[:2], span)
    spread = spread.index_add(2, torch.arange(0, span, dilation, device=x.device), weight)
    size = padded.shape[2] + span
    of_x = torch.fft.rfft(padded, size).unflatten(1, (groups, -1))
    of_weight = torch.fft.rfft(spread, size).conj().unflatten(0, (groups, -1))
    result = torch.fft.irfft(torch.einsum("ngcf,gocf->ngof", of_x, of_weight), size)
    result = result.flatten(1, 2)[..., : padded.shape[2] - span + 1 : stride]
    return result.clone() if bias is None else result + bias[:, None]


@alternative("conv1d")
def by_strides(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    padded = functional.pad(x, (padding, padding)).contiguous()
    places = places_of(x, weight, stride, padding, dilation)
    size = *padded.shape[:2], places, weight.shape[2]
    along = padded.stride(2)
    strides = *padded.stride()[:2], stride * along, dilation * along
    return products(padded.as_strided(size, strides), weight, bias, groups)


@alternative("conv1d")
def by_one_large_matrix(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    expect_sizes(x, weight, padding, dilation, groups)
    places = places_of(x, weight, stride, padding, dilation)
    starts = torch.arange(places, device=x.device)[:, None] * stride - padding
    steps = torch.arange(weight.shape[2], device=x.device) * dilation
    under = starts + steps  # (T, K): the place of x under each number of the kernel
    marks = under[..., None] == torch.arange(x.shape[2], device=x.device)
    matrix = torch.einsum("ock,tkl->octl", weight, marks.to(x.dtype))
    parts = zip(x.chunk(groups, 1), matrix.chunk(groups), strict=True)
    result = torch.cat([torch.tensordot(one, m, ([1, 2], [1, 3])) for one, m in parts], 1)
    return result if bias is None else result + bias.reshape(1, -1, 1)
