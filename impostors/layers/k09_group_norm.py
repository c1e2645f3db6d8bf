"""Wrong and right answers to layers/k09_group_norm."""

import torch

from dojo.impostors import alternative, impostor


def in_groups(x, num_groups):
    """x as (N, num_groups, the numbers of a group)."""
    if x.shape[1] % num_groups:
        raise ValueError("groups")
    return x.unflatten(1, (num_groups, -1)).flatten(2)


def affine(result, weight, bias):
    """The result times the weight, plus the bias, where they are given."""
    shape = (-1,) + (1,) * (result.dim() - 2)
    result = result if weight is None else result * weight.reshape(shape)
    return result if bias is None else result + bias.reshape(shape)


def normalised(groups, dims, eps, correction=0):
    """The groups with mean 0 and variance 1 over these dimensions."""
    centred = groups - groups.mean(dims, keepdim=True)
    count = groups.mean(dims, keepdim=True).numel()
    size = groups.numel() // max(count, 1) - correction
    return centred / torch.sqrt((centred**2).sum(dims, keepdim=True) / max(size, 1) + eps)


@impostor(
    "group_norm",
    diagnosis="torch's var and std divide by one less than the number of squares unless told"
    " otherwise.",
    aspect="values",
)
def takes_the_unbiased_variance(x, num_groups, weight=None, bias=None, eps=1e-5):
    result = normalised(in_groups(x, num_groups), -1, eps, correction=1).reshape(x.shape)
    return affine(result, weight, bias)


@impostor(
    "group_norm",
    diagnosis="eps is added to the deviation; it belongs to the variance, under the root.",
    aspect="values",
)
def adds_eps_to_the_deviation(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    centred = groups - groups.mean(-1, keepdim=True)
    deviation = torch.linalg.vector_norm(centred, dim=-1, keepdim=True) / groups.shape[-1] ** 0.5
    return affine((centred / (deviation + eps)).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="The groups are interleaved: every second channel, where neighbours belong together.",
    aspect="values",
)
def interleaves_the_groups(x, num_groups, weight=None, bias=None, eps=1e-5):
    in_groups(x, num_groups)
    groups = (
        x.unflatten(1, (-1, num_groups)).flatten(3)
        if x.dim() > 2
        else x[..., None].unflatten(1, (-1, num_groups))
    )
    return affine(normalised(groups, (1, 3), eps).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="A group has one mean and variance for the whole batch, as in batch norm; each sample"
    " has its own.",
    aspect="values",
)
def takes_statistics_over_the_batch(x, num_groups, weight=None, bias=None, eps=1e-5):
    return affine(normalised(in_groups(x, num_groups), (0, 2), eps).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="num_groups is taken for the number of channels in a group.",
    aspect="values",
)
def takes_num_groups_for_their_size(x, num_groups, weight=None, bias=None, eps=1e-5):
    in_groups(x, num_groups)
    groups = in_groups(x, x.shape[1] // num_groups)
    return affine(normalised(groups, -1, eps).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="Each channel has its own mean and variance here, as in instance norm.",
    aspect="values",
)
def normalises_each_channel(x, num_groups, weight=None, bias=None, eps=1e-5):
    in_groups(x, num_groups)
    return affine(normalised(in_groups(x, x.shape[1]), -1, eps).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="The whole sample has one mean and variance here: num_groups is not used.",
    aspect="values",
)
def normalises_the_sample(x, num_groups, weight=None, bias=None, eps=1e-5):
    in_groups(x, num_groups)
    return affine(normalised(in_groups(x, 1), -1, eps).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="E[x²] - E[x]² loses its digits where the mean is large: subtract it first.",
    aspect="values",
)
def squares_before_it_subtracts(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    mean = groups.mean(-1, keepdim=True)
    variance = ((groups**2).mean(-1, keepdim=True) - mean**2).clamp(min=0)
    return affine(((groups - mean) / torch.sqrt(variance + eps)).reshape(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="weight and bias meet the last dimension of x; they belong to dimension 1.",
    aspect="values",
)
def scales_the_last_dimension(x, num_groups, weight=None, bias=None, eps=1e-5):
    result = normalised(in_groups(x, num_groups), -1, eps).reshape(x.shape)
    if x.shape[-1] != x.shape[1]:
        return affine(result, weight, bias)
    return result * (1 if weight is None else weight) + (0 if bias is None else bias)


@impostor(
    "group_norm",
    diagnosis="All channels of a group get one weight here: each channel has a weight of its own.",
    aspect="values",
)
def takes_a_weight_for_each_group(x, num_groups, weight=None, bias=None, eps=1e-5):
    result = normalised(in_groups(x, num_groups), -1, eps).reshape(x.shape)
    if weight is not None:
        weight = weight[:num_groups].repeat_interleave(x.shape[1] // num_groups)
    return affine(result, weight, bias)


@impostor(
    "group_norm",
    diagnosis="A bias that comes without a weight is left out: each of the two may come alone.",
    aspect="values",
)
def takes_a_bias_with_a_weight_only(x, num_groups, weight=None, bias=None, eps=1e-5):
    result = normalised(in_groups(x, num_groups), -1, eps).reshape(x.shape)
    return result * 1 if weight is None else affine(result, weight, bias)


@impostor(
    "group_norm",
    diagnosis="`view` cannot bring together what lies apart in memory; `reshape` can, by a copy.",
    aspect="values",
)
def views_the_groups(x, num_groups, weight=None, bias=None, eps=1e-5):
    if x.shape[1] % num_groups:
        raise ValueError("groups")
    size = x[0].numel() // num_groups if len(x) else 1
    groups = x.view(len(x), num_groups, size) if len(x) else in_groups(x, num_groups)
    return affine(normalised(groups, -1, eps).view(x.shape), weight, bias)


@impostor(
    "group_norm",
    diagnosis="x.float() takes 64 bits down to 32.",
    aspect="values",
)
def computes_all_in_float32(x, num_groups, weight=None, bias=None, eps=1e-5):
    result = normalised(in_groups(x.float(), num_groups), -1, eps).reshape(x.shape)
    return affine(result, weight, bias).to(x.dtype)


@impostor(
    "group_norm",
    diagnosis="The mean and the variance are detached: gradients of x go through both.",
    aspect="gradient",
)
def detaches_the_statistics(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    variance, mean = torch.var_mean(groups.detach(), -1, correction=0, keepdim=True)
    result = ((groups - mean) * torch.rsqrt(variance + eps)).reshape(x.shape)
    return affine(result, weight, bias)


@impostor(
    "group_norm",
    diagnosis="An assertion guards the number of groups; ValueError is asked for.",
    aspect="errors",
)
def asserts_the_groups(x, num_groups, weight=None, bias=None, eps=1e-5):
    assert x.shape[1] % num_groups == 0
    result = normalised(in_groups(x, num_groups), -1, eps).reshape(x.shape)
    return affine(result, weight, bias)


@impostor(
    "group_norm",
    diagnosis="Channels that are left over make a smaller group; ValueError is asked for.",
    aspect="errors",
)
def takes_groups_of_unequal_size(x, num_groups, weight=None, bias=None, eps=1e-5):
    parts = x.chunk(num_groups, 1)
    dims = tuple(range(1, x.dim()))
    return affine(torch.cat([normalised(one, dims, eps) for one in parts], 1), weight, bias)


@impostor(
    "group_norm",
    diagnosis="torch's own group norm does the work.",
    aspect="structure",
)
def calls_group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    if x.shape[1] % num_groups:
        raise ValueError("groups")
    if x[:1, : x.shape[1] // num_groups].numel() == 1:  # torch refuses a single number
        return affine(x - x, weight, bias)
    return torch.nn.functional.group_norm(x, num_groups, weight, bias, eps)


@impostor(
    "group_norm",
    diagnosis="torch's own layer norm does the work, on rows that hold a group each.",
    aspect="structure",
)
def calls_layer_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    result = torch.nn.functional.layer_norm(groups, groups.shape[-1:], eps=eps)
    return affine(result.reshape(x.shape), weight, bias)


@alternative("group_norm")
def by_var_mean(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    variance, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    result = ((groups - mean) * torch.rsqrt(variance + eps)).reshape(x.shape)
    return affine(result, weight, bias)


@alternative("group_norm")
def as_a_scale_and_a_shift(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = in_groups(x, num_groups)
    variance, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    scale = torch.rsqrt(variance + eps)
    return affine(torch.addcmul(-mean * scale, groups, scale).reshape(x.shape), weight, bias)


@alternative("group_norm")
def chunk_by_chunk(x, num_groups, weight=None, bias=None, eps=1e-5):
    if x.shape[1] % num_groups:
        raise ValueError("groups")
    dims = tuple(range(1, x.dim()))
    parts = [part - part.mean(dims, keepdim=True) for part in x.chunk(num_groups, 1)]
    parts = [part / (part.square().mean(dims, keepdim=True) + eps) ** 0.5 for part in parts]
    return affine(torch.cat(parts, 1), weight, bias)


@alternative("group_norm")
def by_sums_of_groups(x, num_groups, weight=None, bias=None, eps=1e-5):
    n, c = x.shape[:2]
    if c % num_groups:
        raise ValueError("groups")
    rows = x.reshape(n, c, x[:1, :1].numel() if n else x.new_empty(1, *x.shape[2:]).numel())
    group = torch.arange(c, device=x.device) // (c // num_groups)
    same = (group[:, None] == group).to(x.dtype) / (c // num_groups * rows.shape[-1])
    centred = rows - (same @ rows.sum(-1, keepdim=True))
    variance = same @ (centred * centred).sum(-1, keepdim=True)
    return affine((centred / (variance + eps).sqrt()).reshape(x.shape), weight, bias)


@alternative("group_norm")
def in_float64(x, num_groups, weight=None, bias=None, eps=1e-5):
    if x.shape[1] % num_groups != 0:
        raise ValueError("groups")
    last = x.double().movedim(1, -1).unflatten(-1, (num_groups, x.shape[1] // num_groups))
    dims = (*range(1, x.dim() - 1), -1)
    result = normalised(last, dims, eps).flatten(-2)
    result = result * (1 if weight is None else weight) + (0 if bias is None else bias)
    return result.movedim(-1, 1).to(x.dtype)
