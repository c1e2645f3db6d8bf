"""The checks of indexing/k14_unique_stable: the order of Python's dict, and what a call costs."""

import gc
import random
import sys

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    cost_of,
    expect,
    expect_device,
    expect_dtype,
    expect_no_growth,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    untouched,
)

ONE = "One tensor is asked for: the values alone."
SHAPE = "Each different value stands once in the result, wherever it comes back in x."
DTYPE = "The values are elements of x: index x, and they keep their dtype."
DEVICE = "NumPy and lists lead to the CPU: what leads back to where x lies?"
ORDER = "First comes the value of x[0], then the next one that has not been there before."
DIGITS = "Values that differ in their last digit are different: stay in the dtype of x."
ZEROS = "0. and -0. are equal, so only the first of them counts."
KEEP = "Read from x and write into a new tensor."
GROWS = "Let each operation of torch work on all of the elements: no loop, no list of them."

OBJECTS = "held some {more} more objects of Python for {many} than for {few}; expected no growth."
VISITS = "list, dict, set, map and the like visit an array's elements, and make an object of each."

CASES = [
    [3, 1, 3, 2, 1],
    [2, 1],
    [5],
    [4, 4, 4],
    [1, 1, 2, 2, 1],
    [0, -7, 3, -7, 0, 100, -7],
    [9, 8, 7, 9, 6, 8, 5],
    [1, 2, 3, 3, 3, 2],
]
INF = float("inf")
# Values that become equal in a smaller dtype, and those of bool, in an order that isn't theirs.
OF_DTYPES = {
    torch.float32: [1 + 2.0**-23, 1, INF, 1 + 2.0**-23, -INF, INF, 1],
    torch.float64: [1 + 2.0**-52, 1, 1 + 2.0**-52, -INF, 1e300, -INF],
    torch.float16: [1 + 2.0**-10, 1, 60000, INF, 1 + 2.0**-10],
    torch.int64: [2**60 + 1, 2**60, 2**60 + 1, -(2**60), 2**60],
    torch.int32: [2**30 + 1, 2**30, 2**30 + 1, -5],
    torch.int16: [300, -300, 300, 44],
    torch.int8: [127, -128, 127, 0],
    torch.uint8: [255, 0, 255, 127, 128],
    torch.bool: [True, False, True, True, False],
}
LAYOUTS = {
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
    "repeated": "Here all elements of x lie in the same place in memory.",
}
FEW, MANY = 16, 512  # as many elements, and half as many different values
MOST_GROWTH = 100  # less than one for each value; room for the steps of a halving
ROUND = 100  # objects are counted in hundreds: how many there are depends on Python's version, too
SAMPLES = 200  # looks at the number of objects; each takes a tenth of a millisecond


def compares_all_pairs(x):
    """Every element beside every other one: n * n comparisons, all of them in memory."""
    comes_back = (x[:, None] == x).tril(-1).any(1)
    return x[~comes_back]


BENCHMARK = Benchmark(
    "unique_stable",
    means="x: shape (n,), int64, n / 4 different values or fewer",
    inputs=lambda n: (torch.randint(n // 4, (n,)),),
    sizes=(100, 3_000, 1_000_000),
    bytes_moved=lambda n: 8 * n,  # read x
    naive=compares_all_pairs,
    naive_up_to=3_000,
)


def expect_unique(solution, numbers, device, hint=ORDER, dtype=torch.int64):
    """The result is the different values of the list, in their order."""
    __tracebackhide__ = True
    x = torch.tensor(numbers, dtype=dtype).to(device)
    got = solution.unique_stable(x)
    expected = torch.tensor(list(dict.fromkeys(numbers)), dtype=dtype)
    expect_values(got, expected, hint, rtol=0, atol=0)


def is_of_the_learner(frame):
    """Whether a frame runs the learner's code, or Python's own library for it."""
    module = frame.f_globals.get("__name__", "")
    return module != __name__ and module.partition(".")[0] not in ("torch", "numpy", "dojo")


def objects_of(function, x):
    """How many objects of Python, made by C code too, a call holds at most, seen between its steps.

    Each takes a block of Python's memory, while the elements of arrays and tensors lie elsewhere.
    """
    most = samples = 0

    def at_c_return(frame, event, _argument):
        nonlocal most, samples
        if event == "c_return" and samples < SAMPLES and is_of_the_learner(frame):
            samples += 1
            most = max(most, sys.getallocatedblocks())

    before, is_collecting = sys.getprofile(), gc.isenabled()
    gc.disable()  # else what it frees is missing in the count
    start = most = sys.getallocatedblocks()
    sys.setprofile(at_c_return)
    try:
        function(x)
    finally:
        sys.setprofile(before)
        if is_collecting:
            gc.enable()
    return most - start


@aspect("type")
def test_returns_a_tensor(solution, device):
    """unique_stable returns a tensor."""
    expect_tensor(solution.unique_stable(torch.tensor(CASES[0]).to(device)), ONE)


@aspect("shape")
def test_has_one_element_for_each_value(solution, device):
    """The result has one dimension, of as many elements as there are different values."""
    for numbers in CASES:
        got = solution.unique_stable(torch.tensor(numbers).to(device))
        expect_shape(got, (len(set(numbers)),), SHAPE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype, numbers in OF_DTYPES.items():
        x = torch.tensor(numbers, dtype=dtype).to(device)
        expect_dtype(solution.unique_stable(x), dtype, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.unique_stable(torch.tensor(CASES[0]).to(device)), device, DEVICE)


@aspect("values")
def test_keeps_the_order_of_first_appearance(solution, device):
    """Each value stands where it first appears, before those that appear later."""
    for numbers in CASES:
        expect_unique(solution, numbers, device)


@aspect("values")
def test_tells_the_values_of_each_dtype_apart(solution, device):
    """Values are different however close they are, but 0. and -0. are equal."""
    for dtype, numbers in OF_DTYPES.items():
        expect_unique(solution, numbers, device, f"{ORDER} {DIGITS}", dtype)
    for numbers in ([0.0, 1.0, -0.0], [2.0, -0.0, -1.0, 0.0, 2.0]):
        for dtype in (torch.float32, torch.float64, torch.float16):
            expect_unique(solution, numbers, device, ZEROS, dtype)


@aspect("values")
def test_keeps_the_order_of_many(solution, device):
    """The order is kept among hundreds of elements too."""
    draw = random.Random(7)
    for different in (3, 50, 1000):
        numbers = [draw.randrange(-different, different) for _ in range(500)]
        expect_unique(solution, numbers, device)


@aspect("values")
def test_takes_every_layout(solution, device):
    """The result is right however x lies in memory."""
    for layout, where in LAYOUTS.items():
        numbers = [4, 4, 4] if layout == "repeated" else CASES[0]
        x = torch.tensor(numbers).to(device)
        x = x[:1].expand(3) if layout == "repeated" else in_layout(x, layout)
        expected = torch.tensor(list(dict.fromkeys(numbers)))
        expect_values(solution.unique_stable(x), expected, f"{ORDER} {where}", rtol=0, atol=0)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its values."""
    for numbers in CASES[0], CASES[1]:
        x = torch.tensor(numbers).to(device)
        with untouched(KEEP, x=x):
            solution.unique_stable(x)


@aspect("cost")
def test_does_not_loop(solution):
    """Operations, lines, numbers and objects of Python are as many for a large x as for a small."""
    few, many = (torch.arange(n, 0, -1) // 2 * 1000 for n in (FEW, MANY))
    sizes = (f"{FEW} elements", f"{MANY} elements")
    solution.unique_stable(few)  # what the first call imports is not counted
    costs = []
    for x in (few, many):
        cost = cost_of(solution.unique_stable, x)
        costs.append({"operations": cost.operations, "steps in Python": cost.lines + cost.numbers})
    expect_no_growth(*costs, sizes, MOST_GROWTH, GROWS)
    fewer, more = (objects_of(solution.unique_stable, x) for x in (few, many))
    hundreds = (more - fewer) // ROUND * ROUND
    expect(hundreds <= 0, OBJECTS.format(more=hundreds, few=sizes[0], many=sizes[1]), VISITS)
