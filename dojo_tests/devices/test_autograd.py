"""Gradients are where their tensors are, and hooks see them there."""

import pytest
import torch

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


def test_the_grad_of_a_gpu_leaf_is_on_the_gpu(cuda):
    x = torch.ones(2, device="cuda", requires_grad=True)
    (x * 3).sum().backward()
    assert (x.grad.device, x.grad.tolist()) == (GPU, [3, 3])


def test_the_grad_of_a_cpu_leaf_of_a_gpu_result_is_on_the_cpu(cuda):
    x = torch.ones(2, requires_grad=True)
    (x.cuda() * 3).backward(torch.ones(2, device="cuda"))
    assert (x.grad.device, x.grad.tolist()) == (CPU, [3, 3])


def test_a_hook_sees_a_gpu_gradient(cuda):
    seen = []
    x = torch.ones(2, device="cuda", requires_grad=True)
    x.register_hook(lambda grad: seen.append((grad + x).device))
    (x * 3).sum().backward()
    assert seen == [GPU]


def test_a_custom_function_works_on_the_gpu(cuda):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    x = torch.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    Square.apply(x).sum().backward()
    assert (x.grad.device, x.grad.tolist()) == (GPU, [2, 4])


def test_gradcheck_accepts_a_gpu_function(cuda):
    x = torch.tensor([0.5, 1.5], dtype=torch.float64, device="cuda", requires_grad=True)
    assert torch.autograd.gradcheck(torch.sin, x)


def test_assert_close_tells_the_devices_apart(cuda):
    with pytest.raises(AssertionError, match="attribute 'device' do not match: cuda:0 != cpu"):
        torch.testing.assert_close(torch.ones(2, device="cuda"), torch.ones(2))
