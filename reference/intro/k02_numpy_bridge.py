"""Cross the bridge between NumPy and PyTorch, both ways.

`torch.from_numpy(array)` and `tensor.numpy()` copy nothing: they wrap the memory that is there,
with its shape, strides and dtype. That makes them cheap, and it means that a write on one side
shows on the other. `torch.as_tensor` and `np.asarray` share too; where they can't, they copy.

The common wrong answers: `torch.tensor(array)` copies, so later writes are not seen; and the way
back is forgotten, so that the function returns a tensor, which looks much like an array when it
is printed.
"""

import numpy as np
import torch

HINTS = (
    "Which of the two libraries knows of the other? Look for the other's name in its functions.",
    "torch.tensor always copies its data. Some relatives of it, named by what they take, do not.",
    "Print the array after you have changed the tensor: in shared memory it has changed too.",
    "One way is a function of torch whose name begins with `from`; the other is a tensor's method.",
)


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
    return torch.from_numpy(array)


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
    return tensor.numpy()
