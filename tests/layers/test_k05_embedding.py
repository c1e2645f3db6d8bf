"""The checks of layers/k05_embedding: rows by NumPy's take, and gradients added up one by one."""

from dataclasses import dataclass

import numpy as np
import torch

from dojo.checks import aspect, expect_values
from dojo.checks.draws import Normal
from dojo.checks.laws import ModuleClass
from dojo.checks.messages import rounded

TABLE = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [0.0, 0.0]]  # zeros alone make no padding
RANGE = "padding_idx goes from -num_embeddings to num_embeddings - 1: refuse it in __init__."
INT32 = "index is int32 here: make it int64 first. Each index stands for its row of weight."
ZEROS = "Here a row of zeros gets no gradient: it is padding_idx that says which row is padding."
IN_FORWARD = "Stop it in forward: a hook on the Parameter is lost when a new one is set."
VIEW = "`weight[index]` with a 0-d index is a view: who writes into it writes into weight."
# index, rows, columns, padding_idx
CASES = [(2, 3, 4, None), ([[0, 2, 1], [2, 2, 0]], 3, 2, 0), ([4, 0, 4, 1, 3], 5, 3, -1)]
CASES += [(np.zeros((0, 2), int), 3, 2, -3), ([[[1], [0]]], 2, 1, None), (1, 3, 2, 1)]


def numbers(rows, columns, seed):
    """From -3 to 3, with one decimal; none is 0."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, (rows, columns)), 1) + 0.05


@dataclass(frozen=True)
class NormalBut(Normal):
    """Normal numbers, but for a row of zeros."""

    row: int = 0

    def fault(self, numbers):
        """Say how the numbers differ, in words; empty if they do not."""
        if numbers[self.row].any():
            held = rounded(float(numbers[self.row][0]))
            return f"holds {held} and so on in the row padding_idx, {self.row}; expected zeros."
        return super().fault(np.delete(numbers, self.row, 0))


class TestEmbedding(ModuleClass):
    name = "Embedding"
    tensors = ("index", "weight")
    parameters = ("weight",)
    fixed = {"index": torch.int64}
    torchs = torch.nn.Embedding
    dtypes = (torch.float32, torch.float64)
    cases = [([[3, 0, 3], [1, 2, 0]], TABLE, None), ([3, 0, 1, 3, 1], TABLE, 1)]
    cases += [(index, numbers(n, d, seed), pad) for seed, (index, n, d, pad) in enumerate(CASES)]
    ulps = 0
    drawn_with = [(400, 20), (3000, 2, 0), (60, 90, -2)]
    refused_when_made = [((3, 2, pad), ValueError, RANGE) for pad in (7, 3, -4)]
    forbidden = ".*embedding.*"
    hints = {
        "parameters": "`weight` is a parameter of its own: a row for each index.",
        "shape": "Each index gives way to a row: the shape of index comes first, then the row.",
        "dtype": "The result has the dtype of weight, whatever that of index is.",
        "values": "Each index stands for its row of weight, exactly as it is, the padding row too.",
        "initial": "`torch.randn` draws standard normal numbers; then the row padding_idx, if that"
        " is not None, gets zeros.",
        "gradient": "A row of weight gets the sum of the gradients of all places where its index"
        " stands, and the row padding_idx none.",
        "memory": "A lookup only reads: zeros are written once, when the layer is made.",
        "own memory": VIEW,
        "raises": "index may be int32, 0-d or empty, and have any shape; padding_idx may be"
        " negative.",
        "forbidden": "The kata is to make it from indexing and the like.",
    }
    sentences = {
        "test_values": "Each index stands for its row of weight, the padding row too.",
        "test_initial_values": "weight is standard normal, and its padding row is zeros.",
        "test_gradients": "The gradients of each index are added up, and that of the padding is 0.",
        "test_is_not_made_with": "A padding_idx that is no row raises a ValueError.",
        "test_is_made_without": "It is made without torch's embedding, forward and backward.",
    }

    def made_with(self, index, weight, padding_idx=None):
        return (*weight.shape, padding_idx)

    def initial(self, num_embeddings, embedding_dim, padding_idx=None):
        is_free = padding_idx is None
        return {"weight": Normal(1.0) if is_free else NormalBut(1.0, padding_idx)}

    def truth(self, index, weight, padding_idx=None):
        return np.take(weight, index, axis=0)

    def gradient(self, weights, index, weight, padding_idx=None):
        slopes = np.zeros(weight.shape)
        for row, place in zip(weights.reshape(-1, weight.shape[1]), index.flat, strict=True):
            slopes[place] += row
        if padding_idx is not None:
            slopes[padding_idx] = 0
        return [slopes]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        index, weight, padding_idx = arguments
        if law == "gradient":
            zeros = int(weight.any(1).argmin())  # the first row of zeros, if there is one
            is_lost = bool(got.any() and expected[zeros].any()) and not got[zeros].any()
            if is_lost and not weight[zeros].any():
                return ZEROS
        if padding_idx is None:
            return ""
        if law == "gradient":
            is_let_through = bool(got[padding_idx].any())
            place = f", which is row {padding_idx % len(weight)}" if padding_idx < 0 else ""
            words = f"Here padding_idx is {padding_idx}{place}, and that row gets a gradient."
            return f"{words} {IN_FORWARD}" if is_let_through else ""
        is_padding = torch.tensor(index == padding_idx % len(weight))
        if is_padding.any() and not got[is_padding].any():
            return "The padding row gives zeros here; it is looked up as it stands, as every row."
        return ""

    @aspect("values")
    def test_takes_int32(self, solution, device):
        """index may be int32: the rows are those of int64."""
        for row in self.plain[1:3] if device == "cpu" else self.plain[1:2]:
            index, *others = self.arguments_of(row, device)
            solution.hint = self.hints["raises"]
            got = self.call(solution, [index.int(), *others])
            expect_values(got, row.expected, INT32, rtol=0, atol=0)
