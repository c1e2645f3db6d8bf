"""The checks of intro/k01_random_tensor: a right answer breaks their bounds once in 1e9."""

import math
import random

import numpy as np
import torch

from dojo.checks import Benchmark, CheckFailed, aspect, expect, expect_device, gpu
from dojo.checks.draws import Uniform, expect_drawn, seed_torch
from dojo.checks.independence import expect_independent
from dojo.checks.laws import DrawingFunction

UNIFORM = (
    "`torch.rand` is uniform on [0, 1); `torch.randn` is normal, `torch.randint` makes integers."
)
EMPTY = "`torch.empty` and `torch.Tensor(2, 3, 4)` hold whatever was in their memory before."
BELOW_1 = "1 is outside of [0, 1). `1 - x` gives it where x is 0, and rounding to float32 may too."
EACH = "Each of the 24 numbers is drawn by itself, and can be any float between 0 and 1."
AT_EACH_CALL = "Draw new numbers at each call, with no seed inside the function."
GENERATOR = "Draw with torch's own functions, from its global generator, and do not seed it."
DEVICE = "Make the tensor on the device that the argument names."

FALSE_ALARM = 1e-10
ANY_MEMORY = 100  # numbers beyond ±100 come from no distribution that learners try
CALLS = {"cpu": 1000, "cuda": 100}  # each call costs more on a simulated GPU
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


class TestRandomTensor(DrawingFunction):
    name = "random_tensor"
    shape = (2, 3, 4)
    draws = True
    hints = {
        "device": DEVICE,
        "setting": "Name dtype and device in the call: a default holds for the whole program from"
        " then on.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (2, 3, 4).",
        "test_has_the_dtype": "The dtype is float32.",
    }

    def numbers(self, solution, device, calls):
        """Results of many calls, as a (calls, 24) array."""
        rows = self.drawn(solution, [device], min(calls, 2))
        if calls > 1 and np.array_equal(*rows):  # more calls would tell no more
            same = "numbers" if np.ptp(rows) else f"number, {rows[0][0]:.6g}, at all places and"
            raise CheckFailed(f"gave the same {same} at each call.", AT_EACH_CALL)
        return self.drawn(solution, [device], calls) if calls > 2 else rows

    @aspect("device")
    def test_lies_on_the_cpu_unless_told_otherwise(self, solution):
        """Without an argument the tensor lies on the CPU, with a GPU present too."""
        with gpu():
            expect_device(solution.random_tensor(), "cpu", "The default of `device` is 'cpu'.")
            expect_device(solution.random_tensor(device="cuda"), "cuda", DEVICE)

    @aspect("values")
    def test_is_within_the_bounds(self, solution, device):
        """All numbers are at least 0 and below 1."""
        numbers = self.numbers(solution, device, 100)
        low, high = numbers.min(), numbers.max()
        hint = UNIFORM if low > -ANY_MEMORY and high < ANY_MEMORY else EMPTY
        expect(not math.isnan(low), "returned nan; expected numbers from 0 to 1.", hint)
        expect(bool(low >= 0), f"returned {low:.6g}, which is below 0.", hint)
        expect(bool(high < 1), f"returned {high:.6g}, which is not below 1.", hint)
        for seed in (SEED_OF_0, SEED_OF_ALMOST_1):
            seed_torch(seed)
            high = self.numbers(solution, device, 1).max()
            sentence = f"returned {high:.6g} after torch.manual_seed({seed}), which is not below 1."
            expect(bool(high < 1), sentence, BELOW_1)

    @aspect("values")
    def test_draws_anew_at_each_call(self, solution, device):
        """Two calls give different numbers."""
        first, second = self.numbers(solution, device, 2)
        equal = int((first == second).sum())
        expect(equal < 6, f"gave {equal} of 24 numbers again at the next call.", AT_EACH_CALL)

    @aspect("values")
    def test_manual_seed_repeats_the_numbers(self, solution, device):
        """The same torch.manual_seed gives the same numbers, another one others."""
        solution.random_tensor(device)  # a seed at the head of the file is set by now
        results = []
        for seed in (3, 3, 4):
            seed_torch(seed)
            results.append(self.numbers(solution, device, 1))
            sentence = f"changed torch's seed, which torch.manual_seed({seed}) had set."
            expect(torch.initial_seed() == seed, sentence, GENERATOR)
        same = np.array_equal(results[0], results[1])
        expect(same, "gave other numbers after the same torch.manual_seed(3).", GENERATOR)
        equal = int((results[0] == results[2]).sum())
        expect(equal < 6, "gave the same numbers after torch.manual_seed(3) and (4).", AT_EACH_CALL)

    @aspect("values")
    def test_is_uniform(self, solution, device):
        """The numbers are spread evenly over [0, 1), each place independent of the others."""
        rows = self.numbers(solution, device, CALLS[device])
        n, low, high = rows.size, rows.min(), rows.max()
        # of 2**24 floats: of 24000 draws some 17 are equal to others, of 2400 mostly none
        different = 1 + int(np.count_nonzero(np.diff(np.sort(rows, axis=None))))
        sentence = f"gave only {different} different numbers in {n} draws."
        expect(different > n - n // 200, sentence, EACH)
        gap = -math.log(FALSE_ALARM) / n  # all n lie below 1 - gap once in exp(gap * n)
        expect(bool(high > 1 - gap), f"gave nothing above {high:.6g} in {n} draws.", UNIFORM)
        expect(bool(low < gap), f"gave nothing below {low:.6g} in {n} draws.", UNIFORM)
        expect_drawn(rows, Uniform(0.5, 0.5), "drew a sample that", UNIFORM, EACH)
        expect_independent(rows, Uniform(0.5, 0.5), self.shape, EACH)
