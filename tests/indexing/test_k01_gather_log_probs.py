"""The checks of indexing/k01_gather_log_probs: numbers looked up by Python, one by one."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect
from dojo.checks.laws import FLOATS, MovingFunction, places
from dojo.checks.looping import expect_no_loop

INF = float("inf")
# impossible, likely and very unlikely tokens
EXTREME = [[[-INF, -0.1, -INF], [-3.0, -INF, -0.01]], [[-INF, 0.0, -1e-30], [-200.25, -3e38, -INF]]]
# B = 3, T = 4, V = 3: an index in the wrong place is in range, too
INDEX = [[2, 0, 1, 2], [1, 1, 0, 2], [0, 2, 2, 1]]
SIZES = ((2, 3, 4), (20, 21, 22))
MOST_MORE = 8  # operations that may depend on the sizes; a loop over a dimension adds 18 or more


def one_by_one(logp, index):
    """Each number by an index of its own."""
    batch, steps = index.shape
    rows = [torch.stack([logp[b, t, index[b, t]] for t in range(steps)]) for b in range(batch)]
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "gather_log_probs",
    means="logp: shape (8, n, 256), float32; index: shape (8, n)",
    inputs=lambda n: (-torch.randint(9, (8, n, 256)).float(), torch.randint(256, (8, n))),
    sizes=(4, 64, 1024, 16_384),
    bytes_moved=lambda n: 8 * n * (4 + 8 + 4),  # read an entry and an index, write an entry
    naive=one_by_one,
    naive_up_to=64,
)


def case(index, entries):
    """Different negative numbers for an index of this shape."""
    index = np.array(index, dtype=int)
    return -1 - places((*index.shape, entries)), index


class TestGatherLogProbs(MovingFunction):
    name = "gather_log_probs"
    tensors = ("logp", "index")
    fixed = {"index": torch.int64}
    dtypes = FLOATS
    memory = "new"
    cases = [case([[1, 0], [1, 1]], 2), case(INDEX, 3), case([[0]], 3), case(np.zeros((3, 2)), 1)]
    cases += [case(np.zeros((2, 0)), 3)]
    moves_wild = False  # no log-probability is inf or NaN
    wild = [(EXTREME, [[1, 2], [1, 2]])]
    gradient_cases = [*cases[:2], (EXTREME, [[1, 2], [1, 0]]), cases[0], cases[-1]]
    hints = {
        "shape": "Each pair (b, t) has one index and one row of logp, so it gets one number. B and"
        " T stay, even where they are 1.",
        "values": "At [b, t] the number logp[b, t, index[b, t]] is asked for.",
        "precise": "The numbers are only moved: compute nothing with them, in no other dtype.",
        "dtype": "The numbers are only moved: compute nothing with them, in no other dtype.",
        "wild": "The numbers of logp are only moved: compute nothing with them, -inf included.",
        "tracked": "Use torch's operations on logp, without `detach`, `.data`, `no_grad` or"
        " `torch.tensor`.",
        "gradient": "Each number of the result is one number of logp: its gradient goes there, 0"
        " elsewhere.",
        "memory": "Only look at logp and index: methods with a trailing underscore change them.",
        "loop": "One operation can look up all numbers at once. Which one takes a tensor of"
        " indices?",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (B, T), also where a size is 1.",
        "test_values": "At [b, t] stands logp[b, t, index[b, t]].",
        "test_wild_values": "-inf elsewhere in the row changes nothing, and -inf itself is found"
        " where index names it.",
        "test_gradients": "The gradient of an entry that index names is that of its place in the"
        " result, others 0.",
    }

    def truth(self, logp, index):
        rows = zip(logp.reshape(-1, logp.shape[-1]), index.flatten(), strict=True)
        return np.array([row[i] for row, i in rows], logp.dtype).reshape(index.shape)

    def why(self, law, arguments, got, expected):
        if law == "wild" and got.isnan().any():
            return "0 * -inf is NaN, and so is what it is added to: look it up, multiply nothing."
        if law == "values" and got.isinf().any():
            return "exp of a very small number is 0, and log makes -inf of that: compute nothing."
        return ""

    @aspect("cost")
    def test_the_work_does_not_grow_with_the_data(self, solution):
        """Torch and Python do no more for much data than for little."""
        for tracked in (True, False):
            inputs = {
                f"B, T, V = {', '.join(map(str, (*size, entries)))}": [
                    torch.zeros(*size, entries, requires_grad=tracked),
                    torch.zeros(*size, dtype=torch.int64),
                ]
                for *size, entries in SIZES
            }
            expect_no_loop(solution.gather_log_probs, inputs, MOST_MORE, self.hints["loop"])
