"""The checks of autograd/k06_unbroadcast: each number of grad is added to the one it belongs to."""

import numpy as np
import torch

from dojo.checks.laws import PureFunction

RIGHT = "Shapes are aligned at the right: the last size of shape belongs to the last one of grad."
SHIFTED = "Without keepdim, each sum shifts the numbers of the dimensions behind it."
EVERYTHING = "This is the sum of everything: torch sums that where the list of dimensions is empty."
MORE = "This one has a dimension more."
NOT_THIS = "Refuse a shape that does not become grad's shape by broadcasting."


def numbers(*shape):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(len(shape)).uniform(-3, 3, shape), 1)


class TestUnbroadcast(PureFunction):
    name = "unbroadcast"
    tensors = ("grad",)
    dtypes = (torch.float32, torch.float64)
    memory = "free"
    cases = [
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], (3,)),
        (numbers(2, 1, 3), (1, 3)),
        (numbers(2, 3), (2, 1)),
        (numbers(2, 3, 4), (3, 1)),
        (numbers(2, 3, 4, 2), torch.Size((2, 1, 4, 1))),
        (numbers(2, 2), torch.Size((2,))),
        (numbers(2, 3, 3), (1, 3)),
        (numbers(2, 3), ()),
        (numbers(2, 3), (2, 3)),
        (numbers(3, 1, 1), (1, 1, 1)),
        (2.5, ()),
        ([[2.5]], (1,)),
        (np.zeros((0, 3)), (1, 3)),
        (np.zeros((0, 3)), ()),
        (np.zeros((2, 0, 3)), (0, 1)),
    ]
    refused = [
        ((numbers(2, 3), (2,)), None, ValueError, f"{NOT_THIS} {RIGHT}"),
        (
            (numbers(2, 3), (1, 2, 3)),
            None,
            ValueError,
            f"{NOT_THIS} {MORE}",
        ),
        ((numbers(1, 3), (2, 3)), None, ValueError, f"{NOT_THIS} Here it is grad that has the 1."),
        ((numbers(2, 3), (6,)), None, ValueError, NOT_THIS),
        ((numbers(4, 2), (2, 2)), None, ValueError, NOT_THIS),
        ((2.5, (1,)), None, ValueError, f"{NOT_THIS} {MORE}"),
        ((np.zeros((0, 3)), (2, 3)), None, ValueError, NOT_THIS),
        ((numbers(1, 3), (0, 3)), None, ValueError, NOT_THIS),
    ]
    forbidden = "sum_to_size"
    hints = {
        "shape": "A dimension that was added goes, one that was stretched gets the size 1 again,"
        " and all others stay.",
        "dtype": "A sum has the dtype of grad.",
        "values": "Each number is the sum of all those of grad for which broadcasting used it.",
        "gradient": "A number of grad gets the gradient of the sum that it is part of.",
        "memory": "Sum into a new tensor: grad stays as it is.",
        "forbidden": "The kata is to make it from sums and shapes.",
    }
    sentences = {
        "test_has_the_shape": "The result has exactly the shape that is asked for.",
        "test_values": "Numbers are summed where broadcasting added or stretched a dimension.",
        "test_refuses": "A shape that does not broadcast to grad's raises ValueError.",
        "test_is_made_without": "It is made without torch's sum_to_size.",
    }

    def truth(self, grad, shape):
        places = np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), grad.shape)
        sums = [0.0] * np.prod(shape, dtype=int)
        for place, number in zip(places.flatten().tolist(), grad.flatten().tolist(), strict=True):
            sums[place] += number
        return np.reshape(sums, shape)

    def gradient(self, weights, grad, shape):
        return [np.broadcast_to(weights, grad.shape)]

    def why_shape(self, arguments, shape):
        is_all = np.prod(shape) == 1 < np.prod(arguments[1])
        return EVERYTHING if is_all else ""

    def why(self, law, arguments, got, expected):
        if law != "values" or not expected.numel():
            return ""
        grad, shape = arguments
        others = {
            "This is the mean; a gradient is the sum.": expected * expected.numel() / grad.size
        }
        if shape == (2,):
            others[RIGHT] = torch.tensor(grad.sum(1))
        if shape == (1, 3) and grad.ndim == 3:
            others[SHIFTED] = torch.tensor(grad.sum((0, 2))[None])
        return "".join(hint for hint, one in others.items() if np.allclose(one, got, 1e-4))
