"""The checks of intro/k04_reshape_permute: six different numbers, placed by Python's indices."""

import torch

from dojo.checks import Benchmark, CheckFailed, describe, expect
from dojo.checks.laws import ALL, ViewFunction
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

TUPLE = "Return both at once: `return rows, permuted`."
RETURN = "Does every path of your function end in a return?"
SWAPPED = "`rows` comes first and has 2 rows of 3. `t_` and others that end in _ change `rows` too."
CONJUGATE = "These are conjugates: `H`, `mH` and `adjoint` conjugate, `T` and `permute` do not."
NUMBERS = [11, 3, 7, 2, 5, 13]


def from_numbers(x):
    """Both results put together from single numbers, in memory of their own."""
    rows = torch.stack([torch.stack([x[3 * i + j] for j in range(3)]) for i in range(2)])
    return rows, torch.stack([torch.stack([x[3 * i + j] for i in range(2)]) for j in range(3)])


BENCHMARK = Benchmark(
    "reshape_and_permute",
    means="x: shape (6,), float32",
    inputs=lambda n: (torch.arange(n).float(),),
    sizes=(6,),
    naive=from_numbers,
)


class Part(ViewFunction):
    """What holds for both results; the laws look at one of them."""

    dtypes = (*ALL, torch.complex128)
    layouts = ("contiguous", "at an offset")
    cases = [(NUMBERS,), (NUMBERS[::-1],)]
    takes_leaves = False  # one of the views may be made in place
    part = 0
    shown = "rows, _"
    hints = {
        "view": "Neither operation has to copy: both only describe x's memory anew.",
        "memory": "Make new views of x; `resize_` and in-place operations change x itself.",
        "tracked": "Work on x itself: `detach`, `.data`, `tolist` and copies of the values cut the"
        " graph.",
        "wild": "Move the numbers without computing with them.",
    }

    @once
    def thin(self):
        """For the GPU, where x lies in memory as on the CPU, which is asked every dtype."""
        return [self.plain[0], Row(self, self.cases[1], torch.int64, 1)]

    def call(self, solution, arguments):
        """One of the two results, once they are a tuple of two."""
        got = super().call(solution, arguments)
        if not isinstance(got, tuple) or tuple.__len__(got) != 2:
            is_plain = isinstance(got, list | dict)
            kind = f"a {type(got).__name__} of {len(got)}" if is_plain else describe(got)
            hint = RETURN if got is None else TUPLE
            raise CheckFailed(f"returned {kind}; expected the tuple (rows, permuted).", hint)
        solution.last_call.name = f"{self.shown} = {self.name}"
        return tuple.__getitem__(got, self.part)

    def why(self, law, arguments, got, expected):
        if law != "type" and got.is_complex() and torch.equal(got, expected.conj()):
            return CONJUGATE
        return super().why(law, arguments, got, expected)

    def why_shape(self, arguments, shape):
        return SWAPPED if self.part == 0 and shape == (3, 2) else ""

    def expect_gradients(self, record):
        """A changed x is told first: its gradient has another shape than x had."""
        expect(not record.change, record.change, self.hints["memory"])
        super().expect_gradients(record)


class TestRows(Part):
    name = "reshape_and_permute"
    hints = Part.hints | {
        "shape": "`rows` holds the numbers of x in their order, three to a row.",
        "values": "`rows` holds the numbers of x in their order, three to a row.",
        "gradient": "`rows` holds the numbers of x in their order, three to a row.",
    }
    sentences = {
        "test_returns_a_tensor": "The result is a tuple of two tensors.",
        "test_has_the_shape": "The shape of rows is (2, 3).",
        "test_values": "rows holds the numbers of x in their order.",
        "test_is_a_view": "rows lies in x's memory, so that a write to x is seen in it.",
        "test_gradients": "Gradients reach x through rows.",
    }

    def truth(self, x):
        return x.reshape(2, 3)


class TestPermuted(Part):
    name = "reshape_and_permute"
    part = 1
    shown = "_, permuted"
    hints = Part.hints | {
        "shape": "`permuted` is `rows` with its two dimensions swapped.",
        "values": "A reshape keeps the order of the numbers; `permuted[j, i]` has to be"
        " `rows[i, j]`.",
        "gradient": "A reshape keeps the order of the numbers; `permuted[j, i]` has to be"
        " `rows[i, j]`.",
    }
    sentences = {
        "test_returns_a_tensor": "The second of the two is a tensor, too.",
        "test_has_the_shape": "The shape of permuted is (3, 2).",
        "test_values": "permuted[j, i] is rows[i, j].",
        "test_is_a_view": "permuted lies in x's memory, so that a write to x is seen in it.",
        "test_gradients": "Gradients reach x through permuted.",
    }

    def truth(self, x):
        return x.reshape(2, 3).T

    test_remembers_nothing = None  # of the same calls
    test_leaves_torch_as_it_is = None
