"""Look at a NumPy array as a tensor: share its memory, or say that it cannot be shared.

Whoever asks for shared memory must not get a copy, since writes to a copy are lost without a word.

    array = np.array([1., 2., 3.]);  t = from_numpy_shared(array[::2])
    t[0] = 7.;  array               ->  array([7., 2., 3.])
    from_numpy_shared(array[::-1])  ->  ValueError: no tensor walks backwards through memory
    array.flags.writeable = False
    from_numpy_shared(array)        ->  ValueError: a tensor could be written to, the array not

What holds for every kata stands in katas/README.md.
"""

import numpy as np
import torch


def from_numpy_shared(array: np.ndarray) -> torch.Tensor:
    """A tensor in the memory of a NumPy array, never a copy.

    Args:
        array: any shape, () and empty ones too, any strides of whole elements, any dtype that both
            libraries have: bool, 8 to 64 bit integers with and without sign, float16, float32,
            float64, complex64, complex128. It stays as it is, its flags too.

    Returns:
        A CPU tensor with the array's shape, dtype and values, which shares the array's memory: a
        write to one is seen in the other.

    Raises:
        ValueError: a stride of the array is negative, or it is read-only; each time, not only the
            first one.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
