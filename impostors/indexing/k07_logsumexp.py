"""Wrong and right answers to indexing/k07_logsumexp."""

import functools

import torch

from dojo.impostors import alternative, impostor


def shifted(x, top, dim):
    """log of the sum of exp(x - top), and top added again."""
    return ((x - top).exp().sum(dim, keepdim=True).log() + top).squeeze(dim)


@impostor(
    "logsumexp",
    diagnosis="exp(1000) is inf and exp(-1000) is 0, so their sum is lost before log.",
    aspect="values",
)
def does_as_it_says(x, dim):
    return x.exp().sum(dim).log()


@impostor(
    "logsumexp",
    diagnosis="In a row of -inf alone the largest entry is -inf, and -inf - -inf is NaN.",
    aspect="values",
)
def forgets_minus_infinity(x, dim):
    return shifted(x, x.amax(dim, keepdim=True), dim)


@impostor(
    "logsumexp",
    diagnosis="-inf comes back for -inf alone, but behind it the gradient of log(0) or of NaN"
    " makes NaN.",
    aspect="gradient",
)
def takes_log_of_zero(x, dim):
    top = x.amax(dim, keepdim=True)
    return shifted(x, torch.where(top.isinf(), 0, top), dim)


@impostor(
    "logsumexp",
    diagnosis="The largest entry of all rows is subtracted: in smaller rows all exp are 0.",
    aspect="values",
)
def subtracts_the_largest_of_all(x, dim):
    return shifted(x, x.max().clamp(min=torch.finfo(x.dtype).min), dim)


@impostor(
    "logsumexp",
    diagnosis="The mean is subtracted; what is far above it still overflows.",
    aspect="values",
)
def subtracts_the_mean(x, dim):
    return shifted(x, x.mean(dim, keepdim=True), dim)


@impostor(
    "logsumexp",
    diagnosis="The largest of abs(x) is subtracted: of a negative row, all exp are 0.",
    aspect="values",
)
def subtracts_the_largest_size(x, dim):
    return shifted(x, x.abs().amax(dim, keepdim=True), dim)


@impostor("logsumexp", diagnosis="dim stays, with the size 1.", aspect="shape")
def keeps_dim(x, dim):
    top = x.amax(dim, keepdim=True)
    return (x - top).exp().sum(dim, keepdim=True).log() + top


@impostor("logsumexp", diagnosis="torch's own logsumexp does the work.", aspect="structure")
def calls_logsumexp(x, dim):
    return torch.logsumexp(x, dim)


@impostor("logsumexp", diagnosis="torch's own logaddexp does the work.", aspect="structure")
def folds_logaddexp(x, dim):
    return functools.reduce(
        torch.logaddexp, x.unbind(dim), torch.full_like(x, -torch.inf).amax(dim)
    )


@impostor(
    "logsumexp",
    diagnosis="Softmax or log_softmax knows the sum already; they do the work.",
    aspect="structure",
)
def reads_it_off_log_softmax(x, dim):
    return (x - torch.log_softmax(x, dim)).amax(dim)


@impostor(
    "logsumexp",
    diagnosis="-inf is replaced by the smallest number, so -inf alone does not give -inf.",
    aspect="values",
)
def replaces_minus_infinity(x, dim):
    x = x.clamp(min=torch.finfo(x.dtype).min)
    return shifted(x, x.amax(dim, keepdim=True), dim)


@impostor(
    "logsumexp",
    diagnosis="The small number that is added before log is in every result.",
    aspect="values",
)
def adds_a_small_number(x, dim):
    top = x.amax(dim, keepdim=True).clamp(min=torch.finfo(x.dtype).min)
    return (((x - top).exp().sum(dim, keepdim=True) + 1e-6).log() + top).squeeze(dim)


@impostor("logsumexp", diagnosis="The mean of exp is taken, not its sum.", aspect="values")
def takes_the_mean(x, dim):
    top = x.amax(dim, keepdim=True)
    return ((x - top).exp().mean(dim, keepdim=True).log() + top).squeeze(dim)


@impostor("logsumexp", diagnosis="The sum runs over the last dimension only.", aspect="shape")
def ignores_dim(x, dim):
    return shifted(x, x.amax(-1, keepdim=True), -1)


@impostor(
    "logsumexp",
    diagnosis="The largest entry is subtracted, and not added again after log.",
    aspect="values",
)
def does_not_add_it_again(x, dim):
    return (x - x.amax(dim, keepdim=True)).exp().sum(dim).log()


@impostor(
    "logsumexp",
    diagnosis="The float32 copy of a 16-bit x is taken by way of .data: no gradient gets back.",
    aspect="gradient",
)
def widens_data(x, dim):
    wide = x.data.float() if x.dtype.itemsize == 2 else x
    nothing = (wide == -torch.inf).all(dim, keepdim=True)
    safe = wide.masked_fill(nothing, 0)
    result = shifted(safe, safe.amax(dim, keepdim=True), dim)
    return result.masked_fill(nothing.squeeze(dim), -torch.inf).to(x.dtype)


@impostor(
    "logsumexp",
    diagnosis="A row whose largest entry is the smallest finite number is taken for one of -inf.",
    aspect="values",
)
def takes_the_smallest_for_minus_infinity(x, dim):
    lowest = torch.finfo(x.dtype).min
    nothing = (x <= lowest).all(dim, keepdim=True)
    safe = x.masked_fill(nothing, 0)
    result = shifted(safe, safe.amax(dim, keepdim=True), dim)
    return result.masked_fill(nothing.squeeze(dim), -torch.inf)


@alternative("logsumexp")
def two_at_a_time(x, dim):
    def add(a, b):
        top, low = torch.maximum(a, b), torch.minimum(a, b)
        is_zero = low == -torch.inf
        gap = torch.where(is_zero, 0, low) - torch.where(is_zero, 0, top)
        return top + torch.where(is_zero, 0, gap.exp().log1p())

    result = functools.reduce(add, x.unbind(dim))
    is_zero = result == -torch.inf
    return torch.where(is_zero, -torch.inf, torch.where(is_zero, 0, result))


@alternative("logsumexp")
def with_its_own_gradient(x, dim):
    class LogSumExp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            top = x.amax(dim, keepdim=True).nan_to_num(neginf=0)
            weights = (x - top).exp()
            total = weights.sum(dim, keepdim=True)
            ctx.save_for_backward(weights, total)
            return (total.log() + top).squeeze(dim)

        @staticmethod
        def backward(ctx, g):
            weights, total = ctx.saved_tensors
            return g.unsqueeze(dim) * (weights / total).nan_to_num(0.0)

    return LogSumExp.apply(x)


@alternative("logsumexp")
def with_torchs_own_gradient(x, dim):
    class LogSumExp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            top = x.amax(dim, keepdim=True)
            result = shifted(x, top.masked_fill(top == -torch.inf, 0), dim)
            ctx.save_for_backward(x, result.unsqueeze(dim))
            return result

        @staticmethod
        def backward(ctx, g):
            x, result = ctx.saved_tensors
            return g.unsqueeze(dim) * (x - result.masked_fill(result == -torch.inf, 0)).exp()

    return LogSumExp.apply(x)


@alternative("logsumexp")
def chooses_before_and_after(x, dim):
    nothing = (x == -torch.inf).all(dim, keepdim=True)
    safe = torch.where(nothing, torch.zeros_like(x), x)
    result = shifted(safe, safe.amax(dim, keepdim=True), dim)
    return torch.where(nothing.squeeze(dim), -torch.inf, result)


@alternative("logsumexp")
def row_by_row(x, dim):
    def one(row):
        row = row[row > -torch.inf]
        if not len(row):
            return x.new_tensor(-torch.inf) + x.nan_to_num(neginf=0).sum() * 0
        return row.max() + (row - row.max()).exp().sum().log()

    rows = x.movedim(dim, -1)
    made = [one(row) for row in rows.reshape(-1, rows.shape[-1])]
    return torch.stack(made).reshape(rows.shape[:-1])


@alternative("logsumexp")
def sorted_first(x, dim):
    top = x.sort(dim).values.narrow(dim, -1, 1).nan_to_num(neginf=0)
    rest = torch.where(x == -torch.inf, 0, (torch.where(x == -torch.inf, 0, x) - top).exp())
    total = rest.sum(dim)
    result = torch.where(total > 0, total, 1).log() + top.squeeze(dim)
    return torch.where(total > 0, result, -torch.inf)


@alternative("logsumexp")
def in_base_two(x, dim):
    top = x.detach().amax(dim, keepdim=True)
    top = torch.where(top == -torch.inf, 0, top)
    total = torch.exp2((x - top) * 1.4426950408889634).sum(dim, keepdim=True)
    nothing = total == 0
    result = total.masked_fill(nothing, 1).log2() * 0.6931471805599453 + top
    return result.masked_fill(nothing, -torch.inf).squeeze(dim)


@alternative("logsumexp")
def mapped_over_the_other_dimensions(x, dim):
    def one(row):
        top = row.max()
        top = torch.where(top == -torch.inf, 0, top)
        total = (row - top).exp().sum()
        log = torch.where(total > 0, total, 1).log() + top
        return torch.where(total > 0, log, -torch.inf)

    for _ in range(x.dim() - 1):
        one = torch.vmap(one)
    return one(x.movedim(dim, -1))
