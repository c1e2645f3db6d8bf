"""Settings and seeds of torch are reset before each check; modules are imported before a fork."""

import random
import warnings

import numpy as np
import pytest
import torch

from dojo.judge.sandbox.defaults import reset_defaults, reset_settings_and_seeds


@pytest.fixture(autouse=True)
def _settings_are_put_back():
    with warnings.catch_warnings():
        yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(False)


def test_reset_defaults_undoes_a_default_device_and_its_mode():
    torch.set_default_device("meta")
    reset_defaults()
    assert torch.zeros(1).device.type == "cpu"
    assert torch._C._len_torch_function_stack() == 0


def test_reset_defaults_undoes_a_default_dtype():
    torch.set_default_dtype(torch.float64)
    reset_defaults()
    assert torch.get_default_dtype() is torch.float32


def test_reset_settings_and_seeds_resets_the_defaults_too():
    torch.set_default_dtype(torch.float64)
    reset_settings_and_seeds()
    assert torch.get_default_dtype() is torch.float32


def test_reset_settings_and_seeds_switches_autograd_on():
    torch.set_grad_enabled(False)
    reset_settings_and_seeds()
    assert torch.is_grad_enabled()


def test_reset_settings_and_seeds_leaves_anomaly_mode():
    torch.autograd.set_detect_anomaly(True)
    reset_settings_and_seeds()
    assert not torch.is_anomaly_enabled()


def test_reset_settings_and_seeds_allows_operations_that_vary():
    torch.use_deterministic_algorithms(True)
    reset_settings_and_seeds()
    assert torch.is_deterministic_algorithms_warn_only_enabled()


def test_reset_settings_and_seeds_fills_memory_that_is_not_written():
    reset_settings_and_seeds()
    assert torch.empty(3).isnan().all()


def test_reset_settings_and_seeds_lets_an_answer_warn():
    warnings.simplefilter("error")
    reset_settings_and_seeds()
    warnings.warn("a right answer may", UserWarning, stacklevel=1)


@pytest.mark.parametrize(
    "draw",
    [lambda: torch.rand(3).tolist(), lambda: np.random.rand(3).tolist(), random.random],
    ids=["torch", "numpy", "random"],
)
def test_reset_settings_and_seeds_makes_each_generator_repeat_itself(draw):
    reset_settings_and_seeds()
    first = draw()
    draw()
    reset_settings_and_seeds()
    assert draw() == first


PRELOAD = """
import sys, gc
from dojo.judge.sandbox.defaults import preload
preload(all_of_torch={})
import torch
print(torch.get_num_threads(), "torch._dynamo" in sys.modules, gc.isenabled())
"""


def test_preload_leaves_one_thread_and_imports_no_compiler_unless_asked(output_of):
    assert output_of(PRELOAD.format(False)).split() == ["1", "False", "True"]


def test_preload_of_all_of_torch_imports_its_compiler(output_of):
    assert output_of(PRELOAD.format(True)).split() == ["1", "True", "True"]


OPTIMIZER = """
import sys
from dojo.judge.sandbox.defaults import preload
preload(all_of_torch=False)
import torch
class SGD(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {"lr": 0.5})
    def step(self):
        with torch.no_grad():
            for p in self.param_groups[0]["params"]:
                p -= p.grad
p = torch.nn.Parameter(torch.ones(2))
optimizer = SGD([p])
optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
p.sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
optimizer.zero_grad()
print("torch._dynamo" in sys.modules, p.grad, *p.tolist())
"""


def test_a_learners_optimizer_imports_no_compiler(output_of):
    assert output_of(OPTIMIZER).split() == ["False", "None", "0.0", "0.0"]
