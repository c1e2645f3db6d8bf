"""Move a tensor to the GPU, if there is one.

`torch.cuda.is_available()` tells whether a program may use a GPU. Code that asks it first runs on
a machine without a GPU as well as on one with it.

    x = tensor([1., 2., 3.])
    to_gpu_if_available(x)   with a GPU      ->  tensor([1., 2., 3.], device='cuda:0'), a copy
                             without a GPU   ->  x itself

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
