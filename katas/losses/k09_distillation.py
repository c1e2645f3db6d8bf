"""Teach a small network with the answers of a large one, and with the right classes.

A teacher's probabilities tell more than the right class does: a picture of a cat looks more like a
dog than like a truck. A temperature above 1 makes the small probabilities larger, so that they
count. DistilBERT learned from BERT in this way, with a temperature of 2; DeiT calls it soft
distillation.

    student, teacher = tensor([[2., 0.], [0., 0.]]), tensor([[0., 2.], [4., 0.]])
    target = tensor([0, 0])
    distillation_loss(student, teacher, target)              ->  0.9949
    distillation_loss(student, teacher, target, alpha=0.0)   ->  0.4100, the cross entropy alone

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
