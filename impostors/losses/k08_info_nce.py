"""Wrong and right answers to losses/k08_info_nce."""

import math

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def compare(a, b):
    """Raise ValueError where the shapes differ."""
    if a.shape != b.shape:
        raise ValueError("the shapes differ")


def unit(x):
    """x with each row divided by its norm."""
    return x / x.norm(dim=1, keepdim=True)


def find(logits):
    """The mean cross entropy of each row with its own number."""
    return functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def both(logits):
    """Half of each direction."""
    return (find(logits) + find(logits.T)) / 2


@impostor(
    "info_nce",
    diagnosis="More rows of b than of a, or fewer, get through: the shapes are not compared.",
    aspect="errors",
)
def compares_nothing(a, b, logit_scale):
    logits = unit(a) @ unit(b.expand_as(a) if len(b) == 1 else b).T * logit_scale.exp()
    own = torch.arange(min(logits.shape), device=a.device)
    to_b = functional.cross_entropy(logits[: len(own)], own)
    return (to_b + functional.cross_entropy(logits.T[: len(own)], own)) / 2


@impostor(
    "info_nce",
    diagnosis="One direction alone: b's rows do not look for their partners.",
    aspect="values",
)
def looks_in_one_direction(a, b, logit_scale):
    compare(a, b)
    return find(unit(a) @ unit(b).T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="The transposed logits are taken twice: a's rows do not look for their partners.",
    aspect="values",
)
def looks_in_the_other_direction(a, b, logit_scale):
    compare(a, b)
    logits = logit_scale.exp() * unit(b) @ unit(a).T
    return 0.5 * (find(logits) + find((unit(a) @ unit(b).T * logit_scale.exp()).T))


@impostor(
    "info_nce",
    diagnosis="The rows are not divided by their norms: long rows get large logits.",
    aspect="values",
)
def forgets_the_norms(a, b, logit_scale):
    compare(a, b)
    return both(a @ b.T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="The norms are taken along dimension 0, the batch: each row has a norm.",
    aspect="values",
)
def normalises_along_the_batch(a, b, logit_scale):
    compare(a, b)
    a, b = functional.normalize(a, dim=0), functional.normalize(b, dim=0)
    return both(a @ b.T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="logit_scale multiplies as it is: it is a logarithm, so exp comes first.",
    aspect="values",
)
def multiplies_with_the_logarithm(a, b, logit_scale):
    compare(a, b)
    return both(logit_scale * unit(a) @ unit(b).T)


@impostor(
    "info_nce",
    diagnosis="The logits are divided by exp(logit_scale), as by a temperature: multiply.",
    aspect="values",
)
def divides_by_the_scale(a, b, logit_scale):
    compare(a, b)
    return both(unit(a) @ unit(b).T / logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="The two directions are added up: half of each is asked for.",
    aspect="values",
)
def adds_up_both(a, b, logit_scale):
    compare(a, b)
    return 2 * both(unit(a) @ unit(b).T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="The N cross entropies are added up: their mean is asked for.",
    aspect="values",
)
def adds_up_the_rows(a, b, logit_scale):
    compare(a, b)
    return len(a) * both(unit(a) @ unit(b).T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="The partner is left out of the sum below the fraction: it belongs there too.",
    aspect="values",
)
def leaves_the_partner_out(a, b, logit_scale):
    compare(a, b)
    if len(a) == 1:
        return 0 * (a.sum() + b.sum() + logit_scale)
    logits = unit(a) @ unit(b).T * logit_scale.exp()
    rest = logits.masked_fill(torch.eye(len(a), dtype=torch.bool, device=a.device), -torch.inf)
    sums = rest.logsumexp(1) + rest.logsumexp(0)
    return (sums / 2 - logits.diagonal()).mean()


@impostor(
    "info_nce",
    diagnosis="One softmax goes over all N² pairs: each row and each column has its own.",
    aspect="values",
)
def takes_one_softmax_of_all(a, b, logit_scale):
    compare(a, b)
    logits = unit(a) @ unit(b).T * logit_scale.exp()
    return logits.logsumexp((0, 1)) - logits.diagonal().mean()


@impostor(
    "info_nce",
    diagnosis="Rows of a are negatives of each other here: only rows of b are (NT-Xent).",
    aspect="values",
)
def takes_its_own_side_too(a, b, logit_scale):
    compare(a, b)
    both_sides = unit(torch.cat([a, b]))
    logits = both_sides @ both_sides.T * logit_scale.exp()
    logits = logits.masked_fill(torch.eye(len(logits), device=a.device).bool(), -torch.inf)
    own = torch.arange(len(logits), device=a.device).roll(len(a))
    return functional.cross_entropy(logits, own)


@impostor(
    "info_nce",
    diagnosis="Each pair is judged by a sigmoid, as in SigLIP: here N rows compete.",
    aspect="values",
)
def judges_pairs_by_a_sigmoid(a, b, logit_scale):
    compare(a, b)
    signs = 2 * torch.eye(len(a), dtype=a.dtype, device=a.device) - 1
    logits = unit(a) @ unit(b).T * logit_scale.exp()
    return -functional.logsigmoid(signs * logits).sum() / len(a)


@impostor(
    "info_nce",
    diagnosis="exp(logits) is inf in float32 as soon as a logit is above 88.",
    aspect="values",
)
def divides_the_powers(a, b, logit_scale):
    compare(a, b)
    powers = (unit(a) @ unit(b).T * logit_scale.exp()).exp()
    own = powers.diagonal()
    return -((own / powers.sum(1)).log() + (own / powers.sum(0)).log()).mean() / 2


@impostor(
    "info_nce",
    diagnosis="1e-6 is added to each norm: short rows are no unit vectors then.",
    aspect="values",
)
def adds_to_the_norms(a, b, logit_scale):
    compare(a, b)
    a, b = (x / (x.norm(dim=1, keepdim=True) + 1e-6) for x in (a, b))
    return both(a @ b.T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="No factor is below 1 here: logit_scale is clipped at 0.",
    aspect="values",
)
def clips_the_scale(a, b, logit_scale):
    compare(a, b)
    return both(unit(a) @ unit(b).T * logit_scale.clamp(0, math.log(100)).exp())


@impostor(
    "info_nce",
    diagnosis="The factor is a Python number: no gradient reaches logit_scale.",
    aspect="gradient",
)
def reads_the_scale(a, b, logit_scale):
    compare(a, b)
    return both(unit(a) @ unit(b).T * math.exp(logit_scale.item()))


@impostor(
    "info_nce",
    diagnosis="The norms are detached: they depend on the rows, so gradients go through them.",
    aspect="gradient",
)
def detaches_the_norms(a, b, logit_scale):
    compare(a, b)
    a, b = (x / x.detach().norm(dim=1, keepdim=True) for x in (a, b))
    return both(a @ b.T * logit_scale.exp())


@impostor(
    "info_nce",
    diagnosis="b is detached in the first direction, and a in the second: both move in both.",
    aspect="gradient",
)
def holds_the_other_side(a, b, logit_scale):
    compare(a, b)
    a, b = unit(a), unit(b)
    to_b, to_a = a @ b.detach().T * logit_scale.exp(), b @ a.detach().T * logit_scale.exp()
    return (find(to_b) + find(to_a)) / 2


@alternative("info_nce")
def by_cosine_similarity(a, b, logit_scale):
    compare(a, b)
    cosines = functional.cosine_similarity(a[:, None], b[None], dim=-1)
    logits = torch.exp(logit_scale) * cosines
    own = torch.arange(a.shape[0], device=a.device)
    twice = torch.cat([logits, logits.t()])
    return functional.cross_entropy(twice, torch.cat([own, own]))


@alternative("info_nce")
def by_logsumexp(a, b, logit_scale):
    compare(a, b)
    logits = torch.einsum("id,jd->ij", a, b) * logit_scale.exp()
    logits = logits / torch.outer(a.norm(dim=1), b.norm(dim=1))
    return (logits.logsumexp(0) + logits.logsumexp(1)).mean() / 2 - logits.trace() / len(a)


@alternative("info_nce")
def by_the_diagonal(a, b, logit_scale):
    compare(a, b)
    a = a * a.pow(2).sum(-1, keepdim=True).rsqrt()
    b = b * b.pow(2).sum(-1, keepdim=True).rsqrt()
    logits = (logit_scale.exp() * a).matmul(b.transpose(0, 1))
    found = [torch.diag(logits.log_softmax(dim)).mean() for dim in (0, 1)]
    return -sum(found) / 2


@alternative("info_nce")
def row_by_row(a, b, logit_scale):
    if a.dim() != b.dim() or list(a.shape) != list(b.shape):
        raise ValueError(f"{a.shape} is not {b.shape}")
    a, b, total = functional.normalize(a), functional.normalize(b), 0
    for n in range(len(a)):
        for own, others in ((a[n], b), (b[n], a)):
            row = others.mv(own) * logit_scale.exp()
            total = total + (row - row[n]).logsumexp(0)
    return total / (2 * len(a))


@alternative("info_nce")
def by_a_soft_target(a, b, logit_scale):
    compare(a, b)
    wanted = torch.eye(len(a), dtype=a.dtype, device=a.device)
    logits = functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).mT
    logits = logits * torch.pow(torch.e, logit_scale)
    halves = [functional.cross_entropy(one, wanted) for one in (logits, logits.mT)]
    return torch.stack(halves).mean()


@alternative("info_nce")
def with_its_own_gradient(a, b, logit_scale):
    class Pairs(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, scale):
            to_x, to_y = functional.normalize(x), functional.normalize(y)
            logits = to_x @ to_y.T * scale.exp()
            off = logits.softmax(1) + logits.softmax(0)
            off.diagonal().sub_(2)
            off /= 2 * len(x)
            slopes = []
            for slope, one, rows in ((off @ to_y, to_x, x), (off.T @ to_x, to_y, y)):
                across = slope - (slope * one).sum(1, keepdim=True) * one
                slopes.append(across * scale.exp() / rows.norm(dim=1, keepdim=True))
            ctx.save_for_backward(*slopes, (off * logits).sum())
            each = -logits.log_softmax(1).diagonal() - logits.log_softmax(0).diagonal()
            return each.mean() / 2

        @staticmethod
        def backward(ctx, grad):
            return tuple(grad * slope for slope in ctx.saved_tensors)

    compare(a, b)
    return Pairs.apply(a, b, logit_scale)
