"""The checks of intro/k11_relu: the larger one of two of Python's own numbers, exactly."""

import math

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    layouts,
    random_like,
    shares_storage,
    untouched,
)

LAYER = "`nn.ReLU` is a layer: make one first, then call it with x."
PAIR = "`torch.max(x, 0)` looks for the largest number along dimension 0, and for its index."
KEEP_SHAPE = "Every element of x has its place in the result, whatever the shape of x."
MASK = "`x > 0` says where x is above 0; what comes out there is x itself."
KEEP_DTYPE = (
    "Stay in the dtype of x: a tensor made beside x, such as torch.tensor(0.), has its own."
)
DEVICE = "The result, and whatever you make beside x, has to lie where x lies."
TWO_CASES = "Above 0, x comes out exactly as it is; everywhere else, exactly 0 comes out."
INFINITE = "inf is above 0 and stays inf; -inf is below it and becomes 0."
NOT_A_NUMBER = "-inf * 0, inf - inf and inf / inf are NaN. Can you choose instead of computing?"
LIMITS = "Large numbers overflow in a sum or a smaller dtype; very small ones are still above 0."
CUT = "Compute from x itself: `detach`, `.data`, `no_grad`, lists and NumPy cut it off."
SLOPE = "The gradient passes unchanged where x is above 0, and not at all where it is below."
SLOPES = (
    "gives the gradient {got:.6g} where x is {x:.6g} and the result's is {weight:.6g}; "
    "expected {expected:.6g}."
)
CORNER = "gives the gradient {slope:.6g} where x is {x}; expected a number from 0 to 1."
NEW = "Write nothing into x, and return a new tensor also where nothing had to change."
SHARED = "returned a tensor in the memory of an earlier result."
FRESH = "Make the result anew at each call, and keep none of it for the next."

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
SHAPES = [(3, 5), (7,), (1,), (), (2, 1, 3), (2, 1, 3, 1, 2), (0,), (0, 3), (3, 0, 2)]
MIXED = [-2.0, 3.0, -0.25, 0.25, 0.0, 7.5, -100.0, 100.0]
INFINITIES = [[1.0, math.inf, -math.inf, -1.0], [[-math.inf]], math.inf, -math.inf]
ONE_SIDED = [[2.0, -0.5], [2.0, 0.5], [-2.0, -0.5], [0.0, -0.0], [], 2.5, -2.5]


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


def random_numbers(device, shape, seed):
    """float64 numbers of both signs, away from zero; a 0-d one may have either sign."""
    return random_like(torch.empty(shape, dtype=torch.float64), seed).to(device)


def limits(dtype):
    """The largest numbers of both signs, small ones, the smallest, and one with the most digits."""
    info = torch.finfo(dtype)
    smallest = info.tiny * info.eps  # with one binary digit: tiny has all of them
    return torch.tensor([info.max, info.min, info.tiny, smallest, 1 + info.eps], dtype=dtype)


def expect_rectified(solution, x, hint):
    """The learner's result is the larger one of x and 0 in every element; returns it."""
    expected = [number if number > 0 else 0.0 for number in x.reshape(-1).tolist()]
    got = solution.relu(x)
    expect_shape(got, x.shape, KEEP_SHAPE)
    expect_dtype(got, x.dtype, KEEP_DTYPE)
    numbers = got.reshape(-1).tolist()
    if numbers != expected:  # a comparison of tensors words the difference, but takes its time
        hint = NOT_A_NUMBER if any(map(math.isnan, numbers)) else hint
        values = torch.tensor(expected, dtype=x.dtype).reshape(x.shape)
        expect_values(got, values, hint, rtol=0, atol=0)
    return got


def gradient(solution, x, leaf, weights):
    """The gradient of the leaf that x was computed from, for these weights of the result."""
    got = expect_rectified(solution, x, TWO_CASES)
    return gradients(got, {"x": leaf}, weights, CUT)["x"]


def expect_slopes(solution, numbers, laid_out=torch.clone):
    """The gradient of numbers without a zero is the result's where they are above 0, else 0."""
    weights = random_like(numbers, seed=5)
    leaf = numbers.requires_grad_()
    x = laid_out(leaf)  # no leaf, so that a write into it shows as such, not as an error
    found = gradient(solution, x, leaf, weights)
    rounding = 4 * torch.finfo(x.dtype).eps  # of a weight, which is at most 1.5
    triples = (values.reshape(-1).tolist() for values in (leaf, weights, found))
    for number, weight, got in zip(*triples, strict=True):
        expected = weight if number > 0 else 0.0
        if not abs(got - expected) <= rounding:  # NaN is not
            sentence = SLOPES.format(got=got, x=number, weight=weight, expected=expected)
            raise CheckFailed(sentence, SLOPE)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """relu returns a tensor."""
    got = solution.relu(torch.tensor([[-2.0, 3.0], [0.5, -1.0]]).to(device))
    kinds = {(torch.nn.Module, type): LAYER, tuple: PAIR, (list, np.ndarray): CUT}
    expect_tensor(got, next((hint for kind, hint in kinds.items() if isinstance(got, kind)), ""))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The result has the shape of x, whichever that is."""
    for shape in SHAPES:
        expect_shape(solution.relu(random_numbers(device, shape, 0)), shape, KEEP_SHAPE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x: float16, bfloat16, float32 or float64."""
    for dtype in DTYPES:
        for numbers in ONE_SIDED:
            got = solution.relu(torch.tensor(numbers, dtype=dtype).to(device))
            expect_tensor(got)
            expect_dtype(got, dtype, MASK if got.dtype == torch.bool else KEEP_DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    for numbers in ONE_SIDED:
        expect_device(solution.relu(torch.tensor(numbers).to(device)), device, DEVICE)


@aspect("values")
def test_keeps_what_is_above_zero(solution, device):
    """Numbers above 0 stay, all others become 0, in every dtype."""
    for dtype in DTYPES:
        expect_rectified(solution, torch.tensor(MIXED, dtype=dtype).to(device), TWO_CASES)


@aspect("values")
def test_treats_infinities_as_numbers(solution, device):
    """inf stays inf and -inf becomes 0."""
    for dtype in DTYPES:
        for numbers in INFINITIES:
            expect_rectified(solution, torch.tensor(numbers, dtype=dtype).to(device), INFINITE)


@aspect("values")
def test_is_exact_at_the_limits(solution, device):
    """The largest, the smallest and the most precise numbers of a dtype come out as they are."""
    for dtype in DTYPES:
        expect_rectified(solution, limits(dtype).to(device), LIMITS)


@aspect("values")
def test_reaches_every_element(solution, device):
    """Each element is treated by itself, in every shape and layout."""
    for shape in SHAPES:
        for seed in (1, 2, 3):
            expect_rectified(solution, random_numbers(device, shape, seed), TWO_CASES)
    for dtype in DTYPES:
        for x in layouts(random_numbers(device, (3, 5), 4).to(dtype)).values():
            expect_rectified(solution, x, TWO_CASES)


@aspect("gradient")
def test_has_the_slopes_one_and_zero(solution, device):
    """The gradient is 1 above 0 and 0 below, in every dtype."""
    for dtype in DTYPES:
        for numbers in ([-2.0, 3.0, 0.25, -0.5], 2.5, -2.5):
            expect_slopes(solution, torch.tensor(numbers, dtype=dtype).to(device))
        expect_slopes(solution, limits(dtype).to(device))


@aspect("gradient")
def test_has_the_slopes_one_and_zero_at_infinity(solution, device):
    """The gradient is 1 at inf and 0 at -inf."""
    for dtype in DTYPES:
        expect_slopes(solution, torch.tensor([math.inf, -math.inf], dtype=dtype).to(device))


@aspect("gradient")
def test_has_the_slopes_in_every_layout(solution, device):
    """The gradient finds the place of each element, in every layout."""
    for layout in ("contiguous", "transposed", "every second element", "at an offset"):
        for dtype in DTYPES:
            numbers = random_numbers(device, (3, 5), 6).to(dtype)
            expect_slopes(solution, numbers, lambda leaf, layout=layout: layouts(leaf)[layout])


@aspect("gradient")
def test_has_a_slope_from_zero_to_one_at_zero(solution, device):
    """The gradient at 0 is a number from 0 to 1."""
    for dtype in DTYPES:
        leaf = torch.tensor([0.0, -0.0, 2.0], dtype=dtype).to(device).requires_grad_()
        weights = random_like(leaf.detach(), seed=7)
        found = gradient(solution, leaf.clone(), leaf, weights).tolist()
        rounding = torch.finfo(dtype).eps
        for index, x in enumerate(("0.", "-0.")):
            slope = found[index] / weights[index].item()
            is_between = -rounding <= slope <= 1 + rounding  # False for NaN
            expect(is_between, CORNER.format(slope=slope, x=x), "Is there a division by x?")


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its numbers, its memory and its history, tracked or not."""
    for tracked in (False, True):
        for x in layouts(torch.tensor([[-2.0, 3.0], [0.5, -1.0]]).to(device)).values():
            x.requires_grad_(tracked)
            with untouched(NEW, x=x):
                solution.relu(x)


@aspect("memory")
def test_makes_a_new_tensor(solution, device):
    """The result has memory of its own at each call, also where nothing had to change."""
    for tracked in (False, True):
        for numbers in ONE_SIDED:
            x = torch.tensor(numbers).to(device).requires_grad_(tracked)
            first = solution.relu(x)
            expect_new_memory(first, x, hint=NEW)
            second = solution.relu(x)
            expect_new_memory(second, x, hint=NEW)
            expect(not shares_storage(first, second), SHARED, FRESH)
