"""Each call gives the device, the values and the errors that torch gives on a GPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from dojo.devices.simulated_cuda import SimulatedCuda

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")
HAS_REAL_GPU = torch.cuda.is_available()


def names():
    """What a call may use: c (2, 3), n 0-dim and i (2,) on the CPU, and g, gn, gi on the GPU."""
    cpu = {"c": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(2.0), "i": torch.tensor([1, 0])}
    gpu = {"g": cpu["c"].cuda(), "gn": cpu["n"].cuda(), "gi": cpu["i"].cuda()}
    return {**TOOLS, **cpu, **gpu}


def written(target, index, value):
    target[index] = value
    return target


def with_data(target, data):
    target.data = data
    return target


def with_grad(target, grad):
    target.requires_grad_().grad = grad
    return target.grad


# what the text of a call may use beside tensors
TOOLS = {
    "torch": torch,
    "np": np,
    "nn": nn,
    "written": written,
    "with_data": with_data,
    "with_grad": with_grad,
}

# For the simulator and for a real GPU: the call, and the device of its result or its error.
CASES = {
    # moves
    "c.to('cuda')": "cuda",
    "c.to(torch.device('cuda', 0))": "cuda",
    "c.to(0)": "cuda",
    "c.to(g)": "cuda",
    "c.to('cuda', torch.float64, True, True)": "cuda",
    "c.to(device='cuda', dtype=torch.half, copy=True)": "cuda",
    "c[None, None].to('cuda', memory_format=torch.channels_last)": "cuda",
    "g.to(torch.float64)": "cuda",
    "g.to('cpu')": "cpu",
    "c.cuda()": "cuda",
    "c.cuda(0)": "cuda",
    "c.cuda('cpu')": RuntimeError,
    "g.cpu()": "cpu",
    "c.type('torch.cuda.DoubleTensor')": "cuda",
    "g.type('torch.DoubleTensor')": "cpu",
    "g.type(torch.float64)": "cuda",
    "c.type_as(g)": "cuda",
    # factories
    "torch.zeros(2, device='cuda')": "cuda",
    "torch.arange(4, device='cuda')": "cuda",
    "torch.tensor([1.0, 2.0], device='cuda')": "cuda",
    "torch.tensor([gn, gn])": "cpu",
    "torch.as_tensor(c, device='cuda')": "cuda",
    "torch.as_tensor(np.ones(2), device='cuda')": "cuda",
    "torch.as_tensor(g)": "cuda",
    "torch.asarray(g, device='cpu')": "cpu",
    "torch.zeros_like(g)": "cuda",
    "torch.zeros_like(g, device='cpu')": "cpu",
    "torch.ones_like(c, device='cuda')": "cuda",
    "torch.full_like(c, gn)": "cpu",
    "g.new_zeros(2)": "cuda",
    "g.new_tensor([1.0])": "cuda",
    "g.new_ones(2, device='cpu')": "cpu",
    # operations
    "g + g": "cuda",
    "g.T": "cuda",
    "g.max(dim=0).values": "cuda",
    "g.split(1)[1]": "cuda",
    "g + c": RuntimeError,
    "c + g": RuntimeError,
    "g @ c.T": RuntimeError,
    "g + n": "cuda",
    "n + g": "cuda",
    "c + gn": RuntimeError,
    "n + gn": "cuda",
    "torch.where(g > 1, n, g)": "cuda",
    "torch.cat([g, c])": RuntimeError,
    "torch.stack([gn, n])": RuntimeError,
    "torch.equal(g, c)": RuntimeError,
    "g.masked_fill(c > 1, 0)": RuntimeError,
    "nn.functional.embedding(i, g)": RuntimeError,
    "nn.functional.linear(g, c)": RuntimeError,
    "torch.broadcast_tensors(g, n)[1]": "cpu",
    "n.expand_as(g)": "cpu",
    # writing
    "g.add_(1)": "cuda",
    "g.add_(n)": "cuda",
    "c.add_(gn)": RuntimeError,
    "n.add_(gn)": RuntimeError,
    "torch.add(g, g, out=torch.empty(2, 3))": RuntimeError,
    "torch.add(g, g, out=torch.empty_like(g))": "cuda",
    "g.copy_(c)": "cuda",
    "c.copy_(g)": "cpu",
    "written(g, 0, torch.ones(3))": "cuda",
    "written(c, 0, g[1])": "cpu",
    "written(g, i, c)": RuntimeError,
    "written(g, i, n)": "cuda",
    "written(g, c > 2, 0.0)": "cuda",
    "with_data(c, g)": "cuda",
    "with_grad(g, torch.zeros_like(g))": "cuda",
    "with_grad(g, c)": RuntimeError,
    # indexing
    "g[i]": "cuda",
    "g[gi]": "cuda",
    "c[gi]": RuntimeError,
    "c[gi[0]]": "cpu",
    "g.index_select(0, i)": RuntimeError,
    # leaving torch
    "g.numpy()": TypeError,
    "np.asarray(g)": TypeError,
    "np.sin(g)": TypeError,
    "torch.from_numpy(g.cpu().numpy())": "cpu",
    "torch.from_numpy(g.numpy(force=True))": "cpu",
    "torch.tensor(g.tolist())": "cpu",
    # autograd and transforms
    "torch.autograd.grad((g.requires_grad_() ** 2).sum(), g)[0]": "cuda",
    "torch.autograd.grad((c.requires_grad_().cuda() ** 2).sum(), c)[0]": "cpu",
    "torch.autograd.grad(c.requires_grad_().cuda(), c, g)[0]": "cpu",
    "(g.requires_grad_() * 2).backward(c)": RuntimeError,
    "torch.func.grad(lambda x: (x ** 3).sum())(g)": "cuda",
    "torch.func.vmap(lambda x: x * gn)(g)": "cuda",
    "torch.func.vmap(lambda x: x + c[0])(g)": RuntimeError,
    # random numbers
    "torch.zeros(2, device='cuda').bernoulli_(1, generator=torch.Generator('cuda'))": "cuda",
    "torch.randn(2, generator=torch.Generator('cuda'))": RuntimeError,
    "torch.randn(2, device='cuda', generator=torch.Generator())": RuntimeError,
    "c.to('cuda:99')": RuntimeError,
}


GETTERS = {
    "device": (lambda x: x.device, GPU, CPU),
    "is_cuda": (lambda x: x.is_cuda, True, False),
    "is_cpu": (lambda x: x.is_cpu, False, True),
    "get_device": (lambda x: x.get_device(), 0, -1),
    "type": (lambda x: x.type(), "torch.cuda.FloatTensor", "torch.FloatTensor"),
    "repr": (repr, "tensor([1., 1.], device='cuda:0')", "tensor([1., 1.])"),
    "format": (lambda x: f"{x}", "tensor([1., 1.], device='cuda:0')", "tensor([1., 1.])"),
}


# torch's fake tensors know the devices of the results on a GPU, also where there is none.
FAKE = [
    "g + c",
    "n + g",
    "c - g.sum()",
    "g.mul_(n)",
    "c.mul_(g.sum())",
    "g @ c.T",
    "torch.cat([g, c])",
    "torch.where(c > 0, g, g)",
    "torch.where(g > 0, n, n)",
    "torch.maximum(g, n)",
    "torch.zeros_like(g, device='cpu')",
    "torch.broadcast_tensors(g, n)[1]",
    "torch.einsum('ij,ij->i', g, c)",
    "nn.functional.cross_entropy(g, c.softmax(1))",
]


def outcome(call):
    """What a call gives: device, dtype and values, or torch's error; its subclasses count as it."""
    try:
        result = eval(call, names())
    except RuntimeError:
        return (RuntimeError,)
    except TypeError:
        return (TypeError,)
    return result.device.type, result.dtype, result.tolist()


def device_or_error(call):
    places = {"g": torch.ones(2, 3, device="cuda"), "c": torch.ones(2, 3), "n": torch.ones(())}
    try:
        return eval(call, {**TOOLS, **places}).device.type
    except RuntimeError:
        return RuntimeError


@pytest.mark.parametrize("call, expected", CASES.items(), ids=CASES)
def test_a_call_gives_the_device_or_error_that_torch_gives(cuda, call, expected):
    assert outcome(call)[0] == expected


@pytest.mark.skipif(not HAS_REAL_GPU, reason="compares with a real GPU")
@pytest.mark.parametrize("call", CASES)
def test_a_call_gives_what_it_gives_on_a_real_gpu(call):
    real = outcome(call)
    with SimulatedCuda():
        simulated = outcome(call)
    assert simulated == real


@pytest.mark.parametrize("call", FAKE)
def test_a_mix_gives_what_fake_tensors_give(call):
    with FakeTensorMode():
        expected = device_or_error(call)
    with SimulatedCuda():
        assert device_or_error(call) == expected


@pytest.mark.parametrize("get, on_gpu, _on_cpu", GETTERS.values(), ids=GETTERS)
def test_a_getter_tells_a_gpu_tensor(cuda, get, on_gpu, _on_cpu):
    assert get(torch.ones(2).cuda()) == on_gpu


@pytest.mark.parametrize("get, _on_gpu, on_cpu", GETTERS.values(), ids=GETTERS)
def test_a_getter_tells_a_cpu_tensor(cuda, get, _on_gpu, on_cpu):
    assert get(torch.ones(2)) == on_cpu
