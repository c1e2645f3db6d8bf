"""The checks of autograd/k07_matmul_backward: slopes of the sum of grad * (a @ b), in NumPy."""

import numpy as np
import torch

from dojo.checks.laws import BackwardByHand, exact_slopes

SHAPES = [  # of a and b
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3, 2)),
    ((3, 2), (2, 2, 4)),
    ((2, 1, 3, 2), (5, 2, 1)),
    ((1, 2, 3), (2, 2, 3, 3, 1)),  # a is stretched behind two dimensions that it lacks
    ((2, 3, 2, 2, 1), (1, 1, 3)),  # and b too
    ((3, 3), (3, 3)),
    ((1, 1, 3), (3, 1)),
    ((2, 0), (0, 3)),
    ((1, 2, 1), (0, 1, 3)),
    ((0, 2, 3), (3, 2)),
]
NOT_B = "b is not transposed here: a[i, l] meets b[l, j] for each j, so it is grad @ b.mT."
NOT_A = "a is not transposed here: b[l, j] meets a[i, l] for each i, so it is a.mT @ grad."
MEAN = "This is the mean over the products; a matrix that was used in many of them has the sum."


def numbers(shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case_of(of_a, of_b):
    """grad, a and b."""
    a, b = numbers(of_a, 1), numbers(of_b, 2)
    return numbers((a @ b).shape, 3), a, b


def weighted(grad, a, b):
    """What the gradients are of."""
    return (grad * (a @ b)).sum()


class TestMatmulBackward(BackwardByHand):
    name = "matmul_backward"
    tensors = ("grad", "a", "b")
    dtypes = (torch.float32, torch.float64)
    results = ("the gradient for a", "the gradient for b")
    cases = [case_of(*shapes) for shapes in SHAPES]
    ulps = {torch.float32: 84, torch.float64: 450}  # 1e-5 and 1e-13
    hints = {
        "type": "Return the gradient for a, then that for b: `return for_a, for_b`.",
        "shape": "The gradient for a has exactly a's shape, that for b has b's. What broadcasting"
        " added is summed away; what it stretched from 1 is summed to size 1 again.",
        "dtype": "Stay in grad's dtype: float64 has 16 digits, float32 only 7.",
        "values": "For each pair of matrices it is grad @ b.mT for a, and a.mT @ grad for b; then"
        " sum over what was broadcast.",
        "raises": "Multiply by b.mT on the right, or by a.mT on the left: only the last two"
        " dimensions are swapped. a and b may have other leading dimensions, and sizes 1 and 0.",
        "by hand": "Write the two products yourself: the kata is to do what autograd does.",
    }
    sentences = {
        "test_returns_a_tensor": "It returns two tensors: the gradients for a and for b.",
        "test_has_the_shape": "The gradients have exactly the shapes of a and b.",
        "test_values": "The gradients are those of a @ b, summed over what was broadcast.",
    }

    def truth(self, *arguments):
        return exact_slopes(weighted, arguments, 1), exact_slopes(weighted, arguments, 2)

    def why(self, law, arguments, got, expected):
        if law != "values" or not expected.numel():
            return ""
        grad, a, b = arguments
        ways = {NOT_B: (grad, b), NOT_A: (a, grad)}
        for hint, (left, right) in ways.items():
            if left.shape[-1] == right.shape[-2]:
                one = left @ right
                if one.shape == got.shape and np.allclose(one, got, 1e-4, 1e-6):
                    return hint
        for one in (a, b):
            count = np.prod(grad.shape[:-2]) / max(1, np.prod(one.shape[:-2]))
            if count > 1 and np.allclose(got * count, expected, 1e-4, 1e-6):
                return MEAN
        return ""
