"""Wrong and right answers to tensors/k01_grid."""

import itertools

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def fraction(n, device, dtype):
    return torch.linspace(0, 1, n, device=device, dtype=dtype)


def pairs(rows, columns):
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)


@impostor(
    "grid",
    diagnosis="Without device= and dtype=, torch.linspace makes float32 numbers on the CPU.",
    aspect="dtype",
)
def leaves_it_to_the_defaults(h, w, device, dtype):
    return pairs(torch.linspace(0, 1, h), torch.linspace(0, 1, w))


@impostor(
    "grid",
    diagnosis="The dtype is right, but without device= the grid lies on the CPU.",
    aspect="device",
)
def forgets_the_device(h, w, device, dtype):
    return pairs(fraction(h, None, dtype), fraction(w, None, dtype))


@impostor(
    "grid",
    diagnosis="The grid goes to the GPU whenever there is one, and not where it was asked for.",
    aspect="device",
)
def takes_the_gpu_if_there_is_one(h, w, device, dtype):
    place = "cuda" if torch.cuda.is_available() else "cpu"
    return pairs(fraction(h, place, dtype), fraction(w, place, dtype))


@impostor(
    "grid",
    diagnosis="Dividing by h stops one step short of 1: h points lie h - 1 steps apart.",
    aspect="values",
)
def divides_by_h(h, w, device, dtype):
    rows = torch.arange(h, device=device, dtype=dtype) / h
    columns = torch.arange(w, device=device, dtype=dtype) / w
    return pairs(rows, columns)


@impostor(
    "grid",
    diagnosis="A single row or column divides 0 by 0, which is NaN.",
    aspect="values",
)
def divides_by_0(h, w, device, dtype):
    rows = torch.arange(h, device=device, dtype=torch.float64) / (h - 1)
    columns = torch.arange(w, device=device, dtype=torch.float64) / (w - 1)
    return pairs(rows, columns).to(dtype)


@impostor(
    "grid",
    diagnosis="A single row or column is put into the middle, where 0 is asked for.",
    aspect="values",
)
def centres_a_single_one(h, w, device, dtype):
    rows, columns = fraction(h, device, dtype), fraction(w, device, dtype)
    return pairs(rows + 0.5 * (h == 1), columns + 0.5 * (w == 1))


@impostor(
    "grid",
    diagnosis="The column coordinate comes first: (x, y) in place of (row, column).",
    aspect="values",
)
def puts_the_column_first(h, w, device, dtype):
    return pairs(fraction(h, device, dtype), fraction(w, device, dtype)).flip(-1)


@impostor(
    "grid",
    diagnosis="indexing='xy' makes a grid of w rows and h columns out of (rows, columns).",
    aspect="shape",
)
def indexes_by_xy(h, w, device, dtype):
    rows, columns = fraction(h, device, dtype), fraction(w, device, dtype)
    return torch.stack(torch.meshgrid(rows, columns, indexing="xy"), -1)


@impostor(
    "grid",
    diagnosis="torch.stack puts the pair first unless dim=-1 says otherwise.",
    aspect="shape",
)
def stacks_in_front(h, w, device, dtype):
    rows, columns = fraction(h, device, dtype), fraction(w, device, dtype)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))


@impostor(
    "grid",
    diagnosis="Computed in float32 and converted at the end, float64 numbers have wrong digits.",
    aspect="values",
)
def converts_at_the_end(h, w, device, dtype):
    rows = fraction(h, device, torch.float32)
    return pairs(rows, fraction(w, device, torch.float32)).to(dtype)


@impostor(
    "grid",
    diagnosis="Adding a rounded step again and again adds up its error, most of all in bfloat16.",
    aspect="values",
)
def adds_up_steps(h, w, device, dtype):
    def line(n):
        numbers = torch.zeros(n, device=device, dtype=dtype)
        for i in range(1, n):
            numbers[i] = numbers[i - 1] + 1 / (n - 1)
        return numbers.clamp(0, 1)

    return pairs(line(h), line(w))


@impostor(
    "grid",
    diagnosis="Rows and columns are divided by the same number: only a square grid comes right.",
    aspect="values",
)
def has_one_step_for_both(h, w, device, dtype):
    longest = max(h, w)
    line = fraction(longest, device, dtype)
    return pairs(line[:h], line[:w])


@impostor(
    "grid",
    diagnosis="float16 counts to 2048 only: numbered from 0 on, later points share a number.",
    aspect="values",
)
def counts_all_points_in_the_dtype(h, w, device, dtype):
    number = torch.arange(h * w, device=device, dtype=dtype)
    rows, columns = number.div(w, rounding_mode="floor"), number.remainder(w)
    return torch.stack((rows / max(h - 1, 1), columns / max(w - 1, 1)), -1).view(h, w, 2)


@impostor(
    "grid",
    diagnosis="A step that is rounded to 16 bits, times the number of steps, can lead beyond 1.",
    aspect="values",
)
def multiplies_a_rounded_step(h, w, device, dtype):
    def line(n):
        step = torch.tensor(1 / max(n - 1, 1), device=device, dtype=dtype)
        return torch.arange(n, device=device, dtype=dtype) * step

    return pairs(line(h), line(w))


@impostor(
    "grid",
    diagnosis="Added up in float64, the steps are still off in float64, for some sizes only.",
    aspect="values",
)
def adds_up_steps_of_python(h, w, device, dtype):
    def line(n):
        steps = itertools.accumulate([1 / (n - 1)] * (n - 1), initial=0.0) if n > 1 else [0.0]
        return torch.tensor([min(number, 1.0) for number in steps], device=device, dtype=dtype)

    return pairs(line(h), line(w))


@impostor(
    "grid",
    diagnosis="arange up to 1 and a step more has one number too many where its step is rounded.",
    aspect="values",
)
def steps_one_step_beyond(h, w, device, dtype):
    def line(n):
        step = 1 / max(n - 1, 1)
        numbers = torch.arange(0, 1 + step if n > 1 else step, step, dtype=torch.float64)
        return numbers.to(device, dtype).clamp(0, 1)

    return pairs(line(h), line(w))


@alternative("grid")
def linspace_and_meshgrid(h, w, device, dtype):
    rows = torch.linspace(0, 1, h, device=device, dtype=dtype)
    columns = torch.linspace(0, 1, w, device=device, dtype=dtype)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=2)


@alternative("grid")
def meshgrid_that_warns(h, w, device, dtype):
    rows, columns = fraction(h, device, dtype), fraction(w, device, dtype)
    return torch.dstack(torch.meshgrid(rows, columns))


@alternative("grid")
def every_pair(h, w, device, dtype):
    rows, columns = fraction(h, device, dtype), fraction(w, device, dtype)
    return torch.cartesian_prod(rows, columns).view(h, w, 2)


@alternative("grid")
def point_by_point(h, w, device, dtype):
    points = [
        (i / (h - 1) if h > 1 else 0, j / (w - 1) if w > 1 else 0)
        for i, j in itertools.product(range(h), range(w))
    ]
    return torch.tensor(points, device=device, dtype=dtype).reshape(h, w, 2)


@alternative("grid")
def of_numpy(h, w, device, dtype):
    lines = np.meshgrid(np.linspace(0, 1, h), np.linspace(0, 1, w), indexing="ij")
    return torch.from_numpy(np.stack(lines, -1)).to(device, dtype)


@alternative("grid")
def filled_in(h, w, device, dtype):
    result = torch.empty(h, w, 2, device=device, dtype=dtype)
    result[..., 0] = fraction(h, device, dtype).unsqueeze(1)
    result[..., 1] = fraction(w, device, dtype)
    return result


@alternative("grid")
def counted_in_its_own_dtype(h, w, device, dtype):
    rows = torch.arange(h, device=device, dtype=dtype) / max(h - 1, 1)
    columns = torch.arange(w, device=device, dtype=dtype).div(max(w - 1, 1))
    return torch.stack((rows.repeat(w, 1).T, columns.repeat(h, 1)), -1)


@alternative("grid")
def where_the_ones_are(h, w, device, dtype):
    places = torch.ones(h, w, device=device).nonzero().to(torch.float64)
    steps = torch.tensor([max(h - 1, 1), max(w - 1, 1)], device=device)
    return (places / steps).to(dtype).unflatten(0, (h, w))


@alternative("grid")
def from_numbers_of_points(h, w, device, dtype):
    number = torch.arange(h * w, device=device)
    steps = torch.stack((number // w, number % w), 1).double()
    last = torch.tensor([h - 1, w - 1], device=device).clamp(min=1)
    return (steps / last).to(dtype).reshape(h, w, 2)


@alternative("grid")
def counted_by_running_sums(h, w, device, dtype):
    ones = torch.ones(2, h, w, device=device, dtype=torch.float64)
    rows = (ones[0].cumsum(0) - 1) / max(h - 1, 1)
    columns = (ones[1].cumsum(1) - 1) * (1 / max(w - 1, 1))
    return torch.stack((rows, columns)).clamp_(0, 1).to(dtype).permute(1, 2, 0)


@alternative("grid")
def number_by_number(h, w, device, dtype):
    result = torch.zeros(h, w, 2, device=device, dtype=dtype)
    for i, j in itertools.product(range(h), range(w)):
        result[i, j, 0] = i / max(h - 1, 1)
        result[i, j, 1] = j / max(w - 1, 1)
    return result
