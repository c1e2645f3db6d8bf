"""The checks of indexing/k05_masked_mean: means of Python's lists of what was kept."""

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    in_layout,
    untouched,
    without_modes,
)

SHAPE = "Dimension dim goes, and the others stay, even those of size 1."
DTYPE = "The mean has the dtype of x."
MEAN = "The mean is the sum of what is kept (True), divided by how many are kept."
BROADCAST = "A mask of shape {shape} stands for one of shape {full}: count what that one keeps."
CHOOSE = "0 * inf and 0 * NaN are NaN: choose between x and 0, do not multiply."
NOTHING = "Where nothing is kept, the mean is 0: 0 / 0 is NaN, but 0 / 1 is 0."
KEPT = "Only what is hidden does no harm: an inf or NaN that is kept is part of the mean."
PRECISE = "Stay in the dtype of x, and divide by the exact count."
COUNT = "{count} entries are kept: count in a dtype that holds such a number, such as int64."
STRIDES = "Here x and mask lie in memory as {kind}; that changes nothing."
TRACKED = "Use torch's operations on x, without `detach`, `.data`, `no_grad` or `torch.tensor`."
GRADIENT = "A kept entry gets the gradient of its mean, divided by how many are kept; others get 0."
BACKWARD = "In backward 0 times inf is NaN: divide by no count of 0, not even where it is dropped."
KEEP = "Only look at x and mask: methods with a trailing underscore change them."

INF, NAN = float("inf"), float("nan")
T, F = True, False
X = [
    [[1, 2, 4, 9], [16, 3, 7, 5], [8, 12, 6, 10]],
    [[11, 32, 13, 14], [15, 40, 17, 18], [21, 19, 64, 23]],
]
MASK = [
    [[T, F, T, T], [F, T, F, T], [T, T, T, T]],
    [[F, T, T, F], [T, F, F, F], [F, T, F, T]],
]
# mask, dim
CASES = [
    (MASK, 2),
    (MASK, 0),
    ([[T, F, F, T], [F, T, T, T], [T, F, T, F]], 1),  # the same for all of dimension 0
    ([T, F, T, T], -1),
    ([[T], [T], [F]], -2),
    ([[[T]], [[F]]], 1),
    ([[T], [T], [F]], 2),  # size 1 along dim
    (T, 0),
    (F, -1),
]
# any dimension may be mistaken, and a kept 0 be left out
SQUARE = [[1.0, 0.0, 6.0], [3.0, 5.0, 4.0], [9.0, 7.0, 8.0]]
SQUARE_MASK = [[T, T, F], [F, T, F], [T, F, F]]
# what is hidden is wild, and nothing is kept in the last row and in the last column
WILD = [[1.0, NAN, 3.0, INF], [INF, 5.0, -INF, NAN], [7.0, 8.0, 3e38, 3e38], [NAN, INF, -INF, 1.0]]
MANY = 301  # entries; neither bfloat16 nor an 8-bit integer holds this number
WILD_MASK = [[T, F, T, F], [F, T, F, F], [T, T, F, F], [F, F, F, F]]
LAYOUTS = {
    "transposed": "columns before rows",
    "every second element": "every second number of a larger memory",
    "at an offset": "a part of a larger memory",
    "expanded": "one part, repeated",
}


def with_a_mask_of_floats(x, mask, dim):
    """A product with 0 and 1, which need as much memory as x."""
    weights = mask.expand_as(x).to(x.dtype)
    return (x * weights).sum(dim) / weights.sum(dim).clamp(min=1)


BENCHMARK = Benchmark(
    "masked_mean",
    means="x and mask: shape (n, 64), float32, along dimension 1",
    inputs=lambda n: (torch.randint(9, (n, 64)).float(), torch.rand(n, 64) < 0.5, 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda n: n * (64 * (4 + 1) + 4),  # read x and mask, write the means
    operations=lambda n: n * 64,
    naive=with_a_mask_of_floats,
)


@without_modes
def truth(x, mask, dim):
    """The means, weights for them, and the gradient of the weighted means for x; on the CPU."""
    x, kept = x.detach(), mask.expand(x.shape)
    if x.dim() == 0:
        x, kept, dim = x[None], kept[None], 0
    rows, keeps = x.movedim(dim, -1), kept.movedim(dim, -1)
    shape = rows.shape[:-1]
    flat = shape.numel(), rows.shape[-1]
    means, shares = [], []
    for row, keep in zip(rows.reshape(flat).tolist(), keeps.reshape(flat).tolist(), strict=True):
        numbers = [number for number, is_kept in zip(row, keep, strict=True) if is_kept]
        means.append(sum(numbers) / max(len(numbers), 1))
        shares.append([len(means) / len(numbers) if is_kept else 0.0 for is_kept in keep])
    weights = torch.arange(1.0, 1 + len(means), dtype=x.dtype).view(shape)
    gradient = torch.tensor(shares, dtype=x.dtype).view(rows.shape).movedim(-1, dim)
    return torch.tensor(means, dtype=x.dtype).view(shape), weights, gradient


def expect_mean(solution, x, mask, dim, hint):
    """The learner's mean is the true one."""
    expected = truth(x, mask, dim)[0]
    with untouched(KEEP, x=x, mask=mask):
        got = solution.masked_mean(x, mask, dim)
    expect_shape(got, expected.shape, SHAPE)
    expect_values(got, expected, why_nan(got, expected) or hint)


@without_modes
def why_nan(got, expected):
    """A hint where the mean is NaN for no reason: 0 is expected there, or another number."""
    wrong = got.isnan() & ~expected.isnan()
    return "" if not wrong.any() else CHOOSE if expected[wrong].any() else NOTHING


@aspect("type")
def test_returns_a_tensor(solution, device):
    """masked_mean returns a tensor."""
    expect_tensor(solution.masked_mean(torch.ones(2, 3).to(device), torch.tensor(T).to(device), 0))


@aspect("shape")
def test_dimension_dim_goes(solution, device):
    """The result has the shape of x without dimension dim."""
    for shape, dim in (((2, 3, 4), 1), ((1, 3, 1), -2), ((3,), 0)):
        x, mask = torch.ones(shape).to(device), torch.ones(shape, dtype=torch.bool).to(device)
        left = list(shape)
        del left[dim]
        expect_shape(solution.masked_mean(x, mask, dim), left, SHAPE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in (torch.float32, torch.float64):
        x, mask = torch.tensor(SQUARE, dtype=dtype).to(device), torch.tensor(SQUARE_MASK).to(device)
        expect_dtype(solution.masked_mean(x, mask, 0), dtype, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    x, mask = torch.tensor(SQUARE).to(device), torch.tensor(SQUARE_MASK).to(device)
    expect_device(solution.masked_mean(x, mask, 0), device)


@aspect("values")
def test_is_the_mean_of_what_is_kept(solution, device):
    """The mean along dim is that of the entries at which the mask is True, to the last digit."""
    for dim in (1, 0, -1):
        x, mask = torch.tensor(SQUARE).to(device), torch.tensor(SQUARE_MASK).to(device)
        expect_mean(solution, x, mask, dim, MEAN)
    for dtype, tiny, rtol in ((torch.float64, 2.0**-40, 1e-14), (torch.float32, 2.0**-20, 4e-7)):
        x = torch.tensor([1 + tiny, 5.0, 1 + 3 * tiny], dtype=dtype).to(device)
        got = solution.masked_mean(x, torch.tensor([T, F, T]).to(device), 0)
        expected = torch.tensor(1 + 2 * tiny, dtype=dtype)
        expect_values(got, expected, PRECISE, rtol=rtol, atol=0)


@aspect("values")
def test_many_may_be_kept(solution, device):
    """The count is exact for hundreds of entries, too."""
    x = (torch.arange(MANY) % 2).float().to(device)
    mask = torch.ones(MANY, dtype=torch.bool).to(device)
    expect_mean(solution, x, mask, 0, COUNT.format(count=MANY))


@aspect("values")
def test_the_mask_is_broadcast(solution, device):
    """A smaller mask stands for one of x's shape."""
    for rows, dim in CASES:
        x, mask = torch.tensor(X, dtype=torch.float32), torch.tensor(rows)
        hint = BROADCAST.format(shape=tuple(mask.shape), full=tuple(x.shape))
        hint = MEAN if mask.shape == x.shape else hint
        expect_mean(solution, x.to(device), mask.to(device), dim, hint)


@aspect("values")
def test_nothing_kept_gives_0(solution, device):
    """Where nothing is kept the mean is 0, also where there is nothing, or one number only."""
    for x, mask, dim in (
        (torch.tensor([[1.0, 2.0], [3.0, 5.0]]), torch.tensor([[F, F], [T, T]]), 1),
        (torch.ones(2), torch.tensor([F, F]), 0),
        (torch.ones(2, 0), torch.ones(2, 0, dtype=torch.bool), 1),
        (torch.tensor(3.0), torch.tensor(T), 0),
        (torch.tensor(3.0), torch.tensor(F), -1),
    ):
        expect_mean(solution, x.to(device), mask.to(device), dim, NOTHING)


@aspect("values")
def test_what_is_hidden_does_no_harm(solution, device):
    """NaN and inf that are hidden change nothing; those that are kept are part of the mean."""
    for dim in (0, 1):
        x, mask = torch.tensor(WILD).to(device), torch.tensor(WILD_MASK).to(device)
        expect_mean(solution, x, mask, dim, CHOOSE)
    x = torch.tensor([[INF, 1.0, NAN], [NAN, 2.0, 3.0], [4.0, INF, -INF], [-INF, 5.0, 6.0]])
    mask = torch.tensor([[T, T, F], [T, T, T], [F, T, T], [T, T, T]])
    expect_mean(solution, x.to(device), mask.to(device), 1, KEPT)


@aspect("values")
def test_strides_do_not_matter(solution, device):
    """It is the same wherever the numbers of x and mask lie in memory."""
    for kind, words in LAYOUTS.items():
        inputs = torch.tensor(SQUARE).to(device), torch.tensor(SQUARE_MASK).to(device)
        if kind == "expanded":
            x, mask = (it[:1].expand(it.shape) for it in inputs)
        else:
            x, mask = (in_layout(it, kind) for it in inputs)
        expect_mean(solution, x, mask, 1, STRIDES.format(kind=words))


@aspect("gradient")
def test_gradients_reach_only_what_is_kept(solution, device):
    """A kept entry gets its share of the gradient of its mean, a hidden one gets 0."""
    for numbers, rows, dim in (
        (X, CASES[2][0], 1),
        (X, CASES[5][0], 2),  # nothing is kept in a half
        (WILD, WILD_MASK, 1),
    ):
        x = torch.tensor(numbers, dtype=torch.float64).to(device).requires_grad_()
        mask = torch.tensor(rows).to(device)
        expected, weights, gradient = truth(x, mask, dim)
        got = solution.masked_mean(x, mask, dim)
        expect_shape(got, expected.shape, SHAPE)
        found = gradients(got, {"x": x}, weights.to(device), TRACKED)["x"]
        hint = BACKWARD if found.isnan().any() else GRADIENT
        expect_values(found, gradient, hint, "the gradient of x")
