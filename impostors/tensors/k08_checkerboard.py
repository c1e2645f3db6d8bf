"""Wrong and right answers to tensors/k08_checkerboard."""

import functools

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "checkerboard",
    diagnosis="Whole tiles of 2 x 2 only make boards with even sizes.",
    aspect="shape",
)
def lays_whole_tiles(rows, cols, device):
    return torch.tensor([[0, 1], [1, 0]], device=device).repeat(rows // 2, cols // 2)


@impostor(
    "checkerboard",
    diagnosis="Counting on from row to row makes stripes where the number of columns is even.",
    aspect="values",
)
def counts_on(rows, cols, device):
    return (torch.arange(rows * cols, device=device) % 2).reshape(rows, cols)


@impostor(
    "checkerboard",
    diagnosis="The board begins with 1 in the corner instead of 0.",
    aspect="values",
)
def begins_with_1(rows, cols, device):
    return (torch.arange(1, rows + 1, device=device)[:, None] + torch.arange(cols).to(device)) % 2


@impostor("checkerboard", diagnosis="torch.zeros makes float32, not int64.", aspect="dtype")
def makes_floats(rows, cols, device):
    board = torch.zeros(rows, cols, device=device)
    board[1::2, ::2] = 1
    board[::2, 1::2] = 1
    return board


@impostor(
    "checkerboard",
    diagnosis="A comparison makes bool; numbers 0 and 1 in int64 are asked for.",
    aspect="dtype",
)
def makes_bool(rows, cols, device):
    row = torch.arange(rows, device=device)[:, None]
    return (row + torch.arange(cols, device=device)) % 2 == 1


@impostor(
    "checkerboard",
    diagnosis="The board is made on the CPU, whatever `device` says.",
    aspect="device",
)
def ignores_the_device(rows, cols, device):
    return (torch.arange(rows)[:, None] + torch.arange(cols)) % 2


@impostor(
    "checkerboard",
    diagnosis="The board goes to the GPU as soon as there is one, whatever `device` says.",
    aspect="device",
)
def takes_the_gpu(rows, cols, device):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return (torch.arange(rows, device=device)[:, None] + torch.arange(cols, device=device)) % 2


@impostor("checkerboard", diagnosis="Rows and columns are mixed up.", aspect="shape")
def mixes_rows_and_columns(rows, cols, device):
    row = torch.arange(rows, device=device)
    return (row + torch.arange(cols, device=device)[:, None]) % 2


@impostor(
    "checkerboard",
    diagnosis="Only the odd rows got their ones; those of the even rows are missing.",
    aspect="values",
)
def sets_half_of_the_ones(rows, cols, device):
    board = torch.zeros(rows, cols, dtype=torch.int64, device=device)
    board[1::2, ::2] = 1
    return board


@impostor(
    "checkerboard",
    diagnosis="All rows are alike: columns take turns, rows don't.",
    aspect="values",
)
def makes_stripes(rows, cols, device):
    return (torch.arange(cols, device=device) % 2).repeat(rows, 1)


@impostor(
    "checkerboard",
    diagnosis="Beyond 2048, float16 has no odd numbers.",
    aspect="values",
)
def counts_in_float16(rows, cols, device):
    row = torch.arange(rows, device=device).half()[:, None]
    return ((row + torch.arange(cols, device=device).half()) % 2).long()


@impostor(
    "checkerboard",
    diagnosis="i * j is odd only where both are odd; side by side, i + j takes turns.",
    aspect="values",
)
def multiplies_the_places(rows, cols, device):
    return torch.outer(torch.arange(rows, device=device), torch.arange(cols, device=device)) % 2


@impostor(
    "checkerboard",
    diagnosis="fmod keeps the sign of i - j, and makes -1 where 1 is asked for; % does not.",
    aspect="values",
)
def keeps_the_sign(rows, cols, device):
    row = torch.arange(rows, device=device)[:, None]
    return torch.fmod(row - torch.arange(cols, device=device), 2)


@impostor(
    "checkerboard",
    diagnosis="squeeze() takes a single row or column away; the shape is (rows, cols).",
    aspect="shape",
)
def squeezes_a_single_row(rows, cols, device):
    row = torch.arange(rows, device=device)[:, None]
    return ((row + torch.arange(cols, device=device)) % 2).squeeze()


@impostor(
    "checkerboard",
    diagnosis="The cache returns the tensor of an earlier call, with whatever was written into it.",
    aspect="memory",
)
@functools.cache
def keeps_its_boards(rows, cols, device):
    return (torch.arange(rows, device=device)[:, None] + torch.arange(cols, device=device)) % 2


@alternative("checkerboard")
def by_slices(rows, cols, device):
    board = torch.zeros((rows, cols), dtype=torch.long, device=device)
    board[1::2, ::2] = 1
    board[::2, 1::2] = 1
    return board


@alternative("checkerboard")
def cut_from_tiles(rows, cols, device):
    tile = torch.tensor([[0, 1], [1, 0]])
    return tile.tile((rows + 1) // 2, (cols + 1) // 2)[:rows, :cols].to(device)


@alternative("checkerboard")
def in_two_loops(rows, cols, device):
    board = torch.empty(rows, cols, dtype=torch.int64, device=device)
    for i in range(rows):
        for j in range(cols):
            board[i, j] = (i + j) % 2
    return board


@alternative("checkerboard")
def indices_of_numpy(rows, cols, device):
    return torch.from_numpy(np.indices((rows, cols)).sum(0) % 2).to(device)


@alternative("checkerboard")
def exclusive_or(rows, cols, device):
    i, j = torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")
    return ((i ^ j) & 1).to(device)


@alternative("checkerboard")
def one_stripe_seen_twice(rows, cols, device):
    stripe = torch.arange(rows + cols, device=device) % 2
    return stripe.as_strided((rows, cols), (1, 1))


@alternative("checkerboard")
def signs_of_an_outer_product(rows, cols, device):
    row = (-1.0) ** torch.arange(rows, device=device)
    col = (-1.0) ** torch.arange(cols, device=device)
    return (torch.outer(row, col) < 0).long()


@alternative("checkerboard")
def sums_of_ones(rows, cols, device):
    ones = torch.ones(rows, cols, dtype=torch.int64, device=device)
    return (ones.cumsum(0) + ones.cumsum(1)) % 2


@alternative("checkerboard")
def cut_from_an_odd_width(rows, cols, device):
    odd = cols | 1
    return (torch.arange(rows * odd, device=device) % 2).view(rows, odd)[:, :cols]


@alternative("checkerboard")
def wraps_in_8_bits(rows, cols, device):
    with torch.device(device):
        row, col = (torch.arange(count).to(torch.int8) for count in (rows, cols))
        return ((row[:, None] + col) % 2).long()
