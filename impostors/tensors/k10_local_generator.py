"""Wrong and right answers to tensors/k10_local_generator."""

import random

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "local_randn",
    diagnosis="torch.manual_seed seeds the global generator, and every later draw repeats itself.",
    aspect="memory",
)
def seeds_everybody(shape, seed, device):
    torch.manual_seed(seed)
    return torch.randn(shape, device=device)


@impostor(
    "local_randn",
    diagnosis="The seed plays no part: the numbers come from the global generator.",
    aspect="values",
)
def ignores_the_seed(shape, seed, device):
    return torch.randn(shape, device=device)


@impostor(
    "local_randn",
    diagnosis="The generator always gets the same seed.",
    aspect="values",
)
def seeds_with_0(shape, seed, device):
    return torch.randn(shape, generator=torch.Generator(device).manual_seed(0), device=device)


@impostor(
    "local_randn",
    diagnosis="The generator lives on the CPU, and torch.randn on a GPU refuses it.",
)
def mixes_devices(shape, seed, device):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), device=device)


@impostor(
    "local_randn",
    diagnosis="The numbers stay on the CPU, whatever `device` says.",
    aspect="device",
)
def stays_on_the_cpu(shape, seed, device):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@impostor(
    "local_randn",
    diagnosis="torch.rand is uniform on [0, 1), not standard normal.",
    aspect="values",
)
def draws_uniformly(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    return torch.rand(shape, generator=generator, device=device)


@impostor(
    "local_randn",
    diagnosis="np.random.seed seeds NumPy's global generator.",
    aspect="memory",
)
def seeds_numpy(shape, seed, device):
    np.random.seed(seed)
    return torch.as_tensor(np.random.standard_normal(shape), dtype=torch.float32).to(device)


@impostor(
    "local_randn",
    diagnosis="random.seed seeds Python's global generator.",
    aspect="memory",
)
def seeds_python(shape, seed, device):
    random.seed(seed)
    numbers = [random.gauss(0, 1) for _ in range(int(np.prod(shape)))]
    return torch.tensor(numbers, dtype=torch.float32).reshape(shape).to(device)


@impostor(
    "local_randn",
    diagnosis="NumPy's numbers are float64; float32 is asked for.",
    aspect="dtype",
)
def gives_float64(shape, seed, device):
    numbers = np.random.default_rng(seed).standard_normal(shape)
    return torch.as_tensor(numbers, dtype=torch.float64).to(device)


@impostor(
    "local_randn",
    diagnosis="Every seed gives the same numbers, only shifted.",
    aspect="values",
)
def shifts(shape, seed, device):
    generator = torch.Generator(device).manual_seed(0)
    return torch.randn(shape, generator=generator, device=device) + seed


@impostor(
    "local_randn",
    diagnosis="The generator is seeded only once: a second call goes on where the first ended.",
    aspect="values",
)
def keeps_its_generators(shape, seed, device):
    key = (seed, str(device))
    if key not in KEPT:
        KEPT[key] = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, generator=KEPT[key], device=device)


KEPT = {}


@impostor(
    "local_randn",
    diagnosis="The tensor of an earlier call is returned again, with whatever was written into it.",
    aspect="values",
)
def keeps_its_tensors(shape, seed, device):
    key = (shape, seed, str(device))
    if key not in KEPT_TENSORS:
        generator = torch.Generator(device).manual_seed(seed)
        KEPT_TENSORS[key] = torch.randn(shape, generator=generator, device=device)
    return KEPT_TENSORS[key]


KEPT_TENSORS = {}


@impostor(
    "local_randn",
    diagnosis="seed or 1 takes 0 for no seed, and gives it the numbers of another one.",
    aspect="values",
)
def takes_0_for_none(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed or 1)
    return torch.randn(shape, generator=generator, device=device)


@impostor(
    "local_randn",
    diagnosis="seed or 42 takes 0 for no seed: 0 and 42 give the same numbers.",
    aspect="values",
)
def gives_0_the_seed_42(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed or 42)
    return torch.randn(shape, generator=generator, device=device)


@impostor(
    "local_randn",
    diagnosis="float32 holds no integer such as 2**24 + 1: large seeds fall onto their neighbours.",
    aspect="values",
)
def makes_a_float_of_the_seed(shape, seed, device):
    rounded = int(torch.tensor(seed, dtype=torch.float32).item())
    generator = torch.Generator(device).manual_seed(rounded)
    return torch.randn(shape, generator=generator, device=device)


@impostor(
    "local_randn",
    diagnosis="All seeds read one stream, each from another place: their numbers overlap.",
    aspect="values",
)
def skips_into_one_stream(shape, seed, device):
    generator = torch.Generator(device).manual_seed(0)
    skip, size = seed % 4096, int(np.prod(shape))
    numbers = torch.randn(skip + size + 16, generator=generator, device=device)
    return numbers[skip : skip + size].reshape(shape)


@impostor(
    "local_randn",
    diagnosis="float16 has few numbers: thousands of draws repeat each other.",
    aspect="values",
)
def draws_in_float16(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, generator=generator, device=device, dtype=torch.float16).float()


@impostor(
    "local_randn",
    diagnosis="clamp cuts the rare large numbers off, which belong to the distribution.",
    aspect="values",
)
def cuts_off_the_tails(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, generator=generator, device=device).clamp(-2, 2)


@impostor(
    "local_randn",
    diagnosis="Shifted and scaled to an exact mean of 0, no number is independent of the others.",
    aspect="values",
)
def normalises_what_it_drew(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    numbers = torch.randn(shape, generator=generator, device=device)
    return (numbers - numbers.mean()) / numbers.std() if numbers.numel() > 1 else numbers


@impostor(
    "local_randn",
    diagnosis="The sum of a few uniform numbers is nearly normal, but it is bounded.",
    aspect="values",
)
def sums_uniform_numbers(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    three = torch.rand((3, *shape), generator=generator, device=device)
    return three.sum(0) * 2 - 3


@impostor(
    "local_randn",
    diagnosis="torch.manual_seed seeds the GPU's generator too, and only the CPU's is put back.",
    aspect="memory",
)
def puts_back_the_state_of_the_cpu(shape, seed, device):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.randn(shape, device=device)


@impostor(
    "local_randn",
    diagnosis="The state is put back where the numbers are drawn, but all generators were seeded.",
    aspect="memory",
)
def puts_back_the_state_of_one_device(shape, seed, device):
    is_gpu = torch.device(device).type == "cuda"
    before = torch.cuda.get_rng_state() if is_gpu else torch.get_rng_state()
    torch.manual_seed(seed)
    numbers = torch.randn(shape, device=device)
    torch.cuda.set_rng_state(before) if is_gpu else torch.set_rng_state(before)
    return numbers


@alternative("local_randn")
def fills_in_place(shape, seed, device):
    generator = torch.Generator(device=device)
    generator.manual_seed(seed)
    return torch.empty(shape, device=device).normal_(generator=generator)


@alternative("local_randn")
def draws_on_the_cpu(shape, seed, device):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)


@alternative("local_randn")
def by_numpy(shape, seed, device):
    numbers = np.random.default_rng(seed).standard_normal(shape)
    return torch.as_tensor(numbers, dtype=torch.float32).to(device)


@alternative("local_randn")
def by_python(shape, seed, device):
    source = random.Random(seed)
    count = 1
    for size in shape:
        count *= size
    numbers = torch.tensor([source.gauss(0, 1) for _ in range(count)], dtype=torch.float32)
    return numbers.reshape(shape).to(device)


@alternative("local_randn")
def in_a_fork(shape, seed, device):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.randn(shape, device=device)


@alternative("local_randn")
def by_torch_normal(shape, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    return torch.normal(0.0, 1.0, shape, generator=generator, device=device)


@alternative("local_randn")
def puts_the_state_back(shape, seed, device):
    before = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(seed)
        return torch.randn(shape).to(device)
    finally:
        torch.set_rng_state(before)


@alternative("local_randn")
def spreads_the_shape(shape, seed, device):
    generator = torch.Generator(device=device)
    generator.manual_seed(seed)
    return torch.randn(*shape, generator=generator, device=device)


@alternative("local_randn")
def from_uniform_numbers(shape, seed, device):
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.rand(2, *shape, generator=generator, dtype=torch.float64)
    radius = (-2 * torch.log1p(-first)).sqrt()
    return (radius * torch.cos(2 * torch.pi * second)).to(device, torch.float32)


@alternative("local_randn")
def by_another_bit_generator(shape, seed, device):
    numbers = np.random.Generator(np.random.Philox(seed)).standard_normal(shape, np.float32)
    return torch.tensor(numbers, device=device)


@alternative("local_randn")
@torch.inference_mode()
def writes_to_out(shape, seed, device):
    result = torch.empty(shape, device=device)
    return torch.randn(shape, generator=torch.Generator(device).manual_seed(seed), out=result)
