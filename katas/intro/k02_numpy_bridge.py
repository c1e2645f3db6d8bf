"""Cross the bridge between NumPy and PyTorch, both ways.

A NumPy array and a CPU tensor can lie in one and the same memory: crossing the bridge copies
nothing, and a write on one side is seen on the other.

    array = np.array([1., 2.]);  tensor = numpy_to_torch(array)
    array[0] = 7;  tensor         ->  tensor([7., 2.], dtype=torch.float64)
    torch_to_numpy(tensor)        ->  array([7., 2.]), a NumPy array again

What holds for every kata stands in katas/README.md.
"""

import numpy as np
import torch


def numpy_to_torch(array: np.ndarray) -> torch.Tensor:
    """A tensor in the memory of a NumPy array.

    Args:
        array: a NumPy array, such as `np.array([1., 2.])`. It stays as it is.

    Returns:
        A CPU tensor with the array's shape, dtype and values. It shares the array's memory: a write
        to one is seen in the other.

    Exactly:
        The array is writable. It may have any shape, () and empty ones too, and any strides
        that a tensor can have (whole elements, none negative). Its dtype is any that both
        libraries have: bool, 8 to 64 bit integers with and without sign, float16, float32,
        float64, complex64, complex128.
    """
    raise NotImplementedError


def torch_to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """A NumPy array in the memory of a tensor.

    Args:
        tensor: a CPU tensor that requires no grad. It stays as it is.

    Returns:
        A numpy.ndarray with the tensor's shape, dtype and values. It shares the tensor's memory: a
        write to one is seen in the other.

    Exactly:
        The tensor may have any shape, any strides and any dtype that both libraries have. It is
        no lazy conjugate or negative: tensor.is_conj() and tensor.is_neg() are False. For the
        shape () too, the result is a numpy.ndarray.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
