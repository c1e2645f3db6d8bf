"""The checks of intro/k11_relu: the larger one of two of Python's own numbers, exactly."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, expect_dtype, expect_tensor, gradients
from dojo.checks.laws import FLOATS, PureFunction
from dojo.checks.laws.rows import Row

INF = float("inf")
LARGEST = "`torch.max(x, 0)` looks for the largest number along dimension 0, and for its index."
MASK = "`x > 0` says where x is above 0; what comes out there is x itself."
ROWS = [[-2.0, 3.0, 0.5], [7.5, -100.0, -0.25]]


def by_a_mask(x):
    """Right for finite numbers, by way of a mask and of a product."""
    return x * (x > 0)


BENCHMARK = Benchmark(
    "relu",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0 - 3,),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 2 * 4 * n,  # read x, write the result
    operations=lambda n: n,
    naive=by_a_mask,
)


def limits(dtype):
    """The largest numbers of both signs, small ones, the smallest, and one with the most digits."""
    info = torch.finfo(dtype)
    return [info.max, info.min, info.tiny, info.tiny * info.eps, 1 + info.eps]


class TestRelu(PureFunction):
    name = "relu"
    cases = [(ROWS,), ([0.0, -0.0, 1.0],), ([2.0, 0.5],), ([-2.0, -0.5],), ([4.0],)]
    cases += [(2.5,), (-2.5,), (np.reshape(ROWS, (2, 1, 3)),)]
    cases += [(np.reshape(ROWS, (3, 1, 1, 2, 1)),), (np.ones((0,)),), (np.ones((3, 0)),)]
    gradient_cases = [case for case in cases if np.all(case[0])]  # at 0 there is a corner
    wild = [([1.0, INF, -INF, -1.0],), ([[-INF]],), (INF,), (-INF,)]
    wild_gradients = [([INF, -INF],)]
    precise = [(dtype, (limits(dtype),)) for dtype in FLOATS]
    ulps = 0
    hints = {
        "shape": "Every element of x has its place in the result, whatever the shape of x.",
        "dtype": "Stay in the dtype of x: a tensor made beside x, such as torch.tensor(0.), has"
        " its own.",
        "device": "The result, and whatever you make beside x, has to lie where x lies.",
        "values": "Each element by itself: above 0 it comes out exactly as it is, else exactly 0"
        " comes out.",
        "wild": "inf is above 0 and stays inf; -inf is below it and becomes 0.",
        "precise": "Large numbers overflow in a sum or a smaller dtype; very small ones are still"
        " above 0.",
        "tracked": "Compute from x itself: `detach`, `.data`, `no_grad`, lists and NumPy cut it"
        " off.",
        "gradient": "The gradient passes unchanged where x is above 0, and not at all where it is"
        " below.",
        "memory": "Write nothing into x, and return a new tensor also where nothing had to change.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of x, whichever that is.",
        "test_values": "Numbers above 0 stay, all others become 0, in every shape, dtype, layout.",
        "test_wild_values": "inf stays inf and -inf becomes 0.",
        "test_no_digit_is_lost": "The largest, the smallest and the most precise numbers of a dtype"
        " come out as they are.",
        "test_gradients": "The gradient is 1 above 0 and 0 below, in every dtype and layout.",
        "test_wild_gradients": "The gradient is 1 at inf and 0 at -inf.",
        "test_has_memory_of_its_own": "The result has memory of its own, also where nothing had"
        " to change.",
    }

    def truth(self, x):
        return np.array([max(number, 0.0) for number in x.flatten().tolist()]).reshape(x.shape)

    def gradient(self, weights, x):
        return [np.where(x > 0, weights, 0.0)]

    def why(self, law, arguments, got, expected):
        if law == "type":
            if isinstance(got, torch.nn.Module | type):
                return "`nn.ReLU` is a layer: make one first, then call it with x."
            if isinstance(got, tuple):
                return LARGEST
            return self.hints["tracked"] if isinstance(got, list | np.ndarray) else ""
        if "gradient" not in law and got.isnan().any():
            return "-inf * 0, inf - inf and inf / inf are NaN. Can you choose instead of computing?"
        return ""

    @aspect("dtype")
    def test_has_the_dtype(self, solution, device):
        """The result has the dtype of x."""
        scalars = [Row(self, (2.5,), dtype) for dtype in FLOATS]  # they give way to other dtypes
        for record in self.records(solution, device, [self.plain[0], *scalars]):
            expect_tensor(record.got)
            hint = MASK if record.got.dtype == torch.bool else self.hints["dtype"]
            expect_dtype(record.got, record.row.dtype, hint)
        super().test_has_the_dtype(solution, device)

    @aspect("gradient")
    def test_is_right_at_the_limits(self, solution, device):
        """The gradient is 1 or 0 at the largest and the smallest numbers of a dtype too."""
        rows = [Row(self, (limits(dtype),), dtype, 0, "gradient", ("x",)) for dtype in FLOATS]
        for record in self.records(solution, device, rows):
            self.expect_gradients(record)

    @aspect("gradient")
    def test_has_a_slope_from_zero_to_one_at_zero(self, solution, device):
        """The gradient at 0 is a number from 0 to 1."""
        for dtype in FLOATS:
            row = Row(self, ([0.0, -0.0, 2.0],), dtype, 0, "gradient", ("x",))
            record = self.ask_again(solution, device, row)
            self.expect_truth(record)
            weights = row.weights.to(device)
            found = gradients(record.got, record.leaves, weights, self.hints["tracked"])["x"]
            rounding = torch.finfo(dtype).eps
            for slope, x in zip((found / weights).tolist(), ("0.", "-0."), strict=False):
                is_between = -rounding <= slope <= 1 + rounding  # False for NaN
                sentence = (
                    f"gives the gradient {slope:.6g} where x is {x}; expected a number from 0 to 1."
                )
                expect(is_between, sentence, "Is there a division by x?")
