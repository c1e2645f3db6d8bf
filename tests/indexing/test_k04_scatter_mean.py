"""The checks of indexing/k04_scatter_mean: means of lists of rows, in Python's numbers."""

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

SHAPE = "There is one row for each of the groups, also for those at the end that are empty."
DTYPE = "The mean has x's dtype: make new tensors with that, such as by x.new_zeros."
MEAN = "Row k is the sum of x's rows of group k, divided by how many they are."
EMPTY = "Group {k} has no rows, and its mean is 0: 0 / 0 is NaN, but 0 / 1 is 0."
APART = "0 * inf and inf - inf are NaN: a row may only be added to its own group."
KEPT = "Group {k} holds {what}, so that is its mean: take care of empty groups before you divide."
COUNT = "Group 0 has {count} rows: count in a dtype that holds such a number, such as int64."
PRECISE = "Stay in the dtype of x, divide by the exact count, and add up no rows of other groups."
STRIDES = "Here {name} lies in memory as {kind}; that changes nothing."
TRACKED = "Use torch's operations on x, without `detach`, `.data`, `no_grad` or `torch.tensor`."
GRADIENT = "Each row gets the gradient of its group's mean, divided by the count of that group."
KEEP = "Only look at x and group: methods with a trailing underscore change them."
LOOP = "One operation can add all rows to the rows that an index names, and one count them."

READ = "numbers read into Python"
LINES = "lines of Python"

INF, NAN = float("inf"), float("nan")
X = [[1, 2, 3], [4, 8, 16], [3, 4, 7], [6, 2, 1], [5, 0, 2], [2, 6, 10]]
GROUP = [3, 1, 3, 0, 3, 0]  # counts 2, 1, 0, 3, 0
GROUPS = 5
FLOATS = [torch.float32, torch.float64]
# group 0 finite, 1 inf, 2 NaN, 3 empty, 4 -inf, 5 inf and -inf
WILD = [[INF, 1.0], [2.0, 3.0], [NAN, 4.0], [5.0, 6.0], [7.0, -INF], [INF, INF], [-INF, 8.0]]
WILD_GROUP = [1, 0, 2, 1, 4, 5, 5]
LAYOUTS = {
    "transposed": "columns before rows",
    "every second element": "every second number of a larger memory",
    "at an offset": "a part of a larger memory",
    "expanded": "one part, repeated",
}
MANY = 2999  # rows; no 16-bit float and no 8-bit integer holds this number
SIZES = ((6, 4), (60, 40))  # rows, groups
MOST_MORE = 8  # operations that may depend on the sizes; a loop adds 36 or more


def group_by_group(x, group, groups):
    """One group after the other."""
    means = []
    for k in range(groups):
        rows = x[group == k]
        means.append(rows.mean(0) if len(rows) else x.new_zeros(x.shape[1]))
    return torch.stack(means)


BENCHMARK = Benchmark(
    "scatter_mean",
    means="x: shape (n, 16), float32; 64 groups",
    inputs=lambda n: (torch.randint(9, (n, 16)).float(), torch.randint(64, (n,)), 64),
    sizes=(100, 1_000, 100_000),
    bytes_moved=lambda n: n * (8 + 16 * 4) + 64 * 16 * 4,  # read x and group, write the means
    operations=lambda n: n * 16,
    naive=group_by_group,
)


def means_of(x, group, groups):
    """The expected means as nested lists, from nested lists."""
    result = []
    for k in range(groups):
        rows = [row for row, g in zip(x, group, strict=True) if g == k]
        columns = zip(*rows, strict=True) if rows else [[0]] * len(x[0])
        result.append([sum(column) / max(len(rows), 1) for column in columns])
    return result


def case(device, dtype=torch.float32):
    """x, group and the expected means."""
    expected = torch.tensor(means_of(X, GROUP, GROUPS), dtype=dtype)
    return torch.tensor(X, dtype=dtype).to(device), torch.tensor(GROUP).to(device), expected


def mean(solution, x, group, groups=GROUPS):
    """What the learner returns, once it left x and group alone."""
    with untouched(KEEP, x=x, group=group):
        return solution.scatter_mean(x, group, groups)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """scatter_mean returns a tensor."""
    expect_tensor(solution.scatter_mean(*case(device)[:2], GROUPS))


@aspect("shape")
def test_has_a_row_for_each_group(solution, device):
    """The result has the shape (groups, d), also where there are few rows, or none."""
    for rows, columns, groups in ((6, 3, 5), (1, 3, 5), (6, 1, 5), (6, 3, 1), (0, 3, 2)):
        x, group = torch.zeros(rows, columns), torch.zeros(rows, dtype=torch.int64)
        got = solution.scatter_mean(x.to(device), group.to(device), groups)
        expect_shape(got, (groups, columns), SHAPE)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in FLOATS:
        expect_dtype(solution.scatter_mean(*case(device, dtype)[:2], GROUPS), dtype, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.scatter_mean(*case(device)[:2], GROUPS), device)


@aspect("values")
def test_is_the_mean_of_each_group(solution, device):
    """Row k is the mean of x's rows of group k, and 0 where there are none."""
    for dtype in FLOATS:
        x, group, expected = case(device, dtype)
        got = mean(solution, x, group)
        expect_shape(got, (GROUPS, 3), SHAPE)
        hint = EMPTY.format(k=2) if got[2].isnan().any() else MEAN
        expect_values(got, expected, hint)
    got = mean(solution, torch.zeros(0, 2).to(device), group[:0], 3)
    expect_values(got, torch.zeros(3, 2), EMPTY.format(k=0))


@aspect("values")
def test_is_precise(solution, device):
    """The mean is as precise as the dtype of x."""
    for dtype, tiny, rtol in ((torch.float64, 2.0**-40, 1e-14), (torch.float32, 2.0**-20, 4e-7)):
        x = torch.tensor([[1 + tiny], [1 + 3 * tiny], [7.0], [1e8]], dtype=dtype).to(device)
        got = mean(solution, x, torch.tensor([1, 1, 2, 0]).to(device), 3)
        expected = torch.tensor([[1e8], [1 + 2 * tiny], [7.0]], dtype=dtype)
        expect_values(got, expected, PRECISE, rtol=rtol, atol=0)


@aspect("values")
def test_a_group_may_have_many_rows(solution, device):
    """The count is exact for thousands of rows, too."""
    group = [0] * MANY + [1]
    x = [[float(i % 2)] for i in range(MANY)] + [[5.0]]
    got = mean(solution, torch.tensor(x).to(device), torch.tensor(group).to(device), 2)
    expected = torch.tensor([[MANY // 2 / MANY], [5.0]])
    expect_values(got, expected, COUNT.format(count=MANY))


@aspect("values")
def test_strides_do_not_matter(solution, device):
    """It is the same wherever the numbers of x and group lie in memory."""
    for kind, words in LAYOUTS.items():
        for place, name in enumerate(("x", "group")):
            inputs = list(case(device)[:2])
            it = inputs[place]
            inputs[place] = it[:1].expand(it.shape) if kind == "expanded" else in_layout(it, kind)
            expected = torch.tensor(means_of(*(each.tolist() for each in inputs), GROUPS))
            expect_values(mean(solution, *inputs), expected, STRIDES.format(name=name, kind=words))


@aspect("values")
def test_inf_and_nan_stay_in_their_group(solution, device):
    """inf and NaN are the mean of their own group, and change no other."""
    expected = torch.tensor(means_of(WILD, WILD_GROUP, 6))
    got = mean(solution, torch.tensor(WILD).to(device), torch.tensor(WILD_GROUP).to(device), 6)
    expect_shape(got, (6, 2), SHAPE)
    lost = [(k, what) for k, what in ((1, "inf"), (2, "NaN")) if got[k, 0].isfinite()]
    hint = KEPT.format(k=lost[0][0], what=lost[0][1]) if lost else APART
    expect_values(got, expected, hint)


@aspect("gradient")
def test_gradients_are_shared_out_in_the_group(solution, device):
    """A row gets the gradient of its group's mean, divided by the number of rows in the group."""
    for rows, group, groups in ((X, GROUP, GROUPS), (WILD, WILD_GROUP, 6)):
        x = torch.tensor(rows, dtype=torch.float64).to(device).requires_grad_()
        shape = (groups, len(rows[0]))
        weights = torch.arange(1.0, 1 + shape[0] * shape[1], dtype=torch.float64).view(shape)
        shares = [[w / group.count(k) for w in weights[k].tolist()] for k in group]
        expected = torch.tensor(shares, dtype=torch.float64)
        got = mean(solution, x, torch.tensor(group).to(device), groups)
        expect_shape(got, shape, SHAPE)
        hint = GRADIENT if got.requires_grad else TRACKED
        expect_gradients(got, {"x": x}, weights.to(device), {"x": expected}, hint)


@aspect("cost")
def test_the_work_does_not_grow_with_the_data(solution):
    """Torch and Python do no more for many rows and groups than for few."""
    sizes = tuple(f"{rows} rows in {groups} groups" for rows, groups in SIZES)
    for tracked in (True, False):
        costs = []
        for rows, groups in SIZES:
            x, group = torch.ones(rows, 3, requires_grad=tracked), torch.arange(rows) % groups
            cost = cost_of(solution.scatter_mean, x, group, groups)
            counts = {"operations": cost.operations, READ: cost.numbers, LINES: cost.lines}
            costs.append(counts)
        expect_no_growth(*costs, sizes, MOST_MORE, LOOP)
