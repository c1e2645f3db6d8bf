"""The checks of intro/k02_numpy_bridge: NumPy's arrays, torch's tensors, writes on each side."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, expect_array, expect_shape, numbers, tensor_of
from dojo.checks.laws import ArrayFromTensor, TensorFromArray

WRAP = "Wrap the memory that is there, whatever its strides: nothing has to be flattened."
LOCKED = "Nobody can write to an array that is read-only, so no write to it is ever seen."
APART = "does not share memory after there and back."

BENCHMARK = Benchmark(
    "numpy_to_torch",
    means="array: shape (n,), float32",
    inputs=lambda n: (np.arange(n, dtype=np.float32),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=torch.tensor,  # copies
    only_cpu=True,
)


class TestNumpyToTorch(TensorFromArray):
    name = "numpy_to_torch"
    hints = {"raises": WRAP}


class TestTorchToNumpy(ArrayFromTensor):
    name = "torch_to_numpy"
    tensors = ("tensor",)
    takes_gpu = False
    hints = {"raises": WRAP}

    @aspect("memory")
    def test_there_and_back_is_the_same_memory(self, solution):
        """Whoever crosses the bridge twice still lies where it lay."""
        shared, keep = self.hint("shared"), self.hint("keep")
        array = numbers()
        back = self.answer(solution, solution.numpy_to_torch(array))
        expect_array(back, array, keep)
        array[0, 0] = 29
        expect(bool(back[0, 0] == 29), APART, shared)
        tensor = tensor_of(numbers())
        middle = self.answer(solution, tensor)
        expect(middle.flags.writeable, "returned a read-only array.", LOCKED)
        again = solution.numpy_to_torch(middle)
        expect_shape(again, (2, 3), keep)
        tensor[0, 0] = 29
        expect(bool(again[0, 0] == 29), APART, shared)
