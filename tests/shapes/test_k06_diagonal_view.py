"""The checks of shapes/k06_diagonal_view: matrices as nested lists, indexed by Python."""

import itertools
import math

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_same_object,
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    in_layout,
    shares_storage,
    untouched,
)

LENGTH = "The diagonal is as long as the shorter side: min(n, m)."
DIAGONAL = "Element i of the diagonal is x[i, i]: one step down and one to the right each time."
VIEW = "Indexing with tensors, `torch.diag`, `stack` and `clone` copy. Which method makes a view?"
KEEP = "diagonal_view only looks: it writes nothing, and gives x no other shape."
ITSELF = "End with `return x`: the object that came in, once it was changed."
IN_PLACE = "Arithmetic such as `x * mask` makes a new tensor. Write into the diagonal of x itself."
NAME = "`d = value` only names the value, and `x[i]` with a tensor i copies. `view[:] = …` writes."
SET = "Write value to each x[i, i], and nothing else."
ORDER = "Element i of a vector goes to x[i, i]."
HARMLESS = "0 * inf and 0 * nan are nan. Set the elements of the diagonal, whatever they were."
MEMORY = "`.data = …`, `set_` and `resize_` give x other memory. Write into the memory that it has."
VALUE = "value is only read."
PLACE = "Whatever is made beside x, an index or a mask, has to lie where x lies."

NEW = "left x as it was and returned {got}; expected x itself, with the value on its diagonal."
PART = "returned {got}, which lies in x's memory; expected x itself, the whole matrix."
OTHER = "changed x, but returned {got}; expected x itself."
SAME = "returned x as it was; expected {value} on its diagonal."
UNSEEN = "made a tensor that does not follow: x[{i}, {i}] became {new}, and it still shows {old}."
UNREAD = "made a tensor apart: 50 was written to its element {i}, and x[{i}, {i}] is still {old}."
AROUND = "wrote beside the diagonal: in x's memory, {old} became {new}."
ALIAS = "put the value into other memory: a view of x made before the call still shows {old}."

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
EXTRA = {torch.float64: 2.0**-40, torch.int64: 2**60}  # digits that float32 does not hold
SHAPES = [(3, 3), (2, 5), (5, 2), (1, 3), (3, 1)]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory column by column.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
}
# every shape in one layout, and every layout in one shape
CASES = [(shape, "contiguous") for shape in SHAPES] + [((4, 3), layout) for layout in LAYOUTS]
# dtype and number: zero is a number like others, and none may go through another dtype
NUMBERS = [
    (torch.float32, 0.0),
    (torch.float32, -7),
    (torch.float64, 1 / 3),
    (torch.bfloat16, 2.5),
    (torch.int64, 2**60 + 1),
    (torch.uint8, 200),
    (torch.bool, True),
    (torch.bool, False),
]


def by_multiplying(x, value):
    """The diagonal is multiplied away, and put back: four matrices for one vector."""
    eye = torch.eye(len(x))
    return x.copy_(x * (1 - eye) + value * eye)


BENCHMARK = Benchmark(
    "diagonal_",
    means="x: shape (n, n), value: shape (n,), float32",
    inputs=lambda n: ((torch.arange(n * n) % 7.0).reshape(n, n), torch.arange(n) % 5.0),
    sizes=(16, 256, 2048),
    bytes_moved=lambda n: 2 * 4 * n,  # read value, write the diagonal
    naive=by_multiplying,
)


def matrix(device, shape, layout="contiguous", dtype=torch.float32):
    """1, 2, 3 and so on, row by row; for bool, every second is True."""
    numbers = torch.arange(1, math.prod(shape) + 1).reshape(shape)
    is_bool = dtype == torch.bool
    numbers = numbers % 2 == 1 if is_bool else numbers.to(dtype) + EXTRA.get(dtype, 0)
    return in_layout(numbers.to(device), layout)


def diagonal_of(rows):
    return [rows[i][i] for i in range(min(len(rows), len(rows[0])))]


def with_diagonal(x, values):
    """x's numbers with these on the diagonal, as a new tensor on the CPU."""
    rows = x.tolist()
    for i, number in enumerate(values):
        rows[i][i] = number
    return torch.tensor(rows, dtype=x.dtype)


def view_of(solution, x):
    """What diagonal_view returns, once it left x alone and has the right length."""
    with untouched(KEEP, x=x):
        got = solution.diagonal_view(x)
    expect_shape(got, (min(x.shape),), LENGTH)
    return got


def set_diagonal(solution, x, value):
    """What diagonal_ returns, once it is x itself and a vector was left alone."""
    before = str(x.tolist())  # as text, NaN equals itself
    is_vector = isinstance(value, torch.Tensor)
    with untouched(VALUE, **({"value": value} if is_vector else {})):
        got = solution.diagonal_(x, value)
    if got is not x:
        expect_tensor(got, ITSELF)
        if shares_storage(got, x):
            raise CheckFailed(PART.format(got=describe(got)), ITSELF)
        fault = NEW if str(x.tolist()) == before else OTHER
        raise CheckFailed(fault.format(got=describe(got)), IN_PLACE)
    if str(x.tolist()) == before:
        raise CheckFailed(SAME.format(value="the vector" if is_vector else value), NAME)
    return got


@aspect("shape")
def test_the_view_is_as_long_as_the_shorter_side(solution, device):
    """The diagonal of an (n, m) matrix has min(n, m) elements."""
    for shape in [*SHAPES, (1, 1)]:
        view_of(solution, matrix(device, shape))


@aspect("dtype")
def test_the_view_keeps_the_dtype(solution, device):
    """The diagonal has the dtype of the matrix."""
    for dtype in [*DTYPES, torch.complex64]:
        expect_dtype(solution.diagonal_view(matrix(device, (2, 3), dtype=dtype)), dtype)


@aspect("device")
def test_the_view_stays_on_the_device(solution, device):
    """The diagonal lies where the matrix lies."""
    expect_device(solution.diagonal_view(matrix(device, (2, 3))), device)


@aspect("device")
def test_writes_where_the_matrix_lies(solution, device):
    """diagonal_ writes into a matrix on either device, whether there is a GPU or not."""
    for value in (7.5, torch.tensor([60.0, 40.0]).to(device)):
        x = matrix(device, (2, 3))
        expect_device(set_diagonal(solution, x, value), device, PLACE)


@aspect("values")
def test_the_view_shows_the_diagonal(solution, device):
    """Element i of the view is x[i, i]."""
    for shape, layout in CASES:
        x = matrix(device, shape, layout)
        expected = torch.tensor(diagonal_of(x.tolist()))
        hint = f"{DIAGONAL} {LAYOUTS[layout]}".strip()
        expect_values(view_of(solution, x), expected, hint, rtol=0, atol=0)
    x = torch.arange(3.0).to(device).expand(2, 3)
    expected = torch.tensor([0.0, 1.0])
    hint = f"{DIAGONAL} Here both rows of x lie in the same memory."
    expect_values(view_of(solution, x), expected, hint, rtol=0, atol=0)


@aspect("values")
def test_a_number_goes_to_the_whole_diagonal(solution, device):
    """After diagonal_(x, number), every x[i, i] is the number, and the rest is as before."""
    cases = [(*case, torch.float32, 7.5) for case in CASES]
    cases += [((3, 2), "contiguous", *number) for number in NUMBERS]
    for shape, layout, dtype, number in cases:
        x = matrix(device, shape, layout, dtype)
        expected = with_diagonal(x, [number] * min(shape))
        got = set_diagonal(solution, x, number)
        expect_values(got, expected, f"{SET} {LAYOUTS[layout]}".strip(), rtol=0, atol=0)


@aspect("values")
def test_a_vector_goes_along_the_diagonal(solution, device):
    """After diagonal_(x, vector), x[i, i] is element i of the vector, and the rest is as before."""
    cases = [(*case, torch.float32) for case in CASES]
    cases += [((3, 2), "contiguous", dtype) for dtype in DTYPES]
    for shape, layout, dtype in cases:
        x = matrix(device, shape, layout, dtype)
        numbers = [60 - 20 * i + EXTRA.get(dtype, 0) for i in range(min(shape))]
        if dtype == torch.bool:
            numbers = [False, True]
        expected = with_diagonal(x, numbers)
        value = in_layout(torch.tensor(numbers, dtype=dtype).to(device), layout)
        got = set_diagonal(solution, x, value)
        expect_values(got, expected, f"{ORDER} {LAYOUTS[layout]}".strip(), rtol=0, atol=0)


@aspect("values")
def test_infinite_numbers_do_no_harm(solution, device):
    """inf and NaN are overwritten on the diagonal, set on it, and kept beside it."""
    inf, nan = math.inf, math.nan
    rows = [[nan, inf, 3.0], [4.0, inf, nan]]
    for first, second in ((5.0, 5.0), (inf, inf), (inf, nan)):
        x = torch.tensor(rows).to(device)
        is_number = first == second
        value = first if is_number else torch.tensor([first, second]).to(device)
        expected = torch.tensor([[first, inf, 3.0], [4.0, second, nan]])
        expect_values(set_diagonal(solution, x, value), expected, HARMLESS, rtol=0, atol=0)


@aspect("memory")
def test_the_view_and_x_see_each_others_writes(solution, device):
    """A write to x is seen in the view, and a write to the view in x."""
    for shape, layout in CASES:
        x = matrix(device, shape, layout)
        got, i = view_of(solution, x), min(shape) - 1
        expect_view(got, x, f"{VIEW} {LAYOUTS[layout]}".strip())
        x[i, i] = 40
        seen = got.tolist()[i]
        expect(seen == 40.0, UNSEEN.format(i=i, new=40, old=seen), VIEW)
        got.detach()[i] = 50
        seen = x.tolist()[i][i]
        expect(seen == 50.0, UNREAD.format(i=i, old=seen), VIEW)
    for dtype, layout in itertools.product([*DTYPES, torch.complex64], LAYOUTS):
        x = matrix(device, (2, 3), layout, dtype)
        expect_view(view_of(solution, x), x, f"{VIEW} {LAYOUTS[layout]}".strip())
    view_of(solution, matrix(device, (0, 3)))


@aspect("memory")
def test_writes_into_the_memory_of_x(solution, device):
    """diagonal_ writes where the diagonal lies: a view made before sees it, and nothing else."""
    vector = torch.tensor([90.0, 91.0, 92.0]).to(device)
    for layout, value in itertools.product(LAYOUTS, (90.0, vector)):
        x = matrix(device, (3, 4), layout)
        size = x.untyped_storage().nbytes() // x.element_size()
        whole = x.detach().as_strided((size,), (1,), 0)
        address, strides, before = x.data_ptr(), x.stride(), whole.tolist()
        own = {x.storage_offset() + i * sum(strides) for i in range(3)}
        set_diagonal(solution, x, value)
        for place, (old, new) in enumerate(zip(before, whole.tolist(), strict=True)):
            hint = f"{MEMORY} {LAYOUTS[layout]}".strip()
            expect(place not in own or new != old, ALIAS.format(old=old), hint)
            expect(place in own or new == old, AROUND.format(old=old, new=new), SET)
        same_place = x.data_ptr() == address and x.stride() == strides
        expect(same_place, "moved x to other memory.", MEMORY)
    x = matrix(device, (0, 3))
    expect_same_object(solution.diagonal_(x, 90.0), x, ITSELF)
