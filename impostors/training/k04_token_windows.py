"""Wrong and right answers to training/k04_token_windows."""

import random

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def expect_enough(data, context_length):
    """Raise ValueError where no window has a next token."""
    if len(data) <= context_length:
        raise ValueError("data is too short")


def drawn(count, batch_size, generator):
    """So many starts, each below count."""
    return torch.randint(count, (batch_size,), generator=generator, device="cpu")


def windows(data, starts, length, device):
    """The rows of this length that begin there."""
    index = starts.unsqueeze(1) + torch.arange(length, device="cpu")
    return data[index].long().to(device)


@impostor(
    "get_batch",
    diagnosis="One start too few is drawn, so the last token is never a target, and data with one"
    " start raises an error: randint's end is n - T.",
    aspect="type",
)
def draws_below_the_last_start(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length - 1, batch_size, generator)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="The last start is never drawn, where there is more than one: the last token is never"
    " learned. randint's end is n - T.",
    aspect="values",
)
def leaves_out_the_last_start(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(max(len(data) - context_length - 1, 1), batch_size, generator)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="A window may begin at n - T, where no token is left for its last target: the row of"
    " y is too short, but only seldom in long data.",
    aspect="type",
)
def draws_one_start_too_many(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length + 1, batch_size, generator)
    x = torch.stack([data[s : s + context_length] for s in starts.tolist()])
    y = torch.stack([data[s + 1 : s + 1 + context_length] for s in starts.tolist()])
    return x.long().to(device), y.long().to(device)


@impostor(
    "get_batch",
    diagnosis="Windows at the end go on with the first tokens of data, which never follow there.",
    aspect="values",
)
def wraps_around(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    index = drawn(len(data), batch_size, generator)[:, None] + torch.arange(context_length + 1)
    rows = data[index % len(data)].long().to(device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="x and y are the same windows: the model learns to copy.",
    aspect="values",
)
def gives_x_twice(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length, batch_size, generator)
    x = windows(data, starts, context_length, device)
    return x, x.clone()


@impostor(
    "get_batch",
    diagnosis="y is x rolled by one: its last token is the first one of the row.",
    aspect="values",
)
def rolls_the_rows(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length, batch_size, generator)
    x = windows(data, starts, context_length, device)
    return x, x.roll(-1, 1)


@impostor(
    "get_batch",
    diagnosis="The generator that is handed over is not used: the draw cannot be repeated by it.",
    aspect="values",
)
def ignores_the_generator(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = torch.randint(len(data) - context_length, (batch_size,), device="cpu")
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="x and y draw starts of their own: y has to follow x in the same place.",
    aspect="values",
)
def draws_for_x_and_for_y(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    first, second = (drawn(len(data) - context_length, batch_size, generator) for _ in range(2))
    x = windows(data, first, context_length, device)
    return x, windows(data, second + 1, context_length, device)


@impostor(
    "get_batch",
    diagnosis="One start is drawn for the whole batch: all rows are alike.",
    aspect="values",
)
def draws_one_start(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length, 1, generator).expand(batch_size)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="Windows begin at multiples of the context length only: every start is to be drawn.",
    aspect="values",
)
def cuts_into_blocks(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    blocks = (len(data) - 1) // context_length
    rows = windows(
        data, context_length * drawn(blocks, batch_size, generator), context_length + 1, device
    )
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="Rows draw without putting back: a start comes again only after all the rest.",
    aspect="values",
)
def shuffles_the_starts(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    count = len(data) - context_length
    rounds = -(-batch_size // count)
    orders = [torch.randperm(count, generator=generator) for _ in range(rounds)]
    rows = windows(data, torch.cat(orders)[:batch_size], context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="The rows have data's own dtype: embeddings and losses want int64.",
    aspect="dtype",
)
def keeps_the_dtype(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    starts = drawn(len(data) - context_length, batch_size, generator)
    rows = data[starts.unsqueeze(1) + torch.arange(context_length + 1)].to(device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="Python's random draws where no generator is given: torch.manual_seed has no say.",
    aspect="values",
)
def draws_by_python(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    count = len(data) - context_length
    if generator is None:
        starts = torch.tensor(random.choices(range(count), k=batch_size))
    else:
        starts = drawn(count, batch_size, generator)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="Data of exactly context_length tokens is taken: the next token is missing.",
    aspect="errors",
)
def counts_the_window_alone(data, batch_size, context_length, device="cpu", generator=None):
    if len(data) < context_length:
        raise ValueError("data is too short")
    starts = drawn(max(len(data) - context_length, 1), batch_size, generator)
    padded = torch.cat([data, data[-1:]])
    rows = windows(padded, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@impostor(
    "get_batch",
    diagnosis="Data that is too short raises torch's own error of randint: a ValueError that says"
    " what is wrong is asked for.",
    aspect="errors",
)
def leaves_the_error_to_randint(data, batch_size, context_length, device="cpu", generator=None):
    starts = drawn(len(data) - context_length, batch_size, generator)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]


@alternative("get_batch")
def by_slices(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    ix = torch.randint(len(data) - context_length, (batch_size,), generator=generator)
    x = torch.stack([data[i : i + context_length].to(torch.int64) for i in ix])
    y = torch.stack([data[i + 1 : i + 1 + context_length].to(torch.int64) for i in ix])
    if torch.device(device).type == "cuda":
        return x.to(device, non_blocking=True), y.to(device, non_blocking=True)
    return x, y


@alternative("get_batch")
def by_unfold(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    every = data.unfold(0, context_length + 1, 1)
    x, y = every[drawn(len(every), batch_size, generator)].split([context_length, 1], 1)
    rows = torch.cat([x, y], 1).to(device=device, dtype=torch.long)
    return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


@alternative("get_batch")
def by_random_numbers(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    share = torch.rand(batch_size, dtype=torch.float64, generator=generator)
    starts = (share * (len(data) - context_length)).floor().long()
    x = windows(data, starts, context_length, device)
    return x, windows(data, starts + 1, context_length, device)


@alternative("get_batch")
def by_numpy(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    count = len(data) - context_length
    starts = [torch.randint(count, (), generator=generator).item() for _ in range(batch_size)]
    rows = np.stack([data.numpy()[s : s + context_length + 1] for s in starts]).astype(np.int64)
    return torch.tensor(rows[:, :-1], device=device), torch.tensor(rows[:, 1:], device=device)


@alternative("get_batch")
def by_multinomial(data, batch_size, context_length, device="cpu", generator=None):
    expect_enough(data, context_length)
    weights = torch.ones(len(data) - context_length)
    if len(weights) > 2**20:
        starts = drawn(len(weights), batch_size, generator)
    else:
        starts = torch.multinomial(weights, batch_size, replacement=True, generator=generator)
    rows = windows(data, starts, context_length + 1, device)
    return rows[:, :-1], rows[:, 1:]
