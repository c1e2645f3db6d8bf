"""Wrong and right answers to generation/k14_ppo_and_gae."""

import torch

from dojo.impostors import alternative, impostor


def sweep(deltas, stops, factor):
    """The advantages from the last step backwards."""
    found, later = [], torch.zeros_like(deltas[0])
    for delta, stop in zip(deltas.flip(0), stops.flip(0), strict=True):
        later = delta + factor * later.masked_fill(stop, 0)
        found.insert(0, later)
    return torch.stack(found)


def deltas_of(rewards, values, following, stops, gamma):
    """The deltas, in which the next value counts but at stops."""
    return (rewards + gamma * following.masked_fill(stops, 0) - values).detach()


def both(advantages, values):
    """The advantages and the returns."""
    return advantages, advantages + values.detach()


def one_later(x, last):
    """What stands one step later."""
    return torch.cat([x[1:], torch.full_like(x[:1], last)])


@impostor(
    "gae",
    diagnosis="A truncated step is taken for a terminated one: its next value counts as 0.",
    aspect="values",
)
def takes_truncated_for_terminated(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    done = terminated | truncated
    return both(sweep(deltas_of(r, v, nv, done, gamma), done, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="The advantage leaks over truncated steps into another episode.",
    aspect="values",
)
def leaks_over_truncation(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    return both(sweep(deltas_of(r, v, nv, terminated, gamma), terminated, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="The advantage leaks over terminated steps into another episode.",
    aspect="values",
)
def leaks_over_termination(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    stops = truncated & ~terminated
    return both(sweep(deltas_of(r, v, nv, terminated, gamma), stops, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="The next value counts at terminated steps too: nothing comes after them.",
    aspect="values",
)
def expects_more_after_the_end(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    never = torch.zeros_like(terminated)
    return both(sweep(deltas_of(r, v, nv, never, gamma), terminated | truncated, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="A step that is both terminated and truncated is taken for a truncated one.",
    aspect="values",
)
def asks_for_truncated_first(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    over = terminated & ~truncated
    return both(sweep(deltas_of(r, v, nv, over, gamma), terminated | truncated, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="The flags of step t + 1 are taken for those of step t.",
    aspect="values",
)
def takes_the_flags_of_the_next_step(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    over = one_later(terminated, False)
    done = one_later(terminated | truncated, False)
    return both(sweep(deltas_of(r, v, nv, over, gamma), done, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="The last step has no next value here, as if every run ended there.",
    aspect="values",
)
def ends_with_the_last_step(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    last = torch.zeros_like(terminated)
    last[-1] = True
    deltas = deltas_of(r, v, nv, terminated | last, gamma)
    return both(sweep(deltas, terminated | truncated, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="values[t + 1] is taken for next_values[t]: behind a truncated step that is the"
    " value of a new episode.",
    aspect="values",
)
def takes_the_value_of_the_next_step(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    following = torch.cat([v[1:], nv[-1:]])
    deltas = deltas_of(r, v, following, terminated, gamma)
    return both(sweep(deltas, terminated | truncated, gamma * lam), v)


@impostor(
    "gae",
    diagnosis="lam is left out: these are discounted returns less the values.",
    aspect="values",
)
def leaves_out_lam(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    return both(sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, gamma), v)


@impostor(
    "gae",
    diagnosis="gamma is left out of the sweep: A[t + 1] is multiplied by lam alone.",
    aspect="values",
)
def leaves_out_gamma(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    return both(sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, lam), v)


@impostor(
    "gae",
    diagnosis="The sweep begins at the first step: the past is taken for the future.",
    aspect="values",
)
def sweeps_forwards(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    deltas, done = deltas_of(r, v, nv, terminated, gamma), terminated | truncated
    return both(sweep(deltas.flip(0), done.flip(0), gamma * lam).flip(0), v)


@impostor(
    "gae",
    diagnosis="It divides by powers of gamma * lam, which are 0 for gamma 0, and in long runs.",
    aspect="values",
)
def divides_by_powers(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    with torch.no_grad():
        steps = torch.arange(len(r), dtype=r.dtype, device=r.device)
        powers = ((gamma * lam) ** steps).view(-1, *[1] * (r.dim() - 1)).expand_as(r)
        weighed = (r + gamma * nv * ~terminated - v) * powers
        found, run = torch.zeros_like(r), torch.zeros_like(r[0])
        for t in reversed(range(len(r))):
            run = torch.where(terminated[t] | truncated[t], 0.0, run) + weighed[t]
            found[t] = run / powers[t]
        return found, found + v


@impostor("gae", diagnosis="The advantages are normalised.", aspect="values")
def normalises(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    a = sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, gamma * lam)
    return (a - a.mean()) / (a.std() + 1e-8), a + v.detach()


@impostor(
    "gae",
    diagnosis="The returns are discounted rewards alone, without a value at the end.",
    aspect="values",
)
def returns_sums_of_rewards(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    done = terminated | truncated
    a = sweep(deltas_of(r, v, nv, terminated, gamma), done, gamma * lam)
    return a, sweep(r.detach(), done, gamma)


@impostor("gae", diagnosis="The returns come first; the advantages should.", aspect="values")
def swaps_the_results(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    a = sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, gamma * lam)
    return a + v.detach(), a


@impostor("gae", diagnosis="Only the advantages come back.", aspect="type")
def returns_advantages_alone(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    return sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, gamma * lam)


@impostor(
    "gae",
    diagnosis="A bool tensor times a plain number is float32: the factor has too few digits for"
    " float64.",
    aspect="values",
)
def makes_the_factor_of_bools(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    deltas = deltas_of(r, v, nv, terminated, gamma)
    factor = gamma * lam * ~(terminated | truncated)
    found, later = torch.empty_like(deltas), torch.zeros_like(deltas[0])
    for t in reversed(range(len(r))):
        found[t] = later = deltas[t] + factor[t] * later
    return both(found, v)


@impostor(
    "gae",
    diagnosis="Both results are tracked: the value network would chase its own targets.",
    aspect="gradient",
)
def tracks_the_targets(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    deltas = r + gamma * nv.masked_fill(terminated, 0) - v
    a = sweep(deltas, terminated | truncated, gamma * lam)
    return a, a + v


@impostor(
    "gae",
    diagnosis="The returns are tracked: values are added outside of no_grad.",
    aspect="gradient",
)
def tracks_the_returns(r, v, nv, terminated, truncated, gamma=0.99, lam=0.95):
    a = sweep(deltas_of(r, v, nv, terminated, gamma), terminated | truncated, gamma * lam)
    return a, a + v


@alternative("gae")
def step_by_step(rewards, values, next_values, terminated, truncated, gamma=0.99, lam=0.95):
    rewards, values = rewards.detach(), values.detach()
    found = torch.zeros_like(rewards)
    last = 0
    for t in range(len(rewards) - 1, -1, -1):
        goes_on = 1 - terminated[t].to(rewards.dtype)
        delta = rewards[t] + gamma * next_values[t].detach() * goes_on - values[t]
        stays = 1 - (terminated[t] | truncated[t]).to(rewards.dtype)
        found[t] = last = delta + gamma * lam * stays * last
    return found, found + values


@alternative("gae")
@torch.no_grad()
def by_a_matrix(rewards, values, next_values, terminated, truncated, gamma=0.99, lam=0.95):
    deltas = rewards + gamma * torch.where(terminated, 0, next_values) - values
    steps, device = len(rewards), rewards.device
    flat = deltas.reshape(steps, -1).double()
    ends = (terminated | truncated).reshape(steps, -1)
    episode = ends.cumsum(0) - ends.long()
    t = torch.arange(steps, device=device)
    powers = (gamma * lam) ** (t - t[:, None]).clamp(min=0).double()
    same = (episode[:, None] == episode) & (t >= t[:, None])[..., None]
    a = torch.einsum("tsr,sr->tr", powers[..., None] * same, flat)
    a = a.reshape(rewards.shape).to(rewards.dtype)
    return a, values + a


@alternative("gae")
def by_rounds(rewards, values, next_values, terminated, truncated, gamma=0.99, lam=0.95):
    with torch.no_grad():
        going = terminated.logical_or(truncated).logical_not().to(rewards.dtype) * (gamma * lam)
        alive = terminated.logical_not().to(rewards.dtype)
        deltas = rewards + next_values * alive * gamma - values
        a = deltas.clone()
        for _ in range(len(rewards) - 1):
            a = deltas + going * torch.cat([a[1:], torch.zeros_like(a[:1])])
        return a, a + values


@impostor(
    "ppo_loss",
    diagnosis="The larger of both products is taken before the sign is turned.",
    aspect="values",
)
def takes_the_larger_product(new, old, a, clip=0.2):
    ratio, a = (new - old.detach()).exp(), a.detach()
    return -torch.max(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor(
    "ppo_loss",
    diagnosis="The smaller ratio is taken, and then the advantage: wrong where that is below 0.",
    aspect="values",
)
def compares_the_ratios(new, old, a, clip=0.2):
    ratio, a = (new - old.detach()).exp(), a.detach()
    return -(torch.min(ratio, ratio.clamp(1 - clip, 1 + clip)) * a).mean()


@impostor("ppo_loss", diagnosis="Nothing is clipped: clip is not used.", aspect="values")
def clips_nothing(new, old, a, clip=0.2):
    return -((new - old.detach()).exp() * a.detach()).mean()


@impostor(
    "ppo_loss",
    diagnosis="Only the clipped product counts: a mistake beyond the clip gets no gradient.",
    aspect="values",
)
def clips_always(new, old, a, clip=0.2):
    return -((new - old.detach()).exp().clamp(1 - clip, 1 + clip) * a.detach()).mean()


@impostor(
    "ppo_loss",
    diagnosis="Probabilities are divided, which have no digits left where they are small.",
    aspect="values",
)
def divides_probabilities(new, old, a, clip=0.2):
    ratio, a = new.exp() / old.detach().exp(), a.detach()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor("ppo_loss", diagnosis="The ratio is upside down: exp(old - new).", aspect="values")
def turns_the_ratio(new, old, a, clip=0.2):
    ratio, a = (old.detach() - new).exp(), a.detach()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor(
    "ppo_loss",
    diagnosis="exp is left out: the difference of the logarithms is taken for the ratio.",
    aspect="values",
)
def leaves_out_exp(new, old, a, clip=0.2):
    ratio, a = new - old.detach(), a.detach()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor(
    "ppo_loss",
    diagnosis="The difference is clipped before exp, so that the edges are exp(-clip) and"
    " exp(clip).",
    aspect="values",
)
def clips_the_difference(new, old, a, clip=0.2):
    off, a = new - old.detach(), a.detach()
    return -torch.min(off.exp() * a, off.clamp(-clip, clip).exp() * a).mean()


@impostor("ppo_loss", diagnosis="The sign of the loss is missing.", aspect="values")
def forgets_the_sign(new, old, a, clip=0.2):
    ratio, a = (new - old.detach()).exp(), a.detach()
    return torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor(
    "ppo_loss",
    diagnosis="The losses of the actions are added up: their mean is asked for.",
    aspect="values",
)
def adds_up(new, old, a, clip=0.2):
    ratio, a = (new - old.detach()).exp(), a.detach()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).sum()


@impostor(
    "ppo_loss",
    diagnosis="The advantages are normalised by the loss: they are to be taken as they are.",
    aspect="values",
)
def normalises_the_advantages(new, old, a, clip=0.2):
    ratio, a = (new - old.detach()).exp(), a.detach()
    a = (a - a.mean()) / (a.std(correction=min(1, a.numel() - 1)) + 1e-8)
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@impostor(
    "ppo_loss",
    diagnosis="The ratio is detached: then nothing of the loss reaches log_probs.",
    aspect="gradient",
)
def detaches_the_ratio(new, old, a, clip=0.2):
    ratio = (new - old).detach().exp()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean() + 0 * new.sum()


@impostor(
    "ppo_loss",
    diagnosis="Gradients reach the advantages, and what has computed them.",
    aspect="gradient",
)
def lets_gradients_reach_the_advantages(new, old, a, clip=0.2):
    ratio = (new - old.detach()).exp()
    return -torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


@alternative("ppo_loss")
def by_the_larger_loss(new, old, a, clip=0.2):
    a, ratio = a.detach(), torch.exp(new - old.detach())
    return torch.max(-a * ratio, -a * torch.clamp(ratio, 1 - clip, 1 + clip)).mean()


@alternative("ppo_loss")
def by_the_edge_that_counts(new, old, a, clip=0.2):
    a, ratio = a.data, (new - old.data).exp()
    edge = torch.where(a > 0, (1 + clip) * a, (1 - clip) * a)
    return -(torch.minimum(ratio * a, edge)).sum() / a.numel()


@alternative("ppo_loss")
def by_what_is_left(new, old, a, clip=0.2):
    a, ratio = a.detach().flatten(), torch.exp(new.flatten() - old.detach().flatten())
    good, bad = a.clamp(min=0), a.clamp(max=0)
    return -(ratio.clamp(max=1 + clip) * good + ratio.clamp(min=1 - clip) * bad).mean()
