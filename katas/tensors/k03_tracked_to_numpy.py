"""Bring any tensor to NumPy: tracked by autograd, on a GPU, lazily conjugated, or in bfloat16.

NumPy knows none of these, and `numpy()` refuses them. A function that plots or saves what a network
computes meets them all. Memory is shared where it can be.

    w = tensor([1., 2.], requires_grad=True)
    a = to_numpy(w)                            ->  array([1., 2.], dtype=float32), in w's memory
    to_numpy(w * 2)                            ->  array([2., 4.], dtype=float32)
    to_numpy(tensor([1 + 2j]).conj())          ->  array([1.-2.j], dtype=complex64)
    to_numpy(tensor([.5], dtype=bfloat16))     ->  array([0.5], dtype=float32)

What holds for every kata stands in katas/README.md.
"""

import numpy as np
import torch


def to_numpy(t: torch.Tensor) -> np.ndarray:
    """The values of a tensor as a NumPy array.

    Args:
        t: any dense tensor: any shape, () and empty ones too, any strides, on the CPU or on the
            GPU, requiring grad or not, leaf or result. Its dtype is bfloat16 or one that NumPy
            has: bool, 8 to 64 bit integers with and without sign, float16, float32, float64,
            complex64, complex128. It may be lazily conjugated or negated: t.is_conj() or
            t.is_neg() is True. It stays as it is, where it is, and as tracked as it was.

    Returns:
        A numpy.ndarray (for the shape () too) with t's shape and exact values, in t's dtype;
        bfloat16 becomes float32. It shares memory with t, so that a later write to t is seen in
        the array, wherever t lies on the CPU, is not bfloat16, and is neither lazily conjugated
        nor negated; otherwise it is a copy.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
