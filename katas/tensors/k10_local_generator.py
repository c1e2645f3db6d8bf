"""Draw random numbers without touching the global generators.

A function that seeds the global generator changes every later draw of the whole program. One with
a generator of its own can be repeated, and disturbs nobody.

    local_randn((2,), seed=7, device="cpu")  ->  two numbers, the same at each call

What holds for every kata stands in katas/README.md.
"""

import torch


def local_randn(shape: tuple[int, ...], seed: int, device: str | torch.device) -> torch.Tensor:
    """Standard normal numbers that depend on the seed alone.

    Args:
        shape: the sizes of the result, a tuple of one int or more; a size may be 0.
        seed: an int from 0 to 2**31 - 1.
        device: where the tensor shall lie, such as "cpu", "cuda" or `torch.device("cuda", 0)`.

    Returns:
        A float32 tensor of that shape on `device`, drawn independently from the standard normal
        distribution. The same seed, shape and device give the same numbers, whatever was drawn or
        seeded before; another seed gives others. The global random generators of torch, NumPy and
        Python's `random` are left as they were, on the CPU and on the GPU.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
