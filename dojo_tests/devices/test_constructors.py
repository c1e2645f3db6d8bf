"""A new tensor is where its maker, its device or the default device says."""

import numpy as np
import pytest
import torch
from torch import nn

from dojo.devices.simulated_cuda import SimulatedCuda

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


@pytest.mark.parametrize("construct", [torch.as_tensor, torch.asarray])
def test_a_gpu_tensor_shares_no_memory_with_an_array(cuda, construct):
    array = np.ones(2)
    construct(array, device="cuda").zero_()
    assert array.tolist() == [1, 1]


@pytest.mark.parametrize("construct", [torch.tensor, torch.asarray])
def test_a_tensor_made_on_the_gpu_is_a_leaf(cuda, construct):
    assert construct([1.0], device="cuda", requires_grad=True).is_leaf


def test_a_device_as_context_places_new_tensors_on_the_gpu(cuda):
    with torch.device("cuda"):
        assert nn.Linear(2, 2).weight.device == GPU


def test_a_device_as_context_leaves_functions_written_in_python_working(cuda):
    with torch.device("cuda"):
        query = torch.ones(2, 1, 4)
        assert nn.MultiheadAttention(4, 2)(query, query, query)[0].device == GPU


def test_a_backward_written_in_python_has_no_default_gpu(cuda):
    """torch takes the default device away while it handles ``backward``: meta shows the same."""
    made_on = []

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, x):
            return x.clone()

        @staticmethod
        def backward(_ctx, grad):
            made_on.append(torch.ones(2).device)
            return grad * torch.ones_like(grad)

    with torch.device("cuda"):
        x = torch.zeros(2, requires_grad=True)
        Same.apply(x).sum().backward()
        assert (x.grad.device, x.grad.tolist()) == (GPU, [1, 1])
    with torch.device("meta"):
        Same.apply(torch.zeros(2, device="cpu", requires_grad=True)).sum().backward()
    assert made_on == [CPU, CPU]


def test_an_explicit_device_overrules_the_default(cuda):
    torch.set_default_device("cuda")
    assert torch.zeros(2, device="cpu").device == CPU


def test_a_default_device_set_inside_ends_with_the_mode():
    with SimulatedCuda():
        torch.set_default_device("cuda")
        assert torch.zeros(2).device == GPU
    assert torch.zeros(2).device == CPU
