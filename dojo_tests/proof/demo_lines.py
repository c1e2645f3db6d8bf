"""What learners write below their functions: it seeds, sets, draws and prints at the import."""

import random as demo_random

import numpy as demo_numpy
import torch as demo_torch

demo_torch.manual_seed(3)
demo_random.seed(3)
demo_numpy.random.seed(3)
demo_torch.set_float32_matmul_precision("high")
demo_torch.set_default_dtype(demo_torch.float64)
demo_torch.set_default_device("cuda" if demo_torch.cuda.is_available() else "cpu")
demo_torch.set_printoptions(precision=2)
demo_torch.set_grad_enabled(False)
print(demo_torch.randn(3), demo_random.random(), demo_numpy.random.rand())  # noqa: T201
