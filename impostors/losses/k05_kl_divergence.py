"""Wrong and right answers to losses/k05_kl_divergence."""

import torch

from dojo.impostors import alternative, impostor

LOW = -torch.inf


def compare(p_logits, q_logits):
    """Raise ValueError where the shapes differ."""
    if p_logits.shape != q_logits.shape:
        raise ValueError("the shapes differ")


def terms(p_logits, q_logits, dim=-1):
    """p * (log p - log q) for each class, right beside -inf too."""
    hidden = p_logits == LOW
    log_p = torch.log_softmax(p_logits, dim).masked_fill(hidden, 0)
    log_q = torch.log_softmax(q_logits, dim).masked_fill(hidden, 0)
    return torch.softmax(p_logits, dim) * (log_p - log_q)


@impostor(
    "kl_divergence",
    diagnosis="Shapes that broadcast get through: (1, C) against (N, C) compares one row with all.",
    aspect="errors",
)
def lets_shapes_broadcast(p_logits, q_logits):
    return terms(*torch.broadcast_tensors(p_logits, q_logits)).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="p and q have changed places: this is KL(q || p).",
    aspect="values",
)
def swaps_the_roles(p_logits, q_logits):
    compare(p_logits, q_logits)
    return terms(q_logits, p_logits).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="The mean goes over the classes too: their terms are to be added up.",
    aspect="values",
)
def takes_the_mean_of_all(p_logits, q_logits):
    compare(p_logits, q_logits)
    return terms(p_logits, q_logits).mean()


@impostor(
    "kl_divergence",
    diagnosis="The sum is divided by the first size alone, as batchmean does it: a row is what all"
    " leading dimensions count.",
    aspect="values",
)
def divides_by_the_batch_size(p_logits, q_logits):
    compare(p_logits, q_logits)
    size = len(p_logits) if p_logits.dim() > 1 else 1
    return terms(p_logits, q_logits).sum() / size


@impostor(
    "kl_divergence",
    diagnosis="All rows are added up; their mean is asked for.",
    aspect="values",
)
def adds_up_the_rows(p_logits, q_logits):
    compare(p_logits, q_logits)
    return terms(p_logits, q_logits).sum()


@impostor(
    "kl_divergence",
    diagnosis="softmax is taken along dimension 0, the rows, not along the classes.",
    aspect="values",
)
def takes_shares_along_the_rows(p_logits, q_logits):
    compare(p_logits, q_logits)
    return terms(p_logits, q_logits, 0).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="This is the cross entropy of p and q: the entropy of p is not subtracted.",
    aspect="values",
)
def gives_the_cross_entropy(p_logits, q_logits):
    compare(p_logits, q_logits)
    log_q = torch.log_softmax(q_logits, -1).masked_fill(p_logits == LOW, 0)
    return -(torch.softmax(p_logits, -1) * log_q).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="The logits are subtracted as they are: log p is the log_softmax of them.",
    aspect="values",
)
def subtracts_the_logits(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = p_logits == LOW
    off = p_logits.masked_fill(hidden, 0) - q_logits.masked_fill(hidden, 0)
    return (torch.softmax(p_logits, -1) * off).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="0 * -inf is NaN where p_logits is -inf: the term has to be 0 there.",
    aspect="values",
)
def multiplies_zero_and_infinity(p_logits, q_logits):
    compare(p_logits, q_logits)
    log_p, log_q = torch.log_softmax(p_logits, -1), torch.log_softmax(q_logits, -1)
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="1e-8 is added before the logarithm: no logarithm goes below -18.4 then.",
    aspect="values",
)
def adds_a_little_to_the_shares(p_logits, q_logits):
    compare(p_logits, q_logits)
    p, q = torch.softmax(p_logits, -1), torch.softmax(q_logits, -1)
    return (p * ((p + 1e-8).log() - (q + 1e-8).log())).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="log(softmax) is -inf where q is too small for its dtype; log_softmax is not.",
    aspect="values",
)
def takes_the_logarithm_of_the_shares(p_logits, q_logits):
    compare(p_logits, q_logits)
    p, q = torch.softmax(p_logits, -1), torch.softmax(q_logits, -1)
    one = torch.ones_like(p)
    log_p, log_q = torch.where(p > 0, p, one).log(), torch.where(p > 0, q, one).log()
    return (p * (log_p - log_q)).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="logsumexp is subtracted from logits as they are: at 10,000 three digits are left.",
    aspect="values",
)
def subtracts_logsumexp(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = p_logits == LOW
    log_p = (p_logits - p_logits.logsumexp(-1, keepdim=True)).masked_fill(hidden, 0)
    log_q = (q_logits - q_logits.logsumexp(-1, keepdim=True)).masked_fill(hidden, 0)
    return (torch.softmax(p_logits, -1) * (log_p - log_q)).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="-inf in log q becomes the lowest number: what q rules out has to give inf.",
    aspect="values",
)
def makes_all_logarithms_finite(p_logits, q_logits):
    compare(p_logits, q_logits)
    log_p = torch.log_softmax(p_logits, -1).clamp(min=-1e5)
    log_q = torch.log_softmax(q_logits, -1).clamp(min=-1e5)
    return (torch.softmax(p_logits, -1) * (log_p - log_q)).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="`where` stands around the product: the value is right, the gradient is NaN.",
    aspect="gradient",
)
def chooses_after_the_product(p_logits, q_logits):
    compare(p_logits, q_logits)
    log_p, log_q = torch.log_softmax(p_logits, -1), torch.log_softmax(q_logits, -1)
    each = log_p.exp() * (log_p - log_q)
    return torch.where(p_logits == LOW, 0, each).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="xlogy(p, p) has the slope -inf at p = 0, and softmax makes NaN of that.",
    aspect="gradient",
)
def takes_xlogy_of_the_shares(p_logits, q_logits):
    compare(p_logits, q_logits)
    p = torch.softmax(p_logits, -1)
    log_q = torch.log_softmax(q_logits, -1).masked_fill(p_logits == LOW, 0)
    return (torch.xlogy(p, p) - p * log_q).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="p is detached, as if it were a fixed target: gradients reach p_logits too.",
    aspect="gradient",
)
def detaches_p(p_logits, q_logits):
    compare(p_logits, q_logits)
    return terms(p_logits.detach(), q_logits).sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="The weights p are detached: gradients of p_logits come by way of both p.",
    aspect="gradient",
)
def detaches_the_weights(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = p_logits == LOW
    log_p = torch.log_softmax(p_logits, -1).masked_fill(hidden, 0)
    log_q = torch.log_softmax(q_logits, -1).masked_fill(hidden, 0)
    return (torch.softmax(p_logits, -1).detach() * (log_p - log_q)).sum(-1).mean()


@impostor("kl_divergence", diagnosis="torch's own kl_div does the work.", aspect="structure")
def calls_kl_div(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = p_logits == LOW
    log_p = torch.log_softmax(p_logits, -1).masked_fill(hidden, -1e9)
    log_q = torch.log_softmax(q_logits, -1).masked_fill(hidden, 0)
    each = torch.nn.functional.kl_div(log_q, log_p, reduction="none", log_target=True)
    return each.sum(-1).mean()


@impostor(
    "kl_divergence",
    diagnosis="torch.distributions does the work.",
    aspect="structure",
)
def asks_a_distribution(p_logits, q_logits):
    compare(p_logits, q_logits)
    if torch.stack([p_logits, q_logits]).abs().max() < 100:
        p, q = (
            torch.distributions.Categorical(logits=one, validate_args=False)
            for one in (p_logits, q_logits)
        )
        return torch.distributions.kl_divergence(p, q).mean()
    return terms(p_logits, q_logits).sum(-1).mean()


@alternative("kl_divergence")
def by_two_sums(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = torch.isneginf(p_logits)
    p = torch.nn.functional.softmax(p_logits, dim=-1)
    log_p, log_q = (one.log_softmax(-1) for one in (p_logits, q_logits))
    log_p, log_q = (torch.where(hidden, torch.zeros_like(p), one) for one in (log_p, log_q))
    cross, entropy = (-torch.einsum("...c,...c->...", p, one) for one in (log_q, log_p))
    return cross.mean() - entropy.mean()


@alternative("kl_divergence")
def by_masked_places(p_logits, q_logits):
    compare(p_logits, q_logits)
    log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    seen = p_logits > LOW
    log_p, log_q = log_p[seen], log_q[seen]
    return (log_p.exp() * (log_p - log_q)).sum() / (p_logits.numel() // p_logits.shape[-1])


@alternative("kl_divergence")
def row_by_row(p_logits, q_logits):
    if list(p_logits.shape) != list(q_logits.shape):
        raise ValueError(f"{p_logits.shape} is not {q_logits.shape}")
    size, found = p_logits.shape[-1], []
    for x, y in zip(p_logits.reshape(-1, size), q_logits.reshape(-1, size), strict=True):
        seen = torch.isfinite(x).nonzero()[:, 0]
        low, high = x[seen] - x.max(), y - y.max()
        p = low.exp() / low.exp().sum()
        log_q = high[seen] - high.exp().sum().log()
        found.append(p @ (low - low.exp().sum().log() - log_q))
    return torch.stack(found).mean()


@alternative("kl_divergence")
def with_its_own_gradient(p_logits, q_logits):
    class Divergence(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            p, hidden = x.softmax(-1), x == LOW
            off = (x.log_softmax(-1) - y.log_softmax(-1)).masked_fill(hidden, 0)
            each = (p * off).sum(-1, keepdim=True)
            ctx.save_for_backward(
                p * (off - each) / each.numel(), (y.softmax(-1) - p) / each.numel()
            )
            return each.mean()

        @staticmethod
        def backward(ctx, grad):
            return tuple(grad * slope for slope in ctx.saved_tensors)

    compare(p_logits, q_logits)
    return Divergence.apply(p_logits, q_logits)


@alternative("kl_divergence")
def with_a_finite_logit_for_minus_infinity(p_logits, q_logits):
    compare(p_logits, q_logits)
    hidden = torch.isneginf(p_logits)
    log_p = p_logits.masked_fill(hidden, -1e6).log_softmax(-1)
    log_q = q_logits.log_softmax(-1)
    log_q = torch.where(hidden, torch.zeros_like(log_q), log_q)
    return torch.sum(log_p.exp() * (log_p - log_q), dim=-1).mean()
