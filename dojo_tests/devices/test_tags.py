"""Which memory is on the simulated GPU, asked inside of it and outside."""

import gc

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from dojo.devices import tags
from dojo.devices.simulated_cuda import SimulatedCuda
from dojo.devices.tags import device_of, is_on_simulated_gpu

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


def test_tensors_without_memory_keep_their_own_device(cuda):
    meta = torch.ones(2, device="cuda").to("meta")
    assert (meta + torch.ones(2, device="meta")).device == torch.device("meta")


def test_a_sparse_gpu_tensor_is_on_the_gpu(cuda):
    assert (torch.eye(2).cuda().to_sparse() @ torch.ones(2, 2).cuda()).device == GPU


def test_fake_tensors_pass_through(cuda):
    with FakeTensorMode():
        assert (torch.ones(2) + 1).device == CPU


def test_a_gpu_tensor_is_known_outside_the_mode():
    with SimulatedCuda():
        x = torch.ones(2, 2).cuda()
    assert is_on_simulated_gpu(x.T)
    assert (device_of(x), device_of(torch.ones(2))) == (GPU, CPU)
    assert x.device == CPU


def test_asking_for_a_device_calls_no_mode(cuda):
    class Spy(torch.overrides.TorchFunctionMode):
        calls = 0

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.calls += 1
            return func(*args, **(kwargs or {}))

    x = torch.ones(2).cuda()
    with Spy() as spy:
        device_of(x)
    assert spy.calls == 0


def test_memory_that_is_reused_is_not_on_the_gpu(cuda):
    for _ in range(200):
        torch.ones(3).cuda()
        assert not is_on_simulated_gpu(torch.ones(3))


def test_tags_of_freed_memory_are_dropped(cuda):
    for _ in range(5000):
        torch.ones(1).cuda()
    gc.collect()
    assert len(tags.tagged) < 5000


@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated")
def test_a_script_runs_where_its_inputs_are():
    layer = torch.jit.script(nn.Linear(3, 2))
    with SimulatedCuda():
        x = torch.ones(4, 3, device="cuda")
        assert layer.to("cuda")(x).device == GPU
    assert layer.weight.device == CPU or layer.weight.is_cpu
