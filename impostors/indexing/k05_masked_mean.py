"""Wrong and right answers to indexing/k05_masked_mean."""

import torch

from dojo.impostors import alternative, impostor


def counts_of(x, mask, dim):
    return mask.expand_as(x).sum(dim).clamp(min=1)


@impostor(
    "masked_mean",
    diagnosis="x * mask hides finite numbers only: 0 * NaN and 0 * inf are NaN.",
    aspect="values",
)
def multiplies(x, mask, dim):
    return (x * mask).sum(dim) / counts_of(x, mask, dim)


@impostor(
    "masked_mean",
    diagnosis="nan_to_num also hides the NaN and inf that the mask keeps.",
    aspect="values",
)
def mends_every_nan(x, mask, dim):
    return (x * mask).nan_to_num(0, 0, 0).sum(dim) / counts_of(x, mask, dim)


@impostor(
    "masked_mean",
    diagnosis="mean divides by the size of the dimension; only the kept ones are to be counted.",
    aspect="values",
)
def takes_the_plain_mean(x, mask, dim):
    return torch.where(mask, x, 0).mean(dim)


@impostor(
    "masked_mean",
    diagnosis="Where nothing is kept, 0 / 0 is NaN.",
    aspect="values",
)
def divides_by_0(x, mask, dim):
    return torch.where(mask, x, 0).sum(dim) / mask.expand_as(x).sum(dim)


@impostor(
    "masked_mean",
    diagnosis="mask.sum(dim) counts the mask as it came, not as it is broadcast to x.",
    aspect="values",
)
def counts_the_small_mask(x, mask, dim):
    counts = mask[(None,) * (x.dim() - mask.dim())].sum(dim).clamp(min=1)
    return torch.where(mask, x, 0).sum(dim) / counts


@impostor(
    "masked_mean",
    diagnosis="True keeps an entry; here it hides it.",
    aspect="values",
)
def hides_what_is_true(x, mask, dim):
    return x.masked_fill(mask, 0).sum(dim) / counts_of(x, ~mask, dim)


@impostor(
    "masked_mean",
    diagnosis="x[mask] is flat: its mean is one number for all of x.",
    aspect="shape",
)
def selects_all(x, mask, dim):
    return x[mask.expand_as(x)].mean()


@impostor(
    "masked_mean",
    diagnosis="nanmean leaves out each NaN that is kept, as if it were hidden.",
    aspect="values",
)
def takes_the_nanmean(x, mask, dim):
    means = x.masked_fill(~mask, float("nan")).nanmean(dim)
    return torch.where(mask.expand_as(x).any(dim), means, 0)


@impostor(
    "masked_mean",
    diagnosis="masked_fill_, with the underscore, wrote into x.",
    aspect="values",
)
def writes_into_x(x, mask, dim):
    return x.detach().masked_fill_(~mask, 0).sum(dim) / counts_of(x, mask, dim)


@impostor(
    "masked_mean",
    diagnosis="A count plus a small number is another count: every mean is a little too small.",
    aspect="values",
)
def adds_a_small_number(x, mask, dim):
    return torch.where(mask, x, 0).sum(dim) / (mask.expand_as(x).sum(dim) + 1e-6)


@impostor(
    "masked_mean",
    diagnosis="1 / 0 is inf: torch.where drops it from the value, but in backward 0 * inf is NaN.",
    aspect="gradient",
)
def has_nan_in_its_gradient(x, mask, dim):
    share = mask.expand_as(x).sum(dim, keepdim=True).to(x.dtype).reciprocal()
    return torch.where(mask, x * share, 0).sum(dim)


@impostor(
    "masked_mean",
    diagnosis="The mean is computed without autograd (`detach`, `.data`, `no_grad`).",
    aspect="gradient",
)
def detaches(x, mask, dim):
    return torch.where(mask, x.detach(), 0).sum(dim) / counts_of(x, mask, dim)


@impostor(
    "masked_mean",
    diagnosis="What is not 0 was counted: an entry may be kept and be 0.",
    aspect="values",
)
def counts_what_is_not_0(x, mask, dim):
    kept = torch.where(mask, x, 0)
    return kept.sum(dim) / (kept != 0).sum(dim).clamp(min=1)


@impostor(
    "masked_mean",
    diagnosis="unsqueeze_, with the underscore, gave mask another shape.",
    aspect="memory",
)
def changes_the_shape_of_mask(x, mask, dim):
    while mask.dim() < x.dim():
        mask.unsqueeze_(0)
    return torch.where(mask, x, 0).sum(dim) / counts_of(x, mask, dim)


@impostor(
    "masked_mean",
    diagnosis="A uint8 counts to 255, and begins again at 0.",
    aspect="values",
)
def counts_in_bytes(x, mask, dim):
    counts = mask.expand_as(x).sum(dim, dtype=torch.uint8)
    return torch.where(mask, x, 0).sum(dim) / counts.clamp(min=1)


@alternative("masked_mean")
def masked_fill(x, mask, dim):
    kept = torch.broadcast_to(mask, x.shape)
    return x.masked_fill(~kept, 0.0).sum(dim) / kept.sum(dim).clamp(min=1)


@alternative("masked_mean")
def chooses_after_dividing(x, mask, dim):
    counts = torch.sum(mask.expand(x.shape), dim=dim)
    means = torch.where(mask, x, torch.zeros_like(x)).sum(dim=dim) / counts
    return torch.where(counts == 0, torch.zeros_like(means), means)


@alternative("masked_mean")
def divides_first(x, mask, dim):
    kept = mask | torch.zeros_like(x, dtype=torch.bool)
    safe = torch.where(kept, x, 0)
    return (safe / kept.sum(dim, keepdim=True).clamp(min=1)).sum(dim)


@alternative("masked_mean")
def row_by_row(x, mask, dim):
    rows, keeps = x.movedim(dim, -1), mask.expand_as(x).movedim(dim, -1)
    shape = rows.shape[:-1]
    flat = shape.numel(), rows.shape[-1]
    means = []
    for row, keep in zip(rows.reshape(flat), keeps.reshape(flat), strict=True):
        means.append(row[keep].sum() / max(int(keep.sum()), 1))
    return torch.stack(means).view(shape)


@alternative("masked_mean")
def writes_into_a_clone(x, mask, dim):
    kept = mask.expand_as(x)
    copy = x.clone()
    copy[~kept] = 0
    counts = kept.sum(dim)
    return copy.sum(dim) / (counts + (counts == 0))


@alternative("masked_mean")
def adds_place_after_place(x, mask, dim):
    kept = mask.expand_as(x)
    total = torch.zeros_like(x.sum(dim))
    counts = torch.zeros_like(total)
    for part, keep in zip(x.unbind(dim), kept.unbind(dim), strict=True):
        total = torch.where(keep, total + part, total)
        counts = counts + keep
    return total / torch.maximum(counts, torch.ones_like(counts))


@alternative("masked_mean")
def with_its_own_gradient(x, mask, dim):
    class Mean(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, mask):
            counts = counts_of(x, mask, dim)
            ctx.save_for_backward(mask.expand_as(x), counts)
            return torch.where(mask, x, 0).sum(dim) / counts

        @staticmethod
        def backward(ctx, gradient):
            mask, counts = ctx.saved_tensors
            return (gradient / counts).unsqueeze(dim) * mask, None

    return Mean.apply(x, mask)
