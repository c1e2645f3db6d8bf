"""The checks of indexing/k01_gather_log_probs: numbers taken out of nested lists by Python."""

import itertools

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    cost_of,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_no_growth,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    untouched,
)

SHAPE = "Each pair (b, t) has one index and one row of logp, so it gets one number."
ONE = "Only the dimension of size 1 that you added goes; B and T stay, even where they are 1."
PICK = "At [b, t] the number logp[b, t, index[b, t]] is asked for."
FOUND = "{number:.6g} is logp[{place}]; at [{b}, {t}] logp[{b}, {t}, {i}] is asked for."
STRIDES = "Here {name} lies in memory as {kind}: index it, without asking where its numbers lie."
INFINITE = "0 * -inf is NaN, and so is what it is added to: look the number up, multiply nothing."
EXACT = "The numbers of logp are only moved: compute nothing with them, in no other dtype."
TRACKED = "Use torch's operations on logp, without `detach`, `.data`, `no_grad` or `torch.tensor`."
GRADIENT = "Each number of the result is one number of logp: its gradient goes there, 0 elsewhere."
KEEP = "Only look at logp and index: methods with a trailing underscore change them."
LOOP = "One operation can look up all numbers at once. Which one takes a tensor of indices?"

READ = "numbers read into Python"
LINES = "lines of Python"

INF = float("inf")
# B = 3, T = 4, V = 3, so that an index in the wrong place is in range, too
LOGP = [
    [[-0.5, -1.0, -1.5], [-2.0, -2.5, -3.0], [-3.5, -4.0, -4.5], [-5.0, -5.5, -6.0]],
    [[-6.5, -7.0, -7.5], [-8.0, -8.5, -9.0], [-9.5, -9.75, -10.0], [-10.5, -11.0, -11.5]],
    [[-12.0, -12.5, -13.0], [-14.0, -13.5, -14.5], [-15.0, -15.5, -16.0], [-16.5, -17.0, -17.5]],
]
INDEX = [[2, 0, 1, 2], [1, 1, 0, 2], [0, 2, 2, 1]]
# impossible, likely and very unlikely tokens; float32 holds each of them
EXTREME = [[[-INF, -0.1, -INF], [-3.0, -INF, -0.01]], [[-INF, 0.0, -1e-30], [-200.25, -3e38, -INF]]]
AT_EXTREMES = [[[1, 2], [1, 0]], [[0, 0], [2, 1]]]
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
# what is taken from the numbers of LOGP, so that a narrower dtype does not hold them
DIGITS = {torch.float64: 2.0**-40, torch.float32: 2.0**-18}
LAYOUTS = {
    "transposed": "columns before rows",
    "every second element": "every second number of a larger memory",
    "at an offset": "a part of a larger memory",
    "expanded": "one part, repeated",
}
SIZES = ((2, 3, 4), (20, 21, 22))
MOST_MORE = 8  # operations that may depend on the sizes; a loop over a dimension adds 18 or more


def one_by_one(logp, index):
    """Each number by an index of its own."""
    batch, steps = index.shape
    rows = [torch.stack([logp[b, t, index[b, t]] for t in range(steps)]) for b in range(batch)]
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "gather_log_probs",
    means="logp: shape (8, n, 256), float32; index: shape (8, n)",
    inputs=lambda n: (-torch.randint(9, (8, n, 256)).float(), torch.randint(256, (8, n))),
    sizes=(4, 64, 1024, 16_384),
    bytes_moved=lambda n: 8 * n * (4 + 8 + 4),  # read an entry and an index, write an entry
    naive=one_by_one,
    naive_up_to=64,
)


def picked(logp, index):
    """The answer as nested lists, from nested lists."""
    return [
        [row[i] for row, i in zip(rows, line, strict=True)]
        for rows, line in zip(logp, index, strict=True)
    ]


def case(device, dtype=torch.float32):
    """logp, index and the expected numbers."""
    logp, index = torch.tensor(LOGP, dtype=dtype), torch.tensor(INDEX)
    return logp.to(device), index.to(device), torch.tensor(picked(LOGP, INDEX), dtype=dtype)


def laid_out(x, kind):
    """x in this layout; expanded, all of x is like its first part."""
    return x[:1].expand(x.shape) if kind == "expanded" else in_layout(x, kind)


def gathered(solution, logp, index):
    """What the learner returns, once it left logp and index alone."""
    with untouched(KEEP, logp=logp, index=index):
        return solution.gather_log_probs(logp, index)


def where_from(got):
    """Where in LOGP the first wrong number stands, in words; a general hint if it is none."""
    for b, line in enumerate(INDEX):
        for t, i in enumerate(line):
            number = got[b, t].item()
            if number == LOGP[b][t][i]:
                continue
            for place in itertools.product(range(3), range(4), range(3)):
                if LOGP[place[0]][place[1]][place[2]] == number:
                    text = ", ".join(map(str, place))
                    return FOUND.format(number=number, place=text, b=b, t=t, i=i)
            return f"{PICK} {EXACT}"
    return PICK


@aspect("type")
def test_returns_a_tensor(solution, device):
    """gather_log_probs returns a tensor."""
    expect_tensor(solution.gather_log_probs(*case(device)[:2]))


@aspect("shape")
def test_has_the_shape_of_index(solution, device):
    """The result has the shape (B, T), also where a size is 1."""
    expect_shape(solution.gather_log_probs(*case(device)[:2]), (3, 4), SHAPE)
    for batch, steps, entries in ((1, 4, 3), (3, 1, 3), (1, 1, 3), (3, 4, 1), (2, 0, 3)):
        logp = torch.zeros(batch, steps, entries).to(device)
        index = torch.zeros(batch, steps, dtype=torch.int64).to(device)
        expect_shape(solution.gather_log_probs(logp, index), (batch, steps), ONE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of logp."""
    for dtype in FLOATS:
        expect_dtype(solution.gather_log_probs(*case(device, dtype)[:2]), dtype, EXACT)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where logp lies."""
    expect_device(solution.gather_log_probs(*case(device)[:2]), device)


@aspect("values")
def test_picks_the_entry_that_index_names(solution, device):
    """At [b, t] stands logp[b, t, index[b, t]]."""
    for dtype in FLOATS:
        logp, index, expected = case(device, dtype)
        got = gathered(solution, logp, index)
        expect_shape(got, (3, 4), SHAPE)
        expect_values(got, expected, where_from(got), rtol=0, atol=0)


@aspect("values")
def test_loses_no_digit(solution, device):
    """The numbers come out exactly, in float64 too."""
    for dtype, less in DIGITS.items():
        logp = torch.tensor(LOGP, dtype=dtype) - less
        expected = torch.tensor(picked(logp.tolist(), INDEX), dtype=dtype)
        got = solution.gather_log_probs(logp.to(device), torch.tensor(INDEX).to(device))
        expect_values(got, expected, EXACT, rtol=0, atol=0)


@aspect("values")
def test_strides_do_not_matter(solution, device):
    """It is the same wherever the numbers of logp and index lie in memory."""
    for kind, words in LAYOUTS.items():
        for name in ("logp", "index"):
            logp, index, _ = case(device)
            logp = laid_out(logp, kind) if name == "logp" else logp
            index = laid_out(index, kind) if name == "index" else index
            expected = torch.tensor(picked(logp.tolist(), index.tolist()))
            hint = STRIDES.format(name=name, kind=words)
            expect_values(gathered(solution, logp, index), expected, hint, rtol=0, atol=0)


@aspect("values")
def test_an_impossible_token_does_no_harm(solution, device):
    """-inf elsewhere in the row changes nothing, and -inf itself is found where index names it."""
    for rows in AT_EXTREMES:
        logp, index = torch.tensor(EXTREME).to(device), torch.tensor(rows).to(device)
        expected = torch.tensor(picked(EXTREME, rows))
        got = gathered(solution, logp, index)
        expect_shape(got, (2, 2), SHAPE)
        hint = INFINITE if got.isnan().any() else EXACT
        expect_values(got, expected, hint, rtol=0, atol=0)


@aspect("gradient")
def test_the_gradient_goes_where_the_number_came_from(solution, device):
    """The gradient of an entry that index names is that of its place in the result, others 0."""
    for rows, index_rows in ((LOGP, INDEX), (EXTREME, AT_EXTREMES[0])):
        logp = torch.tensor(rows, dtype=torch.float64).to(device).requires_grad_()
        index = torch.tensor(index_rows)
        weights = torch.arange(1.0, index.numel() + 1, dtype=torch.float64).view(index.shape)
        expected = torch.zeros(logp.shape, dtype=torch.float64)
        for b, line in enumerate(index_rows):
            for t, i in enumerate(line):
                expected[b, t, i] = weights[b, t]
        got = gathered(solution, logp, index.to(device))
        expect_shape(got, index.shape, SHAPE)
        hint = GRADIENT if got.requires_grad else TRACKED
        expect_gradients(got, {"logp": logp}, weights.to(device), {"logp": expected}, hint)


@aspect("cost")
def test_the_work_does_not_grow_with_the_data(solution):
    """Torch and Python do no more for much data than for little."""
    sizes = tuple(f"B, T, V = {', '.join(map(str, each))}" for each in SIZES)
    for tracked in (True, False):
        costs = []
        for batch, steps, entries in SIZES:
            logp = torch.zeros(batch, steps, entries, requires_grad=tracked)
            index = torch.zeros(batch, steps, dtype=torch.int64)
            cost = cost_of(solution.gather_log_probs, logp, index)
            counts = {"operations": cost.operations, READ: cost.numbers, LINES: cost.lines}
            costs.append(counts)
        expect_no_growth(*costs, sizes, MOST_MORE, LOOP)
