"""The checks of intro/k09_gpu_to_numpy: each tensor is made of an array, which is expected back."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import ArrayFromTensor


def by_way_of_a_list(x):
    """Each number an object of Python's in between."""
    return np.array(x.tolist(), dtype=np.float32)


BENCHMARK = Benchmark(
    "to_numpy",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0,),
    sizes=(1_000, 100_000, 10_000_000),
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


class TestToNumpy(ArrayFromTensor):
    name = "to_numpy"
    shares = False  # that is free
    hints = {
        "raises": "x is on the CPU here, and there need be no GPU: wrap its memory as an array.",
        "memory": "Make a copy on the CPU, if need be, and leave x itself as it is.",
    }
