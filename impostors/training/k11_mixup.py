"""Wrong and right answers to training/k11_mixup."""

import random

import numpy as np
import torch
from torch.distributions import Beta

from dojo.impostors import alternative, impostor


def drawn(alpha):
    """λ, a number of Python."""
    if alpha < 0:
        raise ValueError("alpha is below 0")
    return Beta(alpha, alpha).sample().item() if alpha > 0 else 1.0


def mixed(x, share, order):
    """λ of each sample, and 1 - λ of another."""
    return share * x + (1 - share) * x[order]


@impostor(
    "mixup",
    diagnosis="y is mixed in another order than x: the label is that of another image.",
    aspect="values",
)
def draws_an_order_for_each(x, y, alpha=1.0):
    share = drawn(alpha)
    return mixed(x, share, torch.randperm(len(x))), mixed(y, share, torch.randperm(len(x)))


@impostor(
    "mixup",
    diagnosis="x and y are mixed with two different λ.",
    aspect="values",
)
def draws_a_lambda_for_each(x, y, alpha=1.0):
    order = torch.randperm(len(x))
    return mixed(x, drawn(alpha), order), mixed(y, drawn(alpha), order)


@impostor(
    "mixup",
    diagnosis="y gets 1 - λ where x gets λ.",
    aspect="values",
)
def swaps_the_weights_of_y(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, 1 - share if alpha else 1.0, order)


@impostor(
    "mixup",
    diagnosis="Each sample has a λ of its own; one is drawn for the whole batch.",
    aspect="values",
)
def draws_a_lambda_per_sample(x, y, alpha=1.0):
    shares, order = x.new_tensor([drawn(alpha) for _ in x]), torch.randperm(len(x))
    mixtures = []
    for one in (x, y):
        share = shares.to(one.dtype).view(-1, *[1] * (one.dim() - 1))
        mixtures.append(mixed(one, share, order))
    return tuple(mixtures)


@impostor(
    "mixup",
    diagnosis="x is multiplied by λ in place, and what is added then has been scaled already.",
    aspect="values",
)
def adds_what_is_scaled(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    mixtures = []
    for one in (x.clone(), y.clone()):
        one.mul_(share)
        mixtures.append(one.add_((1 - share) * one[order]))
    return tuple(mixtures)


@impostor(
    "mixup",
    diagnosis="It writes into x and y, which belong to the caller.",
    aspect="values",
)
def mixes_in_place(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    with torch.no_grad():
        for one in (x, y):
            one.copy_(mixed(one, share, order))
    return x * 1, y * 1


@impostor(
    "mixup",
    diagnosis="λ comes from NumPy's generator, which torch.manual_seed does not reach.",
    aspect="values",
)
def draws_from_numpy(x, y, alpha=1.0):
    drawn(min(alpha, 0))
    share, order = np.random.beta(alpha, alpha) if alpha else 1.0, torch.randperm(len(x))
    return mixed(x, float(share), order), mixed(y, float(share), order)


@impostor(
    "mixup",
    diagnosis="λ comes from Python's generator, which torch.manual_seed does not reach.",
    aspect="values",
)
def draws_from_python(x, y, alpha=1.0):
    drawn(min(alpha, 0))
    share, order = random.betavariate(alpha, alpha) if alpha else 1.0, torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="λ is uniform, whatever alpha is.",
    aspect="values",
)
def draws_a_uniform_lambda(x, y, alpha=1.0):
    drawn(min(alpha, 0))
    share, order = torch.rand(()).item() if alpha else 1.0, torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="λ comes from Beta(2 * alpha, 2 * alpha): it is nearer to 1/2 than alpha says.",
    aspect="values",
)
def doubles_alpha(x, y, alpha=1.0):
    share, order = drawn(2 * alpha), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="λ comes from Beta(alpha / 2, alpha / 2): it is nearer to 0 and 1 than alpha says.",
    aspect="values",
)
def halves_alpha(x, y, alpha=1.0):
    share, order = drawn(alpha / 2), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="λ is made of two powers of uniform numbers, which is not quite Beta.",
    aspect="values",
)
def divides_powers_of_uniforms(x, y, alpha=1.0):
    drawn(min(alpha, 0))
    share, order = 1.0, torch.randperm(len(x))
    if alpha > 0:
        u, v = (torch.rand(2, dtype=torch.float64) ** (1 / alpha)).tolist()
        share = u / (u + v) if u + v > 0 else 0.5
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="max(λ, 1 - λ) is taken in place of λ, which is then never below 1/2.",
    aspect="values",
)
def folds_lambda(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    share = max(share, 1 - share)
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="The batch is only reversed: each sample always meets the same other one.",
    aspect="values",
)
def reverses_the_batch(x, y, alpha=1.0):
    share = drawn(alpha)
    order = torch.arange(len(x)).flip(0)
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="The batch is rolled by a random step: most permutations never come.",
    aspect="values",
)
def rolls_the_batch(x, y, alpha=1.0):
    share, step = drawn(alpha), int(torch.randint(len(x), ()))
    return (
        share * x + (1 - share) * x.roll(step, 0),
        share * y + (1 - share) * y.roll(step, 0),
    )


@impostor(
    "mixup",
    diagnosis="torch.randint draws the others: some are mixed in twice, and some not at all.",
    aspect="values",
)
def draws_with_replacement(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randint(len(x), (len(x),))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="No sample may keep its place here; all permutations are to be equally likely.",
    aspect="values",
)
def mixes_with_others_only(x, y, alpha=1.0):
    share, size = drawn(alpha), len(x)
    order = torch.randperm(size)
    while size > 1 and bool((order == torch.arange(size)).any()):
        order = torch.randperm(size)
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="alpha = 0 is refused by torch's Beta; it stands for λ = 1.",
    aspect="type",
)
def refuses_zero(x, y, alpha=1.0):
    share, order = Beta(alpha, alpha).sample().item(), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="alpha below 0 is taken for 0; it is to be a ValueError.",
    aspect="errors",
)
def takes_a_negative_alpha(x, y, alpha=1.0):
    share, order = drawn(max(alpha, 0)), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y, share, order)


@impostor(
    "mixup",
    diagnosis="Where λ is 1, x and y themselves come back; the results are to be new.",
    aspect="memory",
)
def returns_the_inputs(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    return (x, y) if share == 1 else (mixed(x, share, order), mixed(y, share, order))


@impostor(
    "mixup",
    diagnosis="y is turned into the dtype of x; each of the two keeps its own.",
    aspect="dtype",
)
def gives_y_the_dtype_of_x(x, y, alpha=1.0):
    share, order = drawn(alpha), torch.randperm(len(x))
    return mixed(x, share, order), mixed(y.to(x.dtype), share, order)


@impostor(
    "mixup",
    diagnosis="A generator of its own is seeded in each call, so that each call mixes alike.",
    aspect="values",
)
def seeds_at_each_call(x, y, alpha=1.0):
    generator = torch.Generator().manual_seed(0)
    drawn(min(alpha, 0))
    count = torch.rand(2, generator=generator)
    share = float(count[0]) if alpha else 1.0
    order = torch.randperm(len(x), generator=generator)
    return mixed(x, share, order), mixed(y, share, order)


@alternative("mixup")
def by_lerp(x, y, alpha=1.0):
    share = drawn(alpha)
    order = torch.rand(len(x)).argsort()
    return tuple(
        torch.lerp(one.index_select(0, order.to(one.device)), one, share) for one in (x, y)
    )


@alternative("mixup")
def by_a_matrix(x, y, alpha=1.0):
    size, share = len(x), drawn(alpha)
    weights = share * torch.eye(size) + (1 - share) * torch.eye(size)[torch.randperm(size)]
    return tuple(
        torch.tensordot(weights.to(one.device, torch.float64), one.double(), 1).to(one.dtype)
        for one in (x, y)
    )


@alternative("mixup")
def by_two_gammas(x, y, alpha=1.0):
    if alpha < 0:
        raise ValueError("alpha is below 0")
    order = torch.randperm(len(x), device=x.device)
    share = torch.ones(())
    if alpha > 0:
        share = torch._sample_dirichlet(torch.full((2,), float(alpha)))[0]
    share = share.to(x.device)
    return share * x + (1 - share) * x[order], y * share + y[order] * (1 - share)


@alternative("mixup")
def in_place_in_copies(x, y, alpha=1.0):
    order, share = torch.randperm(len(x)).tolist(), drawn(alpha)
    mixtures = []
    for one in (x, y):
        other = torch.stack([one[place] for place in order]).mul(1 - share)
        mixtures.append(one.clone().mul_(share).add_(other))
    return tuple(mixtures)


@alternative("mixup")
def one_minus_lambda(x, y, alpha=1.0):
    share = 1 - drawn(alpha)
    order = torch.randperm(len(x)).argsort()
    return x + share * (x[order] - x), y + share * (y[order] - y)
