"""The checks of indexing/k06_masked_softmax: shares by NumPy in float64, and their gradients."""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect, gradients
from dojo.checks.laws import PureFunction
from dojo.checks.laws.rows import Row

INF, NAN = math.inf, math.nan
T, F = True, False
# shape of x, shape of the mask, dim
CASES = [((3, 4), (3, 4), 0), ((2, 5), (5,), -1), ((3, 4), (3, 1), 0), ((2, 3, 4), (3, 4), -2)]
CASES += [((2, 3), (), 1), ((1, 1), (1, 1), 1)]
ROWS = [[0.5, 2.0, -1.5, 1.0], [-2.0, 0.5, 1.0, 1.5], [1.0, -0.5, 2.0, 0.0]]
NOTHING = [[F] * 4, [T, F, T, T], [F] * 4]
# in one column, so that all that is kept is finite, however x and the mask lie in memory
HARMFUL = [
    [0.5, NAN, -1.5, 1.0],
    [-2.0, INF, 1.0, 1.5],
    [1.0, -INF, 2.0, 0.0],
    [0.5, 6e4, 1.0, 1.0],
]
HARM_HIDDEN = [[T, F, T, T], [T, F, T, T], [F] * 4, [F] * 4]
# the first two of a row are kept: they are large or small, and what is hidden may be larger
SIZES = {
    torch.float32: [[90, 91, 0], [-110, -111, 5], [1e30, -1e30, 0], [-1e30, -2e30, 1e30]],
    torch.float64: [[1000, 1001, 0], [-2000, -2001, 5], [-1e10, -2e10, 0], [2e10, 1e10, 0]],
    torch.float16: [[30, 0, 100], [-30, -60, 0], [1, 2, 0]],
    torch.bfloat16: [[200, 0, 0], [-200, -300, 0], [1, 2, 0]],
}
LARGE = ([[100.0, 99.0, -1e30], [-100.0, -101.0, 0.0]], [[T, T, T], [T, T, F]], 1)
LEFT = "has the gradient {got:.6g} at a hidden entry of x; expected exactly 0."


def drawn(shape, mask_shape, dim, seed):
    """x from -2 to 2, and a mask that keeps some of each row along dim."""
    draw = np.random.default_rng(seed)
    x, mask = np.round(draw.uniform(-2, 2, shape), 1), np.array(draw.random(mask_shape) < 0.5)
    along = dim % len(shape) - len(shape) + mask.ndim
    mask[(slice(None),) * along + (0,)[: mask.ndim]] = True
    return x, mask, dim


class TestMaskedSoftmax(PureFunction):
    name = "masked_softmax"
    tensors = ("x", "mask")
    fixed = {"mask": torch.bool}
    cases = [([0.0, 1.0, 5.0], [T, T, F], 0), ([1.0, 2.0], [F, F], 0), (ROWS, NOTHING, 1)]
    cases += [drawn(*case, seed) for seed, case in enumerate(CASES)]
    gradient_cases = cases[:7]
    wild_gradients = [(HARMFUL, HARM_HIDDEN, 1)]
    wild = [([[1.0, NAN, 2.0]], [[T, F, T]], 1), *wild_gradients]
    precise = [
        (
            dtype,
            ([*rows, [torch.finfo(dtype).min] * 2 + [0]], [*[[T, T, F]] * len(rows), [T, F, F]], 1),
        )
        for dtype, rows in SIZES.items()
    ]
    # float16 may be off by 1 %, bfloat16 by 5 %, and float64 by what x - logsumexp(x) loses
    ulps = {torch.float16: 10, torch.bfloat16: 6, torch.float32: 64, torch.float64: 2**22}
    absolute = False
    forbidden = ".*softmax.*"
    hints = {
        "shape": "Each entry of x has a share, so the result has x's shape, not that of the mask.",
        "values": "exp(x) over the sum of exp(x), along dim, over the entries where the mask is"
        " True.",
        "precise": "Only the last digits differ: stay in x's dtype or a wider one, and add nothing"
        " to sums.",
        "hidden": "What is hidden holds {value}: take it out before anything is calculated from"
        " it.",
        "left": "exp(0) is 1, and -1e9 is a number like others: exp turns -inf alone into 0 for"
        " certain.",
        "equal": "Where nothing is kept, entries that were all filled with one number, such as"
        " -1e9, are equal and share 1: they are to be 0.",
        "nothing": "A row with nothing kept has the sum 0, and no largest entry: what do you"
        " divide by?",
        "float16": "float16 ends at -65504, and has no -1e6 or -1e9 to fill in. -inf is in every"
        " dtype, and its exp is exactly 0.",
        "size": "Before exp, subtract from each row its own largest entry, of those that are kept:"
        " a fill such as -1e9 may be larger.",
        "tracked": "Compute with torch's own operations, without `detach`, `.data` or `no_grad`"
        " around x.",
        "gradient": "A share s has the gradient s * (g - sum of g * s), for the gradients g of its"
        " row.",
        "wild gradient": "0 * NaN is NaN: a `where` after the calculation mends the value, and not"
        " the gradient.",
        "memory": "Results go into new tensors; x and the mask stay as they are.",
        "forbidden": "The kata is to make it from exp, sums and the like.",
    }
    sentences = {
        "test_has_the_shape": "The result has x's shape, whatever shape the mask has.",
        "test_values": "The shares along dim are exp(x) over the sum of exp(x), of what is kept.",
        "test_wild_values": "A hidden entry is exactly 0 and does no harm, whatever it holds.",
        "test_no_digit_is_lost": "What is kept may be as large or as small as the dtype allows.",
        "test_gradients": "The gradient is right for what is kept, and 0 for what is hidden.",
        "test_wild_gradients": "A hidden NaN, and a row with nothing kept, leave no NaN in the"
        " gradient.",
        "test_is_made_without": "It is made without torch's softmax and log_softmax, forward and"
        " backward.",
    }

    def truth(self, x, mask, dim):
        kept = np.where(mask, x, -INF)
        top = kept.max(dim, keepdims=True)
        weights = np.exp(kept - np.where(np.isfinite(top), top, 0))
        total = weights.sum(dim, keepdims=True)
        return weights / np.where(total == 0, 1, total)

    def gradient(self, weights, x, mask, dim):
        shares = self.truth(x, mask, dim)
        return [shares * (weights - (weights * shares).sum(dim, keepdims=True)) + 0.0]

    def hint_of(self, row):
        return self.hints["float16"] if row.dtype == torch.float16 else super().hint_of(row)

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        x, mask, dim = arguments
        mask = np.broadcast_to(mask, x.shape)
        got, is_left = got.double().numpy(), ~mask & (got != 0).numpy()
        nothing = ~mask.any(dim, keepdims=True) & is_left
        if "gradient" in law:
            return self.hints["wild gradient"] if (is_left | np.isnan(got)).any() else ""
        if law == "size" and np.isnan(got).any():
            return f"exp of a large number is inf, and 0 * inf is NaN. {self.hints['size']}"
        if np.allclose(got, self.truth(x, ~mask, dim), 1e-2):
            return "True keeps and False hides; here it is the other way round."
        harmful = x[~mask & ~np.isfinite(x)]
        if harmful.size and np.isnan(got).any():
            return self.hints["hidden"].format(value=harmful[0])
        if nothing.any():
            return self.hints["nothing" if np.isnan(got[nothing]).any() else "equal"]
        if is_left.any():
            return self.hints["left"]
        far = ~np.isclose(got, expected.double(), 1e-2).all(-1)
        if law == "precise" and far.any():
            row, keep = [f"{one:g}" for one in x[far][0]], mask[far][0].tolist()
            where = f"Here a row is [{', '.join(row)}], and the mask keeps {keep}."
            return f"{self.hints['size']} {where}"
        return ""

    @aspect("gradient")
    def test_hidden_gradients_are_exactly_0(self, solution, device):
        """No gradient reaches a hidden entry, and those of large numbers are right."""
        large = Row(self, LARGE, torch.float32, 0, "size", ["x"])
        for record in self.records(solution, device, [*self.tracked_on(device)[:4], large]):
            self.expect_gradients(record)
            weights, (x, mask, _) = record.row.weights.to(device), record.row.arrays
            found = gradients(record.got, record.leaves, weights)["x"].detach().cpu()
            for got in found[torch.tensor(~np.broadcast_to(mask, x.shape))].tolist():
                expect(got == 0, LEFT.format(got=got), self.hints["wild gradient"])
