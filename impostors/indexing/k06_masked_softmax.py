"""Wrong and right answers to indexing/k06_masked_softmax."""

import torch

from dojo.impostors import alternative, impostor


def softmax_of(x, dim):
    """A softmax of everything, made of exp and sum."""
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@impostor(
    "masked_softmax",
    diagnosis="-1e9 is a number like others: it gets a share where nothing else is kept, or where "
    "what is kept is smaller, and float16 does not have it.",
    aspect="values",
)
def fills_minus_1e9(x, mask, dim):
    return softmax_of(x.masked_fill(~mask, -1e9), dim)


@impostor(
    "masked_softmax",
    diagnosis="The smallest number of the dtype still gets a share where nothing is kept.",
    aspect="values",
)
def fills_the_smallest_number(x, mask, dim):
    return softmax_of(x.masked_fill(~mask, torch.finfo(x.dtype).min), dim)


@impostor(
    "masked_softmax",
    diagnosis="A row of -inf alone gives -inf - -inf, which is NaN.",
    aspect="values",
)
def forgets_rows_with_nothing(x, mask, dim):
    return softmax_of(x.masked_fill(~mask, -torch.inf), dim)


@impostor(
    "masked_softmax",
    diagnosis="-inf is added to what is hidden: NaN stays NaN, and inf - inf is NaN too.",
    aspect="values",
)
def adds_minus_inf(x, mask, dim):
    bias = torch.zeros_like(x).masked_fill(~mask, -torch.inf)
    return torch.where(mask.expand_as(x), softmax_of(x + bias, dim), 0.0)


@impostor(
    "masked_softmax",
    diagnosis="x * mask makes 0 of what is hidden, and exp(0) is 1; and NaN * 0 is NaN.",
    aspect="values",
)
def multiplies_x_by_the_mask(x, mask, dim):
    return softmax_of(x * mask, dim)


@impostor(
    "masked_softmax",
    diagnosis="The weights are multiplied by the mask: 0 * NaN is NaN.",
    aspect="values",
)
def multiplies_weights_by_the_mask(x, mask, dim):
    top = x.masked_fill(~mask, -torch.inf).amax(dim, keepdim=True)
    weights = (x - top.masked_fill(top == -torch.inf, 0)).exp() * mask
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor(
    "masked_softmax",
    diagnosis="where chooses after exp: the value is right, and the gradient is 0 * NaN.",
    aspect="gradient",
)
def chooses_after_exp(x, mask, dim):
    top = x.detach().masked_fill(~mask, -torch.inf).amax(dim, keepdim=True)
    weights = torch.where(mask, (x - top.masked_fill(top == -torch.inf, 0)).exp(), 0)
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor(
    "masked_softmax",
    diagnosis="Without the largest entry subtracted, exp overflows, or all of a row comes to 0.",
    aspect="values",
)
def subtracts_nothing(x, mask, dim):
    weights = x.masked_fill(~mask, -torch.inf).exp()
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor(
    "masked_softmax",
    diagnosis="The largest entry of all rows together is subtracted: the smaller rows come to 0.",
    aspect="values",
)
def subtracts_the_largest_of_all(x, mask, dim):
    kept = x.masked_fill(~mask, -torch.inf)
    top = kept.max()
    weights = (kept - top.masked_fill(top == -torch.inf, 0)).exp()
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor(
    "masked_softmax",
    diagnosis="The softmax is taken of all entries, and its hidden shares are only wiped out.",
    aspect="values",
)
def wipes_out_shares(x, mask, dim):
    return softmax_of(x, dim).masked_fill(~mask, 0)


@impostor("masked_softmax", diagnosis="torch's own softmax does the work.", aspect="structure")
def runs_softmax(x, mask, dim):
    none = ~mask.expand_as(x).any(dim, keepdim=True)
    filled = x.masked_fill(~mask, -torch.inf).masked_fill(none, 0)
    return torch.softmax(filled, dim).masked_fill(~mask, 0)


@impostor("masked_softmax", diagnosis="True keeps here; it is read as if it hid.", aspect="values")
def hides_what_is_true(x, mask, dim):
    weights = x.masked_fill(mask, -torch.inf).exp()
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor("masked_softmax", diagnosis="float32 is returned for each dtype.", aspect="dtype")
def returns_float32(x, mask, dim):
    kept = x.float().masked_fill(~mask, -torch.inf)
    top = kept.amax(dim, keepdim=True)
    weights = (kept - top.masked_fill(top == -torch.inf, 0)).exp()
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@impostor(
    "masked_softmax",
    diagnosis="A small number added to the sum makes all shares too small.",
    aspect="values",
)
def adds_a_small_number_to_the_sum(x, mask, dim):
    kept = x.masked_fill(~mask, -torch.inf)
    top = kept.amax(dim, keepdim=True)
    weights = (kept - top.masked_fill(top == -torch.inf, 0)).exp()
    return weights / (weights.sum(dim, keepdim=True) + 1e-6)


@impostor(
    "masked_softmax",
    diagnosis="The float32 copy of a 16-bit x is taken by way of .data: no gradient gets back.",
    aspect="gradient",
)
def widens_data(x, mask, dim):
    wide = x.data.float() if x.dtype.itemsize == 2 else x
    kept = wide.masked_fill(~mask, -torch.inf)
    top = kept.amax(dim, keepdim=True)
    weights = (kept - top.masked_fill(top == -torch.inf, 0)).exp()
    total = weights.sum(dim, keepdim=True)
    return (weights / total.masked_fill(total == 0, 1)).to(x.dtype)


@alternative("masked_softmax")
def by_logsumexp(x, mask, dim):
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    none = ~mask.expand_as(x).any(dim, keepdim=True)
    kept = wide.masked_fill(~mask, -torch.inf).masked_fill(none, 0)
    return (kept - kept.logsumexp(dim, keepdim=True)).exp().masked_fill(~mask, 0).to(x.dtype)


@alternative("masked_softmax")
def by_logsumexp_in_the_dtype_of_x(x, mask, dim):
    none = torch.logical_not(torch.any(mask.expand_as(x), dim, keepdim=True))
    kept = torch.where(mask, x, -torch.inf).masked_fill(none, 0)
    return torch.where(mask, (kept - kept.logsumexp(dim, keepdim=True)).exp(), 0.0)


@alternative("masked_softmax")
def row_by_row(x, mask, dim):
    rows = x.movedim(dim, -1)
    keeps = mask.expand_as(x).movedim(dim, -1).reshape(-1, x.shape[dim])
    made = []
    for row, keep in zip(rows.reshape(-1, x.shape[dim]), keeps, strict=True):
        weights = (row[keep] - row[keep].max()).exp() if keep.any() else row[keep]
        zeros = torch.zeros_like(row)
        made.append(zeros.masked_scatter(keep, weights / weights.sum()))
    return torch.stack(made).reshape(rows.shape).movedim(-1, dim)


@alternative("masked_softmax")
def mapped_over_the_other_dimensions(x, mask, dim):
    def one(row, keep):
        kept = torch.where(keep, row, 0.0)
        top = torch.where(keep, row, torch.finfo(row.dtype).min).max()
        weights = torch.where(keep, torch.where(keep, kept - top, 0.0).exp(), 0.0)
        return weights / torch.where(keep.any(), weights.sum(), 1.0)

    for _ in range(x.dim() - 1):
        one = torch.vmap(one)
    return one(x.movedim(dim, -1), mask.expand_as(x).movedim(dim, -1)).movedim(-1, dim)


@alternative("masked_softmax")
def with_its_own_gradient(x, mask, dim):
    class MaskedSoftmax(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            kept = x.double().masked_fill(mask.logical_not(), -torch.inf)
            weights = (kept - kept.amax(dim, keepdim=True)).exp().nan_to_num(0.0)
            total = weights.sum(dim, keepdim=True)
            shares = (weights / total.clamp(min=1e-300)).to(x.dtype)
            ctx.save_for_backward(shares)
            return shares

        @staticmethod
        def backward(ctx, g):
            (shares,) = ctx.saved_tensors
            return shares * (g - (g * shares).sum(dim, keepdim=True))

    return MaskedSoftmax.apply(x)


@alternative("masked_softmax")
def in_two_choices(x, mask, dim):
    wide = x.float() if x.dtype.itemsize == 2 else x
    filled = torch.where(mask, wide, 0)
    top = torch.where(mask, wide, torch.finfo(wide.dtype).min).amax(dim, keepdim=True)
    weights = torch.where(mask, filled - top, 0).exp() * mask
    return (weights / weights.sum(dim, keepdim=True).clamp_min(1e-30)).type_as(x)


@alternative("masked_softmax")
def mends_nan_behind_the_fill(x, mask, dim):
    return softmax_of(x.masked_fill(~mask, -torch.inf), dim).nan_to_num(0.0)
