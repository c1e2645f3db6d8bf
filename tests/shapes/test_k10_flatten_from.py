"""The checks of shapes/k10_flatten_from: nested lists, flattened by Python."""

import math

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_values,
    shares_storage,
    untouched,
)

SHAPE = "The sizes in front of dim stay; those from dim on are multiplied into one."
SINGLE = "A tensor without dimensions counts as a vector of one element."
ORDER = "The elements keep their order: the last index runs fastest."
KEEP = "Make a view or a new tensor; x keeps its shape and values."
VIEW = "A contiguous x never needs a copy: `clone` and stacking make one all the same."
STRIDES = (
    "Only the flattened dimensions have to follow each other in memory: x may be far from "
    "contiguous, and a view still be possible."
)
COPY_OF = "returned a copy for a contiguous {dtype} tensor x; expected a view of x's memory."
COPY = "returned a copy for x = {x} with the strides {strides}; expected a view of x's memory."
WHERE = "Here x = {x}, where a = arange(24.).view(2, 3, 4)."

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
DTYPES += [torch.int64, torch.uint8, torch.bool, torch.complex64]
EXTRA = {torch.float64: 2.0**-40, torch.int64: 2**60}  # digits that float32 does not hold
SHAPES = [(2, 3, 5), (4,), (1, 3), (3, 1), (2, 1, 3, 2)]
# Parts of a with the dim from which on they are flattened.
CONTIGUOUS = [
    ("a", 0),
    ("a", 1),
    ("a", 2),
    ("a", -2),
    ("a[1:]", 0),
    ("a[1]", -1),
    ("a[1, 2, 3]", 0),
    ("a.view(2, 1, 3, 4)", 1),
]
WITH_A_VIEW = [
    ("a.transpose(0, 1)", 2),
    ("a.permute(2, 0, 1)", 1),
    ("a[:, :2]", 1),
    ("a[:, :2]", -2),
    ("a[:, :, ::2]", 0),
    ("a[:, :1].transpose(1, 2)", 1),
    ("a.view(2, 3, 2, 2).transpose(0, 1)", 2),
    ("a[0].expand(5, 3, 4)", 1),
    ("a[1, 1, 1].expand(2, 3)", 0),
]
WITHOUT_A_VIEW = [
    ("a.transpose(0, 1)", 0),
    ("a.transpose(1, 2)", -2),
    ("a.permute(2, 0, 1)", -3),
    ("a[:, :2]", 0),
    ("a[..., :3]", 1),
    ("a[0].expand(5, 3, 4)", 0),
    ("a[1].t()", 0),
]


def always_copied(x, dim):
    """A copy first, and a view of it."""
    return x.clone().flatten(dim)


BENCHMARK = Benchmark(
    "flatten_from",
    means="x: shape (n, 64, 64), float32; dim: 1",
    inputs=lambda n: ((torch.arange(n * 4096) % 7.0).reshape(n, 64, 64), 1),
    sizes=(1, 64, 1024),
    naive=always_copied,
)


def numbers(device, shape, dtype=torch.float32):
    """0, 1, 2 and so on; for bool, every third is True."""
    x = torch.arange(math.prod(shape)).reshape(shape)
    x = x % 3 == 0 if dtype == torch.bool else x.to(dtype) + EXTRA.get(dtype, 0)
    return x.to(device)


def part(device, text):
    """A part of a, as the text says."""
    return eval(text, {"a": numbers(device, (2, 3, 4))})


def flat_shape(x, dim):
    return (*x.shape[:dim], math.prod(x.shape[dim:])) if x.dim() else (1,)


def flat(x, dim):
    """The elements of x in order, read by Python, in the shape that is due; on the CPU."""

    def leaves(rows):
        return [leaf for row in rows for leaf in leaves(row)] if isinstance(rows, list) else [rows]

    return torch.tensor(leaves(x.tolist()), dtype=x.dtype).view(flat_shape(x, dim))


def flattened(solution, x, dim, hint=SHAPE):
    """What flatten_from returns, once it has its shape and x is as it was."""
    with untouched(KEEP, x=x):
        got = solution.flatten_from(x, dim)
    expect_shape(got, flat_shape(x, dim), hint)
    return got


def expect_flat(solution, device, cases):
    for text, dim in cases:
        x = part(device, text)
        where = WHERE.format(x=text)
        got = flattened(solution, x, dim, f"{SHAPE} {where}")
        expect_values(got, flat(x, dim), f"{ORDER} {where}", rtol=0, atol=0)


def expect_views(solution, device, cases, hint):
    for text, dim in cases:
        x = part(device, text)
        got = solution.flatten_from(x, dim)
        expect_shape(got, flat_shape(x, dim), SHAPE)
        is_view = shares_storage(got, x)
        sentence = COPY.format(x=text, strides=x.stride())
        expect(is_view, sentence, f"{hint} Here a = arange(24.).view(2, 3, 4).")


@aspect("shape")
def test_has_the_shape(solution, device):
    """The dimensions from dim on become one, the others stay."""
    for shape in SHAPES:
        for dim in range(len(shape)):
            flattened(solution, numbers(device, shape), dim)


@aspect("shape")
def test_counts_from_the_end(solution, device):
    """A negative dim counts from the end: -1 is the last dimension."""
    for shape in SHAPES:
        for dim in range(-len(shape), 0):
            flattened(solution, numbers(device, shape), dim)


@aspect("shape")
def test_a_number_becomes_a_vector(solution, device):
    """A 0-d tensor becomes a vector of one element."""
    for dim in (0, -1):
        flattened(solution, numbers(device, ()), dim, SINGLE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        expect_dtype(solution.flatten_from(numbers(device, (2, 1, 2), dtype), 1), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.flatten_from(numbers(device, (2, 3, 2)), 1), device)


@aspect("values")
def test_keeps_the_elements_in_order(solution, device):
    """The elements of a contiguous x come in their order."""
    expect_flat(solution, device, CONTIGUOUS)
    for dtype in DTYPES[1:]:
        x = numbers(device, (2, 2, 2), dtype)
        expect_values(flattened(solution, x, 1), flat(x, 1), ORDER, rtol=0, atol=0)


@aspect("values")
def test_keeps_the_order_whatever_the_strides(solution, device):
    """So do those of an x with other strides, whether that needs a copy or not."""
    expect_flat(solution, device, WITHOUT_A_VIEW)
    expect_flat(solution, device, WITH_A_VIEW)
    for dtype in DTYPES[1:]:
        x = numbers(device, (2, 2, 2), dtype).transpose(1, 2)
        expect_values(flattened(solution, x, 1), flat(x, 1), ORDER, rtol=0, atol=0)


@aspect("memory")
def test_copies_no_contiguous_tensor(solution, device):
    """The result for a contiguous x is a view of it."""
    expect_views(solution, device, CONTIGUOUS, VIEW)
    for dtype in DTYPES[1:]:
        x = numbers(device, (2, 2, 2), dtype)
        is_view = shares_storage(flattened(solution, x, 1), x)
        expect(is_view, COPY_OF.format(dtype=dtype_name(dtype)), VIEW)


@aspect("memory")
def test_copies_only_where_strides_ask_for_it(solution, device):
    """It is a view for every other x whose strides allow one."""
    expect_views(solution, device, WITH_A_VIEW, STRIDES)
    for dtype in DTYPES[1:]:
        x = numbers(device, (2, 2, 4), dtype)[..., ::2]
        text = f"every second element of a {dtype_name(dtype)} tensor"
        is_view = shares_storage(flattened(solution, x, 1), x)
        expect(is_view, COPY.format(x=text, strides=x.stride()), STRIDES)


@aspect("memory")
def test_follows_x(solution, device):
    """A write to x is seen in the view."""
    x = numbers(device, (2, 3, 4))
    got = flattened(solution, x, 1)
    x += 100
    expect_values(got, flat(x, 1), VIEW, "the view, after 100 was added to x,", rtol=0, atol=0)
