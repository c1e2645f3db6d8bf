"""The checks of optimizers/k12_newton_schulz: the polynomial of singular values, by NumPy's SVD."""

import numpy as np
import torch

from dojo.checks import Benchmark, MemoryTrace, aspect, expect
from dojo.checks.laws import PureFunction

MUONS = 3.4445, -4.7750, 2.0315
LARGE = "A has as many rows and columns as X has rows: let these be the shorter side of g."


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def of_values(g, steps, coefficients=MUONS, norm=None):
    """The polynomial, applied to the singular values of each matrix over its norm."""
    left, values, right = np.linalg.svd(g, full_matrices=False)
    own = np.sqrt((g**2).sum((-2, -1)))[..., None]
    own = np.where(own == 0, 1, own) if norm is None else norm
    values = values / own
    for _ in range(steps):
        values = sum(c * values**n for c, n in zip(coefficients, (1, 3, 5), strict=True))
    return (left * values[..., None, :]) @ right


def entry_by_entry(g, steps=5):
    """Right, with sums of products that lie in memory."""
    x = g / g.square().sum((-2, -1), keepdim=True).sqrt()
    for _ in range(steps):
        gram = (x[:, None] * x[None]).sum(-1)
        square = (gram[:, None] * gram[None]).sum(-1)
        mixed = MUONS[1] * gram + MUONS[2] * square
        x = MUONS[0] * x + (mixed[:, :, None] * x[None]).sum(1)
    return x


BENCHMARK = Benchmark(
    "orthogonalize",
    means="g: shape (n, n), float32",
    inputs=lambda n: (torch.randint(-9, 10, (n, n)).float() + 10 * torch.eye(n),),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 2 * 4 * n**2,  # read g, write the result
    operations=lambda n: 5 * 3 * 2 * n**3,
    naive=entry_by_entry,
    naive_up_to=128,
)

RANK_ONE = np.outer([1.0, -2.0, 0.5], [3.0, 1.0])
MIXED = numbers(4, 2, 3, seed=7) * np.array([1.0, 1e-9, 1e9, 0.0])[:, None, None]


class TestOrthogonalize(PureFunction):
    name = "orthogonalize"
    tensors = ("g",)
    dtypes = (torch.float32, torch.float64)
    recorded = False
    cases = [
        ([[1.0, 2.0, 0.0], [2.0, 1.0, 3.0]],),
        (numbers(3, 2, seed=1), 1),
        (numbers(2, 3, 2, seed=8), 0),
        (numbers(2, 2, 4, seed=2), 5),
        (numbers(2, 3, 3, 2, seed=3), 6),
        (numbers(3, 3, seed=4), 2),
        (numbers(2, 4, 1, seed=5), 1),
        ([[-2.5]], 3),
        (RANK_ONE,),
        (np.zeros((0, 3, 2)),),
    ]
    wild = [
        (numbers(2, 3, seed=6) * 3e-11,),
        (numbers(3, 2, seed=6) * 2.9e9, 3),
        ([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],),
        (MIXED,),
    ]
    ulps = {torch.float32: 800, torch.float64: 4e6}  # 1e-4 and 1e-9
    hints = {
        "shape": "Each matrix keeps its shape: what was transposed first is turned back.",
        "dtype": "Stay in the dtype of g: no bfloat16, as in torch's own Muon, and no float32 for"
        " float64.",
        "values": "X = g / norm, and `steps` times X = a X + (b A + c A @ A) @ X, each time with a"
        " new A = X @ X.mT.",
        "wild": "Each matrix is divided by its own norm, with nothing added; zeros give zeros.",
        "precise": "This is nearly right: take all digits of the three numbers, add nothing to the"
        " norm, and compute in g's own dtype.",
        "memory": "g stays as it is: g /= norm writes into it.",
        "raises": "g may have any number of leading dimensions: `.mT` turns the last two alone.",
    }
    sentences = {
        "test_has_the_shape": "The result has g's shape, for tall and wide matrices and batches.",
        "test_values": "Each singular value goes through the polynomial `steps` times.",
        "test_wild_values": "Only the direction counts, for norms from 1e-10 to 1e10; zeros stay.",
    }

    def truth(self, g, steps=5):
        return of_values(g, steps)

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        g, steps = arguments[0], ([*arguments[1:], 5])[0]
        if got.isnan().any() and not g.any((-2, -1)).all():
            return "A matrix of zeros has the norm 0, and 0 / 0 is NaN: divide it by 1 instead."
        if not got.isfinite().all():
            return ""
        whole, own = (np.sqrt((g**2).sum(axes))[..., None] for axes in (None, (-2, -1)))
        a, b, c = MUONS
        told = {
            "One norm is taken of the whole batch; each matrix has its own.": {"norm": whole},
            "1e-7 is added to the norm, or it is not let below that: a small matrix feels it.": {
                "norm": own + 1e-7
            },
            "The norm is not divided by: X begins as g / norm.": {"norm": 1.0},
            "This is divided by the largest singular value; the norm is that of Frobenius, the root"
            " of the sum of all squares.": {"norm": np.linalg.svd(g)[1][..., :1]},
            "b and c have changed places: b belongs to A, c to A @ A.": {"coefficients": (a, c, b)},
            "This is U @ V.mT, or near to it; Muon's three numbers do not get there.": {
                "coefficients": (1.5, -0.5, 0.0)
            },
            "5 steps are done here, whatever `steps` says.": {"steps": 5},
            "One step too few is done.": {"steps": max(steps - 1, 0)},
            "One step too many is done.": {"steps": steps + 1},
        }
        limit = float((got - expected).abs().max()) / 20
        with np.errstate(all="ignore"):
            for hint, changed in told.items():
                if abs(got - of_values(g, **{"steps": steps, **changed})).max() <= limit:
                    return hint
        rows, columns = g.shape[-2:]
        if rows > columns:
            turned = g.reshape(*g.shape[:-2], columns, rows)
            others = {
                "A tall matrix is turned by reshape here: `.mT` turns it.": (
                    of_values(turned, steps).reshape(g.shape)
                ),
                "This is the right result times sqrt(rows / columns): leave this factor out.": (
                    of_values(g, steps) * (rows / columns) ** 0.5
                ),
            }
            for hint, one in others.items():
                if abs(got - one).max() <= limit:
                    return hint
        return self.hints["precise"] if limit < 0.005 else ""

    @aspect("memory")
    def test_takes_no_large_memory(self, solution):
        """No tensor on the way takes more than twice the memory of g, be g tall or wide."""
        for shape in ((2, 3, 40), (64, 3), (3, 50, 2)):
            g = torch.tensor(numbers(*shape), dtype=torch.float32)
            with MemoryTrace() as trace:
                solution.orthogonalize(g)
            most = max(trace.new, default=0)
            sentence = f"made a tensor of {most:,} bytes on the way; g has {g.nbytes:,}."
            expect(most <= 2 * g.nbytes, sentence, LARGE)
