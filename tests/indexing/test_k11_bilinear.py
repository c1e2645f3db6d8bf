"""The checks of indexing/k11_bilinear: sums over named dimensions by NumPy, in float64."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

SHAPE = "One row for each sample, one column for each matrix w[o]."
SIZES_OF_1 = "A batch of one sample, or one output, is a dimension of size 1: it stays."
SUM = "result[b, o] is the sum over i and j of x[b, i] * w[o, i, j] * y[b, j]."
SWAPPED = "In w[o, i, j], i belongs to x and j to y: here it is the other way round."
PRECISION = "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16."
TRACKED = "Compute with torch's own operations on x, w and y, without `detach` or `no_grad`."
GRADIENT = "Each of the three weighs the products of the other two, and gets them as its gradient."
KEEP = "The sums go into a new tensor; x, w and y stay as they are."

IMPRECISE = (
    "returned {got!r} at index {index}; expected {expected!r}, with an error of at most {bound:.2g}"
)

NAMES = ("x", "w", "y")
DTYPES = [torch.float32, torch.float64]
OF_GRADIENTS = {torch.float32: 1e-3, torch.float64: 1e-10}  # both relative and absolute
# what requires grad, and the dtype
TRACKING = [(NAMES, torch.float64), *(((name,), torch.float64) for name in NAMES)]
TRACKING += [(NAMES, torch.float32)]
# B, o, i, j: from all equal, where nothing that is swapped raises, to all different
SIZES = [
    (1, 1, 2, 2),
    (2, 2, 2, 2),
    (3, 3, 3, 3),
    (2, 4, 3, 5),
    (4, 2, 5, 3),
    (3, 2, 1, 4),
    (2, 3, 2, 1),
]
SINGLE = [(1, 1, 1, 1), (1, 3, 2, 2), (3, 1, 2, 2)]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x, w and y lie in memory with their dimensions in reverse.",
    "every second element": "Here x, w and y are every second number of a larger memory.",
    "at an offset": "Here x, w and y begin inside of a larger memory.",
}


def by_broadcasting(x, w, y):
    """All the products in memory at once, then their sums."""
    return (x[:, None, :, None] * w * y[:, None, None, :]).sum((2, 3))


BENCHMARK = Benchmark(
    "bilinear",
    means="x and y: shape (n, 32), w: shape (32, 32, 32), float32",
    inputs=lambda n: tuple(torch.randint(4, s).float() for s in ((n, 32), (32,) * 3, (n, 32))),
    sizes=(16, 256, 4096),
    bytes_moved=lambda n: 4 * (3 * 32 * n + 32**3),  # read x, y and w, write the result
    operations=lambda n: 2 * 32**3 * n,
    naive=by_broadcasting,
    naive_up_to=256,
)


def whole_numbers(sizes, seed=0):
    """x, w and y as float64 arrays of whole numbers from 1 to 9, whose sums are exact."""
    b, o, i, j = sizes
    draw = np.random.default_rng(seed)
    return tuple(draw.integers(1, 10, shape).astype(float) for shape in ((b, i), (o, i, j), (b, j)))


def tensors(arrays, device, dtype=torch.float32, layout="contiguous"):
    made = tuple(torch.tensor(array, dtype=dtype).to(device) for array in arrays)
    return made if layout == "contiguous" else tuple(in_layout(x, layout) for x in made)


def call(solution, x, w, y):
    """What the learner returns, for inputs that stay as they are."""
    with untouched(KEEP, x=x, w=w, y=y):
        return solution.bilinear(x, w, y)


def sums(x, w, y):
    return np.einsum("bi,oij,bj->bo", x, w, y)


def hint_for(got, x, w, y):
    """The hint; another one where the result is that of matrices with i and j exchanged."""
    is_swapped = x.shape == y.shape and np.array_equal(got.tolist(), sums(y, w, x))
    return SWAPPED if is_swapped else SUM


@aspect("type")
def test_returns_a_tensor(solution, device):
    """bilinear returns a tensor."""
    expect_tensor(solution.bilinear(*tensors(whole_numbers(SIZES[0]), device)))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (B, o), for sizes of 1 too."""
    for sizes in [(2, 3, 2, 2), *SINGLE]:
        hint = f"{SHAPE} {SIZES_OF_1}" if 1 in sizes else SHAPE
        got = solution.bilinear(*tensors(whole_numbers(sizes), device))
        expect_shape(got, sizes[:2], hint)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x, w and y."""
    for dtype in DTYPES:
        got = solution.bilinear(*tensors(whole_numbers(SIZES[0]), device, dtype))
        expect_dtype(got, dtype, PRECISION)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x, w and y lie."""
    expect_device(solution.bilinear(*tensors(whole_numbers(SIZES[0]), device)), device)


@aspect("values")
def test_sums_over_i_and_j(solution, device):
    """Whole numbers give exact sums: x with i, y with j, each sample by itself."""
    for sizes in SIZES + SINGLE:
        arrays = whole_numbers(sizes, seed=1)
        got = solution.bilinear(*tensors(arrays, device))
        expect_shape(got, sizes[:2], SHAPE)
        expected = torch.tensor(sums(*arrays), dtype=torch.float32)
        expect_values(got, expected, hint_for(got, *arrays), rtol=0, atol=0)


@aspect("values")
def test_takes_every_layout(solution, device):
    """The sums are right however x, w and y lie in memory, and leave them as they are."""
    arrays = whole_numbers((2, 3, 4, 2), seed=2)
    expected = torch.tensor(sums(*arrays))
    for layout, where in LAYOUTS.items():
        got = call(solution, *tensors(arrays, device, torch.float64, layout))
        expect_values(got, expected, f"{SUM} {where}".strip(), rtol=0, atol=0)


@aspect("values")
def test_is_precise(solution, device):
    """Rounding errors stay within those of the dtype of x."""
    b, o, i, j = 2, 3, 4, 3
    draw = np.random.default_rng(3)
    for dtype in DTYPES:
        arrays = [draw.standard_normal(shape) for shape in ((b, i), (o, i, j), (b, j))]
        inputs = tensors(arrays, device, dtype)
        arrays = [np.array(x.tolist()) for x in inputs]  # as the dtype holds them
        got = solution.bilinear(*inputs)
        expect_shape(got, (b, o), SHAPE)
        expect_dtype(got, dtype, PRECISION)
        found, exact = np.array(got.tolist()), sums(*arrays)
        # Of 12 products of three, each is rounded twice, and each sum once, in any order.
        bounds = 2 * (i * j + 2) * torch.finfo(dtype).eps * sums(*map(np.abs, arrays))
        for at in np.argwhere(~(np.abs(found - exact) <= bounds)).tolist():
            index = tuple(at)
            numbers = {"got": float(found[index]), "expected": float(exact[index])}
            sentence = IMPRECISE.format(index=index, bound=bounds[index], **numbers)
            is_near = abs(found[index] - exact[index]) < 0.1 * abs(exact[index])
            raise CheckFailed(f"{sentence}.", PRECISION if is_near else SUM)


@aspect("gradient")
def test_gradients_reach_all_three(solution, device):
    """Gradients reach x, w and y, and each of them alone."""
    arrays = whole_numbers((2, 3, 2, 4), seed=4)
    x, w, y = arrays
    for tracked, dtype in TRACKING:
        inputs = dict(zip(NAMES, tensors(arrays, device, dtype), strict=True))
        leaves = {name: inputs[name].requires_grad_() for name in tracked}
        got = call(solution, **inputs)
        expect_shape(got, (2, 3), SHAPE)
        expect_dtype(got, dtype, PRECISION)
        cotangent = random_like(got.detach().cpu(), seed=5)
        g = cotangent.numpy()
        expected = {
            "x": np.einsum("bo,oij,bj->bi", g, w, y),
            "w": np.einsum("bo,bi,bj->oij", g, x, y),
            "y": np.einsum("bo,oij,bi->bj", g, w, x),
        }
        alone = f" Here {tracked[0]} alone requires grad." if len(tracked) == 1 else ""
        found = gradients(got, leaves, cotangent.to(device), TRACKED + alone)
        for name, gradient in found.items():
            what = f"the gradient of {name}"
            numbers, error = torch.tensor(expected[name], dtype=dtype), OF_GRADIENTS[dtype]
            expect_values(gradient, numbers, GRADIENT + alone, what, rtol=error, atol=error)
