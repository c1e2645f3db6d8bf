"""Cut random windows out of a long text: what is read, and what comes next.

A language model learns to name the next token at each place of a text. The whole corpus is one row
of token numbers, and each step learns from a few windows of it. nanoGPT feeds its training like
this, from a file that is mapped into memory.

    data = tensor([10, 11, 12, 13])
    get_batch(data, batch_size=2, context_length=3)
    ->  x = [[10, 11, 12], [10, 11, 12]], y = [[11, 12, 13], [11, 12, 13]]   # one start only
    get_batch(data, batch_size=2, context_length=2)
    ->  x = [[11, 12], [10, 11]], y = [[12, 13], [11, 12]]                   # or another draw

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
