"""The checks of intro/k01_random_tensor: statistics whose bounds a right answer breaks once in 1e9.

The bound on an empirical distribution is the inequality of Dvoretzky, Kiefer, Wolfowitz and
Massart, the one on a mean is Hoeffding's. NumPy computes both, whatever the answer set in torch.
"""

import math
import random

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    gpu,
    shares_storage,
)
from dojo.checks.draws import seed_torch
from dojo.checks.laws.settings import settings_watched

UNIFORM = (
    "`torch.rand` is uniform on [0, 1); `torch.randn` is normal, `torch.randint` makes integers."
)
EMPTY = "`torch.empty` and `torch.Tensor(2, 3, 4)` hold whatever was in their memory before."
BELOW_1 = "1 is outside of [0, 1). `1 - x` gives it where x is 0, and rounding to float32 may too."
EACH = "Each of the 24 numbers is drawn by itself, and can be any float between 0 and 1."
AT_EACH_CALL = "Draw new numbers at each call, with no seed inside the function."
GENERATOR = "Draw with torch's own functions, from its global generator, and do not seed it."
OWN = "Make a new tensor at each call, so that the caller can keep the earlier ones."
SETTING = "Name dtype and device in the call: a default holds for the whole program from then on."
DEVICE = "Make the tensor on the device that the argument names."

DRAWN = "random generator"
SHAPE = (2, 3, 4)
FALSE_ALARM = 1e-10
ANY_MEMORY = 100  # numbers beyond ±100 come from no distribution that learners try
CALLS = {"cpu": 1000, "cuda": 100}  # each call costs more on a simulated GPU
DEVICES = {
    "cpu": ["cpu", torch.device("cpu")],
    "cuda": ["cuda", torch.device("cuda"), "cuda:0", torch.device("cuda", 0)],
}
# After the one, torch's CPU generator gives an exact 0 as a float32, after the other a float64 that
# float32 rounds up to 1. Where a generator differs, they are seeds like any other.
SEED_OF_0, SEED_OF_ALMOST_1 = 1753191, 1047901


def from_pythons_numbers(device):
    """The numbers drawn one by one in Python."""
    rows = [[[random.random() for _ in range(4)] for _ in range(3)] for _ in range(2)]
    return torch.tensor(rows, device=device)


BENCHMARK = Benchmark(
    "random_tensor",
    means="24 numbers of shape (2, 3, 4), float32",
    inputs=lambda _n: (torch.get_default_device(),),
    sizes=(24,),
    bytes_moved=lambda n: 4 * n,  # write each number
    naive=from_pythons_numbers,
    is_random=True,
)


def draws(solution, device, calls):
    """Results of many calls, as a (calls, 24) array."""
    rows = []
    for _ in range(calls):
        row = solution.random_tensor(device)
        expect_shape(row, SHAPE)
        rows.append(row.detach().cpu().numpy().reshape(24).astype(np.float64))
        if len(rows) == 2 and np.array_equal(*rows):  # more calls would tell no more
            same = "numbers" if np.ptp(rows) else f"number, {rows[0][0]:.6g}, at all places and"
            raise CheckFailed(f"gave the same {same} at each call.", AT_EACH_CALL)
    return np.stack(rows)


def distances(columns):
    """How far the sorted numbers of each column are from uniform, at their ranks."""
    ranks = np.arange(1, len(columns) + 1)[:, None] / len(columns)
    return np.maximum(ranks - columns, columns - ranks + 1 / len(columns))


def distance_bound(count, columns=1):
    """The distance that one of so many columns of `count` draws exceeds once in 1 / FALSE_ALARM."""
    return math.sqrt(math.log(2 * columns / FALSE_ALARM) / (2 * count))


def place(index):
    """An index into the 24 numbers as one into the tensor."""
    return tuple(int(i) for i in np.unravel_index(index, SHAPE))


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
def test_lies_on_the_device(solution, device):
    """The tensor lies on the device that the argument names."""
    for name in DEVICES[device]:
        expect_device(solution.random_tensor(name), device, DEVICE)
        expect_device(solution.random_tensor(device=name), device, DEVICE)


@aspect("device")
def test_lies_on_the_cpu_unless_told_otherwise(solution):
    """Without an argument the tensor lies on the CPU, with a GPU present too."""
    with gpu():
        expect_device(solution.random_tensor(), "cpu", "The default of `device` is 'cpu'.")
        expect_device(solution.random_tensor("cpu"), "cpu", DEVICE)


@aspect("values")
def test_is_within_the_bounds(solution, device):
    """All numbers are at least 0 and below 1."""
    numbers = draws(solution, device, 100)
    low, high = numbers.min(), numbers.max()
    hint = UNIFORM if low > -ANY_MEMORY and high < ANY_MEMORY else EMPTY
    expect(not math.isnan(low), "returned nan; expected numbers from 0 to 1.", hint)
    expect(bool(low >= 0), f"returned {low:.6g}, which is below 0.", hint)
    expect(bool(high < 1), f"returned {high:.6g}, which is not below 1.", hint)
    for seed in (SEED_OF_0, SEED_OF_ALMOST_1):
        seed_torch(seed)
        high = draws(solution, device, 1).max()
        sentence = f"returned {high:.6g} after torch.manual_seed({seed}), which is not below 1."
        expect(bool(high < 1), sentence, BELOW_1)


@aspect("values")
def test_draws_anew_at_each_call(solution, device):
    """Two calls give different numbers."""
    first, second = draws(solution, device, 2)
    equal = int((first == second).sum())
    expect(equal < 6, f"gave {equal} of 24 numbers again at the next call.", AT_EACH_CALL)


@aspect("values")
def test_manual_seed_repeats_the_numbers(solution, device):
    """The same torch.manual_seed gives the same numbers, another one others."""
    draws(solution, device, 1)  # a seed at the head of the file is set by now
    results = []
    for seed in (3, 3, 4):
        seed_torch(seed)
        results.append(draws(solution, device, 1))
    same = np.array_equal(results[0], results[1])
    expect(same, "gave other numbers after the same torch.manual_seed(3).", GENERATOR)
    equal = int((results[0] == results[2]).sum())
    expect(equal < 6, "gave the same numbers after torch.manual_seed(3) and (4).", AT_EACH_CALL)


@aspect("values")
def test_does_not_seed(solution, device):
    """The caller's seed is still in force after the call."""
    solution.random_tensor(device)  # a seed at the head of the file is set by now
    seed_torch(12)
    solution.random_tensor(device)
    kept = torch.initial_seed() == 12
    expect(kept, "changed torch's seed, which torch.manual_seed(12) had set.", GENERATOR)


@aspect("values")
def test_is_uniform(solution, device):
    """The numbers are spread evenly over [0, 1)."""
    numbers = np.sort(draws(solution, device, CALLS[device]), axis=None)
    n = len(numbers)
    # of 2**24 floats: of 24000 draws some 17 are equal to others, of 2400 mostly none
    different = 1 + int(np.count_nonzero(np.diff(numbers)))  # they are sorted
    expect(different > n - n // 200, f"gave only {different} different numbers in {n} draws.", EACH)
    gap = -math.log(FALSE_ALARM) / n  # all n lie below 1 - gap once in exp(gap * n)
    low, high = numbers[0], numbers[-1]
    expect(bool(high > 1 - gap), f"gave nothing above {high:.6g} in {n} draws.", UNIFORM)
    expect(bool(low < gap), f"gave nothing below {low:.6g} in {n} draws.", UNIFORM)
    distance = distances(numbers[:, None])[:, 0]
    worst = int(distance.argmax())
    expect(
        bool(distance[worst] <= distance_bound(n)),
        f"is not uniform: of {n} numbers, {(worst + 1) / n:.1%} are at most "
        f"{numbers[worst]:.4g}; expected about {numbers[worst]:.1%}.",
        UNIFORM,
    )


@aspect("values")
def test_is_uniform_at_every_place(solution, device):
    """Each of the 24 places is uniform and independent of the others."""
    numbers = draws(solution, device, CALLS[device])
    n, places = numbers.shape
    distance = distances(np.sort(numbers, axis=0)).max(axis=0)
    worst = int(distance.argmax())
    expect(
        bool(distance[worst] <= distance_bound(n, places)),
        f"is not uniform at index {place(worst)}: in {n} calls the mean there is "
        f"{numbers[:, worst].mean():.3g}.",
        EACH,
    )
    # a product of two lies within ±1/4, and its mean is 0 where they are independent
    together = np.abs((numbers - 0.5).T @ (numbers - 0.5) / n)
    np.fill_diagonal(together, 0)
    one, other = divmod(int(together.argmax()), places)
    expect(
        bool(together[one, other] <= 0.5 * distance_bound(n, places**2)),
        f"gives numbers that depend on each other: those at {place(one)} and {place(other)}.",
        EACH,
    )
    # a sum of 24 is more than 1 away from 12 in 48 of 100 calls: its deviation is sqrt(24 / 12)
    share, least = (np.abs(numbers.sum(axis=1) - 12) > 1).mean(), 0.48 - distance_bound(n)
    expect(bool(share > least), "gives 24 numbers whose sum is always about 12.", EACH)


@aspect("memory")
def test_is_a_new_tensor(solution, device):
    """Each call gives a tensor in memory of its own."""
    first = solution.random_tensor(device)
    expect_tensor(first)
    kept = first.detach().clone()
    second = solution.random_tensor(device)
    expect_tensor(second)
    expect(not shares_storage(first, second), "gave the memory of an earlier result again.", OWN)
    expect(torch.equal(first, kept), "changed the tensor of an earlier call.", OWN)


@aspect("memory")
def test_leaves_torch_as_it_is(solution, device):
    """It changes no setting of torch; only random numbers are drawn."""
    with settings_watched(solution) as found:
        solution.random_tensor(device)
    expect(not found.text or DRAWN in found.text, found.text, SETTING)
