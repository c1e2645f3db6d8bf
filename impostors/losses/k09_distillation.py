"""Wrong and right answers to losses/k09_distillation."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def compare(student, teacher, target, temperature=1.0, alpha=0.5):
    """Raise ValueError for what a right answer does not take."""
    if student.shape != teacher.shape:
        raise ValueError("the shapes differ")
    if target.shape != student.shape[:1]:
        raise ValueError("target has another shape")
    if temperature <= 0 or not 0 <= alpha <= 1:
        raise ValueError("out of range")


def soft(student, teacher, temperature, reduction="batchmean"):
    """The soft part without T²."""
    log_q = functional.log_softmax(student / temperature, dim=1)
    p = functional.softmax(teacher.detach() / temperature, dim=1)
    return functional.kl_div(log_q, p, reduction=reduction)


def mixed(soft_part, hard_part, alpha):
    """Both parts, weighed."""
    return alpha * soft_part + (1 - alpha) * hard_part


@impostor(
    "distillation_loss",
    diagnosis="The shapes of the logits are not compared: one row of a teacher teaches all rows.",
    aspect="errors",
)
def lets_logits_broadcast(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, student_logits, target, temperature, alpha)
    p = functional.softmax(teacher_logits.detach() / temperature, dim=-1)
    log_q = functional.log_softmax(student_logits / temperature, dim=-1)
    kl = (torch.xlogy(p, p) - p * log_q).sum(-1).mean()
    hard = functional.cross_entropy(student_logits, target)
    return mixed(kl * temperature**2, hard, alpha)


@impostor(
    "distillation_loss",
    diagnosis="target is flattened: shape (N, 1) gets through.",
    aspect="errors",
)
def flattens_the_target(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target.flatten(), temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    hard = functional.cross_entropy(student_logits, target.flatten())
    return mixed(kl * temperature**2, hard, alpha)


@impostor(
    "distillation_loss",
    diagnosis="A temperature of 0 or less gets through: it has to raise ValueError.",
    aspect="errors",
)
def takes_any_temperature(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, 1.0, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="An alpha below 0 or above 1 gets through: it has to raise ValueError.",
    aspect="errors",
)
def takes_any_alpha(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature)
    kl = soft(student_logits, teacher_logits, temperature)
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="T² is missing: the soft part fades as T grows.",
    aspect="values",
)
def forgets_the_square(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    return mixed(kl, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="T² multiplies the hard part too: it is for the soft part alone.",
    aspect="values",
)
def multiplies_both_parts(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    hard = functional.cross_entropy(student_logits, target)
    return mixed(kl, hard, alpha) * temperature**2


@impostor(
    "distillation_loss",
    diagnosis="The reduction mean of kl_div divides by the number of classes as well.",
    aspect="values",
)
def takes_the_mean_of_all(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature, "none").mean()
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The soft part is the sum of the rows: their mean is asked for.",
    aspect="values",
)
def adds_up_the_rows(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature, "sum")
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The KL divergence goes from the student to the teacher: p and q changed places.",
    aspect="values",
)
def swaps_the_roles(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    log_p = functional.log_softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = functional.log_softmax(student_logits / temperature, dim=1)
    kl = functional.kl_div(log_p, log_q, reduction="batchmean", log_target=True)
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The hard part has the temperature too: it takes the plain logits.",
    aspect="values",
)
def softens_the_hard_part(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    hard = functional.cross_entropy(student_logits / temperature, target)
    return mixed(kl * temperature**2, hard, alpha)


@impostor(
    "distillation_loss",
    diagnosis="alpha weighs the hard part, and 1 - alpha the soft one: it is the other way.",
    aspect="values",
)
def swaps_the_weights(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    return mixed(functional.cross_entropy(student_logits, target), kl * temperature**2, alpha)


@impostor(
    "distillation_loss",
    diagnosis="The hard part has no weight: it is 1 - alpha.",
    aspect="values",
)
def adds_the_whole_hard_part(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits, temperature)
    return alpha * kl * temperature**2 + functional.cross_entropy(student_logits, target)


@impostor(
    "distillation_loss",
    diagnosis="The teacher's logits are not divided by the temperature.",
    aspect="values",
)
def leaves_the_teacher_cold(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits, teacher_logits * temperature, temperature)
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="kl_div gets probabilities of the student, where it wants their logarithms.",
    aspect="values",
)
def hands_over_no_logarithms(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    p, q = (
        functional.softmax(one / temperature, dim=1)
        for one in (teacher_logits.detach(), student_logits)
    )
    kl = functional.kl_div(q, p, reduction="batchmean")
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The soft part is a cross entropy: the teacher's entropy is not subtracted.",
    aspect="values",
)
def takes_the_cross_entropy(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    p = functional.softmax(teacher_logits.detach() / temperature, dim=1)
    cross = functional.cross_entropy(student_logits / temperature, p)
    return mixed(cross * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="log(softmax) of the student is -inf where q is too small for its dtype.",
    aspect="values",
)
def takes_the_logarithm_of_shares(
    student_logits, teacher_logits, target, temperature=2.0, alpha=0.5
):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    p = functional.softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = functional.softmax(student_logits / temperature, dim=1).log()
    kl = functional.kl_div(log_q, p, reduction="batchmean")
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="0 * log(0) is NaN where the teacher's p is too small for its dtype.",
    aspect="values",
)
def multiplies_zero_and_infinity(
    student_logits, teacher_logits, target, temperature=2.0, alpha=0.5
):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    p = functional.softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = functional.log_softmax(student_logits / temperature, dim=1)
    kl = (p * (p.log() - log_q)).sum(1).mean()
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The teacher is not detached: gradients go to teacher_logits.",
    aspect="gradient",
)
def teaches_the_teacher(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    log_p = functional.log_softmax(teacher_logits / temperature, dim=1)
    log_q = functional.log_softmax(student_logits / temperature, dim=1)
    kl = functional.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@impostor(
    "distillation_loss",
    diagnosis="The student is detached in the soft part: it learns from target alone.",
    aspect="gradient",
)
def detaches_the_student(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    kl = soft(student_logits.detach(), teacher_logits, temperature) + 0 * student_logits.sum()
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@alternative("distillation_loss")
def by_logarithms(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    with torch.no_grad():
        log_p = (teacher_logits / temperature).log_softmax(-1)
    log_q = (student_logits / temperature).log_softmax(-1)
    kl = torch.nn.KLDivLoss(reduction="sum", log_target=True)(log_q, log_p)
    hard = torch.nn.CrossEntropyLoss()(student_logits, target)
    return kl * (alpha * temperature * temperature / len(target)) + (1.0 - alpha) * hard


@alternative("distillation_loss")
def by_a_soft_target(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    p = torch.softmax(teacher_logits.detach() / temperature, 1)
    cross = functional.cross_entropy(student_logits / temperature, p)
    entropy = torch.special.entr(p).sum(1).mean()
    hard = functional.cross_entropy(student_logits, target)
    return torch.lerp(hard, (cross - entropy) * temperature**2, alpha)


@alternative("distillation_loss")
def row_by_row(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    if len({*student_logits.shape, -1}) and list(student_logits.shape) != [*teacher_logits.shape]:
        raise ValueError(f"{student_logits.shape} is not {teacher_logits.shape}")
    if target.dim() != 1 or len(target) != len(student_logits):
        raise ValueError(f"{target.shape}")
    if not temperature > 0 or min(alpha, 1 - alpha) < 0:
        raise ValueError(f"{temperature} or {alpha}")
    total = 0
    for x, y, own in zip(student_logits, teacher_logits.data, target, strict=True):
        high, low = y / temperature, x / temperature
        gaps = (high - high.logsumexp(0)) - (low - low.logsumexp(0))
        total = total + alpha * temperature**2 * (high.softmax(0) @ gaps)
        total = total + (1 - alpha) * (x.logsumexp(0) - x[own])
    return total / len(target)


@alternative("distillation_loss")
def with_its_own_gradient(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    class Distilled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            log_p, log_q = (y / temperature).log_softmax(1), (x / temperature).log_softmax(1)
            hot = functional.one_hot(target, x.shape[1]).to(x.dtype)
            pull = alpha * temperature * (log_q.exp() - log_p.exp())
            ctx.save_for_backward((pull + (1 - alpha) * (x.softmax(1) - hot)) / len(x))
            kl = (log_p.exp() * (log_p - log_q)).sum() * temperature**2
            hard = -x.log_softmax(1).gather(1, target[:, None]).sum()
            return (alpha * kl + (1 - alpha) * hard) / len(x)

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0], None

    compare(student_logits, teacher_logits, target, temperature, alpha)
    return Distilled.apply(student_logits, teacher_logits)


@impostor(
    "distillation_loss",
    diagnosis="torch.distributions gives inf where q is too small for its dtype: log q is finite.",
    aspect="values",
)
def asks_distributions(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    wanted, found = (
        torch.distributions.Categorical(logits=one / temperature)
        for one in (teacher_logits.detach(), student_logits)
    )
    kl = torch.distributions.kl_divergence(wanted, found).mean()
    return mixed(kl * temperature**2, functional.cross_entropy(student_logits, target), alpha)


@alternative("distillation_loss")
def part_by_part(student_logits, teacher_logits, target, temperature=2.0, alpha=0.5):
    compare(student_logits, teacher_logits, target, temperature, alpha)
    loss = student_logits.sum() * 0
    if alpha > 0:
        p = (teacher_logits.detach() / temperature).softmax(1)
        low = (student_logits / temperature).log_softmax(1)
        loss = loss + alpha * temperature**2 * (torch.xlogy(p, p) - p * low).sum(1).mean()
    if alpha < 1:
        loss = loss + (1 - alpha) * functional.nll_loss(student_logits.log_softmax(1), target)
    return loss
