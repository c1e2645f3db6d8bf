"""Wrong and right answers to autograd/k16_gradient_penalty."""

import torch

from dojo.impostors import alternative, impostor


def column(alpha, real):
    """alpha with sizes of 1 behind it; drawn where it is None."""
    if alpha is None:
        alpha = torch.rand(len(real), dtype=real.dtype, device=real.device)
    return alpha.reshape(-1, *[1] * (real.dim() - 1))


def mix_of(real, fake, alpha):
    """The points between, detached, as a leaf."""
    alpha = column(alpha, real)
    return (alpha * real + (1 - alpha) * fake).detach().requires_grad_()


def slope_of(scores, mix):
    """A gradient that can be differentiated."""
    return torch.autograd.grad(scores.sum(), mix, create_graph=True)[0]


def norms_of(slope):
    """The norm of each sample."""
    return torch.linalg.vector_norm(slope.flatten(1), dim=1)


@impostor(
    "gradient_penalty",
    diagnosis="The norm runs over dim 1 alone: an image has three dimensions.",
    aspect="values",
)
def takes_the_norm_over_dim_one(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    return ((slope_of(critic(mix), mix).norm(2, dim=1) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="Without create_graph the gradient is a constant: the critic learns nothing of it.",
    aspect="gradient",
)
def forgets_create_graph(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    (slope,) = torch.autograd.grad(critic(mix).sum(), mix, retain_graph=True)
    return ((norms_of(slope) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="The mean of the scores has a gradient that is B times too small.",
    aspect="values",
)
def differentiates_the_mean(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    scores = critic(mix)
    slope = slope_of(scores.reshape(len(scores), -1).sum(1).mean(), mix)
    return ((norms_of(slope) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="One alpha is drawn for the whole batch; each sample has its own.",
    aspect="values",
)
def draws_one_alpha(critic, real, fake, alpha=None):
    if alpha is None:
        alpha = torch.rand(1, dtype=real.dtype, device=real.device).expand(len(real))
    mix = mix_of(real, fake, alpha)
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="An alpha is drawn for each entry; a sample has one for all of its entries.",
    aspect="values",
)
def draws_an_alpha_for_each_entry(critic, real, fake, alpha=None):
    alpha = torch.rand_like(real) if alpha is None else column(alpha, real)
    mix = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="alpha comes from a normal distribution, and leaves the line between the samples.",
    aspect="values",
)
def draws_normal_numbers(critic, real, fake, alpha=None):
    if alpha is None:
        alpha = torch.randn(len(real), dtype=real.dtype, device=real.device)
    mix = mix_of(real, fake, alpha)
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="A seed is set: each call draws the same alpha, and so does all that follows.",
    aspect="values",
)
def sets_a_seed(critic, real, fake, alpha=None):
    if alpha is None:
        torch.manual_seed(0)
    mix = mix_of(real, fake, alpha)
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="mix is not detached: the penalty also moves the network that made fake.",
    aspect="gradient",
)
def lets_gradients_reach_the_samples(critic, real, fake, alpha=None):
    alpha = column(alpha, real)
    mix = alpha * real + (1 - alpha) * fake
    if not mix.requires_grad:
        mix.requires_grad_()
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="The root of a sum of squares has the slope inf at 0: the gradient is NaN.",
    aspect="gradient",
)
def takes_a_root_of_zero(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    norms = slope_of(critic(mix), mix).flatten(1).square().sum(1).sqrt()
    return ((norms - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="alpha of shape (B,) meets the last dimension of real: it needs sizes of 1 behind.",
    aspect="values",
)
def aligns_alpha_with_the_last_dimension(critic, real, fake, alpha=None):
    if alpha is None or real.shape[-1] != len(real):
        alpha = column(alpha, real)
    mix = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="alpha is the share of fake here; it is that of real.",
    aspect="values",
)
def swaps_real_and_fake(critic, real, fake, alpha=None):
    mix = mix_of(fake, real, alpha)
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="Norms below 1 are let go; they are penalised as those above 1 are.",
    aspect="values",
)
def penalises_one_side(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    return ((norms_of(slope_of(critic(mix), mix)) - 1).relu() ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="`backward` fills the `.grad` of the critic's parameters; ask torch.autograd.grad.",
    aspect="memory",
)
def goes_backward(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    scores = critic(mix).sum()
    slope = slope_of(scores, mix)
    scores.detach().requires_grad_()
    penalty = ((norms_of(slope) - 1) ** 2).mean()
    scores.backward(retain_graph=True)
    return penalty


@impostor(
    "gradient_penalty",
    diagnosis="The critic is called for real and fake too; its scores for mix are enough.",
    aspect="cost",
)
def calls_the_critic_three_times(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    critic(mix), critic(real), critic(fake)
    return ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="The weight 10 of the penalty is multiplied in; that is for the caller to do.",
    aspect="values",
)
def multiplies_by_ten(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    return 10 * ((norms_of(slope_of(critic(mix), mix)) - 1) ** 2).mean()


@impostor(
    "gradient_penalty",
    diagnosis="`view` cannot flatten a gradient whose channels lie last in memory.",
    aspect="values",
)
def flattens_by_view(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    slope = slope_of(critic(mix), mix)
    return ((slope.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()


@alternative("gradient_penalty")
def backward_into_mix(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    critic(mix).sum().backward(create_graph=True, inputs=[mix])
    return (mix.grad.flatten(1).square().sum(1).clamp(min=1e-12).sqrt() - 1).square().mean()


@alternative("gradient_penalty")
def with_weights_of_one(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    scores = critic(mix)
    (slope,) = torch.autograd.grad(
        scores, mix, torch.ones_like(scores), create_graph=True, retain_graph=True
    )
    return ((slope.reshape(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()


@alternative("gradient_penalty")
def with_a_small_number_under_the_root(critic, real, fake, alpha=None):
    mix = mix_of(real, fake, alpha)
    slope = slope_of(critic(mix), mix)
    squares = slope.square().sum(dim=tuple(range(1, slope.dim())))
    return torch.mean(((squares + 1e-12).sqrt() - 1).square())


@alternative("gradient_penalty")
def by_vjp(critic, real, fake, alpha=None):
    alpha = column(alpha, real)
    mix = torch.lerp(fake.detach(), real.detach(), alpha.to(real.dtype))
    scores, pull_back = torch.func.vjp(critic, mix)
    (slope,) = pull_back(torch.ones_like(scores))
    return torch.nn.functional.mse_loss(norms_of(slope), norms_of(slope).new_ones(len(real)))


@alternative("gradient_penalty")
def with_alpha_of_the_cpu(critic, real, fake, alpha=None):
    with torch.no_grad():
        if alpha is None:
            alpha = torch.rand(len(real), 1).to(real)
        alpha = alpha.reshape([len(real)] + [1] * (real.dim() - 1)).expand_as(real)
        mix = fake + alpha * (real - fake)
    mix.requires_grad_(True)
    with torch.enable_grad():
        slope = slope_of(critic(mix), mix)
    norms = torch.stack([torch.linalg.vector_norm(one) for one in slope])
    return (norms.square() - 2 * norms + 1).mean()
