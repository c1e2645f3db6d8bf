"""The checks of shapes/k07_expand_batch: x itself, beside each element of the batch."""

import math

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_values,
    in_layout,
    shares_storage,
    untouched,
)

FIRST = "One new dimension, of size batch, in front of all those that x has."
EACH = "result[i] is x, for each i from 0 to batch - 1."
KEEP = "`unsqueeze_` and other methods that end in _ change x itself."
COPIES = (
    "`repeat`, `tile`, `stack`, `contiguous` and indexing copy. Which method only sets strides?"
)
NO_NEED = "`clone` and `contiguous` copy x. A view can be made of x itself, whatever its strides."
ZERO = "With the stride 0, each step along the first dimension leads to the same memory."

COPY = "returned a copy: its {batch} times {size} numbers lie in other memory than those of x."
COPY_OF_X = "returned a view of a copy: its {size} numbers lie in other memory than those of x."
STRIDE = (
    "returned a tensor with the strides {strides}; expected stride 0 in the first dimension, "
    "so that the {batch} elements of the batch are one."
)
UNSEEN = "does not follow x: an element of x became {new}, and result[{i}] still shows {old}."

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
DTYPES += [torch.complex64]
# shape of x, batch: several dimensions, none, one, sizes of 1
CASES = [((2, 3), 4), ((), 4), ((3,), 2), ((1, 3), 3), ((2, 1, 2), 5)]
AT_THE_EDGE = [((2, 3), 1), ((), 1), ((2, 3), 0), ((0, 3), 2), ((2, 0), 3)]
LAYOUTS = {
    "transposed": "Here x lies in memory column by column.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
}
REPEATED = "Here all rows of x lie in the same memory already."


def by_repeating(x, batch):
    """The same numbers, copied once for each element of the batch."""
    return x.repeat(batch, 1, 1)


BENCHMARK = Benchmark(
    "tile_batch",
    means="x: shape (64, 64), float32; batch: n",
    inputs=lambda n: ((torch.arange(64 * 64) % 7.0).reshape(64, 64), n),
    sizes=(1, 32, 1024),
    naive=by_repeating,
)


def numbers(device, shape, dtype=torch.float32):
    """1, 2, 3 and so on; for bool, every second is True."""
    x = torch.arange(1, math.prod(shape) + 1).reshape(shape)
    return (x % 2 == 1 if dtype == torch.bool else x.to(dtype)).to(device)


def in_layouts(device, dtype=torch.float32):
    """x of shape (2, 3) in several layouts, each with what there is to say of it."""
    for layout, where in LAYOUTS.items():
        yield in_layout(numbers(device, (2, 3), dtype), layout), where
    yield numbers(device, (3,), dtype).expand(2, 3), REPEATED


def tiled(solution, x, batch, where=""):
    """What tile_batch returns, once it has its shape and x is as it was."""
    with untouched(KEEP, x=x):
        got = solution.tile_batch(x, batch)
    expect_shape(got, (batch, *x.shape), f"{FIRST} {where}".strip())
    return got


def expect_no_copy(got, x, batch, where=""):
    """The result lies in x's memory, and so do all elements of the batch."""
    is_copy_of_x = got.stride(0) == 0
    sentence = (COPY_OF_X if is_copy_of_x else COPY).format(batch=batch, size=x.numel())
    hint = f"{NO_NEED if is_copy_of_x else COPIES} {where}".strip()
    expect(shares_storage(got, x), sentence, hint)
    expect(got.stride(0) == 0, STRIDE.format(strides=got.stride(), batch=batch), ZERO)


@aspect("shape")
def test_has_one_dimension_more(solution, device):
    """The shape is (batch, *x.shape), whatever shape x has."""
    for shape, batch in CASES:
        tiled(solution, numbers(device, shape), batch)


@aspect("shape")
def test_works_at_the_edge(solution, device):
    """A batch of 1 or 0 and an empty x have their shape too."""
    for shape, batch in AT_THE_EDGE:
        tiled(solution, numbers(device, shape), batch)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        for shape, batch in [((2, 3), 2), *AT_THE_EDGE]:
            expect_dtype(solution.tile_batch(numbers(device, shape, dtype), batch), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    for shape, batch in [((2, 3), 2), *AT_THE_EDGE]:
        expect_device(solution.tile_batch(numbers(device, shape), batch), device)


@aspect("values")
def test_each_element_of_the_batch_is_x(solution, device):
    """result[i] has the numbers of x, for each i."""
    inputs = [(numbers(device, shape), batch, "") for shape, batch in CASES]
    inputs += [(numbers(device, (2, 3), dtype), 2, "") for dtype in DTYPES]
    inputs += [(x, 4, where) for x, where in in_layouts(device)]
    inputs += [(numbers(device, (2, 3)), 1, "")]
    for x, batch, where in inputs:
        expected = torch.tensor([x.tolist()] * batch, dtype=x.dtype)
        got = tiled(solution, x, batch, where)
        expect_values(got, expected, f"{EACH} {where}".strip(), rtol=0, atol=0)


@aspect("memory")
def test_copies_no_number(solution, device):
    """The result is a view of x, with stride 0 in its first dimension."""
    inputs = [(shape, torch.float32, batch) for shape, batch in CASES]
    inputs += [((2, 3), dtype, 2) for dtype in DTYPES[1:]]
    for shape, dtype, batch in inputs:
        x = numbers(device, shape, dtype)
        expect_no_copy(tiled(solution, x, batch), x, batch)
    x = numbers(device, (2, 3))
    got = tiled(solution, x, 1)
    expect(shares_storage(got, x), COPY.format(batch=1, size=6), COPIES)


@aspect("memory")
def test_copies_no_number_of_a_strided_x(solution, device):
    """That holds whatever strides x has."""
    for dtype in DTYPES:
        for x, where in in_layouts(device, dtype):
            expect_no_copy(tiled(solution, x, 4, where), x, 4, where)
            got = tiled(solution, x, 1, where)
            expect(shares_storage(got, x), COPY.format(batch=1, size=6), f"{NO_NEED} {where}")


@aspect("memory")
def test_follows_x(solution, device):
    """A write to x is seen in every element of the batch."""
    x = numbers(device, (2, 3))
    got = tiled(solution, x, 4)
    x[1, 2] = 40
    for i, rows in enumerate(got.tolist()):
        expect(rows[1][2] == 40.0, UNSEEN.format(new=40, i=i, old=rows[1][2]), COPIES)
