"""What entering the simulated GPU changes outside of tensors, and puts back on leaving."""

import io

import pytest
import torch
import torch.utils.checkpoint
from torch import nn

from dojo.devices.simulated_cuda import SimulatedCuda, no_cuda

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


NEEDS_A_GPU = [
    "torch.ones(2).cuda()",
    "torch.ones(2).to('cuda')",
    "torch.zeros(2, device='cuda')",
    "nn.Linear(2, 2).cuda()",
    "torch.cuda.current_device()",
    "torch.cuda.synchronize()",
]


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
        eval(call, {"torch": torch, "nn": nn})


def test_a_machine_without_a_gpu_says_so_without_raising():
    with no_cuda():
        assert (torch.cuda.is_available(), torch.cuda.device_count()) == (False, 0)
        assert (torch.accelerator.is_available(), torch.accelerator.device_count()) == (False, 0)
        assert (torch.ones(2) + 1).device == CPU


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


def test_the_gpu_draws_from_a_generator_of_its_own(cuda):
    before = torch.get_rng_state()
    torch.rand(3, device="cuda")
    x = torch.ones(3, device="cuda").normal_()
    torch.nn.functional.dropout(x, 0.5)
    torch.bernoulli(x.abs().clamp(0, 1))
    assert torch.equal(torch.get_rng_state(), before)

    before = torch.cuda.get_rng_state()
    torch.rand(3)
    torch.ones(3).normal_()
    assert torch.equal(torch.cuda.get_rng_state(), before)
    numbers = torch.rand(3, device="cuda")
    assert not torch.equal(torch.cuda.get_rng_state(), before)
    torch.cuda.set_rng_state(before)
    assert torch.equal(torch.rand(3, device="cuda"), numbers)


def test_the_gpus_generator_is_among_the_default_ones(cuda):
    (generator,) = torch.cuda.default_generators
    before = generator.get_state()
    numbers = torch.rand(3, device="cuda")
    assert generator.device == GPU
    generator.set_state(before)
    assert torch.equal(torch.rand(3, device="cuda", generator=generator), numbers)


def test_torch_manual_seed_seeds_the_gpu_too(cuda):
    torch.manual_seed(7)
    first = torch.rand(3, device="cuda"), torch.rand(3)
    torch.manual_seed(7)
    torch.rand(3)
    assert torch.equal(torch.rand(3, device="cuda"), first[0])


def test_a_fork_of_the_generators_puts_both_back(cuda):
    before = torch.get_rng_state(), torch.cuda.get_rng_state()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        torch.rand(3, device="cuda")
    after = torch.get_rng_state(), torch.cuda.get_rng_state()
    assert all(map(torch.equal, before, after))


def test_the_states_of_all_gpus_are_that_of_the_one(cuda):
    before = torch.cuda.get_rng_state_all()
    numbers = torch.rand(3, device="cuda")
    torch.cuda.set_rng_state_all(before)
    assert torch.equal(torch.rand(3, device="cuda"), numbers)
    assert len(before) == 1
    torch.cuda.random.set_rng_state(torch.cuda.random.get_rng_state())


@pytest.mark.parametrize("is_reentrant", [False, True])
def test_torchs_checkpoint_draws_the_same_again(cuda, is_reentrant):
    x = torch.ones(3, device="cuda", requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(
        lambda x: x * torch.rand_like(x), x, use_reentrant=is_reentrant
    )
    torch.rand(3, device="cuda")
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())
    assert torch.cuda.is_initialized()


def test_torchs_checkpoint_may_save_what_an_operation_makes(cuda):
    x = torch.ones(3, device="cuda", requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(lambda x: x.exp().softmax(-1), x, use_reentrant=False)
    y[0].backward()
    assert x.grad.device == GPU


@pytest.mark.parametrize("location, expected", [(None, GPU), ("cpu", CPU), ("cuda", GPU)])
def test_a_saved_gpu_tensor_is_loaded_where_asked(cuda, location, expected):
    file = io.BytesIO()
    torch.save(torch.ones(2, device="cuda"), file)
    file.seek(0)
    assert torch.load(file, map_location=location).device == expected


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
