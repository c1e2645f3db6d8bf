"""The checks of intro/k01_random_tensor: statistics whose bounds a right answer breaks once in 1e9.

The bound on an empirical distribution is the inequality of Dvoretzky, Kiefer, Wolfowitz and
Massart, the one on a mean is Hoeffding's.
"""

import math

import pytest
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_shape,
    expect_tensor,
)
from dojo.devices import gpu

UNIFORM = (
    "`torch.rand` is uniform on [0, 1); `torch.randn` is normal, `torch.randint` makes integers."
)
AT_EACH_CALL = "Draw new numbers at each call, with no seed inside the function."
GENERATOR = "Draw with torch's own functions, from its global generator, and do not seed it."
DEVICE = "Make the tensor on the device that the argument names."

SHAPE = (2, 3, 4)
FALSE_ALARM = 1e-10
CALLS = {"cpu": 2000, "cuda": 300}  # each call costs more on a simulated GPU


def distribution_bound(count):
    """The distance from the true distribution that `count` draws exceed once in 1 / FALSE_ALARM."""
    return math.sqrt(math.log(2 / FALSE_ALARM) / (2 * count))


def draws(solution, device):
    """Results of many calls, as a (calls, 24) tensor on the CPU."""
    rows = []
    for _ in range(CALLS[device]):
        row = solution.random_tensor(device)
        expect_shape(row, SHAPE)
        rows.append(row.detach().reshape(24))
    return torch.stack(rows).cpu().double()


@aspect("type")
def test_returns_a_tensor(solution, device):
    """random_tensor returns a tensor."""
    expect_tensor(solution.random_tensor(device))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (2, 3, 4)."""
    expect_shape(solution.random_tensor(device), SHAPE)


@aspect("dtype")
def test_is_float32(solution, device):
    """The dtype is float32."""
    expect_dtype(solution.random_tensor(device), torch.float32)


@aspect("device")
@pytest.mark.parametrize("kind", [str, torch.device], ids=["text", "torch.device"])
def test_lies_on_the_device(solution, device, kind):
    """The tensor lies on the device that the argument names."""
    expect_device(solution.random_tensor(kind(device)), device, DEVICE)
    expect_device(solution.random_tensor(device=kind(device)), device, DEVICE)


@aspect("device")
def test_lies_on_the_cpu_unless_told_otherwise(solution):
    """Without an argument the tensor lies on the CPU, with a GPU present too."""
    with gpu():
        expect_device(solution.random_tensor(), "cpu", "The default of `device` is 'cpu'.")
        expect_device(solution.random_tensor("cpu"), "cpu", DEVICE)


@aspect("values")
def test_is_within_the_bounds(solution, device):
    """All numbers are at least 0 and below 1."""
    numbers = draws(solution, device)
    low, high = numbers.min().item(), numbers.max().item()
    expect(low >= 0, f"returned {low:.6g}, which is below 0.", UNIFORM)
    expect(high < 1, f"returned {high:.6g}, which is not below 1.", UNIFORM)


@aspect("values")
def test_is_uniform(solution, device):
    """The numbers are spread evenly over [0, 1)."""
    numbers = draws(solution, device).flatten().sort().values
    n = len(numbers)
    ranks = torch.arange(1, n + 1, dtype=torch.float64) / n
    distance = torch.maximum(ranks - numbers, numbers - ranks + 1 / n)
    worst = int(distance.argmax())
    bound = distribution_bound(n)
    expect(
        distance[worst].item() <= bound,
        f"is not uniform: of {n} numbers, {ranks[worst].item():.1%} are at most "
        f"{numbers[worst].item():.4g} (mean {numbers.mean().item():.4g}).",
        UNIFORM,
    )
    different = len(numbers.unique())
    expect(different > n // 2, f"gave only {different} different numbers in {n} draws.", UNIFORM)


@aspect("values")
def test_is_uniform_at_every_place(solution):
    """Each of the 24 places is uniform and independent of the others."""
    numbers = draws(solution, "cpu")
    n = len(numbers)
    columns = numbers.sort(dim=0).values
    ranks = torch.arange(1, n + 1, dtype=torch.float64).unsqueeze(1) / n
    distance = torch.maximum(ranks - columns, columns - ranks + 1 / n).amax(0)
    place = int(distance.argmax())
    expect(
        distance[place].item() <= distribution_bound(n / 2),  # wider, for 24 places at once
        f"is not uniform at index {tuple(int(i) for i in torch.unravel_index(torch.tensor(place), SHAPE))}.",
        UNIFORM,
    )
    centred = numbers - 0.5
    together = (centred.T @ centred / n).fill_diagonal_(0).abs().max().item()
    bound = 0.5 * math.sqrt(math.log(2 * 24**2 / FALSE_ALARM) / (2 * n))
    expect(together <= bound, "has places whose numbers depend on each other.", UNIFORM)


@aspect("values")
def test_draws_anew_at_each_call(solution, device):
    """Two calls give different numbers."""
    first, second = solution.random_tensor(device), solution.random_tensor(device)
    expect_shape(first, SHAPE)
    expect_shape(second, SHAPE)
    equal = int((first.detach().cpu() == second.detach().cpu()).sum())
    expect(equal < 6, f"gave {equal} of 24 numbers again at the next call.", AT_EACH_CALL)


@aspect("values")
def test_manual_seed_repeats_the_numbers(solution, device):
    """The same torch.manual_seed gives the same numbers, another one others."""
    results = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        got = solution.random_tensor(device)
        expect_shape(got, SHAPE)
        results.append(got.detach().cpu())
    same = torch.equal(results[0], results[1])
    expect(same, "gave other numbers after the same torch.manual_seed(3).", GENERATOR)
    equal = int((results[0] == results[2]).sum())
    expect(equal < 6, "gave the same numbers after torch.manual_seed(3) and (4).", AT_EACH_CALL)


@aspect("values")
def test_does_not_seed(solution, device):
    """The caller's seed is still in force after the call."""
    torch.manual_seed(12)
    solution.random_tensor(device)
    now = torch.initial_seed()
    expect(now == 12, f"changed torch's seed from 12 to {now}.", GENERATOR)


@aspect("gradient")
def test_is_not_tracked(solution, device):
    """Autograd does not track the new tensor."""
    got = solution.random_tensor(device)
    expect_tensor(got)
    expect(not got.requires_grad, "returned a tensor that requires grad.", "Nothing asked for it.")


@aspect("memory")
def test_is_a_new_tensor(solution, device):
    """Each call gives a tensor in memory of its own."""
    first = solution.random_tensor(device)
    expect_tensor(first)
    kept = first.detach().clone()
    second = solution.random_tensor(device)
    expect_tensor(second)
    expect_new_memory(second, first, hint=AT_EACH_CALL)
    expect(torch.equal(first, kept), "changed the tensor of an earlier call.", AT_EACH_CALL)
