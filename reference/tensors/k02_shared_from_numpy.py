"""Look at a NumPy array as a tensor: share its memory, or say that it cannot be shared.

`torch.from_numpy` wraps the memory that is there, whatever the shape and the strides, and raises
ValueError where a tensor cannot describe it: no stride of a tensor is negative. But it takes an
array that NumPy has locked, with a warning that comes only once in a program, and then writes
through the tensor change what nobody may change. So `array.flags.writeable` is asked first.

The common wrong answer is `torch.tensor(array)`, which always copies. `np.ascontiguousarray` copies
as soon as the elements do not lie in their order, and so hides a reversed array from torch. Turning
torch's warning into an error works for the first array only.
"""

import numpy as np
import torch

HINTS = (
    "Which function of torch wraps the memory of an array, and which ones copy it?",
    "Try it on array[::-1] and on an array with array.flags.writeable = False. Try it twice.",
    "A warning that comes once is no test: ask the array itself whether it may be written to.",
    "torch.from_numpy refuses negative strides by itself; only array.flags is left to look at.",
)


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
    if not array.flags.writeable:
        raise ValueError("a tensor would let its user write to a read-only array")
    return torch.from_numpy(array)
