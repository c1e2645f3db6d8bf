"""Teach a small network with the answers of a large one, and with the right classes.

A temperature makes the gradient of the soft part smaller, by about T²: one T comes from the slope
of logits / T, the other one from probabilities that lie closer together. So the soft part is
multiplied with T², and alpha means the same for each T.

`F.kl_div` has three traps. Its first argument is q, as a logarithm, and its second one is p
itself. Its reduction "mean" divides by the number of classes as well: "batchmean" is the mean over
the rows. And log(softmax(x)) is -inf where a probability is too small for its dtype: log_softmax is
right there.

In practice one writes these lines in the training step, with the teacher under `torch.no_grad()`;
torchdistill has them as `KDLoss`.
"""

import torch
from torch.nn import functional

HINTS = (
    "There are two softmax of the student: which of the two parts has the temperature?",
    "KL(p || q) weighs with the teacher's p. `kl_div(log q, p)` wants q first, as a logarithm.",
    "What does the reduction 'mean' of `kl_div` divide by? Another one divides by the rows alone.",
    "The soft part is multiplied with T², and the teacher is detached.",
    "cross_entropy takes some wrong shapes of target: compare the shapes yourself.",
)


def distillation_loss(
    student_logits: torch.Tensor,
    teacher_logits: torch.Tensor,
    target: torch.Tensor,
    temperature: float = 2.0,
    alpha: float = 0.5,
) -> torch.Tensor:
    """alpha * soft + (1 - alpha) * hard, where the teacher asks for soft, and target for hard.

    soft is T² times the mean over the N rows of KL(p || q), with T = temperature,
    p = softmax(teacher_logits / T) and q = softmax(student_logits / T). The KL divergence of a row
    is the sum over its C classes of p * (log p - log q).

    hard is the mean over the N rows of -log(softmax(student_logits)[target]): the cross entropy of
    the plain logits, without T.

    The teacher is fixed: no gradient goes to teacher_logits. All of torch is free, `kl_div` and
    `cross_entropy` too.

    Args:
        student_logits: shape (N, C), float32 or float64, any strides; stays as it is.
        teacher_logits: student_logits' shape, dtype and device, any strides; stays as it is. It may
            require grad or not.
        target: int64, shape (N,): the number of a class for each row; any strides; stays as it is.
        temperature: a number above 0. What is judged: 0.5 to 10.
        alpha: a number from 0 to 1, both included.

    Returns:
        A new 0-d tensor of the logits' dtype and device. Its gradient reaches student_logits; that
        of teacher_logits is None or 0.

    Raises:
        ValueError: the shapes of the logits are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or target has another shape than (N,); or temperature
            is 0 or less; or alpha is below 0 or above 1.

    Exactly:
        N and C are 1 or more. Logits may be as large as 1000 in size: the loss and the gradient are
        finite and right. Where p is too small for its dtype, its term is 0. Where q is, log q is
        still finite: for student_logits [0., 1000.] and T = 1 it is -1000 for the first class.

        If teacher_logits alone requires grad, the result may be tracked by autograd or not.

        The result may be off by 1e-4 of itself plus 1e-4 in float32, gradients by 1e-3 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if student_logits.shape != teacher_logits.shape:
        shapes = f"{tuple(student_logits.shape)} and {tuple(teacher_logits.shape)}"
        raise ValueError(f"shapes {shapes} are not equal")
    if target.shape != student_logits.shape[:1]:
        raise ValueError(f"target has shape {tuple(target.shape)}, not {len(student_logits)}")
    if temperature <= 0:
        raise ValueError(f"temperature is above 0, not {temperature}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is from 0 to 1, not {alpha}")
    log_q = functional.log_softmax(student_logits / temperature, dim=1)
    p = functional.softmax(teacher_logits.detach() / temperature, dim=1)
    soft = functional.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return alpha * soft + (1 - alpha) * functional.cross_entropy(student_logits, target)
