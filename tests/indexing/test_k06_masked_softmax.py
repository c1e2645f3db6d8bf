"""The checks of indexing/k06_masked_softmax: shares by NumPy in float64, and their gradients."""

import math

import numpy as np
import torch

from dojo.checks import (
    CheckFailed,
    aspect,
    expect_device,
    expect_dtype,
    expect_made_without,
    expect_shape,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

SHAPE = "Each entry of x has a share, so the result has x's shape, not that of the mask."
SHARES = "exp(x) over the sum of exp(x), along dim, over the entries where the mask is True."
HIDDEN = "What is hidden holds {value}: take it out before anything is calculated from it."
ZERO = "True keeps, False hides. exp turns -inf, and no finite number, into 0 for certain."
NOTHING = "A row with nothing kept has the sum 0, and no largest entry: what do you divide by?"
SIZE = "Before exp, subtract from each row its own largest entry, of those that are kept."
DIGITS = "Only the last digits differ: stay in x's dtype or a wider one, and add nothing to sums."
HALF = "{dtype} shares may be off by {percent} % of what float32 gives."
TRACKED = "Compute with torch's own operations, without `detach`, `.data` or `no_grad` around x."
GRADIENT = "A share s has the gradient s * (g - sum of g * s), for the gradients g of its row."
NAN = "0 * NaN is NaN: a `where` after the calculation mends the value, and not the gradient."
KEEP = "Results go into new tensors; x and the mask stay as they are."
OWN = "The kata is to make it from exp, sums and the like."

LEFT = "returned {got} at the hidden index {index}; expected exactly 0."
LEFT_GRADIENT = "has the gradient {got} at the hidden index {index} of x; expected exactly 0."
FAR = (
    "returned {got:.4g} at index {index}; float32 gives {expected:.4g}, more than {percent} % off."
)

# relative and absolute tolerance; shares that are checked are not smaller than 1e-6
TOLERANCES = {torch.float64: (1e-9, 1e-12), torch.float32: (1e-5, 1e-9)}
PERCENT = {torch.float16: 1, torch.bfloat16: 5}
# of gradients; those of 16 bits are to arrive, to their first digit, and not to be NaN
OF_GRADIENTS = {
    torch.float64: (1e-7, 1e-10),
    torch.float32: (1e-3, 1e-4),
    torch.float16: (0, 0.05),
    torch.bfloat16: (0, 0.2),
}
SMALL = 0.001  # below it, float16 and bfloat16 are not asked for precision
DTYPES = [*TOLERANCES, *PERCENT]
# shape of x, shape of the mask, dim
CASES = [
    ((3,), (3,), 0),
    ((3, 4), (3, 4), 0),
    ((2, 5), (5,), -1),
    ((3, 4), (3, 1), 0),
    ((2, 3, 4), (3, 4), -2),
    ((2, 3, 3), (2, 1, 3), 2),
    ((2, 3), (), 1),
    ((1, 1), (1, 1), 1),
    ((), (), 0),
]
LAYOUTS = ["transposed", "every second element"]
HARMFUL = [math.nan, math.inf, -math.inf, 6e4]
NO = [[False] * 4, [True, False, True, True], [False] * 4]


def arrays(shape, mask_shape, dim, seed=0):
    """x as float64 from -3 to 3, and a mask that keeps some in each row along dim."""
    draw = np.random.default_rng(seed)
    x, mask = (np.array(draw.random(each)) for each in (shape, mask_shape))
    mask = np.array(mask < 0.5)
    along = dim % max(len(shape), 1) - len(shape) + mask.ndim
    mask[(slice(None),) * along + (0,)[: mask.ndim]] = True
    return np.round(x * 6 - 3, 1), mask


def softmax(x, mask, dim):
    """The shares in float64, and 0 where nothing is kept."""
    kept = np.where(mask, x, -np.inf)
    top = kept.max(dim, keepdims=True)
    with np.errstate(over="ignore"):
        weights = np.exp(kept - np.where(np.isfinite(top), top, 0))
    total = weights.sum(dim, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def call(solution, x, mask, dim):
    """What the learner returns, in the shape of x, for inputs that stay as they are."""
    with untouched(KEEP, x=x, mask=mask):
        got = solution.masked_softmax(x, mask, dim)
    expect_shape(got, x.shape, SHAPE)
    return got


def expect_zeros(numbers, mask, sentence, hint):
    """Exactly 0 at each hidden place."""
    found = np.array(numbers.tolist())
    for at in np.argwhere(~np.broadcast_to(mask, found.shape) & ~(found == 0)).tolist():
        index = tuple(at)
        raise CheckFailed(sentence.format(got=f"{found[index]:.6g}", index=index), hint)


def expect_shares(solution, device, x, mask, dim, dtype, hint, hidden=ZERO):
    """The shares of an array x, rounded to the dtype, are those in float64."""
    given = torch.tensor(x, dtype=dtype)
    exact = softmax(np.array(given.tolist()), mask, dim)
    got = call(solution, given.to(device), torch.tensor(mask).to(device), dim)
    expect_dtype(got, dtype)
    expect_zeros(got, mask, LEFT, hidden)
    if dtype in TOLERANCES:
        rtol, atol = TOLERANCES[dtype]
        is_near = np.allclose(got.tolist(), exact, rtol=1e-4, atol=0)
        why = f"{hint} {DIGITS}" if is_near else hint
        expect_values(got, torch.tensor(exact, dtype=dtype), why, rtol=rtol, atol=atol)
        return
    found, percent = np.array(got.tolist()), PERCENT[dtype]
    allowed = np.where(exact > SMALL, percent / 100 * exact, SMALL)
    name = str(dtype).removeprefix("torch.")
    for at in np.argwhere(~(np.abs(found - exact) <= allowed)).tolist():
        index = tuple(at)
        numbers = {"got": float(found[index]), "expected": float(exact[index])}
        limit = HALF.format(dtype=name, percent=percent)
        raise CheckFailed(FAR.format(index=index, percent=percent, **numbers), f"{hint} {limit}")


@aspect("shape")
def test_has_the_shape_of_x(solution, device):
    """The result has x's shape, whatever shape the mask has."""
    for shape, mask_shape, dim in CASES:
        x, mask = arrays(shape, mask_shape, dim)
        call(solution, torch.tensor(x).to(device), torch.tensor(mask).to(device), dim)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has x's dtype, float16 and bfloat16 too."""
    x, mask = arrays((2, 3), (2, 3), 1)
    for dtype in DTYPES:
        given = torch.tensor(x, dtype=dtype).to(device)
        expect_dtype(solution.masked_softmax(given, torch.tensor(mask).to(device), 1), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    x, mask = (torch.tensor(each).to(device) for each in arrays((2, 3), (2, 3), 1))
    expect_device(solution.masked_softmax(x, mask, 1), device)


@aspect("values")
def test_what_is_kept_shares_one(solution, device):
    """The shares along dim are exp(x) over the sum of exp(x), of what is kept."""
    for seed, (shape, mask_shape, dim) in enumerate(CASES):
        x, mask = arrays(shape, mask_shape, dim, seed)
        expect_shares(solution, device, x, mask, dim, DTYPES[1 - seed % 2], SHARES)
    x, mask = arrays((2, 24), (2, 24), 1, seed=20)
    for dtype in PERCENT:
        expect_shares(solution, device, x, mask, 1, dtype, SHARES)
    x, mask = arrays((3, 4), (3, 4), 0, seed=21)
    expected = torch.tensor(softmax(x, mask, 0))
    for layout in LAYOUTS:
        inputs = (in_layout(torch.tensor(each).to(device), layout) for each in (x, mask))
        expect_values(call(solution, *inputs, 0), expected, SHARES)


@aspect("values")
def test_what_is_hidden_gets_nothing(solution, device):
    """A hidden entry is exactly 0 and does no harm to the others, whatever it holds."""
    for seed, value in enumerate(HARMFUL):
        hint = HIDDEN.format(value=value)
        for shape, dtype in (((3,), torch.float32), ((2, 4), DTYPES[seed % 4])):
            x, mask = arrays(shape, shape, -1, seed=30 + seed)
            given = np.where(mask, x, value)
            expect_shares(solution, device, given, mask, -1, dtype, hint, hint)


@aspect("values")
def test_nothing_is_zero(solution, device):
    """Where nothing is kept along dim, all entries are 0, and the other rows are right."""
    x = np.array([1.0, 2.0])
    expect_shares(solution, device, x, np.zeros(2, bool), 0, torch.float32, NOTHING, NOTHING)
    mask = np.array(NO)
    x, _ = arrays(mask.shape, (), 1)
    for dtype in DTYPES:
        expect_shares(solution, device, x, mask, 1, dtype, NOTHING, NOTHING)
    x[~mask] = math.nan
    expect_shares(solution, device, x.T.copy(), mask.T.copy(), 0, torch.float64, NOTHING, NOTHING)
    expect_shares(solution, device, x[0, 0], mask[0, 0], 0, torch.float64, NOTHING, NOTHING)


@aspect("values")
def test_any_size_is_right(solution, device):
    """What is kept may be as large or as small as the dtype allows."""
    lowest = {dtype: torch.finfo(dtype).min for dtype in DTYPES}
    rows = [
        (torch.float64, [[1000, 1001, 0], [-2000, -2001, 5]]),
        (torch.float64, [[-1e10, -2e10, 0], [2e10, 1e10, 0]]),
        (torch.float32, [[1e30, -1e30, 0], [-1e30, -2e30, 1e30]]),
        (torch.float16, [[30, 0, 100], [-30, -60, 0]]),
        (torch.bfloat16, [[200, 0, 0], [-200, -300, 0]]),
    ]
    rows += [(dtype, [[1, 2, 0], [low, low, 0]]) for dtype, low in lowest.items()]
    mask = np.array([[True, True, False], [True, True, False]])
    for dtype, x in rows:
        alone = mask.copy()
        alone[1, 1] = x[1][0] != x[1][1]  # one entry alone, where both would be the same
        hint = f"{SIZE} Here x is {x}."
        expect_shares(solution, device, np.array(x, float), alone, 1, dtype, hint, hint)


def expect_gradient(solution, device, x, mask, dim, seed, hint, dtype=torch.float64):
    """The gradient of x is the one of its shares, and exactly 0 at what is hidden."""
    leaf = torch.tensor(x, dtype=dtype).to(device).requires_grad_()
    got = call(solution, leaf, torch.tensor(mask).to(device), dim)
    cotangent = random_like(leaf.detach().cpu(), seed)
    expect_dtype(got, dtype)
    found = gradients(got, {"x": leaf}, cotangent.to(device), TRACKED)["x"]
    shares, g = softmax(np.array(leaf.tolist()), mask, dim), np.array(cotangent.tolist())
    expected = torch.tensor(shares * (g - (g * shares).sum(dim, keepdims=True)), dtype=dtype)
    expect_zeros(found, mask, LEFT_GRADIENT, NAN if hint == SIZE else f"{hint} {NAN}")
    rtol, atol = OF_GRADIENTS[dtype]
    expect_values(found, expected, hint, "the gradient of x", rtol=rtol, atol=atol)


@aspect("gradient")
def test_gradients_reach_what_is_kept(solution, device):
    """The gradient is right for what is kept, and exactly 0 for what is hidden."""
    for seed, (shape, mask_shape, dim) in enumerate(CASES[:6]):
        x, mask = arrays(shape, mask_shape, dim, seed)
        expect_gradient(solution, device, x, mask, dim, seed, GRADIENT, DTYPES[-seed % 4])
    x = np.array([[1e4, 1e4 - 1, -1e30], [-1e4, -1e4 - 1, 0]])
    mask = np.array([[True, True, True], [True, True, False]])
    expect_gradient(solution, device, x, mask, 1, 0, SIZE)


@aspect("gradient")
def test_no_gradient_is_nan(solution, device):
    """A hidden NaN, and a row with nothing kept, leave no NaN in the gradient."""
    mask = np.array(NO)
    x, some = arrays(mask.shape, mask.shape, 0, seed=40)
    expect_gradient(solution, device, x, mask, 1, 1, NOTHING)
    for seed, value in enumerate(HARMFUL[:2]):
        hint = HIDDEN.format(value=value)
        expect_gradient(solution, device, np.where(some, x, value), some, 0, seed, hint)
    for dtype in DTYPES:
        hidden = np.where(mask, x, math.nan)
        expect_gradient(solution, device, hidden, mask, 1, 2, NOTHING, dtype)


@aspect("structure")
def test_does_not_run_softmax(solution):
    """It is made without torch's softmax and log_softmax, forward and backward."""
    for dtype, keep in zip(DTYPES, (NO, [[True] * 4], NO, NO), strict=True):
        x = torch.ones(len(keep), 4, dtype=dtype).requires_grad_()
        mask = torch.tensor(keep)
        expect_made_without(".*softmax.*", solution.masked_softmax, x, mask, 1, hint=OWN)
