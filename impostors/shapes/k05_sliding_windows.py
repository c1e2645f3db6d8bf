"""Wrong and right answers to shapes/k05_sliding_windows."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def count(x, size, step):
    """How many windows fit whole."""
    return (x.shape[-1] - size) // step + 1


@impostor(
    "windows",
    diagnosis="stack, cat, clone and contiguous copy each number into every window that it is in.",
    aspect="memory",
)
def stacks_slices(x, size, step):
    starts = range(0, x.shape[-1] - size + 1, step)
    return torch.stack([x[..., start : start + size] for start in starts], -2)


@impostor(
    "windows",
    diagnosis="A tensor as an index copies what it picks; only slices are views.",
    aspect="memory",
)
def picks_by_an_index(x, size, step):
    starts = torch.arange(count(x, size, step), device=x.device) * step
    return x[..., starts[:, None] + torch.arange(size, device=x.device)]


@impostor(
    "windows",
    diagnosis="contiguous before the windows copies an x that is not contiguous.",
    aspect="memory",
)
def makes_x_contiguous_first(x, size, step):
    return x.contiguous().unfold(-1, size, step)


@impostor(
    "windows",
    diagnosis="From one window to the next it is `step` numbers in memory only if x is contiguous.",
    aspect="values",
)
def assumes_contiguous_strides(x, size, step):
    *before, length = x.shape
    strides = [int(np.prod([*before[i + 1 :], length])) for i in range(len(before))]
    return x.as_strided((*before, count(x, size, step), size), (*strides, step, 1))


@impostor(
    "windows",
    diagnosis="x need not begin where its memory begins: it has a storage_offset.",
    aspect="values",
)
def forgets_the_offset(x, size, step):
    *before, last = x.stride()
    shape = (*x.shape[:-1], count(x, size, step), size)
    return x.as_strided(shape, (*before, last * step, last), 0)


@impostor(
    "windows",
    diagnosis="The last window that fits whole is missing: n is (length - size) // step + 1.",
    aspect="shape",
)
def stops_too_early(x, size, step):
    *before, last = x.stride()
    n = max((x.shape[-1] - size) // step, 1)
    return x.as_strided((*x.shape[:-1], n, size), (*before, last * step, last))


@impostor(
    "windows",
    diagnosis="The last window does not fit whole; padding makes it one, in new memory.",
    aspect="shape",
)
def pads_the_last_window(x, size, step):
    more = -(x.shape[-1] - size) % step
    padded = torch.cat([x, x.new_zeros(*x.shape[:-1], more)], -1) if more else x
    return padded.unfold(-1, size, step)


@impostor(
    "windows",
    diagnosis="unfold(0, …) slides over the first dimension; the last one is meant.",
    aspect="shape",
)
def slides_over_the_first_dimension(x, size, step):
    return x.unfold(0, min(size, x.shape[0]), step)


@impostor("windows", diagnosis="size and step are swapped.", aspect="shape")
def swaps_size_and_step(x, size, step):
    return x.unfold(-1, min(step, x.shape[-1]), size)


@impostor(
    "windows",
    diagnosis="A window's numbers come before the windows: the last two dimensions are swapped.",
    aspect="shape",
)
def puts_windows_last(x, size, step):
    return x.unfold(-1, size, step).mT


@impostor(
    "windows",
    diagnosis="The step is taken within the windows, which then skip numbers.",
    aspect="values",
)
def steps_within_the_window(x, size, step):
    n = count(x, size, step)
    *before, last = x.stride()
    step = min(step, (x.shape[-1] - n) // max(size - 1, 1))
    return x.as_strided((*x.shape[:-1], n, size), (*before, last, last * step))


@impostor(
    "windows",
    diagnosis="The windows are cut one after another, as if step were size.",
    aspect="shape",
)
def ignores_the_step(x, size, step):
    return x[..., : x.shape[-1] // size * size].unflatten(-1, (-1, size))


@alternative("windows")
def by_strides(x, size, step):
    *before, last = x.stride()
    shape = (*x.shape[:-1], (x.shape[-1] - size) // step + 1, size)
    return torch.as_strided(x, shape, (*before, last * step, last), x.storage_offset())


@alternative("windows")
def counts_the_beginnings(x, size, step):
    beginnings = torch.arange(0, x.shape[-1] - size + 1, step)
    *before, last = x.stride()
    return x.as_strided((*x.shape[:-1], len(beginnings), size), (*before, last * step, last))


@alternative("windows")
def by_unfold_of_a_counted_dimension(x, size, step):
    return x.unfold(dimension=x.dim() - 1, size=size, step=step)


@alternative("windows")
def every_window_then_a_slice(x, size, step):
    return x.unfold(-1, size, 1)[..., ::step, :]


@alternative("windows")
def the_last_dimension_first(x, size, step):
    return x.movedim(-1, 0).unfold(0, size, step).movedim(0, -2)


@alternative("windows")
def row_by_row(x, size, step):
    def function(row):
        return row.unfold(0, size, step)

    for _ in range(x.dim() - 1):
        function = torch.vmap(function)
    return function(x)


@alternative("windows")
def numbers_first_then_swapped(x, size, step):
    last = x.dim() - 1
    n = len(range(0, x.shape[-1] - size + 1, step))
    return x[..., : (n - 1) * step + size].unfold(last, (n - 1) * step + 1, 1)[..., ::step].mT
