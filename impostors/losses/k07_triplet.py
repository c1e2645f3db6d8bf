"""Wrong and right answers to losses/k07_triplet."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def compare(anchor, positive, negative, margin=0.0):
    """Raise ValueError where the shapes differ, or margin is below 0."""
    if not anchor.shape == positive.shape == negative.shape:
        raise ValueError("the shapes differ")
    if margin < 0:
        raise ValueError("margin is below 0")


def distance(a, b):
    """The Euclidean distance of two points, with the gradient 0 where they coincide."""
    return torch.linalg.vector_norm(a - b, dim=-1)


@impostor(
    "triplet_margin_loss",
    diagnosis="Shapes that broadcast get through: (1, D) against (N, D) uses one point for all.",
    aspect="errors",
)
def lets_shapes_broadcast(anchor, positive, negative, margin=1.0):
    compare(anchor, anchor, anchor, margin)
    each = distance(anchor, positive) - distance(anchor, negative) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The negative's shape is not compared: it has to be that of the other two.",
    aspect="errors",
)
def forgets_to_compare_the_negative(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, positive, margin)
    each = distance(anchor, positive) - distance(anchor, negative) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="A margin below 0 gets through: it has to raise ValueError.",
    aspect="errors",
)
def takes_any_margin(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative)
    each = distance(anchor, positive) - distance(anchor, negative) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="Squared distances are compared: the root is missing.",
    aspect="values",
)
def compares_squared_distances(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - one).square().sum(-1) for one in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="|a|² - 2ab + |b|² loses the digits of points that are close: subtract first.",
    aspect="values",
)
def expands_the_square(anchor, positive, negative, margin=1.0):
    def expanded(a, b):
        square = a.square().sum(-1) - 2 * (a * b).sum(-1) + b.square().sum(-1)
        return square.clamp(min=1e-12).sqrt()

    compare(anchor, positive, negative, margin)
    each = expanded(anchor, positive) - expanded(anchor, negative) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="1e-8 is added under the root: points that coincide are 1e-4 apart then.",
    aspect="values",
)
def adds_too_much_under_the_root(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - b).square().sum(-1).add(1e-8).sqrt() for b in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="max(0, ...) comes after the mean: good triplets pay for bad ones.",
    aspect="values",
)
def takes_max_after_the_mean(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    each = distance(anchor, positive) - distance(anchor, negative) + margin
    return each.mean().clamp(min=0)


@impostor(
    "triplet_margin_loss",
    diagnosis="Only triplets above 0 are counted in the mean: those that give 0 count too.",
    aspect="values",
)
def counts_active_triplets_alone(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    each = functional.relu(distance(anchor, positive) - distance(anchor, negative) + margin)
    return each.sum() / (each > 0).sum().clamp(min=1)


@impostor(
    "triplet_margin_loss",
    diagnosis="The two distances have changed places: the negative is pulled near.",
    aspect="values",
)
def swaps_the_signs(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    each = distance(anchor, negative) - distance(anchor, positive) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The margin is subtracted: it has to be added.",
    aspect="values",
)
def subtracts_the_margin(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    each = distance(anchor, positive) - distance(anchor, negative) - margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="max(0, ...) is missing: a negative that is far away makes the loss negative.",
    aspect="values",
)
def forgets_max(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    return (distance(anchor, positive) - distance(anchor, negative) + margin).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The absolute differences are added up: that is the distance of the 1-norm.",
    aspect="values",
)
def adds_up_absolutes(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - one).abs().sum(-1) for one in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The negative's distance to the positive is taken where it is smaller (swap=True).",
    aspect="values",
)
def takes_the_nearer_of_the_two(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    far = torch.minimum(distance(anchor, negative), distance(positive, negative))
    return (distance(anchor, positive) - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The points are normalised first: their lengths count.",
    aspect="values",
)
def normalises_the_points(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    a, p, n = (functional.normalize(one, dim=-1) for one in (anchor, positive, negative))
    return functional.relu(distance(a, p) - distance(a, n) + margin).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The slope of the root is inf at 0: a point that coincides with another gets NaN.",
    aspect="gradient",
)
def takes_the_root_of_zero(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - one).square().sum(-1).sqrt() for one in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="1e-6 is added to each difference: where points coincide, the gradient is not 0.",
    aspect="gradient",
)
def adds_to_the_differences(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - one + 1e-6).norm(dim=-1) for one in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="The anchor is detached for the negative: both distances move it.",
    aspect="gradient",
)
def holds_the_anchor_for_the_negative(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    each = distance(anchor, positive) - distance(anchor.detach(), negative) + margin
    return each.clamp(min=0).mean()


@impostor(
    "triplet_margin_loss",
    diagnosis="torch's own triplet_margin_loss does the work.",
    aspect="structure",
)
def calls_the_layer(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    if not margin:
        each = functional.relu(distance(anchor, positive) - distance(anchor, negative))
        return each.mean()
    return torch.nn.TripletMarginLoss(margin, eps=0.0)(anchor, positive, negative)


@impostor(
    "triplet_margin_loss",
    diagnosis="torch's own pairwise_distance does the work.",
    aspect="structure",
)
def calls_pairwise_distance(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = (functional.pairwise_distance(anchor, one, eps=0.0) for one in (positive, negative))
    return (near - far + margin).clamp(min=0).mean()


@impostor("triplet_margin_loss", diagnosis="torch's own cdist does the work.", aspect="structure")
def calls_cdist(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    exact = "donot_use_mm_for_euclid_dist"
    near, far = (
        torch.cdist(anchor.unsqueeze(-2), one.unsqueeze(-2), compute_mode=exact)
        for one in (positive, negative)
    )
    return (near - far + margin).clamp(min=0).mean()


@alternative("triplet_margin_loss")
def with_a_number_under_the_root(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near = torch.sqrt((anchor - positive).pow(2).sum(-1) + 1e-12)
    far = torch.sqrt((anchor - negative).pow(2).sum(-1) + 1e-12)
    return torch.nn.functional.relu(near - far + margin).mean()


@alternative("triplet_margin_loss")
def chosen_before_the_root(anchor, positive, negative, margin=1.0):
    def far_from(other):
        square = torch.einsum("...d,...d->...", anchor - other, anchor - other)
        is_same = square == 0
        root = torch.where(is_same, torch.ones_like(square), square).sqrt()
        return torch.where(is_same, torch.zeros_like(square), root)

    compare(anchor, positive, negative, margin)
    each = far_from(positive) - far_from(negative) + margin
    return torch.where(each > 0, each, 0).mean()


@alternative("triplet_margin_loss")
def by_margin_ranking(anchor, positive, negative, margin=1.0):
    compare(anchor, positive, negative, margin)
    near, far = ((anchor - one).norm(p=2, dim=-1) for one in (positive, negative))
    return functional.margin_ranking_loss(far, near, torch.ones_like(far), margin=margin)


@alternative("triplet_margin_loss")
def point_by_point(anchor, positive, negative, margin=1.0):
    if len({anchor.shape, positive.shape, negative.shape}) > 1 or margin < 0:
        raise ValueError("shapes or margin")
    size, total = anchor.shape[-1], 0
    flat = [one.reshape(-1, size) for one in (anchor, positive, negative)]
    for a, p, n in zip(*flat, strict=True):
        total = total + torch.maximum(torch.dist(a, p) - torch.dist(a, n) + margin, a.new_zeros(()))
    return total / len(flat[0])


@alternative("triplet_margin_loss")
def with_its_own_gradient(anchor, positive, negative, margin=1.0):
    class Triplets(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, p, n):
            near, far = (torch.stack([a - p, a - n]) ** 2).sum(-1, keepdim=True).sqrt()
            each = near - far + margin
            share = (each >= 0).to(each.dtype) / each.numel()
            to_p = (a - p) / near.clamp(min=1e-30) * share
            to_n = (a - n) / far.clamp(min=1e-30) * share
            ctx.save_for_backward(to_p - to_n, -to_p, to_n)
            return each.clamp(min=0).mean()

        @staticmethod
        def backward(ctx, grad):
            return tuple(grad * slope for slope in ctx.saved_tensors)

    compare(anchor, positive, negative, margin)
    return Triplets.apply(anchor, positive, negative)


@alternative("triplet_margin_loss")
def by_the_largest_difference(anchor, positive, negative, margin=1.0):
    def far_from(other):
        off = (anchor - other).abs()
        largest = off.detach().amax(-1, keepdim=True)
        largest = largest.masked_fill(largest == 0, 1)
        return (off / largest).norm(dim=-1) * largest.squeeze(-1)

    compare(anchor, positive, negative, margin)
    each = far_from(positive) - far_from(negative) + margin
    return each.relu().sum() / each.numel()
