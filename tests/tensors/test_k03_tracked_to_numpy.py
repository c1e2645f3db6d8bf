"""The checks of tensors/k03_tracked_to_numpy: each tensor is made of an array, expected back."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, numbers, tensor_of
from dojo.checks.laws import ArrayFromTensor

BFLOAT16 = "NumPy has no bfloat16. Which dtype holds all of its values, and no more than that?"
TRACKED = "The numbers of a tracked tensor are those of an untracked one."
CONJUGATE = "Here t is lazily conjugated: what lies in memory are not yet its values."
NEGATIVE = "Here t is lazily negated: what lies in memory are not yet its values."
SHARE = "{what} lies on the CPU in a dtype that NumPy has: which step copies it?"

RAISES = "numpy() refuses a tensor that requires grad, is lazily conjugated or negated, or holds"
RAISES += " bfloat16. Make another tensor of t first, in which that is changed."
WIDENED = [1 + 2.0**-7, -0.5, 2.0**127, float("inf"), -float("inf"), float("nan")]
TRACKABLE = ["float32", "float64", "float16", "complex64"]


def by_way_of_a_list(t):
    """Each number an object of Python's in between."""
    return np.array(t.tolist(), dtype=np.float32)


BENCHMARK = Benchmark(
    "to_numpy",
    means="t: shape (n,), float32, requires grad",
    inputs=lambda n: ((torch.arange(n) % 7.0).requires_grad_(),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


def lazy(place, dtype="complex64"):
    """Tensors whose memory holds other numbers than they have, what they are, and an array each."""
    array = numbers((2, 3), dtype) / 3  # thirds: float32 holds fewer of their digits
    t = tensor_of(array, place)
    tracked = t.clone().requires_grad_()
    return [
        (t.conj(), CONJUGATE, array.conj()),
        (t.conj()[0, 1], CONJUGATE, array.conj()[0, 1, ...]),
        (tracked.conj(), CONJUGATE, array.conj()),
        (t.conj().imag, NEGATIVE, -array.imag),
        (t.mT.conj().imag[1:], NEGATIVE, -array.imag.T[1:]),
        (tracked.conj().imag, NEGATIVE, -array.imag),
    ]


def in_shared_memory():
    """Further tensors on the CPU that an array can share, by what they are."""
    tracked, z = tensor_of(numbers()).requires_grad_(), tensor_of(numbers((2, 3), "complex64"))
    return {
        "A leaf that requires grad": tracked,
        "A parameter": torch.nn.Parameter(tensor_of(numbers())),
        "The result of a tracked operation": tracked * 2,
        "A view of a tracked tensor": tracked.clone()[:, 1],
        "The transpose of a tracked tensor": tracked.clone().T,
        "The real part of a conjugated tensor": z.conj().real,
        "A tensor conjugated twice": z.clone().conj().conj(),
    }


class TestToNumpy(ArrayFromTensor):
    name = "to_numpy"
    tensors = ("t",)
    hints = {
        "raises": RAISES,
        "memory": "Read t and leave it as it is, tracked or not.",
    }

    def inputs(self, place):
        leaf = tensor_of(numbers(), place).requires_grad_()
        some = [leaf, leaf * 2, leaf.detach().bfloat16(), lazy(place)[0][0], lazy(place)[3][0]]
        return [*super().inputs(place), *some]

    @aspect("dtype")
    def test_widens_bfloat16(self, solution, device):
        """bfloat16 becomes float32, with the same values, tracked or not."""
        array = np.array(WIDENED, "float32")
        for place in self.places(device):
            t = tensor_of(array, place, torch.bfloat16)
            for each in (t, t.clone().requires_grad_(), t.clone().requires_grad_() * 1):
                self.expect_kept(solution, each, array, BFLOAT16)

    @aspect("values")
    def test_has_the_values_of_tracked_tensors(self, solution, device):
        """A tensor that requires grad, leaf or result, is no different."""
        for place in self.places(device):
            for dtype in TRACKABLE:
                array = numbers(dtype=dtype)
                leaf = tensor_of(array, place).requires_grad_()
                self.expect_kept(solution, leaf, array, TRACKED)
                self.expect_kept(solution, leaf * 2, array * 2, TRACKED)
                self.expect_kept(solution, leaf.T[1], array.T[1], TRACKED)

    @aspect("values")
    def test_has_the_values_of_lazy_tensors(self, solution, device):
        """A tensor that is lazily conjugated or negated arrives with its own values."""
        for place in self.places(device):
            for t, hint, array in lazy(place) + lazy(place, "complex128"):
                self.expect_kept(solution, t, array, hint)

    @aspect("memory")
    def test_shares_the_memory_of_tracked_tensors(self, solution):
        """A tensor on the CPU and its array lie in one memory, tracked or not."""
        for what, t in in_shared_memory().items():
            self.expect_shared(solution, t, SHARE.format(what=what))
