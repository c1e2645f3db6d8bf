"""Wrong and right answers to indexing/k12_length_mask."""

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from dojo.impostors import alternative, impostor


@impostor(
    "length_mask",
    diagnosis="<= marks one position too many: positions count from 0.",
    aspect="values",
)
def less_or_equal(lengths, max_length):
    return torch.arange(max_length, device=lengths.device) <= lengths[:, None]


@impostor(
    "length_mask",
    diagnosis="Positions counted from 1 and compared by < mark one position too few.",
    aspect="values",
)
def counts_from_one(lengths, max_length):
    return torch.arange(1, max_length + 1, device=lengths.device) < lengths[:, None]


@impostor(
    "length_mask",
    diagnosis="The mask is the other way round: True is for what is there, not for the padding.",
    aspect="values",
)
def marks_the_padding(lengths, max_length):
    return torch.arange(max_length, device=lengths.device) >= lengths[:, None]


@impostor(
    "length_mask",
    diagnosis="The rows are as long as the longest length, not max_length.",
    aspect="shape",
)
def stops_at_the_longest(lengths, max_length):
    return torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]


@impostor(
    "length_mask",
    diagnosis="arange makes its positions on the CPU: it takes a device too.",
)
def counts_on_the_cpu(lengths, max_length):
    return torch.arange(max_length) < lengths[:, None]


@impostor(
    "length_mask",
    diagnosis="A mask made from Python's lists lies on the CPU.",
    aspect="device",
)
def builds_lists(lengths, max_length):
    return torch.tensor([[p < n for p in range(max_length)] for n in lengths.tolist()]).reshape(
        len(lengths), max_length
    )


@impostor("length_mask", diagnosis="Ones and zeros are numbers, not bools.", aspect="dtype")
def returns_numbers(lengths, max_length):
    return (torch.arange(max_length, device=lengths.device) < lengths[:, None]).long()


@impostor(
    "length_mask",
    diagnosis="Positions stand in a column and lengths in a row: the mask is transposed.",
    aspect="shape",
)
def transposes(lengths, max_length):
    return torch.arange(max_length, device=lengths.device)[:, None] < lengths


@impostor(
    "length_mask",
    diagnosis="Position p was compared with length p alone: lengths need a column of their own.",
    aspect="shape",
)
def compares_in_pairs(lengths, max_length):
    return torch.arange(max_length, device=lengths.device) < lengths


@impostor(
    "length_mask",
    diagnosis="Counting on from position lengths - 1 goes to the last position for length 0.",
    aspect="values",
)
def marks_up_to_the_last(lengths, max_length):
    mask = torch.zeros(len(lengths), max_length, dtype=torch.int64, device=lengths.device)
    if max_length:
        mask[torch.arange(len(lengths), device=lengths.device), lengths - 1] = 1
    return mask.flip(1).cumsum(1).flip(1).bool()


@impostor(
    "length_mask",
    diagnosis="view(-1, 0) can't know how many rows there are.",
    aspect="values",
)
def views_minus_one(lengths, max_length):
    places = torch.arange(len(lengths) * max_length, device=lengths.device)
    return places.view(-1, max_length) % max(max_length, 1) < lengths[:, None]


@impostor("length_mask", diagnosis="lengths are counted down in place.", aspect="memory")
def counts_down_in_place(lengths, max_length):
    mask = torch.zeros(len(lengths), max_length, dtype=torch.bool, device=lengths.device)
    lengths = lengths if lengths.stride() == (1,) else lengths.clone()
    for p in range(max_length):
        mask[:, p] = lengths.sub_(1) >= 0
    return mask


@impostor(
    "length_mask",
    diagnosis="float16 holds whole numbers to 2048; beyond it every second position is another.",
    aspect="values",
)
def counts_in_float16(lengths, max_length):
    positions = torch.arange(max_length, device=lengths.device)
    return positions.half() < lengths[:, None].half()


@impostor(
    "length_mask",
    diagnosis="The positions go to the GPU wherever there is one, even if lengths is on the CPU.",
    aspect="device",
)
def asks_whether_there_is_a_gpu(lengths, max_length):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.arange(max_length, device=device) < lengths[:, None]


@alternative("length_mask")
def row_by_row(lengths, max_length):
    mask = torch.zeros(len(lengths), max_length, dtype=torch.bool, device=lengths.device)
    for b, length in enumerate(lengths):
        mask[b, :length] = True
    return mask


@alternative("length_mask")
def counts_up(lengths, max_length):
    ones = torch.ones(len(lengths), max_length, dtype=torch.int64, device=lengths.device)
    return ones.cumsum(1) <= lengths.unsqueeze(-1)


@alternative("length_mask")
def lower_triangle(lengths, max_length):
    return torch.ones(max_length + 1, max_length, dtype=torch.bool, device=lengths.device).tril(-1)[
        lengths
    ]


@alternative("length_mask")
def one_hot(lengths, max_length):
    ends = functional.one_hot(lengths, max_length + 1)
    return ends.cumsum(1)[:, :max_length] == 0


@alternative("length_mask")
def scatters_the_ends(lengths, max_length):
    ends = torch.zeros(len(lengths), max_length + 1, device=lengths.device)
    return ends.scatter(1, lengths[:, None], 1.0).cumsum(1)[:, :-1] < 0.5


@alternative("length_mask")
def pads_rows_of_ones(lengths, max_length):
    rows = [torch.ones(n, dtype=torch.bool) for n in [*lengths.tolist(), max_length]]
    return pad_sequence(rows, batch_first=True)[:-1].to(lengths.device)


@alternative("length_mask")
def mapped_over_lengths(lengths, max_length):
    positions = torch.arange(max_length, device=lengths.device)
    return torch.vmap(lambda length: torch.lt(positions, length))(lengths)


@alternative("length_mask")
def builds_lists_on_the_device(lengths, max_length):
    rows = [[p < n for p in range(max_length)] for n in lengths.tolist()]
    return torch.tensor(rows, dtype=torch.bool, device=lengths.device)
