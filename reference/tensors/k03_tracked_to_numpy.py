"""Bring any tensor to NumPy: tracked by autograd, on a GPU, lazily conjugated, or in bfloat16.

Each of them makes `numpy()` raise, and each has its own remedy: `detach()` gives the same memory
without autograd, `cpu()` copies from the GPU (and nothing on the CPU), `resolve_conj()` and
`resolve_neg()` carry out what torch has put off, and a bfloat16, which NumPy does not have, fits
into a float32 without loss. `numpy(force=True)` does all of them but the last.

What is on the CPU and of a dtype that NumPy has needs no copy: the array shows the tensor's own
memory. The common wrong answers are `np.array(t.tolist())`, which copies number by number and loses
the dtype, `t.detach().clone()`, a copy that nobody asked for, and `t.float()` for everything, which
takes digits from float64 and from large integers.
"""

import numpy as np
import torch

HINTS = (
    "What does numpy() say to a tensor that requires grad, to x.conj(), to a bfloat16?",
    "detach() takes a tensor out of autograd and copies nothing; cpu() copies only from a GPU.",
    "Read the documentation of Tensor.numpy: what does force=True do?",
    "Only a bfloat16 tensor needs another dtype; every other one keeps its own, and its memory.",
)


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
    t = t.detach()
    if t.dtype == torch.bfloat16:
        t = t.float()
    return t.numpy(force=True)
