"""Gradients are where their tensors are, and hooks see them there."""

import pytest
import torch

from dojo.devices.simulated_cuda import SimulatedCuda

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


def test_the_gradient_for_an_edge_of_a_gpu_result_is_on_the_gpu(cuda):
    x = torch.ones(2, device="cuda", requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge(x)
    (found,) = torch.autograd.grad((x * 3).sum(), [edge])
    assert (found.device, found.tolist()) == (GPU, [3, 3])


@pytest.mark.parametrize("is_batched", [False, True])
def test_a_cpu_gradient_for_a_gpu_result_is_refused(cuda, is_batched):
    x = torch.ones(2, device="cuda", requires_grad=True)
    given = torch.eye(2) if is_batched else torch.ones(2)
    with pytest.raises(RuntimeError, match="expected device cuda:0 but got cpu"):
        torch.autograd.grad(x * 3, x, given, is_grads_batched=is_batched)
    with pytest.raises(RuntimeError, match="expected device cuda:0 but got cpu"):
        torch.autograd.grad([x.sum(), x * 3], x, grad_outputs=[None, torch.ones(2)])
    (found,) = torch.autograd.grad((x * 3).sum(), x, torch.ones(()))  # counts as a number
    assert (found.device, found.tolist()) == (GPU, [3, 3])


def test_a_cpu_vector_is_refused_by_vjp(cuda):
    _, pull_back = torch.func.vjp(lambda x: x * 3, torch.ones(2, device="cuda"))
    with pytest.raises(RuntimeError, match="expected device cuda:0 but got cpu"):
        pull_back(torch.ones(2))
    with pytest.raises(RuntimeError, match="expected device cuda:0 but got cpu"):
        torch.func.vmap(pull_back)(torch.eye(2))
    (found,) = torch.func.vmap(pull_back)(torch.eye(2, device="cuda"))
    assert (found.device, found.tolist()) == (GPU, [[3, 0], [0, 3]])


def test_a_hook_sees_a_gpu_gradient(cuda):
    seen = []
    x = torch.ones(2, device="cuda", requires_grad=True)
    x.register_hook(lambda grad: seen.append((grad + x).device))
    (x * 3).sum().backward()
    assert seen == [GPU]


@pytest.mark.parametrize("is_inherited", [False, True])
def test_a_custom_function_may_use_a_gpu_tensor_that_is_no_argument(cuda, is_inherited):
    w, seen = torch.ones(2, device="cuda"), []

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, x):
            return w * x

        @staticmethod
        def backward(_ctx, grad):
            seen.append((grad.device, torch.rand(1, device="cuda").device))
            return (grad * w).sum().cpu()

    function = type("Other", (Scale,), {}) if is_inherited else Scale
    forward = vars(function).get("forward")
    x = torch.tensor(2.0, requires_grad=True)
    for _ in range(2):
        function.apply(x).sum().backward()
    assert seen == [(GPU, GPU)] * 2
    assert (x.grad.device, x.grad.tolist()) == (CPU, 4)
    assert vars(function).get("forward") is forward


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


class Scaled(torch.autograd.Function):
    """x times 3, with a gradient that is computed by ``slope(ctx, grad)``."""

    slope = None

    @staticmethod
    def forward(ctx, x):
        ctx.device = x.device
        ctx.save_for_backward(x)
        return 3 * x

    @staticmethod
    def backward(ctx, grad):
        return Scaled.slope(ctx, grad)


looked_up_before = Scaled.apply


@pytest.fixture
def gradient_by():
    """Returns the gradient of a custom function, with its own gradient if that is tracked."""

    def gradient(slope, x, apply=Scaled.apply):
        Scaled.slope = staticmethod(slope)
        y = apply(x)
        return torch.autograd.grad((y * torch.ones_like(y)).sum(), x, create_graph=True)[0]

    return gradient


def test_the_backward_of_a_custom_function_sees_the_gpu(cuda, gradient_by):
    seen = []

    def slope(ctx, grad):
        seen.extend([grad.device, ctx.saved_tensors[0].device, ctx.device])
        return grad * torch.full((2,), 3.0, device=ctx.device)

    x = torch.ones(2, device="cuda", requires_grad=True)
    for apply in (Scaled.apply, looked_up_before):
        found = gradient_by(slope, x, apply)
        assert (found.device, found.tolist()) == (GPU, [3, 3])
    assert seen == [GPU] * 6


def test_the_backward_of_a_custom_function_cannot_mix_devices(cuda, gradient_by):
    x = torch.ones(2, device="cuda", requires_grad=True)
    with pytest.raises(RuntimeError, match="at least two devices"):
        gradient_by(lambda _ctx, grad: grad * torch.full((2,), 3.0), x)


def test_the_backward_of_a_custom_function_on_the_cpu_stays_there(cuda, gradient_by):
    def slope(ctx, grad):
        return grad * torch.full((2,), 3.0, device=ctx.device)

    x = torch.ones(2, requires_grad=True)
    assert gradient_by(slope, x).device == CPU


def test_a_custom_function_draws_the_same_in_backward(cuda, gradient_by):
    def slope(_ctx, grad):
        return grad * torch.rand(2, device="cuda")

    x = torch.ones(2, device="cuda", requires_grad=True)
    torch.cuda.manual_seed(1)
    found = gradient_by(slope, x)
    torch.cuda.manual_seed(1)
    assert found.tolist() == torch.rand(2, device="cuda").tolist()


def test_a_custom_function_has_second_gradients(cuda, gradient_by):
    x = torch.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    first = gradient_by(lambda ctx, grad: grad * ctx.saved_tensors[0] ** 3, x)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert (second.device, second.tolist()) == (GPU, [3, 12])


def test_a_gradient_on_the_cpu_stays_there(cuda):
    Scaled.slope = staticmethod(lambda _ctx, grad: grad * 3)
    x = torch.ones(2, device="cuda", requires_grad=True)
    given = torch.ones(2)
    Scaled.apply(x).cpu().backward(given)
    assert (given.device, x.grad.device) == (CPU, GPU)


def test_custom_functions_are_as_before_after_the_mode():
    node = torch.autograd.function.BackwardCFunction
    before = dict(vars(node))
    with SimulatedCuda():
        pass
    assert dict(vars(node)) == before


def test_hooks_of_saved_tensors_draw_on_the_gpu(cuda):
    x = torch.ones(2, device="cuda", requires_grad=True)
    drawn = []

    def draw(_saved):
        drawn.append(torch.rand(2, device="cuda"))
        return drawn[-1]

    with torch.autograd.graph.saved_tensors_hooks(lambda _: None, draw):
        y = x.exp()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    y.sum().backward()
    assert torch.equal(torch.get_rng_state(), before)
    assert (x.grad.tolist(), x.grad.device, drawn[0].device) == (drawn[0].tolist(), GPU, GPU)
