"""Wrong and right answers to losses/k04_huber."""

import torch

from dojo.impostors import alternative, impostor


def refuse(prediction, target, delta):
    """Raise ValueError for what the kata refuses."""
    if prediction.shape != target.shape or delta <= 0:
        raise ValueError("the shapes differ, or delta is not above 0")


@impostor(
    "huber_loss",
    diagnosis="Shapes that broadcast get through: (n, 1) against (n,) gives n × n differences.",
    aspect="errors",
)
def lets_shapes_broadcast(prediction, target, delta=1.0):
    if delta <= 0:
        raise ValueError("delta")
    size = (prediction - target).abs()
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="A delta below 0 is refused, and one of 0 is not: both raise ValueError.",
    aspect="errors",
)
def takes_a_delta_of_zero(prediction, target, delta=1.0):
    if prediction.shape != target.shape or delta < 0:
        raise ValueError("the shapes differ, or delta is negative")
    size = (prediction - target).abs()
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="This is smooth L1, which is the Huber loss divided by delta.",
    aspect="values",
)
def divides_by_delta(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    return torch.where(size < delta, 0.5 * size**2 / delta, size - 0.5 * delta).mean()


@impostor(
    "huber_loss",
    diagnosis="The line lacks its - delta² / 2, so that the loss jumps at delta.",
    aspect="values",
)
def lets_the_line_begin_too_high(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    return torch.where(size <= delta, size**2 / 2, delta * size).mean()


@impostor(
    "huber_loss",
    diagnosis="d is compared with delta instead of |d|: large negative errors stay squared.",
    aspect="values",
)
def compares_the_signed_difference(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    d = prediction - target
    return torch.where(d <= delta, d**2 / 2, delta * (d.abs() - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="Both parts are multiplied by masks: where the square is inf, 0 * inf is NaN.",
    aspect="values",
)
def multiplies_by_masks(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    near = (size <= delta).to(size.dtype)
    return (near * size**2 / 2 + (1 - near) * delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="The differences are clamped and then squared: outliers get no gradient at all.",
    aspect="values",
)
def clamps_the_outliers(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    return ((prediction - target).clamp(-delta, delta) ** 2 / 2).mean()


@impostor(
    "huber_loss",
    diagnosis="Both halves are missing: d² and delta * (2|d| - delta) are twice the Huber loss.",
    aspect="values",
)
def leaves_out_the_halves(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    return torch.where(size <= delta, size**2, delta * (2 * size - delta)).mean()


@impostor(
    "huber_loss",
    diagnosis="One formula is chosen for all entries; each has its own |d|.",
    aspect="values",
)
def chooses_once_for_all(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    if size.max() <= delta:
        return (size**2 / 2).mean()
    return (delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="This is the pseudo-Huber loss, a root that is only near the Huber loss.",
    aspect="values",
)
def takes_the_pseudo_huber(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs() / delta
    return (delta**2 * (torch.hypot(size, torch.ones_like(size)) - 1)).mean()


@impostor(
    "huber_loss",
    diagnosis="The losses are added up, not averaged.",
    aspect="values",
)
def takes_the_sum(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum()


@impostor(
    "huber_loss",
    diagnosis="Each part is averaged over its own entries; the mean goes over all of them.",
    aspect="values",
)
def averages_each_part(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    near, far = size[size <= delta], size[size > delta]
    parts = [near**2 / 2, delta * (far - delta / 2)]
    return sum(part.mean() for part in parts if part.numel())


@impostor(
    "huber_loss",
    diagnosis="An entry with |d| = delta belongs to neither of the two parts, and gives 0.",
    aspect="values",
)
def leaves_out_the_boundary(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    near = torch.where(size < delta, size**2 / 2, 0)
    return (near + torch.where(size > delta, delta * (size - delta / 2), 0)).mean()


@impostor(
    "huber_loss",
    diagnosis="The root of the square stands for |d|: it is inf for 1e30, and NaN in gradients.",
    aspect="values",
)
def takes_the_root_of_the_square(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = ((prediction - target) ** 2).sqrt()
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="torch.tensor(delta) has float32: in float64 the loss loses its digits.",
    aspect="values",
)
def rounds_delta(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs()
    delta = torch.tensor(delta, device=size.device)
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean()


@impostor(
    "huber_loss",
    diagnosis="target is detached: gradients have to reach it too.",
    aspect="gradient",
)
def detaches_the_target(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target.detach()).abs()
    return torch.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).mean()


@impostor("huber_loss", diagnosis="torch's own huber_loss does the work.", aspect="structure")
def calls_the_layer(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    return torch.nn.HuberLoss(delta=delta)(prediction, target)


@impostor(
    "huber_loss",
    diagnosis="torch's smooth_l1_loss does the work, times delta.",
    aspect="structure",
)
def scales_smooth_l1(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    return torch.nn.functional.smooth_l1_loss(prediction, target, beta=delta) * delta


@alternative("huber_loss")
def by_a_clamped_difference(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    d = prediction - target
    held = d.clamp(-delta, delta)
    return (held * (d - held / 2)).mean()


@alternative("huber_loss")
def by_the_smaller_one(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (target - prediction).abs()
    square_part = torch.minimum(size, torch.full_like(size, delta))
    return 0.5 * square_part.square().mean() + delta * (size - square_part).mean()


@alternative("huber_loss")
def by_masked_places(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = (prediction - target).abs().flatten()
    near, far = size[size < delta], size[~(size < delta)]
    return ((near**2).sum() / 2 + delta * far.sum() - len(far) * delta**2 / 2) / len(size)


@alternative("huber_loss")
def by_what_is_above_delta(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    size = torch.nn.functional.l1_loss(prediction, target, reduction="none")
    above = torch.relu(size - delta)
    return ((size - above) ** 2 / 2 + delta * above).sum() / size.numel()


@alternative("huber_loss")
def by_the_nearest_sparse_number(prediction, target, delta=1.0):
    refuse(prediction, target, delta)
    d = prediction - target
    jump = torch.nn.functional.softshrink(d, delta)
    return torch.mean((d - jump) ** 2 / 2 + delta * jump.abs())


@alternative("huber_loss")
def with_its_own_gradient(prediction, target, delta=1.0):
    class Huber(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            d = a - b
            held = d.clamp(-delta, delta)
            ctx.save_for_backward(held)
            return (held * (d - held / 2)).mean()

        @staticmethod
        def backward(ctx, grad):
            (held,) = ctx.saved_tensors
            slope = grad * held / held.numel()
            return slope, -slope

    refuse(prediction, target, delta)
    return Huber.apply(prediction, target)
