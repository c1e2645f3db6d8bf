"""Wrong and right answers to layers/k02_softmax."""

import torch

from dojo.impostors import alternative, impostor


def widened(x):
    """x in a dtype that is wide enough for sums."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def gaps(x, dim):
    """x minus its largest entry along dim."""
    return widened(x) - widened(x).amax(dim, keepdim=True)


@impostor(
    "softmax",
    diagnosis="exp(1000) is inf and inf / inf is NaN: subtract the largest entry before exp.",
    aspect="values",
)
def does_as_it_says(x, dim):
    return (widened(x).exp() / widened(x).exp().sum(dim, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="One largest entry is subtracted from all rows: in smaller rows all exp are 0.",
    aspect="values",
)
def subtracts_the_largest_of_all(x, dim):
    weights = (widened(x) - widened(x).max()).exp() if x.numel() else x
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="1 / sum of exp(gaps) is right in value; on the way back inf / inf² is NaN.",
    aspect="gradient",
)
def divides_one_by_a_sum(x, dim):
    if not x.dim():
        return x * 0 + 1
    rows = widened(x).movedim(dim, -1)
    is_low = rows == -torch.inf
    low = rows.masked_fill(is_low, -torch.finfo(rows.dtype).max)
    shares = 1 / (rows.unsqueeze(-2) - low.unsqueeze(-1)).exp().sum(-1)
    return shares.movedim(-1, dim).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="The shares add up to 1 along the last dimension; that is not always dim.",
    aspect="values",
)
def ignores_dim(x, dim):
    weights = gaps(x, -1).exp()
    return (weights / weights.sum(-1, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="All shares of x together add up to 1 here; those along dim should.",
    aspect="values",
)
def shares_out_once(x, dim):
    weights = gaps(x, dim).exp()
    return (weights / weights.sum()).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="The mean of the row is subtracted: what is far above it still overflows.",
    aspect="values",
)
def subtracts_the_mean(x, dim):
    weights = (widened(x) - widened(x).mean(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="The small number that is added to the sum is in every share: it is never 0 anyway.",
    aspect="values",
)
def adds_a_small_number(x, dim):
    weights = gaps(x, dim).exp()
    return (weights / (weights.sum(dim, keepdim=True) + 1e-8)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="x is cut off at 80 to keep exp finite: larger numbers become equal.",
    aspect="values",
)
def clamps_large_numbers(x, dim):
    weights = widened(x).clamp(-80, 80).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="-inf is replaced by -1e9, which is no small number beside -1e30.",
    aspect="values",
)
def fills_in_a_number(x, dim):
    weights = gaps(widened(x).nan_to_num(neginf=-1e9), dim).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="The sum is detached: it depends on x, and gradients go through it too.",
    aspect="gradient",
)
def detaches_the_sum(x, dim):
    weights = gaps(x, dim).exp()
    return (weights / weights.sum(dim, keepdim=True).detach()).to(x.dtype)


@impostor(
    "softmax",
    diagnosis="In float32 the large numbers of float64 lose their digits: widen 16 bits only.",
    aspect="values",
)
def computes_all_in_float32(x, dim):
    weights = gaps(x.float(), dim).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


@impostor("softmax", diagnosis="torch's own softmax does the work, as a layer.", aspect="structure")
def calls_the_layer(x, dim):
    return torch.nn.Softmax(dim)(x)


@alternative("softmax")
def by_its_logarithm(x, dim):
    below = gaps(x, dim)
    return (below - below.exp().sum(dim, keepdim=True).log()).exp().to(x.dtype)


@alternative("softmax")
def with_its_own_gradient(x, dim):
    class Softmax(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            weights = (x - x.amax(dim, keepdim=True)).exp_()
            shares = weights.div_(weights.sum(dim, keepdim=True))
            ctx.save_for_backward(shares)
            return shares

        @staticmethod
        def backward(ctx, g):
            (shares,) = ctx.saved_tensors
            return shares * (g - (g * shares).sum(dim, keepdim=True))

    return Softmax.apply(x)


@alternative("softmax")
def in_base_two(x, dim):
    weights = torch.exp2(gaps(x, dim) * 1.4426950408889634)
    return (weights * weights.sum(dim, keepdim=True).reciprocal()).to(x.dtype)


@alternative("softmax")
def in_one_pass(x, dim):
    if not x.dim():
        return x - x + 1
    entries = x.double().unbind(dim)
    top, total = entries[0], torch.ones_like(entries[0])
    for one in entries[1:]:
        new = torch.maximum(top, one)
        is_low = new == -torch.inf
        keep, add = (torch.where(is_low, 0, each - new).exp() for each in (top, one))
        top, total = new, torch.where(is_low, 1, total * keep + add)
    shares = [torch.exp(one - top) / total for one in entries]
    return torch.stack(shares, dim).to(x.dtype)


@alternative("softmax")
def in_float64(x, dim):
    finite = x.double().clamp(min=-1e300)
    return torch.nn.functional.normalize(gaps(finite, dim).exp(), p=1, dim=dim).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="A share may be too small for its dtype, and log(0) is -inf.",
    aspect="values",
)
def takes_log_of_softmax(x, dim):
    weights = gaps(x, dim).exp()
    return (weights / weights.sum(dim, keepdim=True)).log().to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="The small number that is added before log stands in the place of every small share.",
    aspect="values",
)
def adds_a_small_number_before_log(x, dim):
    weights = gaps(x, dim).exp()
    return (weights / weights.sum(dim, keepdim=True) + 1e-12).log().to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="The largest entry is added to log of the sum, whose digits are lost beside it.",
    aspect="values",
)
def subtracts_logsumexp(x, dim):
    top = widened(x).amax(dim, keepdim=True)
    total = (widened(x) - top).exp().sum(dim, keepdim=True).log() + top
    return (widened(x) - total).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="The sum of exp(x) overflows: subtract the largest entry before exp.",
    aspect="values",
)
def sums_exp_of_x(x, dim):
    return (widened(x) - widened(x).exp().sum(dim, keepdim=True).log()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="One largest entry is subtracted from all rows: log of the sum of a smaller row is"
    " -inf.",
    aspect="values",
)
def subtracts_one_largest(x, dim):
    below = widened(x) - widened(x).max() if x.numel() else x
    return (below - below.exp().sum(dim, keepdim=True).log()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="The largest entry is subtracted inside exp only; from x it has to be subtracted"
    " too.",
    aspect="values",
)
def forgets_the_largest(x, dim):
    return (widened(x) - gaps(x, dim).exp().sum(dim, keepdim=True).log()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="-inf is replaced by the smallest finite number; its logarithm is to be -inf.",
    aspect="values",
)
def replaces_minus_infinity(x, dim):
    wide = widened(x).clamp(min=torch.finfo(x.dtype).min / 4)
    below = wide - wide.amax(dim, keepdim=True)
    return (below - below.exp().sum(dim, keepdim=True).log()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="`where` chooses the value, and yet the gradient of log(0), inf, is multiplied by 0.",
    aspect="gradient",
)
def chooses_behind_log(x, dim):
    below = gaps(x, dim)
    total = below.exp().sum(dim, keepdim=True)
    shares = below.exp() / total
    return torch.where(shares > 0.1, shares.log(), below - total.log()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="log of the sum is detached: gradients go through it too.",
    aspect="gradient",
)
def detaches_log_of_the_sum(x, dim):
    below = gaps(x, dim)
    return (below - below.exp().sum(dim, keepdim=True).log().detach()).to(x.dtype)


@impostor(
    "log_softmax",
    diagnosis="torch's own logsumexp does the work.",
    aspect="structure",
)
def calls_logsumexp(x, dim):
    below = gaps(x, dim)
    return (below - below.logsumexp(dim, keepdim=True)).to(x.dtype)


@alternative("log_softmax")
def in_the_dtype_of_x(x, dim):
    below = x - x.max(dim, keepdim=True).values.detach()
    return below.sub(below.exp().sum(dim, keepdim=True).log())


@alternative("log_softmax")
def with_its_own_log_gradient(x, dim):
    class LogSoftmax(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            below = x - x.amax(dim, keepdim=True)
            result = below - below.exp().sum(dim, keepdim=True).log()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, g):
            (result,) = ctx.saved_tensors
            return g - result.exp() * g.sum(dim, keepdim=True)

    return LogSoftmax.apply(x)


@alternative("log_softmax")
def by_log1p_in_float64(x, dim):
    wide = x.double()
    top, place = wide.max(dim, keepdim=True)
    rest = (wide - top).exp().scatter(dim, place, 0.0).sum(dim, keepdim=True)
    return (wide - top - rest.log1p()).to(x.dtype)


@alternative("log_softmax")
def slice_by_slice(x, dim):
    below = gaps(x, dim)
    if not x.dim():
        return below.to(x.dtype) * 1
    total = sum(one.exp() for one in below.unbind(dim))
    made = [one - total.log() for one in below.unbind(dim)]
    return torch.stack(made, dim).to(x.dtype)
