"""Make a random tensor.

`torch.rand` draws from the uniform distribution on [0, 1); `torch.randn` from the standard normal
one, with negative numbers and no bounds: one letter apart, and the usual mix-up. Both take the
shape, and `device=` makes the tensor where it is needed instead of moving it there.

Numbers from NumPy are float64 and do not follow `torch.manual_seed`. A seed set inside the
function would give every caller the same numbers and spoil all later draws of the program: seed
once, at the start of a program.
"""

import torch

HINTS = (
    "PyTorch has one function for uniform and one for normal random numbers. Which is which?",
    "Torch's documentation lists `torch.rand` and its relatives under 'Random sampling'.",
    "The shape comes first; the place is a keyword argument with the name of your parameter.",
)


def random_tensor(device: str | torch.device = "cpu") -> torch.Tensor:
    """A new float32 tensor of shape (2, 3, 4), with random numbers that are uniform on [0, 1).

    Args:
        device: where the tensor shall lie, such as "cpu", "cuda" or `torch.device("cuda", 0)`.

    Returns:
        24 random numbers on `device`: other ones at each call, and the same ones after the same
        `torch.manual_seed`.

    Exactly:
        The numbers are independent and uniform on [0, 1): 0 may occur, 1 may not. They are
        drawn at each call from a global generator of torch, which `torch.manual_seed` seeds: for
        a tensor on a GPU, that of the CPU or that of the GPU. It is not seeded here.
    """
    return torch.rand(2, 3, 4, device=device)
