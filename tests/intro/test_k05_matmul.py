"""The checks of intro/k05_matmul: sums in Python's floats, and gradients in closed form."""

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

PRODUCT = "result[i, k] is the sum over j of x[i, j] * w[j, k]: rows of x times columns of w."
PRECISION = "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16."
TRACKED = "Compute with torch's own operations on x and w, without `detach`, `.data` or `no_grad`."
GRADIENT = "With the gradient g of the product, that of x is g @ w.T, and that of w is x.T @ g."
INFINITE = "What is inf or NaN in x is so in its row of the product as well."
SETTING = "It acts on the whole program, and lets a GPU multiply float32 with 3 digits."
AGAIN = "Make a new tensor at each call, so that the caller can keep the earlier ones."
KEEP = "The product goes into a new tensor; x and w stay as they are."

X = [[1, 2, 3], [4, 5, 7]]
W = [[2, 9, 5], [1, 7, 4], [6, 3, 8]]
DTYPES = [torch.float32, torch.float64]
PRECISION_AT_FIRST = torch.get_float32_matmul_precision()  # before any answer has run
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here {name} lies in memory column by column.",
    "every second element": "Here {name} is every second number of a larger memory.",
    "at an offset": "Here {name} begins inside of a larger memory.",
}
# layout of x, layout of w
CASES = [(layout, layout) for layout in LAYOUTS]
CASES += [("contiguous", "transposed"), ("transposed", "contiguous")]


def with_loops(x, w):
    """The product one number at a time, each of them a tensor of its own."""
    result = torch.zeros(x.shape[0], w.shape[1])
    for i in range(x.shape[0]):
        for k in range(w.shape[1]):
            for j in range(w.shape[0]):
                result[i, k] += x[i, j] * w[j, k]
    return result


BENCHMARK = Benchmark(
    "matmul",
    means="x and w: shape (n, n), float32",
    inputs=lambda n: (torch.randint(4, (n, n)).float(), torch.randint(4, (n, n)).float()),
    sizes=(4, 16, 128, 1024),
    bytes_moved=lambda n: 3 * 4 * n**2,  # read x and w, write the product
    operations=lambda n: 2 * n**3,
    naive=with_loops,
    naive_up_to=16,
)


def product(x, w):
    """The product of two nested lists, in Python's numbers."""
    columns = list(zip(*w, strict=True))
    return [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in x]


def transposed(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def whole_numbers(device, dtype=torch.float32, case=("contiguous", "contiguous")):
    """x and w with whole numbers, whose product is exact."""
    x, w = (torch.tensor(rows, dtype=dtype).to(device) for rows in (X, W))
    return in_layout(x, case[0]), in_layout(w, case[1])


def random_numbers(device, dtype, seed):
    """x and w with random numbers of both signs and the sizes from 0.001 to 1000."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 3), (3, 3))
    x, w = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    w *= 10.0 ** torch.randint(-3, 4, (3, 3), generator=generator)
    return x.to(dtype).to(device), w.to(dtype).to(device)


def matmul(solution, x, w):
    """The learner's product, for factors that stay as they are."""
    with untouched(KEEP, x=x, w=w):
        return solution.matmul(x, w)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """matmul returns a tensor."""
    expect_tensor(solution.matmul(*whole_numbers(device)))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The product has the shape (2, 3)."""
    expect_shape(solution.matmul(*whole_numbers(device)), (2, 3), PRODUCT)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The product has the dtype of its factors."""
    for dtype in DTYPES:
        expect_dtype(solution.matmul(*whole_numbers(device, dtype)), dtype, PRECISION)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The product lies where its factors lie."""
    expect_device(solution.matmul(*whole_numbers(device)), device)


@aspect("values")
def test_multiplies_rows_by_columns(solution, device):
    """Whole numbers multiply exactly: rows of x times columns of w."""
    for case in CASES:
        where = (LAYOUTS[layout].format(name=name) for layout, name in zip(case, "xw", strict=True))
        hint = " ".join(part for part in (PRODUCT, *where) if part)
        for dtype in DTYPES:
            got = matmul(solution, *whole_numbers(device, dtype, case))
            expected = torch.tensor(product(X, W), dtype=dtype)
            expect_values(got, expected, hint, rtol=0, atol=0)


@aspect("values")
def test_is_precise(solution, device):
    """Rounding errors stay within those of six operations in the dtype of x."""
    for dtype in DTYPES:
        for seed, case in enumerate(CASES):
            x, w = random_numbers(device, dtype, seed)
            x, w = in_layout(x, case[0]), in_layout(w, case[1])
            exact = product(x.tolist(), w.tolist())
            size = product(x.abs().tolist(), w.abs().tolist())
            got = matmul(solution, x, w)
            expect_shape(got, (2, 3), PRODUCT)
            expect_dtype(got, dtype, PRECISION)
            expect_close(got.tolist(), exact, size, 8 * torch.finfo(dtype).eps)


def expect_close(got, exact, size, relative):
    """Every number is as close to the exact one as its size, times `relative`, allows."""
    for i in range(2):
        for k in range(3):
            error, bound = abs(got[i][k] - exact[i][k]), relative * size[i][k]
            sentence = (
                f"returned {got[i][k]!r} at index ({i}, {k}); expected {exact[i][k]!r}, "
                f"with an error of at most {bound:.2g}."
            )
            expect(error <= bound, sentence, PRECISION if error < 0.1 * size[i][k] else PRODUCT)


@aspect("values")
def test_does_not_overflow_where_the_product_does_not(solution, device):
    """Large and small numbers multiply without a detour through a smaller dtype."""
    x = torch.tensor([[1e30, 0, 0], [0, 1e-30, 0]]).to(device)
    w = torch.tensor([[1e-30, 0, 1.0], [1e30, 1, 0], [0, 0, 1]]).to(device)
    expected = torch.tensor([[1, 0, 1e30], [1, 1e-30, 0]])
    expect_values(solution.matmul(x, w), expected, PRECISION, rtol=1e-6, atol=0)


@aspect("values")
def test_keeps_what_is_not_finite(solution, device):
    """An inf or a NaN in x reaches its row of the product."""
    inf, nan = float("inf"), float("nan")
    for dtype in DTYPES:
        for rows in ([[inf, 1, 2], [3, nan, 4]], [[1, 2, 3], [4, -inf, 5]]):
            x = torch.tensor(rows, dtype=dtype).to(device)
            _, w = whole_numbers(device, dtype)
            expected = torch.tensor(product(rows, W), dtype=dtype)
            expect_values(solution.matmul(x, w), expected, INFINITE, rtol=0, atol=0)


@aspect("gradient")
def test_gradients_reach_the_factors(solution, device):
    """The gradient of x is g @ w.T, that of w is x.T @ g."""
    tracked = [["x", "w"], ["x"], ["w"]]
    for dtype, names in [(dtype, names) for dtype in DTYPES[::-1] for names in tracked]:
        x, w = whole_numbers(device, dtype)
        g = random_like(x, seed=5)
        expected = {
            "x": torch.tensor(product(g.tolist(), transposed(W)), dtype=dtype),
            "w": torch.tensor(product(transposed(X), g.tolist()), dtype=dtype),
        }
        near = 1e-12 if dtype == torch.float64 else 1e-5
        inputs = {name: {"x": x, "w": w}[name].requires_grad_() for name in names}
        got = matmul(solution, x, w)
        expect_shape(got, (2, 3), PRODUCT)
        which = f"Here {names[0]} alone requires grad." if len(names) == 1 else ""
        found = gradients(got, inputs, g, f"{TRACKED} {which}".strip())
        for name, gradient in found.items():
            hint = f"{GRADIENT} {which}".strip()
            what = f"the gradient of {name}"
            expect_values(gradient, expected[name], hint, what, rtol=near, atol=near)


@aspect("memory")
def test_makes_a_new_tensor(solution, device):
    """x and w stay as they were, and the product has memory of its own."""
    for case in CASES:
        x, w = whole_numbers(device, torch.float32, case)
        got = matmul(solution, x, w)
        expect_new_memory(got, x, w, hint=KEEP)
        kept = got.detach().clone()
        matmul(solution, -x, w)
        expect(torch.equal(got, kept), "changed the product of an earlier call.", AGAIN)


@aspect("memory")
def test_leaves_the_precision_of_products(solution, device):
    """The precision of float32 products stays what it was."""
    before = PRECISION_AT_FIRST
    solution.matmul(*whole_numbers(device))
    now = torch.get_float32_matmul_precision()
    sentence = f"changed torch's precision of float32 products from {before} to {now}."
    expect(now == before, sentence, SETTING)
