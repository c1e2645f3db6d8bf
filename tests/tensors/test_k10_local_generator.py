"""The checks of tensors/k10_local_generator: a right answer breaks their bounds once in 1e9.

Two numbers of one short draw are in another one, too, once in 1e12.
"""

import math
import random

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, gpu
from dojo.checks.draws import Normal, expect_drawn, may_be_share
from dojo.checks.independence import expect_independent
from dojo.checks.laws import DrawingFunction

KEPT = "Draw anew at each call: what is kept from an earlier one may have been written to."
SEED = "The seed alone decides: seed a generator of your own at each call."
OTHERS = "Another seed is another stream of numbers."
NORMAL = "torch.randn is standard normal; torch.rand is uniform."
NORMAL += " Of normal numbers, 27 in 10,000 lie outside of [-3, 3]: nothing cuts them off."
NEARLY = (
    "Numbers that are only nearly normal, such as sums of uniform ones, are far from 0 too rarely"
    " or too often."
)
INDEPENDENT = "Each number is drawn by itself: nothing rounds it, cuts it off or gives it twice."
CENTRED = "These numbers have the mean 0 exactly, so each depends on the others: use them as drawn."
GLOBAL = "Use a generator of your own: a global one decides what others draw next."

N = 10_000
MANY = 500_000
FAR = 3.0
BEYOND = math.erfc(FAR / math.sqrt(2))  # the share of normal numbers outside of [-FAR, FAR]
REPEATED = 100  # places with a number that another one has too; of 24-bit numbers, a handful
SEEDS = [0, 1, 2, 7, 1000, 2**16, 2**24, 2**24 + 1, 2**31 - 2, 2**31 - 1]
FAMILIAR = [42, 123, 1234, 1337]  # what people write where no seed was given


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


def draw_of_each():
    """Draw a number of each: so none is where its seed has put it."""
    random.random()
    np.random.random()
    torch.rand(1)
    torch.rand(1, device="cuda")


class TestLocalRandn(DrawingFunction):
    name = "local_randn"
    cases = [((2, 3), 0), ((5,), 3), ((1,), 3), ((0, 3), 3), ((1, 1, 4), 3)]
    hints = {
        "shape": "The shape is the one that the argument names.",
        "dtype": "torch.randn makes float32; NumPy makes float64.",
        "device": "Make numbers and generator on `device`, or move the numbers there.",
        "raises": "Make the generator for the device on which the numbers are drawn.",
        "kept": KEPT,
        "setting": GLOBAL,
    }
    sentences = {
        "test_has_the_shape": "The shape is the argument's.",
        "test_has_the_dtype": "The dtype is float32.",
        "test_stays_on_the_device": "The numbers lie on the device that the argument names.",
    }

    def draw(self, solution, shape, seed, device):
        """The numbers of one call, in a row."""
        return self.drawn(solution, [shape, seed, device], 1)[0]

    @aspect("values")
    def test_the_same_seed_gives_the_same_numbers(self, solution, device):
        """The same seed gives the same numbers, whatever was drawn or seeded in between."""
        for seed in SEEDS:
            first = self.draw(solution, (2, 3), seed, device)
            torch.manual_seed(99)
            np.random.seed(99)
            random.seed(99)
            self.draw(solution, (4,), 5, device)
            is_same = np.array_equal(first, self.draw(solution, (2, 3), seed, device))
            expect(is_same, f"gave other numbers for seed {seed} again.", SEED)

    @aspect("values")
    def test_each_call_gives_a_tensor_of_its_own(self, solution, device):
        """What is done to a tensor that was returned changes no later one."""
        with torch.inference_mode():
            solution.local_randn((2, 3), 7, device).zero_()
        again = self.draw(solution, (2, 3), 7, device)
        expect(bool(again.any()), "returned the tensor of an earlier call once more.", KEPT)

    @aspect("values")
    def test_is_standard_normal(self, solution, device):
        """The numbers are normal with mean 0 and standard deviation 1."""
        for shape, seed in (((100, 100), 0), ((4, 25, 100), 11)):
            numbers = self.draw(solution, shape, seed, device)
            expect_drawn(numbers, Normal(1.0), "drew a sample that", NORMAL, INDEPENDENT)

    @aspect("values")
    def test_is_normal_far_out(self, solution):
        """Of many numbers, as many lie far from 0 as of normal ones."""
        far = int((self.call(solution, [(MANY,), 12, "cpu"]).abs() > FAR).sum())
        words = f"gave {far} numbers beyond ±3 among {MANY}; expected about {BEYOND * MANY:.0f}."
        expect(may_be_share(far / MANY, BEYOND, MANY), words, NEARLY)

    @aspect("values")
    def test_another_seed_gives_other_numbers(self, solution, device):
        """Another seed gives other numbers, none of them drawn for another seed before."""
        for shape in ((8,), (2,)):
            drawn = {}
            for seed in (*SEEDS, *FAMILIAR):
                one = self.draw(solution, shape, seed, device)
                for earlier, other in drawn.items():
                    same = int(np.isin(one, other).sum())
                    sentence = f"gave {same} numbers that it gave for seed {earlier}."
                    is_centred = abs(one.mean()) < 1e-6
                    expect(same < 2, sentence, CENTRED if is_centred else OTHERS)
                drawn[seed] = one

    @aspect("values")
    def test_the_numbers_are_independent(self, solution, device):
        """No number depends on the ones before it, or on those of another seed."""
        one, other = (self.draw(solution, (100, 100), seed, device) for seed in (0, 11))
        for numbers in (one, other):
            count = 1 + int(np.count_nonzero(np.diff(np.sort(numbers))))
            sentence = f"gave only {count} different numbers among {N}."
            expect(count > N - REPEATED, sentence, INDEPENDENT)
        for x, y in ((one, other), (one[:-1], one[1:]), (one[: N // 2], one[N // 2 :])):
            expect_independent(np.stack([x, y], 1), Normal(1.0), (2,), INDEPENDENT)

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
