"""Move a tensor to the GPU, if there is one.

`x.to("cuda")` copies x into the GPU's memory and returns that copy; where x is there already, it
returns x itself. x never moves. Autograd records the copy, so that a gradient finds its way back.
Without a GPU each such call raises, so the question comes first, and inside of the function:
an answer that is kept from earlier may come from another machine, or from before a fork.

The common wrong answers: `x.to("cuda")` on a line of its own, whose result is dropped, so that x on
the CPU is returned; and `if torch.cuda.is_available:` without parentheses, which asks nothing. A
function counts as true, so that the move is tried on each machine and raises where no GPU is.
"""

import torch

HINTS = (
    "What should happen on a laptop without a GPU, and what on a server with one?",
    "A tensor never moves. What does the method return that seems to move it?",
    "`if torch.cuda.is_available:` is always true: call it to get an answer.",
    "Decide on the name of the device, 'cuda' or 'cpu', then give it to the tensor's method `to`.",
)


def to_gpu_if_available(x: torch.Tensor) -> torch.Tensor:
    """The tensor on the GPU, where there is one.

    Asks `torch.cuda.is_available()` first, before it moves anything, and anew at each call: also
    for an x that is on the GPU already, and without keeping an earlier answer.

    Args:
        x: any shape, dtype and strides, on the CPU, or on the GPU where there is one; requires
            no grad. It stays where it was, and as it was.

    Returns:
        With a GPU: x itself, the same object, if x is on the GPU already; else a copy of x on the
        GPU, with x's shape, dtype and values (strides are free).
        Without a GPU: x itself. Nothing is raised there.
    """
    return x.to("cuda") if torch.cuda.is_available() else x
