"""Holds the simulated GPU to what torch does on a real one."""

from __future__ import annotations

import copy
import gc
import io

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.utils.data import DataLoader, TensorDataset

from dojo.devices import tags
from dojo.devices.simulated_cuda import SimulatedCuda, no_cuda
from dojo.devices.tags import device_of, is_on_simulated_gpu

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")
HAS_REAL_GPU = torch.cuda.is_available()


def names():
    """What a call may use: c (2, 3), n 0-dim and i (2,) on the CPU, and g, gn, gi on the GPU."""
    cpu = {"c": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(2.0), "i": torch.tensor([1, 0])}
    gpu = {"g": cpu["c"].cuda(), "gn": cpu["n"].cuda(), "gi": cpu["i"].cuda()}
    return {**globals(), **cpu, **gpu}


def written(target, index, value):
    target[index] = value
    return target


def with_data(target, data):
    target.data = data
    return target


def with_grad(target, grad):
    target.requires_grad_().grad = grad
    return target.grad


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

NEEDS_A_GPU = [
    "torch.ones(2).cuda()",
    "torch.ones(2).to('cuda')",
    "torch.zeros(2, device='cuda')",
    "nn.Linear(2, 2).cuda()",
    "torch.cuda.current_device()",
    "torch.cuda.synchronize()",
]

OPTIMIZERS = {
    "Adam": torch.optim.Adam,
    "SGD with momentum": lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9),
    "AdamW with foreach": lambda parameters: torch.optim.AdamW(parameters, foreach=True),
}


@pytest.fixture(name="cuda")
def _cuda():
    with SimulatedCuda() as mode:
        yield mode


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
        return eval(call, {**globals(), **places}).device.type
    except RuntimeError:
        return RuntimeError


def machine():
    """All that entering a simulator may change, as it is now."""
    spaces = (torch.cuda, torch.accelerator, torch.backends.cudnn)
    functions = {
        (space, name): value
        for space in spaces
        for name, value in vars(space).items()
        if callable(value)
    }
    return (
        functions,
        torch.Generator,
        list(torch.serialization._package_registry),
        torch.get_default_device(),
        torch._C._len_torch_function_stack(),
    )


# --- like torch on a GPU


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


# --- wording


def test_mixed_devices_raise_in_the_words_of_torch(cuda):
    words = "Expected all tensors to be on the same device, but found at least two devices, "
    with pytest.raises(RuntimeError) as error:
        torch.ones(2).cuda() + torch.ones(2)
    assert str(error.value) == words + "cuda:0 and cpu!"


@pytest.mark.parametrize("convert", [np.asarray, np.from_dlpack, torch.Tensor.numpy])
def test_numpy_refuses_a_gpu_tensor_in_the_words_of_torch(cuda, convert):
    with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        convert(torch.ones(2, device="cuda"))


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_a_tensor_from_dlpack_shares_memory_and_device(cuda, place):
    x = torch.ones(2, device=place)
    shared = torch.from_dlpack(x)
    assert shared.device.type == place
    shared.add_(1)
    assert x.tolist() == [2, 2]


def test_from_dlpack_refuses_a_gpu_tensor_that_requires_grad(cuda):
    with pytest.raises(BufferError, match="require gradient"):
        torch.from_dlpack(torch.ones(2, device="cuda", requires_grad=True))


def test_a_second_gpu_is_an_invalid_device_ordinal(cuda):
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.zeros(2, device="cuda:1")


# --- moves


@pytest.mark.parametrize("again", ["cuda", "cuda:0", 0, GPU, torch.float32])
def test_moving_to_where_it_is_gives_the_same_object(cuda, again):
    x = torch.ones(2).cuda()
    assert x.to(again) is x


def test_a_copy_on_the_same_device_is_another_object(cuda):
    x = torch.ones(2).cuda()
    assert x.to("cuda", copy=True).data_ptr() != x.data_ptr()


def test_a_move_copies_the_memory(cuda):
    x = torch.ones(2)
    x.to("cuda").zero_()
    assert x.tolist() == [1, 1]


@pytest.mark.parametrize("construct", [torch.as_tensor, torch.asarray])
def test_a_gpu_tensor_shares_no_memory_with_an_array(cuda, construct):
    array = np.ones(2)
    construct(array, device="cuda").zero_()
    assert array.tolist() == [1, 1]


def test_a_moved_leaf_is_no_leaf(cuda):
    moved = torch.ones(2, requires_grad=True).to("cuda")
    assert (moved.is_leaf, moved.grad_fn.name()) == (False, "ToCopyBackward0")


@pytest.mark.parametrize("construct", [torch.tensor, torch.asarray])
def test_a_tensor_made_on_the_gpu_is_a_leaf(cuda, construct):
    assert construct([1.0], device="cuda", requires_grad=True).is_leaf


def test_a_write_through_a_view_reaches_the_gpu_tensor(cuda):
    x = torch.zeros(2, 2, device="cuda")
    x[0].fill_(1)
    assert (x.tolist(), x[0].device) == ([[1, 1], [0, 0]], GPU)


def test_an_operation_leaves_its_cpu_inputs_on_the_cpu(cuda):
    number = torch.tensor(2.0)
    torch.broadcast_tensors(torch.ones(2).cuda(), number)
    assert number.device == CPU


# --- default devices


def test_a_device_as_context_places_new_tensors_on_the_gpu(cuda):
    with torch.device("cuda"):
        assert nn.Linear(2, 2).weight.device == GPU


def test_a_device_as_context_leaves_functions_written_in_python_working(cuda):
    with torch.device("cuda"):
        query = torch.ones(2, 1, 4)
        assert nn.MultiheadAttention(4, 2)(query, query, query)[0].device == GPU


def test_a_backward_written_in_python_makes_tensors_under_a_default_gpu(cuda):
    class Ones(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, x):
            return x.clone()

        @staticmethod
        def backward(_ctx, grad):
            return grad * torch.ones(2)

    with torch.device("cuda"):
        x = torch.zeros(2, requires_grad=True)
        Ones.apply(x).sum().backward()
        assert (x.grad.device, x.grad.tolist()) == (GPU, [1, 1])


def test_an_explicit_device_overrules_the_default(cuda):
    torch.set_default_device("cuda")
    assert torch.zeros(2, device="cpu").device == CPU


def test_a_default_device_set_inside_ends_with_the_mode():
    with SimulatedCuda():
        torch.set_default_device("cuda")
        assert torch.zeros(2).device == GPU
    assert torch.zeros(2).device == CPU


# --- modules, training, data


@pytest.mark.parametrize("move", [lambda m: m.cuda(), lambda m: m.to("cuda"), copy.deepcopy])
def test_a_moved_module_is_on_the_gpu(cuda, move):
    module = move(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).to("cuda"))
    assert {value.device for value in module.state_dict().values()} == {GPU}


def test_moving_a_module_keeps_its_parameters(cuda):
    module = nn.Linear(2, 2)
    weight = module.weight
    assert module.cuda().weight is weight
    assert weight.is_leaf


@pytest.mark.parametrize(
    "make", [lambda: nn.LazyLinear(2).cuda(), lambda: nn.LazyLinear(2, device="cuda")]
)
def test_a_lazy_module_materializes_on_the_gpu(cuda, make):
    module = make()
    module(torch.ones(3, 4, device="cuda"))
    assert module.weight.device == GPU


def test_a_state_dict_from_the_cpu_loads_into_a_gpu_module(cuda):
    source, module = nn.Linear(2, 2), nn.Linear(2, 2).cuda()
    module.load_state_dict(source.state_dict())
    assert module.weight.device == GPU
    assert module.weight.tolist() == source.weight.tolist()


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_training_step_on_the_gpu_gives_the_weights_of_the_cpu(cuda, optimizer):
    def train(device):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).to(device)
        steps = optimizer(module.parameters())
        inputs = torch.linspace(-1, 1, 15).reshape(5, 3).to(device)
        for _ in range(3):
            steps.zero_grad()
            module(inputs).pow(2).mean().backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            steps.step()
        assert {parameter.grad.device.type for parameter in module.parameters()} == {device}
        return [parameter.tolist() for parameter in module.parameters()]

    assert train("cuda") == train("cpu")


def test_a_packed_sequence_keeps_its_batch_sizes_on_the_cpu(cuda):
    packed = nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2, 4).cuda(), torch.tensor([3, 2]))
    outputs = nn.LSTM(4, 5).cuda()(packed)[0]
    assert (outputs.data.device, outputs.batch_sizes.device) == (GPU, CPU)


@pytest.mark.parametrize("pin_memory", [False, True])
def test_a_loader_gives_cpu_batches_that_move(cuda, pin_memory):
    batches = DataLoader(TensorDataset(torch.arange(4.0)), batch_size=2, pin_memory=pin_memory)
    assert [(batch.device, batch.cuda().device) for (batch,) in batches] == [(CPU, GPU)] * 2


@pytest.mark.parametrize("location, expected", [(None, GPU), ("cpu", CPU), ("cuda", GPU)])
def test_a_saved_gpu_tensor_is_loaded_where_asked(cuda, location, expected):
    file = io.BytesIO()
    torch.save(torch.ones(2, device="cuda"), file)
    file.seek(0)
    assert torch.load(file, map_location=location).device == expected


# --- gradients


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


# --- tensors without storage


def test_tensors_without_memory_keep_their_own_device(cuda):
    meta = torch.ones(2, device="cuda").to("meta")
    assert (meta + torch.ones(2, device="meta")).device == torch.device("meta")


def test_a_sparse_gpu_tensor_is_on_the_gpu(cuda):
    assert (torch.eye(2).cuda().to_sparse() @ torch.ones(2, 2).cuda()).device == GPU


def test_fake_tensors_pass_through(cuda):
    with FakeTensorMode():
        assert (torch.ones(2) + 1).device == CPU


# --- random numbers


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_a_generator_is_an_instance_of_its_class_and_knows_its_device(cuda, place):
    generator = torch.Generator(place)
    assert isinstance(generator, torch.Generator)
    assert generator.device.type == place


def test_a_seeded_gpu_generator_repeats_itself(cuda):
    first, second = (
        torch.randn(3, device="cuda", generator=torch.Generator("cuda").manual_seed(7)).tolist()
        for _ in range(2)
    )
    assert first == second


def test_seeding_cuda_repeats_the_numbers_of_the_gpu(cuda):
    def draw():
        torch.cuda.manual_seed(7)
        return torch.rand(3, device="cuda").tolist()

    assert draw() == draw()


# --- the machine around the tensors


def test_the_machine_has_one_gpu(cuda):
    torch.cuda.synchronize()
    torch.accelerator.synchronize()
    with torch.cuda.device(0):
        assert (torch.cuda.is_available(), torch.cuda.device_count()) == (True, 1)
        assert torch.cuda.current_device() == 0
    assert (torch.accelerator.is_available(), torch.accelerator.device_count()) == (True, 1)
    assert torch.accelerator.current_accelerator() == torch.device("cuda")


@pytest.mark.parametrize("mode", [SimulatedCuda, no_cuda])
def test_leaving_puts_everything_back(mode):
    before = machine()
    with pytest.raises(ZeroDivisionError), mode(), mode():
        raise ZeroDivisionError
    assert machine() == before


def test_one_simulator_may_be_entered_twice():
    mode = SimulatedCuda()
    with mode:
        with mode:
            x = torch.ones(2).cuda()
        assert x.to("cuda") is x
    assert not mode.is_active


def test_a_nested_simulator_takes_a_gpu_generator():
    with SimulatedCuda(), SimulatedCuda():
        generator = torch.Generator("cuda")
        assert torch.rand(2, device="cuda", generator=generator).device == GPU


def test_a_nested_machine_without_a_gpu_has_none():
    with SimulatedCuda():
        with no_cuda():
            assert not torch.cuda.is_available()
            with pytest.raises((AssertionError, RuntimeError)):
                torch.ones(2).cuda()
        assert torch.ones(2).cuda().device == GPU


@pytest.mark.parametrize("call", NEEDS_A_GPU)
def test_a_machine_without_a_gpu_raises_what_torch_raises(call):
    expected = RuntimeError if torch.backends.cuda.is_built() else AssertionError
    with no_cuda(), pytest.raises(expected):
        eval(call)


def test_a_machine_without_a_gpu_says_so_without_raising():
    with no_cuda():
        assert (torch.cuda.is_available(), torch.cuda.device_count()) == (False, 0)
        assert (torch.accelerator.is_available(), torch.accelerator.device_count()) == (False, 0)
        assert (torch.ones(2) + 1).device == CPU


# --- asking from outside


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
