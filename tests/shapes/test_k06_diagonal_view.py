"""The checks of shapes/k06_diagonal_view: matrices indexed by NumPy, one element at a time."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect
from dojo.checks.laws import ALL, FLOATS, InPlaceFunction, ViewFunction, places, with_all_digits

INF, NAN = float("inf"), float("nan")
UNSEEN = "made a tensor that does not follow: x[{i}, {i}] became 40, and it still shows {old}."
UNREAD = "made a tensor apart: 50 was written to its element {i}, and x[{i}, {i}] is still {old}."
COPIES = "Indexing with tensors, `torch.diag`, `stack` and `clone` copy. Which method makes a view?"


def by_multiplying(x, value):
    """The diagonal is multiplied away, and put back: four matrices for one vector."""
    eye = torch.eye(len(x))
    return x.copy_(x * (1 - eye) + value * eye)


BENCHMARK = Benchmark(
    "diagonal_",
    means="x: shape (n, n), value: shape (n,), float32",
    inputs=lambda n: ((torch.arange(n * n) % 7.0).reshape(n, n), torch.arange(n) % 5.0),
    sizes=(16, 256, 2048),
    bytes_moved=lambda n: 2 * 4 * n,  # read value, write the diagonal
    naive=by_multiplying,
)


class TestDiagonalView(ViewFunction):
    name = "diagonal_view"
    shapes = [(2, 3), (5, 2), (1, 3), (1, 1), (4, 3), (0, 3)]
    hints = {
        "shape": "The diagonal is as long as the shorter side: min(n, m).",
        "values": "Element i of the diagonal is x[i, i]: one step down and one to the right each"
        " time.",
        "view": COPIES,
        "memory": "diagonal_view only looks: it writes nothing, and gives x no other shape.",
        "tracked": "`detach` and `.data` cut the view off from autograd.",
    }
    sentences = {
        "test_has_the_shape": "The diagonal of an (n, m) matrix has min(n, m) elements.",
        "test_values": "Element i of the view is x[i, i].",
    }

    def truth(self, x):
        return np.array([x[i, i] for i in range(min(x.shape))], dtype=x.dtype)

    @aspect("memory")
    def test_x_and_the_view_see_each_others_writes(self, solution, device):
        """A write to x is seen in the view, and a write to the view in x."""
        for row in [*self.plain[:3], *self.laid_out[:3]]:
            x = self.arguments_of(row, device)[0]
            if 0 in x.stride():
                continue
            got, i = self.call(solution, [x]).detach(), min(x.shape) - 1
            x[i, i] = 40
            expect(
                got.tolist()[i] == x.tolist()[i][i], UNSEEN.format(i=i, old=got.tolist()[i]), COPIES
            )
            got[i] = 50
            seen = x.tolist()[i][i]
            expect(seen == got.tolist()[i], UNREAD.format(i=i, old=seen), COPIES)


class Diagonal(InPlaceFunction):
    """What both forms of ``diagonal_`` promise."""

    dtypes = tuple(dtype for dtype in ALL if dtype != torch.complex64)
    recorded = False
    ulps = 0
    hints = {
        "values": "Set value to each x[i, i], and nothing else: element i of a vector goes to"
        " x[i, i].",
        "wild": "0 * inf and 0 * nan are nan. Set the diagonal, whatever it holds.",
        "in place": "Arithmetic such as `x * mask` makes a new tensor. Write into the diagonal of x"
        " itself.",
        "unchanged": "`d = value` only names the value, and `x[i]` with a tensor i copies."
        " `view[:] = …` writes.",
        "itself": "End with `return x`: the object that came in, once it was changed.",
        "moved": "`.data = …`, `set_` and `resize_` give x other memory. Write into the memory that"
        " it has.",
        "memory": "value is only read.",
        "raises": "value is a number or a vector. Whatever is made beside x, an index or a mask,"
        " has to lie where x lies.",
    }

    def tensor(self, name, value, dtype):
        is_whole = np.asarray(value).dtype.kind == "i"
        return with_all_digits(value, dtype) if is_whole else super().tensor(name, value, dtype)

    def truth(self, x, value):
        x = x.copy()
        for i in range(min(x.shape)):
            x[i, i] = value if np.ndim(value) == 0 else value[i]
        return x


class TestDiagonalOfANumber(Diagonal):
    name = "diagonal_"
    cases = [(places(shape) + 1, 7) for shape in [(2, 3), (5, 2), (1, 3), (0, 3)]]
    cases += [(places((3, 2)) + 1, 0)]
    dtypes = (*FLOATS, torch.int64, torch.int8)
    layouts = ("contiguous", "transposed", "at an offset")
    wild = [([[NAN, INF, 3.0], [4.0, INF, NAN]], value) for value in (5.0, NAN)]
    wild += [([[NAN, INF], [4.0, INF]], 5.0)]
    precise = [(torch.float64, (places((3, 2)), 1 / 3)), (torch.float32, (places((3, 2)), -7.5))]
    precise += [(torch.int64, (places((3, 2)), 2**60 + 1)), (torch.uint8, (places((3, 2)), 200))]
    precise += [(torch.bool, (places((3, 2)), value)) for value in (True, False)]
    sentences = {
        "test_values": "After diagonal_(x, number), every x[i, i] is the number, and the rest is as"
        " before.",
        "test_wild_values": "inf and NaN are overwritten on the diagonal, and kept beside it.",
    }


class TestDiagonalOfAVector(Diagonal):
    name = "diagonal_"
    tensors = ("x", "value")
    cases = [
        (places(shape) + 1, 60 - 20 * places(shape[:1])[: min(shape)])
        for shape in [(3, 2), (2, 5), (1, 3)]
    ]
    wild = [([[NAN, INF, 3.0], [4.0, INF, NAN]], value) for value in ([INF, INF], [INF, NAN])]
    wild += [([[NAN, INF], [4.0, INF]], [5.0, 6.0])]
    precise = [(torch.float64, ([[0, 0], [1, 2]], [1 / 3, 2.0**-40]))]
    precise += [(torch.int64, ([[0, 0], [1, 2]], [2**60 + 1, -1]))]
    sentences = {
        "test_values": "After diagonal_(x, vector), x[i, i] is element i of the vector, and the"
        " rest is as before.",
        "test_wild_values": "inf and NaN in the vector are set as they are.",
    }
