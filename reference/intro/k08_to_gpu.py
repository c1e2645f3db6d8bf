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

    Args:
        x: a tensor on the CPU. It stays where it was, and as it was.

    Returns:
        With a GPU: a copy of x on the GPU, with x's shape, dtype and values.
        Without a GPU: x itself, the same object. Nothing is raised there.

    Exactly:
        `torch.cuda.is_available()` is asked first, before anything is moved, and at each call:
        also for an x that is on the GPU already, and without keeping an earlier answer.

        x has any shape, dtype and strides, and requires no grad. It may be on the GPU already
        where there is one; then x itself is returned. The strides of a copy are free.
    """
    return x.to("cuda") if torch.cuda.is_available() else x
