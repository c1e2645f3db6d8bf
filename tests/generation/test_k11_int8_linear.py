"""The checks of generation/k11_int8_linear: rounding in Python's numbers, products in NumPy."""

import functools
import math

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    Benchmark,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_values,
    module_untouched,
    shares_storage,
    tensor_of,
)
from dojo.checks.laws import ModuleClass, PureFunction
from dojo.checks.laws.module_calls import Part
from dojo.checks.laws.numbers import as_array, first_known

FIRST = [[1.27, -0.51, 0.256], [-5.08, 2.0, -0.05]]
ZEROS = [[0.0, 0.0], [2.0, -1.1]]
FAR = [[1e-30, -3e-31], [1e30, 2.5e29], [0.0, 0.0]]
NEGATIVE = [[-3.0, -1.0], [-0.5, -0.2]]
NEAREST = "Round w / scale to the nearest whole number, and then convert it to int8."
CUT = "These are cut off, and not rounded."
DOWN = "These are rounded down, and not to the nearest."
RANGE = (
    "The range from the smallest to the largest w is divided by 255 here; it is the largest |w|,"
    " divided by 127."
)
OWN_ROW = "Each row has a scale of its own: the largest |w| along the last dimension."
TINY = "A scale may be as small as 1e-32: add nothing to it, and clamp nothing."
LIKE = "Scale and bias have the dtype and the device of linear; the weight is int8."
COPY = "Make new tensors, such as `linear.bias.detach().clone()`; write into none of linear's."
CONSTANT = "Quantize `linear.weight.detach()`: a buffer is no part of autograd's graph."
# shape of x, out_features, whether there is a bias
CASES = [((2, 1, 3, 4), 5, False), ((3,), 3, True), ((2, 1), 3, True)]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def holding(answer, x, linear, weight, scale):
    """The result of a layer that holds this weight and this scale."""
    layer = answer.Int8Linear(linear)
    layer.weight, layer.scale = weight, scale
    return layer(x)


def row_by_row(x, _linear, weight, scale):
    """The same, one output at a time."""
    return torch.stack([x @ (w * s) for w, s in zip(weight, scale, strict=True)], -1)


BENCHMARK = Benchmark(
    "Int8Linear",
    means="weight: int8 (n, n), without a bias; x: float32 (4, n)",
    inputs=lambda n: (
        torch.randint(-9, 10, (4, n)).float(),
        nn.Linear(1, 1, bias=False),
        torch.randint(-9, 10, (n, n)).to(torch.int8),
        torch.ones(n),
    ),
    sizes=(64, 512, 4096),
    bytes_moved=lambda n: n * n + 4 * n + 2 * 4 * 4 * n,  # weight, scale, x and the result
    operations=lambda n: 2 * 4 * n * n,
    naive=row_by_row,
    call=holding,
)


@functools.cache
def layer_of(inputs, outputs, bias=True):
    """What makes a layer of these sizes."""
    text = f"nn.Linear({inputs}, {outputs}{'' if bias else ', bias=False'})"
    return Part(text, lambda: nn.Linear(inputs, outputs, bias))


def quantized(weight):
    """The whole numbers and the scales of an array."""
    scales = [max(abs(w) for w in row) / 127 or 1.0 for row in weight.tolist()]
    pairs = zip(weight.tolist(), scales, strict=True)
    rows = [[math.floor(w / scale + 0.5) for w in row] for row, scale in pairs]
    return np.array(rows, dtype=int).reshape(weight.shape), np.array(scales)


class TestQuantizePerChannel(PureFunction):
    name = "quantize_per_channel"
    tensors = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(FIRST,), (numbers(3, 5),), (numbers(4, 4, seed=1),), (NEGATIVE,)]
    cases += [(ZEROS,), (FAR,), (numbers(1, 3, seed=2),), (numbers(3, 1, seed=3),)]
    results = ("the int8 weight", "the scale")
    absolute = False
    recorded = False
    hints = {
        "type": "Return two tensors in a tuple: the whole numbers, and the scales.",
        "shape": "The whole numbers have the shape of weight, and the scale has one number for"
        " each row: (out,).",
        "dtype": "The whole numbers are int8, and the scale has the dtype of weight.",
        "values": "scale = largest |w| of the row / 127; whole number = w / scale, rounded.",
        "precise": "Only the last digits differ: compute the scale in the dtype of weight.",
    }
    sentences = {
        "test_has_the_shape": "The whole numbers are (out, in), and the scale is (out,).",
        "test_has_the_dtype": "The whole numbers are int8, and the scale is as weight.",
        "test_values": "Each row is rounded to whole numbers times a scale of its own.",
    }

    def result_dtype(self, dtype):
        return torch.int8, dtype

    def truth(self, weight):
        return quantized(weight)

    def why_shape(self, arguments, shape):
        rows, columns = arguments[0].shape
        found = {(rows, 1): "`keepdim=True` leaves a dimension of size 1; the scale is (out,)."}
        found[()] = OWN_ROW
        found[(columns,)] = "This is a scale for each column; it is for each row."
        return found.get(shape, "")

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        weight, got = arguments[0], got.double().numpy()
        top, right = np.abs(weight).max(1), expected.double().numpy()
        tiny = (top > 0) & (top < 1e-20)
        if tiny.any() and np.allclose(got[~tiny], right[~tiny], 1e-4, 0):
            return TINY
        if expected.dim() == 2:
            if (got == -128).any():
                return "-128 is left out: divide by 127 and not by 128, and clamp at -127."
            step = got - right
            if np.abs(step).max() <= 1:
                is_cut = (step * np.sign(right) <= 0).all()
                return f"{CUT if is_cut else DOWN if (step <= 0).all() else ''} {NEAREST}".strip()
        scales = {
            "The scale of a row of zeros is 1.": top / 127,
            f"There is one scale for all rows here. {OWN_ROW}": 0 * top + top.max() / 127,
            "Here the largest |w| is divided by 128; it is divided by 127.": top / 128,
            "The scale is 127 / largest here; it is largest / 127.": 127 / (top + 1e-99),
            "This is the largest w; it is the largest |w|.": weight.max(1) / 127,
            RANGE: np.ptp(weight, 1) / 255,
        }
        if expected.dim() == 2:
            scales = {
                hint: np.clip(np.rint(weight / one[:, None]), -127, 127)
                for hint, one in scales.items()
                if one.all()
            }
        return first_known(scales, torch.tensor(got), expected)


class TestInt8Linear(ModuleClass):
    name = "Int8Linear"
    tensors = ("x", "weight", "scale", "bias")
    buffers = tensors[1:]
    fixed = {"weight": torch.int8}
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [[127, 0, -20], [5, -127, 1]], [0.5, 0.1], [9, 3])
    ]
    cases += [
        (
            numbers(*x, seed=3 * n),
            np.random.default_rng(n).integers(-127, 128, (out, x[-1])),
            np.abs(numbers(out, seed=3 * n + 1)) / 8 + 0.01,
            numbers(out, seed=3 * n + 2) if bias else None,
        )
        for n, (x, out, bias) in enumerate(CASES)
    ]
    of_largest = {torch.float32: 1e-4, torch.float64: 1e-9}
    hints = {
        "parameters": "Nothing here is trained: `weight`, `scale` and `bias` are buffers.",
        "buffers": "Register `weight` (int8), `scale` and `bias` with `register_buffer`.",
        "state_dict": "All buffers are saved; without a bias there is no key for it.",
        "shape": "The last dimension of x holds the features; all others come out as they went in.",
        "dtype": "The result has the dtype of x and of scale.",
        "values": "x·Wᵀ + bias, where row i of W is weight[i] * scale[i], as it is then.",
        "gradient": "The gradient of x is the incoming one times W, with the scales.",
        "mixed": "torch multiplies no float by an int8 matrix: convert the weight to x.dtype.",
        "graph": CONSTANT,
        "raises": "A scale belongs to a row of weight: `weight * scale[:, None]`.",
    }
    sentences = {
        "test_has_the_dtype": "The result has the dtype of x and of scale.",
        "test_values": "The result is x·Wᵀ + bias, with weight * scale for W.",
        "test_gradients": "The gradient reaches x.",
    }

    def made_with(self, x, weight, scale, bias=None):
        return (layer_of(x.shape[-1], len(weight), bias is not None),)

    def truth(self, x, weight, scale, bias=None):
        products = (x[..., None, :] * weight).sum(-1)
        return products * scale + (0 if bias is None else bias)

    def gradient(self, weights, x, weight, scale, bias=None):
        return [(weights * scale) @ weight, None, None]

    def others(self, x, weight, scale, bias=None):
        products, bias = (x[..., None, :] * weight).sum(-1), 0 if bias is None else bias
        found = {
            "The scale is missing here.": products + bias,
            "The bias is missing here.": products * scale,
            "The bias is multiplied by the scale here, too.": (products + bias) * scale,
            "The products are divided by the scale here.": products / scale + bias,
            "x is rounded here; it stays as it is.": self.truth(np.rint(x), weight, scale, bias),
        }
        if x.shape[-1] == len(scale):
            other = (x[..., None, :] * (weight * scale)).sum(-1)
            found["The scale belongs to the rows of weight, and not to its columns."] = other + bias
        return found

    # ---------------------------------------------------------------- what is made

    def linears(self, device):
        """Layers of both dtypes, with a bias and without one, and their weights as arrays."""
        for weight, bias, dtype in (
            (FIRST, True, torch.float32),
            (ZEROS, False, torch.float64),
            (numbers(4, 5, seed=4), True, torch.float64),
        ):
            weight = np.array(weight)
            linear = layer_of(weight.shape[1], len(weight), bias)().to(device, dtype)
            linear.weight.data = tensor_of(weight, device, dtype)
            yield linear, as_array(linear.weight)

    @aspect("dtype")
    def test_has_buffers_like_linear(self, solution):
        """weight is int8, scale and bias are as linear; after .double() weight is int8 still."""
        for linear, _ in self.linears("cpu"):
            layer, dtype = solution.Int8Linear(linear), linear.weight.dtype
            for words in ("", " after .double()"):
                expect_dtype(layer.weight, torch.int8, LIKE, f"the weight{words}")
                for name in ("scale", "bias")[: 1 if linear.bias is None else 2]:
                    expect_dtype(getattr(layer, name), dtype, LIKE, f"the {name}{words}")
                layer, dtype = layer.double(), torch.float64

    @aspect("device")
    def test_lies_where_linear_lies(self, solution, device):
        """All buffers lie on the device of linear."""
        for linear, _ in self.linears(device):
            for name, one in solution.Int8Linear(linear).named_buffers():
                expect_device(one, device, LIKE, f"the {name}")

    @aspect("values")
    def test_holds_the_weight_of_linear(self, solution, device):
        """It holds the quantized weight, the scales, and the bias of linear."""
        for linear, weight in self.linears(device):
            layer = solution.Int8Linear(linear)
            rows, scales = quantized(weight)
            right = {"weight": torch.tensor(rows, dtype=torch.int8)}
            right["scale"] = torch.tensor(scales, dtype=linear.weight.dtype)
            right["bias"] = linear.bias
            solution.last_call = f"Int8Linear(linear), where linear.weight is {weight.tolist()},"
            for name, one in right.items():
                if one is not None:
                    limit = 0.0 if name == "weight" else self.limit(one.dtype)
                    hint = "Quantize the weight of linear by quantize_per_channel; copy its bias."
                    got, what = getattr(layer, name), f"the {name}"
                    expect_values(got, one.detach().cpu(), hint, what, rtol=limit, atol=0)

    @aspect("gradient")
    def test_has_no_graph(self, solution):
        """No buffer requires grad, though the weight of linear does."""
        for linear, _ in self.linears("cpu"):
            for name, one in solution.Int8Linear(linear).named_buffers():
                expect(not one.requires_grad, f"has a buffer {name} that requires grad.", CONSTANT)

    @aspect("memory")
    def test_shares_nothing_with_linear(self, solution):
        """The given layer stays as it is, and shares no memory with the new one."""
        for linear, _ in self.linears("cpu"):
            with module_untouched(linear, COPY):
                layer = solution.Int8Linear(linear)
            for name, one in layer.named_buffers():
                for each, other in linear.named_parameters():
                    sentence = f"has a {name} in the memory of linear.{each}."
                    expect(not shares_storage(one, other), sentence, COPY)

    @aspect("structure")
    def test_has_no_bias(self, solution):
        """Without a bias in linear, the attribute bias is None."""
        layer = solution.Int8Linear(layer_of(3, 2, False)())
        hint = '`self.register_buffer("bias", None)` makes an attribute that holds nothing.'
        expect(hasattr(layer, "bias"), "has no attribute bias; expected None.", hint)
        expect(layer.bias is None, "has a bias that is not None.", hint)
