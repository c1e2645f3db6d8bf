"""Wrong and right answers to intro/k01_random_tensor."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor

BUFFER = torch.empty(2, 3, 4)
FIXED = torch.rand(2, 3, 4)


@impostor(
    "random_tensor",
    diagnosis="torch.randn is normally distributed; uniform on [0, 1) is torch.rand.",
    aspect="values",
)
def draws_normal_numbers(device="cpu"):
    return torch.randn(2, 3, 4, device=device)


@impostor(
    "random_tensor",
    diagnosis="A seed inside the function gives the same numbers at each call.",
    aspect="values",
)
def seeds_inside(device="cpu"):
    torch.manual_seed(0)
    return torch.rand(2, 3, 4, device=device)


@impostor(
    "random_tensor",
    diagnosis="NumPy's numbers are float64, and torch.manual_seed does not repeat them.",
    aspect="dtype",
)
def takes_float64_from_numpy(device="cpu"):
    return torch.from_numpy(np.random.rand(2, 3, 4)).to(device)


@impostor(
    "random_tensor",
    diagnosis="Another generator, NumPy's or one of its own, does not follow torch.manual_seed.",
    aspect="values",
)
def takes_float32_from_numpy(device="cpu"):
    return torch.tensor(np.random.rand(2, 3, 4), dtype=torch.float32, device=device)


@impostor(
    "random_tensor",
    diagnosis="`device` is not used, or the tensor that .to(device) returns is dropped.",
    aspect="device",
)
def ignores_the_device(device="cpu"):
    return torch.rand(2, 3, 4)


@impostor(
    "random_tensor",
    diagnosis="The device was chosen by what the machine has, not by the argument.",
    aspect="device",
)
def prefers_the_gpu(device="cpu"):
    return torch.rand(2, 3, 4, device="cuda" if torch.cuda.is_available() else "cpu")


@impostor("random_tensor", diagnosis="The sizes are in another order: (4, 3, 2).", aspect="shape")
def reverses_the_shape(device="cpu"):
    return torch.rand(4, 3, 2, device=device)


@impostor("random_tensor", diagnosis="The shape (2, 3) lacks the last dimension.", aspect="shape")
def forgets_a_dimension(device="cpu"):
    return torch.rand(2, 3, device=device)


@impostor(
    "random_tensor",
    diagnosis="torch.empty draws nothing: it shows whatever was in its memory before.",
    aspect="values",
)
def draws_nothing(device="cpu"):
    return torch.empty(2, 3, 4, device=device)


@impostor(
    "random_tensor",
    diagnosis="set_default_device moves all tensors that are made later, also the caller's.",
    aspect="memory",
)
def changes_the_default_device(device="cpu"):
    torch.set_default_device(device)
    return torch.rand(2, 3, 4)


@impostor("random_tensor", diagnosis="All numbers are 1.", aspect="values")
def returns_ones(device="cpu"):
    return torch.ones(2, 3, 4, device=device)


@impostor(
    "random_tensor", diagnosis="The numbers reach from -1 to 1, not from 0 to 1.", aspect="values"
)
def reaches_below_zero(device="cpu"):
    return torch.rand(2, 3, 4, device=device) * 2 - 1


@impostor(
    "random_tensor",
    diagnosis="Whole numbers divided by 10 give only ten different values.",
    aspect="values",
)
def draws_tenths(device="cpu"):
    return torch.randint(0, 10, (2, 3, 4), device=device) / 10


@impostor(
    "random_tensor",
    diagnosis="The absolute value of a normal number, cut off at 1, is not uniform.",
    aspect="values",
)
def folds_normal_numbers(device="cpu"):
    return torch.randn(2, 3, 4, device=device).abs().clamp(max=0.999)


@impostor(
    "random_tensor",
    diagnosis="One number is drawn for each row and repeated along it.",
    aspect="values",
)
def repeats_along_rows(device="cpu"):
    return torch.rand(2, 3, 1, device=device).repeat(1, 1, 4)


@impostor(
    "random_tensor",
    diagnosis="The numbers were drawn once, when the file was imported.",
    aspect="values",
)
def draws_once(device="cpu"):
    return FIXED.to(device).clone()


@impostor(
    "random_tensor",
    diagnosis="One buffer is filled again at each call, so earlier results change.",
    aspect="memory",
)
def reuses_a_buffer(device="cpu"):
    return BUFFER.uniform_() if str(device) == "cpu" else BUFFER.uniform_().to(device)


@impostor(
    "random_tensor",
    diagnosis="torch.seed() replaces the caller's seed by one from the system.",
    aspect="values",
)
def seeds_from_the_system(device="cpu"):
    torch.seed()
    return torch.rand(2, 3, 4, device=device)


@impostor(
    "random_tensor",
    diagnosis="The random state is put back at each call, so each call draws the same numbers.",
    aspect="values",
)
def puts_the_state_back(device="cpu"):
    with torch.random.fork_rng(devices=[]):
        return torch.rand(2, 3, 4).to(device)


@impostor(
    "random_tensor",
    diagnosis="The device may also be 'cuda:0' or a torch.device, neither of which equals 'cuda'.",
    aspect="device",
)
def compares_the_device_with_a_text(device="cpu"):
    x = torch.rand(2, 3, 4)
    return x.cuda() if device == "cuda" else x


@impostor(
    "random_tensor",
    diagnosis="1 - torch.rand is uniform on (0, 1]: it gives 1 and never 0.",
    aspect="values",
)
def takes_the_other_end(device="cpu"):
    return 1 - torch.rand(2, 3, 4, device=device)


@impostor(
    "random_tensor",
    diagnosis="A float64 just below 1 becomes 1 when it is rounded to float32.",
    aspect="values",
)
def rounds_from_float64(device="cpu"):
    return torch.rand(2, 3, 4, dtype=torch.float64, device=device).float()


@impostor(
    "random_tensor",
    diagnosis="Scaled by 0.99, the numbers are below 1 but no longer reach up to it.",
    aspect="values",
)
def stays_away_from_1(device="cpu"):
    return torch.rand(2, 3, 4, device=device) * 0.99


@impostor(
    "random_tensor",
    diagnosis="float16 has few numbers between 0 and 1; in float32 they are as few.",
    aspect="values",
)
def draws_in_half_precision(device="cpu"):
    return torch.rand(2, 3, 4, dtype=torch.float16, device=device).float()


@impostor(
    "random_tensor",
    diagnosis="The sigmoid of a normal number lies between 0 and 1 and is not uniform.",
    aspect="values",
)
def squashes_normal_numbers(device="cpu"):
    return torch.randn(2, 3, 4, device=device).sigmoid()


@impostor(
    "random_tensor",
    diagnosis="Sorted numbers depend on their place: the last one is nearly always close to 1.",
    aspect="values",
)
def sorts_the_numbers(device="cpu"):
    return torch.rand(24, device=device).sort().values.view(2, 3, 4)


@impostor(
    "random_tensor",
    diagnosis="Divided by its largest number, each tensor holds a 1.",
    aspect="values",
)
def divides_by_the_largest(device="cpu"):
    x = torch.rand(2, 3, 4, device=device)
    return x / x.max()


@impostor(
    "random_tensor",
    diagnosis="The second half mirrors the first, so the numbers are not independent.",
    aspect="values",
)
def mirrors_the_first_half(device="cpu"):
    half = torch.rand(1, 3, 4, device=device)
    return torch.cat([half, 0.9999999 - half])


@impostor(
    "random_tensor",
    diagnosis="Whole numbers divided by a million give only a million different values.",
    aspect="values",
)
def draws_millionths(device="cpu"):
    return torch.randint(0, 10**6, (2, 3, 4), device=device) / 10**6


@impostor(
    "random_tensor",
    diagnosis="On the GPU the numbers come sorted, on the CPU they do not.",
    aspect="values",
)
def sorts_them_on_the_gpu(device="cpu"):
    x = torch.rand(24, device=device)
    return (x.sort().values if x.is_cuda else x).view(2, 3, 4)


@impostor(
    "random_tensor",
    diagnosis="Each 24th of [0, 1) gets one of the numbers, so that they are not independent.",
    aspect="values",
)
def spreads_them_evenly(device="cpu"):
    x = (torch.randperm(24, device=device) + torch.rand(24, device=device)) / 24
    return x.clamp(max=1 - 2**-24).view(2, 3, 4)


@impostor("random_tensor", diagnosis="The result is a NumPy array.", aspect="type")
def returns_an_array(device="cpu"):
    return torch.rand(2, 3, 4).numpy()


@alternative("random_tensor")
def fills_an_empty_tensor(device="cpu"):
    return torch.empty(2, 3, 4, device=device).uniform_()


@alternative("random_tensor")
def moves_it_afterwards(device="cpu"):
    return torch.rand((2, 3, 4)).to(device)


@alternative("random_tensor")
def like_another(device="cpu"):
    return torch.rand_like(torch.zeros(2, 3, 4, device=device))


@alternative("random_tensor")
def from_a_distribution(device="cpu"):
    return torch.distributions.Uniform(0.0, 1.0).sample((2, 3, 4)).to(device)


@alternative("random_tensor")
def by_initialisation(device="cpu"):
    return torch.nn.init.uniform_(torch.zeros(2, 3, 4, device=device))


@alternative("random_tensor")
def transposed(device="cpu"):
    return torch.rand(4, 3, 2, device=device).permute(2, 1, 0)


@alternative("random_tensor")
def number_by_number(device="cpu"):
    rows = [[[torch.rand(()).item() for _ in range(4)] for _ in range(3)] for _ in range(2)]
    return torch.tensor(rows, device=device)


@alternative("random_tensor")
def from_float64(device="cpu"):
    return torch.rand(2, 3, 4, dtype=torch.float64, device=device).float().clamp(max=1 - 2**-24)


@alternative("random_tensor")
def under_a_default_device(device="cpu"):
    with torch.device(device):
        return torch.rand(2, 3, 4)


@alternative("random_tensor")
def whole_numbers_over_2_to_the_24(device="cpu"):
    return torch.randint(0, 2**24, (2, 3, 4), device=device) / 2**24


@alternative("random_tensor")
def part_by_part(device="cpu"):
    return torch.stack([torch.rand(3, 4, device=device) for _ in range(2)])


@alternative("random_tensor")
def corner_of_a_larger_one(device="cpu"):
    return torch.rand(7, 5, 9, device=device)[:2, :3, :4]


@alternative("random_tensor")
def with_the_default_generator(device="cpu"):
    return torch.rand(2, 3, 4, generator=torch.default_generator).to(device)


@alternative("random_tensor")
def written_to_out(device="cpu"):
    result = torch.empty(2, 3, 4, device=device)
    torch.rand(2, 3, 4, out=result)
    return result


@alternative("random_tensor")
def through_numpy_and_back(device="cpu"):
    return torch.from_numpy(torch.rand(2, 3, 4).numpy()).to(device)


@alternative("random_tensor")
def by_the_type_of_the_device(device="cpu"):
    x = torch.rand(size=(2, 3, 4), dtype=torch.float32)
    return x.cuda() if torch.device(device).type == "cuda" else x


@impostor(
    "random_tensor",
    diagnosis="The tensor requires grad, though nobody asked autograd to track it.",
    aspect="memory",
)
def that_requires_grad(device="cpu"):
    return torch.rand(2, 3, 4, device=device, requires_grad=True)
