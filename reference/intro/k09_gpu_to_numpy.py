"""Bring a tensor to NumPy, wherever it is.

`x.cpu()` copies a tensor on the GPU into the CPU's memory; a tensor that is there already comes
back itself, so nobody has to ask where x is. `numpy()` then wraps that memory as an array and
copies nothing. `x.numpy(force=True)` does both steps, and detaches from autograd too.

The common wrong answer is `x.numpy()` alone: it works as long as the tensor is on the CPU, and
raises a TypeError on the first machine with a GPU. `x.cpu()` alone still returns a tensor, and on a
line of its own its copy is dropped. Going through `tolist()` loses the dtype, and empty shapes.
"""

import numpy as np
import torch

HINTS = (
    "Which memory can NumPy read, the CPU's or the GPU's?",
    "Two steps: bring the numbers to the CPU, then wrap them as an array.",
    "A tensor on the CPU may take the first step too. What does that step cost it?",
    "The first step is a method of the tensor, named after the place where it should go.",
)


def to_numpy(x: torch.Tensor) -> np.ndarray:
    """A NumPy array with the values of a tensor.

    Args:
        x: a tensor on the CPU or on the GPU. It stays where it was, and as it was.

    Returns:
        A numpy.ndarray with x's shape, dtype and values.

    Exactly:
        x has any shape, () and empty ones too, any strides, and requires no grad. Its dtype is
        any that NumPy has: bool, 8 to 64 bit integers with and without sign, float16, float32,
        float64, complex64, complex128. It is no lazy conjugate or negative: x.is_conj() and
        x.is_neg() are False.

        For the shape () too, the result is a numpy.ndarray. Whether it shares memory with an x
        on the CPU is free, and so are its strides.
    """
    return x.cpu().numpy()
