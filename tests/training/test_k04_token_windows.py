"""The checks of training/k04_token_windows: data with one start, and shares of many starts.

A right answer fails less than once in 1e9 verdicts: see ``expect_share``. Of 400,000 starts, four
are the same in two draws once in 1e22, and 64 of them miss a half of data once in 1e19.
"""

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_raises, expect_values
from dojo.checks.draws import expect_share
from dojo.checks.laws import PureFunction
from dojo.checks.laws.making import DEVICES

STARTS, ROWS, LENGTH = 3, 2000, 2
SHORT = "A window and the token behind it take context_length + 1 tokens: look at len(data) first."
FOLLOWS = "Row b of x is data[s : s + T], and that of y data[s + 1 : s + T + 1], with one s."
SAME = "y is x here: the target is the token that follows, so y begins one later."
ROLLED = "The last target of a row is its own first token here: y goes on in data, one further."
WIDE = "The rows are to be int64, whatever the dtype of data is: embeddings and losses ask for it."
FITS = "There are n - T starts, from 0 to n - T - 1: torch.randint draws below its end."
LAST = "That is the last start, n - T - 1: torch.randint draws below its end, which is n - T."
EQUAL = "Every start is equally likely: torch.randint draws such whole numbers."
REPLACE = "Each row draws by itself, and may get a start that another row has: use torch.randint."
ONE_START = "All rows begin at the same place: draw a start for each row."
FAR = "Starts may be large: int64 holds them, smaller dtypes wrap around."
GENERATOR = "Hand generator to each function that draws, and draw nothing elsewhere."
GLOBAL = "Without a generator, torch's global one of the CPU gives all numbers: seed none."
MOVES = "A generator gives other numbers each time: do not seed it."


class TestGetBatch(PureFunction):
    name = "get_batch"
    tensors = ("data",)
    dtypes = (torch.int64, torch.uint8, torch.int16, torch.int32)
    recorded = False
    results = ("x", "y")
    cases = [  # one start each, so that nothing is left to chance
        ([10, 11, 12, 13], 2, 3),
        ([7, 3, 9, 1, 4, 4], 3, 5),
        ([5, 8, 2], 1, 2),
        ([6, 1], 3, 1),
        ([6, 1], 1, 1),
    ]
    precise = [(torch.int64, ([2**60 + 1, 2**60, 5], 2, 2)), (torch.uint8, ([255, 200, 128], 1, 2))]
    precise += [(torch.int32, ([2**31 - 1, 0, 2**24 + 1], 2, 2)), (torch.int16, ([-9, 3], 1, 1))]
    ulps = 0
    refused = [
        (([10, 11, 12], 2, 3), dtypes[:1], ValueError, SHORT),
        (([10], 1, 1), dtypes[:1], ValueError, SHORT),
        (([10, 11], 2, 4), dtypes[:1], ValueError, SHORT),
        ((np.zeros(0), 1, 1), dtypes[:1], ValueError, SHORT),
    ]
    hints = {
        "shape": "A row for each of batch_size starts, each of context_length tokens.",
        "dtype": WIDE,
        "device": "Send the rows to `device`; data, starts and generator stay on the CPU.",
        "raises": FITS,
        "values": FOLLOWS,
        "precise": "Token numbers stay as they are: no float on the way, and no smaller dtype.",
        "memory": "data is only read: the batch lies in memory of its own.",
        "setting": GENERATOR,
    }
    sentences = {
        "test_has_the_shape": "x and y have the shape (batch_size, context_length).",
        "test_has_the_dtype": "x and y are int64, whatever the dtype of data is.",
        "test_stays_on_the_device": "The batch goes to the device, whichever way it is named.",
        "test_values": "y is one token further than x, also where data has one start only.",
        "test_leaves_torch_as_it_is": "With a generator of its own, it draws from nothing else.",
        "test_refuses": "Data that is too short for one window and its next token is refused.",
    }

    def given(self, row, device):
        names = DEVICES[device]
        return [*row.case, names[row.place % len(names)]]

    def as_argument(self, name, x):
        return x.cpu()

    def call(self, solution, arguments):
        return solution.get_batch(*arguments, generator=torch.Generator().manual_seed(5))

    def truth(self, data, batch_size, context_length):
        rows = np.stack([data] * batch_size)
        return rows[:, :-1], rows[:, 1:]

    def result_dtype(self, dtype):
        return torch.int64, torch.int64

    def why(self, law, arguments, got, expected):
        x, _ = self.truth(*arguments)
        if law != "values" or np.array_equal(expected, x):
            return ""
        if np.array_equal(got, x):
            return SAME
        return ROLLED if np.array_equal(got, np.roll(x, -1, 1)) else ""

    @aspect("values")
    def test_draws_every_start(self, solution):
        """Each start is drawn equally often, the last one too, and each row draws by itself."""
        n = STARTS + LENGTH
        solution.hint = FITS
        x, y = self.call(solution, [torch.arange(n), ROWS, LENGTH])
        first = x[:, :1]
        expected = first + torch.arange(LENGTH)
        for subject, got, one in (("x", x, expected), ("y", y, expected + 1)):
            expect_values(got, one, FOLLOWS, subject, 0, 0)
        first = first[:, 0].numpy()
        expect(len(set(first.tolist())) > 1, f"began all {ROWS} rows at {first[0]}.", ONE_START)
        hint = LAST if STARTS - 1 not in first else EQUAL
        for start in reversed(range(STARTS)):
            subject = f"began at {start} in"
            expect_share(first == start, 1 / STARTS, subject, hint, "rows")
        subject = "began where the row before begins in"
        expect_share(first[1:] == first[:-1], 1 / STARTS, subject, REPLACE, "rows")

    @aspect("values")
    def test_draws_from_the_generator(self, solution, device):
        """A generator alone decides on the batch, and the next call gives another one."""
        data = torch.arange(400_000)
        solution.hint = GENERATOR
        made = [torch.Generator().manual_seed(seed) for seed in (3, 3, 4)]
        same, again, other = (solution.get_batch(data, 64, 2, device, one)[0].cpu() for one in made)
        expect(torch.equal(same, again), "gave two batches for one seed.", GENERATOR)
        expect(not torch.equal(same, other), "gave one batch for two seeds.", GENERATOR)
        later = solution.get_batch(data, 64, 2, device, made[0])[0].cpu()
        expect(not torch.equal(same, later), "gave the same batch in the next call.", MOVES)
        last = int(later.max())
        sentence = f"began 64 rows at {last - 1} or before; data has {len(data):,} tokens."
        expect(last > len(data) / 2, sentence, FAR)
        middle = ((later - len(data) / 2).abs() < len(data) / 4).any()
        expect(bool(middle), "began none of 64 rows in the middle half of data.", FAR)

    @aspect("values")
    def test_draws_from_the_global_generator(self, solution, device):
        """Without a generator, torch.manual_seed decides, and no other generator is drawn from."""
        data, found = torch.arange(400_000), []
        solution.hint = GLOBAL
        for seed in (3, None, 3):
            if seed is not None:
                torch.default_generator.manual_seed(seed)
            before = torch.get_rng_state()
            found.append(solution.get_batch(data, 4, 2, *[device] * (device != "cpu"))[0].cpu())
            is_drawn = not torch.equal(before, torch.get_rng_state())
            expect(is_drawn, "drew nothing from torch's generator.", GLOBAL)
        sentence = "gave two batches after one and the same torch.manual_seed."
        expect(torch.equal(found[0], found[2]), sentence, GLOBAL)
        expect(not torch.equal(found[0], found[1]), "gave the same batch in the next call.", MOVES)

    @aspect("errors")
    def test_draws_nothing_where_it_refuses(self, solution):
        """Data that is too short is refused before a random number is drawn."""
        generator = torch.Generator().manual_seed(3)
        before = generator.get_state()
        expect_raises(
            ValueError,
            lambda: solution.get_batch(torch.arange(3), 2, 3, generator=generator),
            SHORT,
        )
        is_there = torch.equal(generator.get_state(), before)
        expect(is_there, "drew random numbers before it raised.", SHORT)
