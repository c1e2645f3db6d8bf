"""The checks of indexing/k10_segment_ids: numbers repeated by Python's own lists."""

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    cost_of,
    expect_device,
    expect_dtype,
    expect_no_growth,
    expect_shape,
    expect_values,
    in_layout,
    untouched,
)

SHAPE = "Each element of each segment has its place: as many as the lengths add up to."
NUMBER = "The number i stands as often as lengths[i] says, counted from 0."
EMPTY = "A segment of length 0 does not occur, but the next one has the next number all the same."
NOTHING = "Without any element an int64 tensor of shape (0,) is due."
DTYPE = "Numbers of segments are indices, and so int64."
DEVICE = "Make new tensors where lengths is: `device=lengths.device`."
MANY = "Stay in int64 on the way: {bits} bits hold no number larger than {most}."
KEEP = "The numbers go into a new tensor; lengths stays as it is."
LOOP = "One operation for all segments at once: no loop in Python, no `tolist`, no `item` for each."

LENGTHS = [[2, 1, 3], [1, 1, 1], [4], [3, 1, 2, 5], [1, 4]]
WITH_EMPTY = [
    [0, 2],
    [2, 0, 3],
    [2, 0],
    [0, 0, 1],
    [1, 0, 0, 0, 2],
    [3, 0, 0],
    [0, 2, 0, 0, 1, 0, 0, 4, 0],
]
WITH_NOTHING = [[], [0], [0, 0, 0]]
# lengths whose sum, or of which there are, more than some bits can count
BEYOND = {8: [[100, 0, 250, 50], [1] * 300], 16: [[3, 40_000, 2]]}
LAYOUTS = ["every second element", "at an offset"]
SMALL = [2, 0, 3, 1]
LARGE = {
    "128 lengths": [i * i % 5 for i in range(128)],
    "4 lengths that add up to 400": [100, 0, 250, 50],
}
SPARE = 10  # operations or steps that may come with the size: a branch, but no loop


def piece_by_piece(lengths):
    """A tensor for each segment, then all of them joined."""
    pieces = [torch.full((int(length),), i) for i, length in enumerate(lengths)]
    return torch.cat(pieces)


BENCHMARK = Benchmark(
    "segment_ids",
    means="lengths: shape (n,), from 0 to 7",
    inputs=lambda n: (torch.arange(n) % 8,),
    sizes=(16, 1024, 1 << 20),
    bytes_moved=lambda n: 8 * n + 28 * n,  # read the lengths, write 3.5 times as many numbers
    naive=piece_by_piece,
    naive_up_to=1024,
)


def tensor(lengths, device):
    return torch.tensor(lengths, dtype=torch.int64).to(device)


def numbers(lengths):
    """The segment numbers as an int64 tensor."""
    listed = []
    for i, length in enumerate(lengths):
        listed += [i] * length
    return torch.tensor(listed, dtype=torch.int64)


def call(solution, lengths, hint):
    """What the learner returns, of the right shape, for lengths that stay as they are."""
    with untouched(KEEP, lengths=lengths):
        got = solution.segment_ids(lengths)
    expect_shape(got, (sum(lengths.tolist()),), hint)
    return got


@aspect("shape")
def test_has_a_place_for_each_element(solution, device):
    """The shape is (sum of the lengths,)."""
    for lengths in LENGTHS:
        call(solution, tensor(lengths, device), SHAPE)


@aspect("dtype")
def test_is_int64(solution, device):
    """The numbers are int64."""
    for lengths in (LENGTHS[0], []):
        expect_dtype(solution.segment_ids(tensor(lengths, device)), torch.int64, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The numbers lie where the lengths lie."""
    for lengths in (LENGTHS[0], []):
        expect_device(solution.segment_ids(tensor(lengths, device)), device, DEVICE)


@aspect("values")
def test_numbers_each_segment(solution, device):
    """The number i stands as often as lengths[i] says, in ascending order."""
    for lengths in LENGTHS:
        got = call(solution, tensor(lengths, device), NUMBER)
        expect_values(got, numbers(lengths), NUMBER, rtol=0, atol=0)
    for layout in LAYOUTS:
        got = call(solution, in_layout(tensor([3, 1, 2], device), layout), NUMBER)
        expect_values(got, numbers([3, 1, 2]), NUMBER, rtol=0, atol=0)
    got = call(solution, tensor([2], device).expand(3), NUMBER)
    expect_values(got, numbers([2, 2, 2]), NUMBER, rtol=0, atol=0)


@aspect("values")
def test_an_empty_segment_has_its_number(solution, device):
    """A segment of length 0 does not occur, and the others keep their numbers."""
    for lengths in WITH_EMPTY:
        got = call(solution, tensor(lengths, device), EMPTY)
        expect_values(got, numbers(lengths), EMPTY, rtol=0, atol=0)


@aspect("values")
def test_numbers_many(solution, device):
    """There may be more segments and more elements than a small integer can count."""
    for bits, cases in BEYOND.items():
        hint = f"{NUMBER} {MANY.format(bits=bits, most=2**bits - 1)}"
        for lengths in cases:
            got = call(solution, tensor(lengths, device), hint)
            expect_values(got, numbers(lengths), hint, rtol=0, atol=0)


@aspect("values")
def test_nothing_has_no_numbers(solution, device):
    """Without lengths, or if all of them are 0, there is no number."""
    for lengths in WITH_NOTHING:
        got = call(solution, tensor(lengths, device), NOTHING)
        expect_values(got, numbers(lengths), NOTHING, rtol=0, atol=0)


def steps(solution, lengths):
    """What a call takes, of torch and of Python."""
    cost = cost_of(solution.segment_ids, tensor(lengths, "cpu"))
    return {"operations": cost.operations, "steps in Python": cost.lines + cost.numbers}


@aspect("cost")
def test_does_not_loop(solution):
    """The number of operations does not grow with the lengths."""
    small = steps(solution, SMALL)
    for name, lengths in LARGE.items():
        sizes = (f"{len(SMALL)} lengths", name)
        expect_no_growth(small, steps(solution, lengths), sizes, SPARE, LOOP)
