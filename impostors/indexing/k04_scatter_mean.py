"""Wrong and right answers to indexing/k04_scatter_mean."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def sums_of(x, group, groups):
    return x.new_zeros(groups, x.shape[1]).index_add(0, group, x)


def counts_of(group, groups):
    return torch.bincount(group, minlength=groups).unsqueeze(1)


@impostor(
    "scatter_mean",
    diagnosis="An empty group has sum 0 and count 0, and 0 / 0 is NaN.",
    aspect="values",
)
def divides_by_0(x, group, groups):
    return sums_of(x, group, groups) / counts_of(group, groups)


@impostor(
    "scatter_mean",
    diagnosis="nan_to_num mends 0 / 0, but hides the NaN and inf that a group holds, too.",
    aspect="values",
)
def mends_every_nan(x, group, groups):
    return (sums_of(x, group, groups) / counts_of(group, groups)).nan_to_num()


@impostor(
    "scatter_mean",
    diagnosis="A count plus a small number is another count: every mean is a little too small.",
    aspect="values",
)
def adds_a_small_number(x, group, groups):
    return sums_of(x, group, groups) / (counts_of(group, groups) + 1e-6)


@impostor(
    "scatter_mean",
    diagnosis="A product with a one-hot adds 0 * inf, which is NaN, to every other group.",
    aspect="values",
)
def multiplies_by_one_hot(x, group, groups):
    hot = torch.nn.functional.one_hot(group, groups).T.to(x.dtype)
    return hot @ x / counts_of(group, groups).clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="A difference of running sums carries the inf and NaN of one group to all later.",
    aspect="values",
)
def subtracts_running_sums(x, group, groups):
    running = torch.cat([x.new_zeros(1, x.shape[1]), x[group.argsort()].cumsum(0)])
    counts = counts_of(group, groups)
    ends = counts.flatten().cumsum(0)
    return (running[ends] - running[ends - counts.flatten()]) / counts.clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="The start value 0 was counted as one of the rows.",
    aspect="values",
)
def counts_the_start(x, group, groups):
    places = group.unsqueeze(1).expand_as(x)
    return x.new_zeros(groups, x.shape[1]).scatter_reduce(0, places, x, "mean", include_self=True)


@impostor(
    "scatter_mean",
    diagnosis="sums[group] += x keeps only the last row of each group.",
    aspect="values",
)
def keeps_the_last_row(x, group, groups):
    sums = x.new_zeros(groups, x.shape[1])
    sums[group] += x
    return sums / counts_of(group, groups).clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="The groups in use were counted, not all: empty ones are missing.",
    aspect="shape",
)
def drops_empty_groups(x, group, groups):
    _, place, counts = group.unique(return_inverse=True, return_counts=True)
    return sums_of(x, place, len(counts)) / counts.unsqueeze(1)


@impostor(
    "scatter_mean",
    diagnosis="zeros without dtype= are float32, whatever x is.",
    aspect="dtype",
)
def makes_float32(x, group, groups):
    sums = torch.zeros(groups, x.shape[1], device=x.device).index_add(0, group, x.float())
    return sums / counts_of(group, groups).clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="The sums are written without autograd (`detach`, `.data`, `no_grad`).",
    aspect="gradient",
)
def detaches(x, group, groups):
    return sums_of(x.detach(), group, groups) / counts_of(group, groups).clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="A loop looks at the groups, or at the rows, one after the other.",
    aspect="cost",
)
def loops_over_groups(x, group, groups):
    means = []
    for k in range(groups):
        rows = x[group == k]
        means.append(rows.sum(0) / max(len(rows), 1))
    return torch.stack(means)


@impostor(
    "scatter_mean",
    diagnosis="tolist and a loop in Python move the number of every row through Python.",
    aspect="cost",
)
def counts_in_python(x, group, groups):
    counts = [0] * groups
    for k in group.tolist():
        counts[k] += 1
    counts = torch.tensor(counts, device=x.device).unsqueeze(1)
    return sums_of(x, group, groups) / counts.clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="A loop over an array of NumPy is a loop as well: Python handles every row.",
    aspect="cost",
)
def counts_in_an_array(x, group, groups):
    counts = np.zeros((groups, 1), dtype=np.int64)
    for k in group.cpu().numpy():
        counts[k] += 1
    return sums_of(x, group, groups) / torch.from_numpy(counts).to(x.device).clamp(min=1)


@impostor(
    "scatter_mean",
    diagnosis="float16 does not hold every count: above 2048 it is rounded.",
    aspect="values",
)
def counts_in_float16(x, group, groups):
    ones = torch.ones(len(group), 1, dtype=torch.float16, device=x.device)
    counts = ones.new_zeros(groups, 1).index_add(0, group, ones)
    return sums_of(x, group, groups) / counts.clamp(min=1).to(x.dtype)


@impostor(
    "scatter_mean",
    diagnosis="A uint8 counts to 255, and begins again at 0.",
    aspect="values",
)
def counts_in_bytes(x, group, groups):
    ones = torch.ones(len(group), 1, dtype=torch.uint8, device=x.device)
    counts = ones.new_zeros(groups, 1).index_add(0, group, ones)
    return sums_of(x, group, groups) / counts.clamp(min=1)


@alternative("scatter_mean")
def numpy_bincount(x, group, groups):
    counts = np.bincount(group.cpu().numpy(), minlength=groups).clip(1)
    return sums_of(x, group, groups) / torch.from_numpy(counts).to(x.device)[:, None]


@alternative("scatter_mean")
def sparse_product(x, group, groups):
    places = torch.stack([group, torch.arange(len(group), device=x.device)])
    ones = torch.ones(len(group), dtype=x.dtype, device=x.device)
    named = torch.sparse_coo_tensor(places, ones, (groups, len(group)))
    return torch.sparse.mm(named, x) / counts_of(group, groups).clamp(min=1)


@alternative("scatter_mean")
def scatter_reduce(x, group, groups):
    places = group.unsqueeze(1).expand_as(x)
    return x.new_zeros(groups, x.shape[1]).scatter_reduce(0, places, x, "mean", include_self=False)


@alternative("scatter_mean")
def index_reduce(x, group, groups):
    means = torch.zeros(groups, x.shape[1], dtype=x.dtype, device=x.device)
    return means.index_reduce(0, group, x, "mean", include_self=False)


@alternative("scatter_mean")
def chooses_after_dividing(x, group, groups):
    counts = counts_of(group, groups)
    return torch.where(counts > 0, sums_of(x, group, groups) / counts, 0.0)


@alternative("scatter_mean")
def divides_each_row_first(x, group, groups):
    share = x / counts_of(group, groups)[group]
    return x.new_zeros(groups, x.shape[1]).index_put((group,), share, accumulate=True)


@alternative("scatter_mean")
def sum_where_named(x, group, groups):
    named = (group[:, None] == torch.arange(groups, device=x.device)).unsqueeze(-1)
    return torch.where(named, x[:, None], 0.0).sum(0) / named.sum(0).clamp(min=1)


@alternative("scatter_mean")
def unique_groups(x, group, groups):
    known, place, counts = torch.unique(group, return_inverse=True, return_counts=True)
    means = sums_of(x, place, len(known)) / counts[:, None].to(x.dtype)
    return x.new_zeros(groups, x.shape[1]).index_copy(0, known, means)


@alternative("scatter_mean")
def writes_in_place(x, group, groups):
    total = torch.zeros((groups, x.size(1) + 1), dtype=x.dtype, device=x.device)
    rows = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    total.scatter_add_(0, group.view(-1, 1).repeat(1, rows.shape[1]), rows)
    return total[:, :-1] / total[:, -1:].clamp(min=1)


@alternative("scatter_mean")
def with_its_own_gradient(x, group, groups):
    class Mean(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, group, counts):
            ctx.save_for_backward(group, counts)
            return sums_of(x, group, groups) / counts

        @staticmethod
        def backward(ctx, gradient):
            group, counts = ctx.saved_tensors
            return (gradient / counts)[group], None, None

    return Mean.apply(x, group, counts_of(group, groups).clamp(min=1))
