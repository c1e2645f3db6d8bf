"""Wrong and right answers to indexing/k08_pairwise_distance."""

import math

import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor(
    "pairwise_distance",
    diagnosis="The square root of 0 has the gradient inf, and inf * 0 is NaN; a where behind it"
    " does not help.",
    aspect="gradient",
)
def takes_the_square_root_of_zero(a, b):
    return (a[:, None] - b).square().sum(-1).sqrt()


@impostor(
    "pairwise_distance",
    diagnosis="A number is added under the square root: 1e-6 makes 0.001 of a distance of 0.",
    aspect="values",
)
def adds_a_small_number(a, b):
    return ((a[:, None] - b).square().sum(-1) + 1e-6).sqrt()


@impostor("pairwise_distance", diagnosis="torch.cdist does the work.", aspect="structure")
def calls_cdist(a, b):
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


@impostor(
    "pairwise_distance",
    diagnosis="torch's pairwise_distance does the work, and adds 1e-6 to each difference.",
    aspect="structure",
)
def calls_pairwise_distance(a, b):
    return nn.PairwiseDistance()(a[:, None], b)


@impostor(
    "pairwise_distance",
    diagnosis="|a|² + |b|² - 2 a·b loses what is close together in rounding errors, and the"
    " gradient with it.",
    aspect="values",
)
def expands_the_square(a, b):
    squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    coincide = squares <= 0
    return squares.masked_fill(coincide, 1).sqrt().masked_fill(coincide, 0)


@impostor(
    "pairwise_distance", diagnosis="The square root is missing: squares came back.", aspect="values"
)
def returns_squares(a, b):
    return (a[:, None] - b).square().sum(-1)


@impostor("pairwise_distance", diagnosis="Sizes are summed up instead of squares.", aspect="values")
def sums_absolute_differences(a, b):
    return (a[:, None] - b).abs().sum(-1)


@impostor("pairwise_distance", diagnosis="Rows belong to a, and columns to b.", aspect="shape")
def exchanges_rows_and_columns(a, b):
    return torch.linalg.vector_norm(b[:, None] - a, dim=-1)


@impostor(
    "pairwise_distance", diagnosis="The points of a are taken one after the other.", aspect="cost"
)
def loops_over_points(a, b):
    return torch.stack([(point - b).norm(dim=1) for point in a])


@impostor("pairwise_distance", diagnosis="The coordinates are added up one by one.", aspect="cost")
def loops_over_coordinates(a, b):
    squares = sum((a[:, None, k] - b[None, :, k]).square() for k in range(a.shape[1]))
    coincide = squares == 0
    return squares.masked_fill(coincide, 1).sqrt().masked_fill(coincide, 0)


@impostor(
    "pairwise_distance",
    diagnosis="Python's numbers know nothing of autograd, and are taken out one by one.",
    aspect="gradient",
)
def computes_in_python(a, b):
    rows = [[math.dist(x, y) for y in b.tolist()] for x in a.tolist()]
    return torch.tensor(rows, dtype=a.dtype, device=a.device)


@impostor(
    "pairwise_distance",
    diagnosis="squeeze takes away all dimensions of size 1, n and m too.",
    aspect="shape",
)
def squeezes(a, b):
    return (a[:, None] - b).norm(dim=-1, keepdim=True).squeeze()


@impostor(
    "pairwise_distance", diagnosis="The mean of squares is taken, not their sum.", aspect="values"
)
def takes_the_mean(a, b):
    squares = (a[:, None] - b).square().mean(-1)
    coincide = squares == 0
    return squares.masked_fill(coincide, 1).sqrt().masked_fill(coincide, 0)


@impostor(
    "pairwise_distance", diagnosis="float64 is rounded to float32 on the way.", aspect="values"
)
def rounds_to_float32(a, b):
    return (a.float()[:, None] - b.float()).norm(dim=-1).to(a.dtype)


@impostor(
    "pairwise_distance",
    diagnosis="Only the diagonal is spared the square root of 0: any two points may coincide.",
    aspect="gradient",
)
def spares_the_diagonal(a, b):
    squares = (a[:, None] - b).square().sum(-1)
    if a is not b:
        return torch.linalg.vector_norm(a[:, None] - b, dim=-1)
    diagonal = torch.eye(len(a), dtype=torch.bool, device=a.device)
    return squares.masked_fill(diagonal, 1).sqrt().masked_fill(diagonal, 0)


@impostor(
    "pairwise_distance",
    diagnosis="The mean is subtracted before the square is expanded: of no help where points lie"
    " far apart on both sides of it.",
    aspect="values",
)
def centres_and_expands_the_square(a, b):
    centre = b.mean(0)
    x, y = a - centre, b - centre
    squares = x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T
    coincide = squares <= 1e-10
    return squares.masked_fill(coincide, 1).sqrt().masked_fill(coincide, 0)


@alternative("pairwise_distance")
def norm_of_differences(a, b):
    return (a.unsqueeze(1) - b.unsqueeze(0)).norm(dim=-1)


@alternative("pairwise_distance")
def vector_norm_of_repeated_points(a, b):
    left = a.repeat_interleave(len(b), 0)
    return torch.linalg.vector_norm(left - b.repeat(len(a), 1), dim=1).reshape(len(a), len(b))


@alternative("pairwise_distance")
def adds_next_to_nothing(a, b):
    return ((a[:, None] - b).pow(2).sum(-1) + 1e-12).sqrt()


@alternative("pairwise_distance")
def limits_from_below(a, b):
    return (a[:, None] - b).pow(2).sum(-1).clamp(min=1e-12).sqrt()


@alternative("pairwise_distance")
def mapped_twice(a, b):
    def one(x, y):
        square = (x - y).dot(x - y)
        return torch.where(square > 0, torch.where(square > 0, square, 1).sqrt(), 0)

    return torch.vmap(torch.vmap(one, (None, 0)), (0, None))(a, b)


@alternative("pairwise_distance")
def with_its_own_gradient(a, b):
    class Distance(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            difference = a[:, None] - b
            distance = torch.einsum("nmd,nmd->nm", difference, difference).sqrt()
            ctx.save_for_backward(difference, distance)
            return distance

        @staticmethod
        def backward(ctx, g):
            difference, distance = ctx.saved_tensors
            units = (difference / distance[..., None]).nan_to_num(0.0) * g[..., None]
            return units.sum(1), -units.sum(0)

    return Distance.apply(a, b)


@alternative("pairwise_distance")
def only_where_they_are_apart(a, b):
    squares = (a[:, None] - b).square().sum(-1)
    apart = squares > 0
    return torch.zeros_like(squares).masked_scatter(apart, squares[apart].sqrt())


@alternative("pairwise_distance")
def mends_the_gradient_in_a_hook(a, b):
    squares = (a[:, None] - b).square().sum(-1)
    if squares.requires_grad:
        squares.register_hook(lambda g: g.nan_to_num(0.0, 0.0, 0.0))
    return squares.sqrt()
