"""The checks of tensors/k10_local_generator.

Statistics: for n independent draws, the empirical distribution is farther than d from the true one
with a probability below 2 * exp(-2 * n * d**2) (Dvoretzky, Kiefer, Wolfowitz). With N = 10,000
draws and DISTANCE = 0.034 this is 2e-10. The correlation of two independent samples of N has a
standard deviation of 1 / sqrt(N) = 0.01; beyond 0.066, 6.6 of them, it lies once in 2e-10. The mean
square of N numbers leaves 1 by 0.1 once in 1e-10 (a bound of Chernoff's for chi-squared), all of
them lie in [-3, 3] once in 2e-12, and of 24-bit numbers a handful are there twice: not REPEATED.
Two numbers of one short draw that are in another one, too: once in 1e-12.
"""

import math
import random

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect,
    expect_shape,
    gpu,
    shares_storage,
)
from dojo.checks.laws import MakingFunction
from dojo.checks.laws.rows import Row

SHAPE = "The shape is the one that the argument names."
KEPT = "Draw anew at each call: what is kept from an earlier one may have been written to."
SEED = "The seed alone decides: seed a generator of your own at each call."
OTHERS = "Another seed is another stream of numbers."
NORMAL = "torch.randn is standard normal; torch.rand is uniform."
TAILS = "Of normal numbers, 27 in 10,000 lie outside of [-3, 3]: nothing cuts them off."
INDEPENDENT = "Each number is drawn by itself, with all the digits that float32 has."
GLOBAL = "Who seeds a global generator, or draws from it, decides what others draw next."

N = 10_000
DISTANCE = 0.034
CORRELATION = 0.066
SQUARES = 0.1
REPEATED = 100
SEEDS = [0, 1, 2, 7, 1000, 2**16, 2**24, 2**24 + 1, 2**31 - 2, 2**31 - 1]


def number_by_number(shape, seed, device):
    """A tensor for each number."""
    generator = torch.Generator(device).manual_seed(seed)
    numbers = [torch.randn((), generator=generator, device=device) for _ in range(math.prod(shape))]
    return torch.stack(numbers).reshape(shape)


BENCHMARK = Benchmark(
    "local_randn",
    means="n numbers, float32",
    inputs=lambda n: ((n,), 7, torch.get_default_device()),
    sizes=(10, 10_000, 10_000_000),
    bytes_moved=lambda n: 4 * n,  # write each number
    naive=number_by_number,
    naive_up_to=10_000,
    is_random=True,
)


def states():
    """What each global generator would draw next, by its name."""
    python = random.getstate()
    kind, keys, *rest = np.random.get_state()
    return {
        "torch's generator": torch.get_rng_state().tolist(),
        "NumPy's generator": (kind, keys.tolist(), *rest),
        "Python's generator": python,
        "torch's generator of the GPU": torch.cuda.get_rng_state().tolist(),
    }


def draw(solution, shape, seed, device):
    got = solution.local_randn(shape, seed, device)
    expect_shape(got, shape, SHAPE)
    return got.detach().cpu().clone()


def draw_of_each():
    """Draw a number of each: so none is where its seed has put it."""
    random.random()
    np.random.random()
    torch.rand(1)
    torch.rand(1, device="cuda")


class TestLocalRandn(MakingFunction):
    name = "local_randn"
    dtypes = (torch.float32,)
    cases = [((2, 3), 0), ((5,), 3), ((1,), 3), ((0, 3), 3), ((1, 1, 4), 3)]
    test_values = None  # the numbers are free but for what the tests below say
    hints = {
        "shape": SHAPE,
        "dtype": "torch.randn makes float32; NumPy makes float64.",
        "device": "Make the numbers on `device`, or move them there.",
        "raises": "Make the generator for the device on which the numbers are drawn.",
        "setting": GLOBAL,
    }
    sentences = {
        "test_has_the_shape": "The shape is the argument's.",
        "test_has_the_dtype": "The dtype is float32.",
        "test_stays_on_the_device": "The numbers lie on the device that the argument names.",
    }

    def truth(self, shape, seed):
        return np.zeros(shape)

    @aspect("values")
    def test_the_same_seed_gives_the_same_numbers(self, solution, device):
        """The same seed gives the same numbers, whatever was drawn or seeded in between."""
        for seed in SEEDS:
            first = draw(solution, (2, 3), seed, device)
            torch.manual_seed(99)
            np.random.seed(99)
            random.seed(99)
            draw(solution, (4,), 5, device)
            second = draw(solution, (2, 3), seed, device)
            expect(torch.equal(first, second), f"gave other numbers for seed {seed} again.", SEED)

    @aspect("values")
    def test_each_call_gives_a_tensor_of_its_own(self, solution, device):
        """What is done to a tensor that was returned changes no later one."""
        with torch.inference_mode():
            solution.local_randn((2, 3), 7, device).zero_()
        again = draw(solution, (2, 3), 7, device)
        expect(bool(again.any()), "returned the tensor of an earlier call once more.", KEPT)

    @aspect("values")
    def test_another_seed_gives_other_numbers(self, solution, device):
        """Another seed gives other numbers, none of them drawn for another seed before."""
        for shape in ((8,), (2,)):
            drawn = {}
            for seed in SEEDS:
                one = draw(solution, shape, seed, device)
                for earlier, other in drawn.items():
                    same = int(torch.isin(one, other).sum())
                    expect(
                        same < 2, f"gave {same} numbers that it gave for seed {earlier}.", OTHERS
                    )
                drawn[seed] = one

    @aspect("values")
    def test_is_standard_normal(self, solution, device):
        """The numbers are normal with mean 0 and standard deviation 1."""
        for seed in (0, 11):
            numbers = draw(solution, (100, 100), seed, device).double().flatten()
            cdf = torch.special.ndtr(numbers.sort().values)
            steps = torch.arange(N + 1, dtype=torch.float64) / N
            distance = torch.maximum(cdf - steps[:-1], steps[1:] - cdf).max()
            square = float(numbers.square().mean())
            expect(
                bool(distance < DISTANCE) and abs(square - 1) < SQUARES,
                f"is not standard normal: {N} numbers have mean {numbers.mean():.3g} and standard "
                f"deviation {numbers.std():.3g}.",
                NORMAL,
            )
            largest = float(numbers.abs().max())
            expect(largest > 3, f"gave {N} numbers, none beyond {largest:.3g}.", TAILS)

    @aspect("values")
    def test_the_numbers_are_independent(self, solution, device):
        """No number depends on the ones before it, or on those of another seed."""
        drawn = []
        for seed in (0, 11):
            numbers = draw(solution, (100, 100), seed, device).double().flatten()
            count = numbers.unique().numel()
            sentence = f"gave only {count} different numbers among {N}."
            expect(count > N - REPEATED, sentence, INDEPENDENT)
            drawn.append(numbers)
        one, other = drawn
        pairs = ((one, other), (one[:-1], one[1:]), (one[: N // 2], one[N // 2 :]))
        for x, y in pairs:
            together = float(torch.corrcoef(torch.stack([x, y]))[0, 1])
            bound = CORRELATION * (N / len(x)) ** 0.5
            expect(abs(together) < bound, "gives numbers that depend on each other.", INDEPENDENT)

    @aspect("memory")
    def test_remembers_nothing(self, solution, device):
        """Each call makes a new tensor, and leaves the earlier results alone."""
        for seed in (0, 1):
            row = Row(self, ((2, 3), seed), torch.float32)
            first = next(self.records(solution, device, self.plain))
            got = self.ask_again(solution, device, row).got
            expect(not shares_storage(got, first.got), "returned a tensor once more.", KEPT)
        self.expect_kept(self.kept_records(solution))

    @aspect("memory")
    def test_leaves_the_global_generators_alone(self, solution, device):
        """The generators of torch, NumPy and Python are left as they were, also that of a GPU."""
        with gpu():
            for shape, seed in (((2, 3), 0), ((40,), 5), ((1,), 3)):
                draw_of_each()
                before = states()
                self.call(solution, [shape, seed, device])
                after = states()
                for name in before:
                    expect(after[name] == before[name], f"changed {name}.", GLOBAL)
