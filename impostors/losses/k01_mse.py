"""Wrong and right answers to losses/k01_mse."""

import torch

from dojo.impostors import alternative, impostor


def compare(prediction, target):
    """Raise ValueError where the shapes differ."""
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")


def reduced(each, reduction):
    """The mean, the sum or all of some numbers."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(reduction)
    return each if reduction == "none" else getattr(each, reduction)()


@impostor(
    "mse_loss",
    diagnosis="Shapes that broadcast get through: (n, 1) against (n,) gives n × n differences.",
    aspect="errors",
)
def lets_shapes_broadcast(prediction, target, reduction="mean"):
    return reduced((prediction - target) ** 2, reduction)


@impostor(
    "mse_loss",
    diagnosis="The counts are compared, not the shapes: (2, 3) and (3, 2) hold as many numbers.",
    aspect="errors",
)
def compares_the_counts(prediction, target, reduction="mean"):
    if prediction.numel() != target.numel():
        raise ValueError("the counts differ")
    return reduced((prediction - target.reshape(prediction.shape)) ** 2, reduction)


@impostor(
    "mse_loss",
    diagnosis="AssertionError is raised for shapes that differ; ValueError is asked for.",
    aspect="errors",
)
def asserts_equal_shapes(prediction, target, reduction="mean"):
    assert prediction.shape == target.shape
    return reduced((prediction - target) ** 2, reduction)


@impostor(
    "mse_loss",
    diagnosis="A string that is not known is taken for mean; it has to raise ValueError.",
    aspect="errors",
)
def takes_any_word_for_mean(prediction, target, reduction="mean"):
    compare(prediction, target)
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.sum() if reduction == "sum" else squares.mean()


@impostor(
    "mse_loss",
    diagnosis="The mean is taken over the first dimension alone: the others are left.",
    aspect="shape",
)
def takes_the_mean_of_the_first_dimension(prediction, target, reduction="mean"):
    compare(prediction, target)
    squares = (prediction - target) ** 2
    if reduction == "mean" and squares.dim():
        return squares.mean(0)
    return reduced(squares, reduction)


@impostor(
    "mse_loss",
    diagnosis="The sum is divided by the batch size, not by the number of all entries.",
    aspect="values",
)
def divides_by_the_batch_size(prediction, target, reduction="mean"):
    compare(prediction, target)
    squares = (prediction - target) ** 2
    if reduction == "mean":
        return squares.sum() / (len(squares) if squares.dim() else 1)
    return reduced(squares, reduction)


@impostor(
    "mse_loss",
    diagnosis="A half stands before the square, as some books write it; here there is none.",
    aspect="values",
)
def takes_a_half(prediction, target, reduction="mean"):
    compare(prediction, target)
    return reduced((prediction - target) ** 2 / 2, reduction)


@impostor(
    "mse_loss",
    diagnosis="The root of the mean square comes back: the squares are to stay squares.",
    aspect="values",
)
def takes_the_root(prediction, target, reduction="mean"):
    compare(prediction, target)
    squares = reduced((prediction - target) ** 2, reduction)
    return squares if reduction == "none" else squares.sqrt()


@impostor(
    "mse_loss",
    diagnosis="p² - 2pt + t² loses its digits where p and t are large and close: subtract first.",
    aspect="values",
)
def expands_the_square(prediction, target, reduction="mean"):
    compare(prediction, target)
    return reduced(prediction**2 - 2 * prediction * target + target**2, reduction)


@impostor(
    "mse_loss",
    diagnosis="target is detached: gradients have to reach it too.",
    aspect="gradient",
)
def detaches_the_target(prediction, target, reduction="mean"):
    compare(prediction, target)
    return reduced((prediction - target.detach()) ** 2, reduction)


@impostor("mse_loss", diagnosis="torch's own mse_loss does the work.", aspect="structure")
def calls_the_layer(prediction, target, reduction="mean"):
    compare(prediction, target)
    return torch.nn.MSELoss(reduction=reduction)(prediction, target)


@alternative("mse_loss")
def by_a_product_of_vectors(prediction, target, reduction="mean"):
    if list(prediction.size()) != list(target.size()):
        raise ValueError(f"{prediction.size()} is not {target.size()}")
    off = torch.sub(target, prediction)
    if reduction == "none":
        return off.square()
    if reduction not in ("mean", "sum"):
        raise ValueError(reduction)
    flat = off.reshape(-1)
    return flat @ flat / (flat.numel() if reduction == "mean" else 1)


@alternative("mse_loss")
def with_its_own_gradient(prediction, target, reduction="mean"):
    class Squared(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            off = a - b
            ctx.save_for_backward(off)
            return off * off

        @staticmethod
        def backward(ctx, grad):
            (off,) = ctx.saved_tensors
            slope = 2 * off * grad
            return slope, -slope

    if prediction.dim() != target.dim() or any(
        a != b for a, b in zip(prediction.shape, target.shape, strict=True)
    ):
        raise ValueError("the shapes differ")
    return reduced(Squared.apply(prediction, target), reduction)


@alternative("mse_loss")
def by_the_norm(prediction, target, reduction="mean"):
    class Unknown(ValueError):
        pass

    ways = {
        "none": lambda off: off.abs().pow(2),
        "sum": lambda off: torch.linalg.vector_norm(off).square(),
        "mean": lambda off: torch.linalg.vector_norm(off).square().div(off.numel()),
    }
    if reduction not in ways or prediction.shape != target.shape:
        raise Unknown
    return ways[reduction](prediction - target)


@alternative("mse_loss")
def by_another_loss(prediction, target, reduction="mean"):
    compare(prediction, target)
    each = torch.nn.functional.l1_loss(prediction, target, reduction="none")
    return reduced(torch.einsum("...,...->...", each, each), reduction)
