"""Move a tensor to the GPU, if there is one.

`torch.cuda.is_available()` tells whether a program may use a GPU. Code that asks it first runs on
a machine without a GPU as well as on one with it.

    x = tensor([1., 2., 3.])
    to_gpu_if_available(x)   with a GPU      ->  tensor([1., 2., 3.], device='cuda:0'), a copy
                             without a GPU   ->  x itself
"""

import torch


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
    raise NotImplementedError
