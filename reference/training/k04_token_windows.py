"""Cut random windows out of a long text: what is read, and what comes next.

A window of T tokens and its targets take T + 1 tokens of the data. The last one may begin at
n - T - 1, so there are n - T starts: `torch.randint(n - T, …)` draws all of them, since its end is
not among the numbers. Who subtracts one more "to be safe" never shows the model the last token.

An index of shape (B, T + 1), the starts as a column plus 0 … T, reads all rows at once. Only what
was drawn is widened to int64: the data may be many gigabytes.

In practice this is the `get_batch` of nanoGPT and its followers; `data.unfold(0, T + 1, 1)` is a
view of all windows, from which rows can be chosen too.
"""

import torch

HINTS = (
    "How many starts are there, if a window and the token behind it have to fit in?",
    "torch.randint draws below its end: `torch.randint(n - context_length, ...)`.",
    "A column of starts plus a row 0, 1, 2, … is an index for all rows at once.",
    "Draw the starts on the CPU with `generator=generator`; None is the global one there too.",
    "Convert the rows that were drawn to int64, then send them to the device.",
)


def get_batch(
    data: torch.Tensor,
    batch_size: int,
    context_length: int,
    device: torch.device | str = "cpu",
    generator: torch.Generator | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of random windows of data, and the windows that begin one token later.

    Row b of x is `data[s : s + context_length]`, and row b of y is
    `data[s + 1 : s + context_length + 1]`: y[b, t] is the token that follows x[b, t]. Each row has
    a start s of its own, drawn at random.

    Args:
        data: shape (n,), n token numbers: uint8, int16, int32 or int64, any strides; on the CPU.
        batch_size: how many rows are drawn, at least 1; may be more than there are starts.
        context_length: how long a row is, at least 1.
        device: where the batch goes: a name, such as "cuda:0", or a torch.device.
        generator: a generator of the CPU, from which all random numbers come. None stands for
            torch's global generator of the CPU, whatever device is.

    Returns:
        x and y, both int64, of shape (batch_size, context_length), on device. They lie in new
        memory, which the two may share.

    Raises:
        ValueError: n is less than context_length + 1, so that no window has a next token. No random
            number is drawn then.

    Exactly:
        The starts are 0, 1, 2, … up to n - context_length - 1, that one included. All are equally
        likely for each row, whatever the rest of the rows got: two rows may be alike. The next call
        draws other starts.
    """
    starts = len(data) - context_length
    if starts < 1:
        raise ValueError(f"{len(data)} tokens are too few for a context of {context_length}")
    first = torch.randint(starts, (batch_size, 1), generator=generator, device="cpu")
    rows = data[first + torch.arange(context_length + 1, device="cpu")].long().to(device)
    return rows[:, :-1], rows[:, 1:]
