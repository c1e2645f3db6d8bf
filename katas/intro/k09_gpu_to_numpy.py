"""Bring a tensor to NumPy, wherever it is.

NumPy only knows the CPU's memory. An array of a tensor on the GPU needs its numbers there first.

    x = tensor([1., 2., 3.], device='cuda')
    to_numpy(x)         ->  array([1., 2., 3.], dtype=float32)
    to_numpy(x.cpu())   ->  the same: x may be on either device

What holds for every kata stands in katas/README.md.
"""

import numpy as np
import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
