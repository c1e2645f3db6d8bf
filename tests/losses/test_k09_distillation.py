"""The checks of losses/k09_distillation: both parts from the gaps between logits, row by row."""

import numpy as np
import torch

from dojo.checks.laws import LossFunction

LARGE = (
    [[1000.0, 0.0, -1000.0], [0.0, -500.0, 1000.0], [-1000.0, 1000.0, 0.0]],
    [[0.0, 500.0, -1000.0], [1000.0, 0.0, 999.0], [-1000.0, 1000.0, 750.0]],
    [1, 2, 1],
)
# teacher's p is 0 in float64 too, and the student's q is not small
ZERO = [[0.0, 1.0, 2.0], [1.0, 0.5, 0.0]], [[0.0, -1000.0, 1.0], [1000.0, 0.0, -1.0]], [2, 1]
SHAPE = "target holds one class for each row: compare its shape with (N,) before you compute."
WARM = "temperature must be above 0: compare it before you compute, and raise ValueError."
SHARE = "alpha is a share, from 0 to 1: compare it before you compute, and raise ValueError."


def given(rows, classes, seed=0):
    """The logits of a student and a teacher from -3 to 3, with one decimal, and classes."""
    draw = np.random.default_rng(seed)
    logits = [np.round(draw.uniform(-3, 3, (rows, classes)), 1) for _ in range(2)]
    return *logits, draw.integers(0, classes, rows)


def logs(logits):
    """The logarithms of the softmax of each row."""
    return np.array([[-np.logaddexp.reduce(row - x) for x in row] for row in logits])


def kl(log_p, log_q):
    """The KL divergence of each row."""
    return (np.exp(log_p) * (log_p - log_q)).sum(1)


def is_multiple(a, b):
    """Whether two arrays differ by a factor alone."""
    return a.any() and np.isclose(abs((a * b).sum()), np.linalg.norm(a) * np.linalg.norm(b))


def cost(logits, target):
    """The mean cross entropy."""
    return -logs(logits)[range(len(logits)), target].mean()


class TestDistillationLoss(LossFunction):
    name = "distillation_loss"
    tensors = ("student_logits", "teacher_logits", "target")
    one_shape = tensors[:2]
    placed = ("target",)
    fixed = {"target": torch.int64}
    constants = ("teacher_logits",)
    near = LossFunction.near | {torch.float32: (1e-4, 1e-4)}
    gradient_near = LossFunction.gradient_near | {torch.float32: (1e-3, 1e-7)}
    cases = [
        ([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [[2.0, 0.0, 3.0], [1.0, 1.0, -1.0]], [1, 0], 2, 0.3),
        given(4, 3, seed=1),
        (*given(3, 5, seed=2), 0.5, 0.9),
        (*given(2, 4, seed=3), 1.0, 1.0),
        (*given(3, 2, seed=4), 5.0, 0.0),
        (*given(1, 3, seed=5), 10.0, 0.25),
        (*given(2, 1, seed=6), 3.0, 0.6),
        (*(given(3, 3, seed=7)[0],) * 2, [2, 0, 1], 4.0, 0.6),
    ]
    wild = [(*ZERO, 1.0, 0.5), (*LARGE, 1.0, 0.5), (*LARGE, 10.0, 0.3)]
    wild_gradients = wild[:2]
    refused = [((*given(2, 3), warm), None, ValueError, WARM) for warm in (0.0, -1.0)]
    refused += [((*given(2, 3), 2.0, share), None, ValueError, SHARE) for share in (-0.1, 1.1)]
    hints = {
        "shape": "The loss is one number for all rows, without a dimension.",
        "values": "alpha * T² * the mean of KL(p || q) with T in both, plus (1 - alpha) * the mean"
        " cross entropy of the plain student logits.",
        "raises": "N and C may be 1, alpha may be 0 or 1, and T may be below 1.",
        "wild": "log(softmax(x)) is -inf where a share is too small for its dtype: take log_softmax"
        " of the student. Add nothing to a share, and cut nothing off.",
        "zero": "Here p is 0 for some classes, and 0 * log(0) is NaN: take log_softmax, or `xlogy`,"
        " or `kl_div`, which know the case.",
        "logarithm": "`kl_div` wants log q and then p itself: a logarithm in the place of p gives"
        " NaN, unless log_target is True.",
        "one shape": "Compare the shapes of the logits before you compute: broadcasting lets one"
        " row of the teacher teach all rows.",
        "precise": "Digits are lost: add nothing before a logarithm, and stay in one dtype.",
        "gradient": "For student_logits it is alpha * T * (q - p) + (1 - alpha) * (softmax of the"
        " plain logits - 1 at the target), over the number of rows.",
        "tracked": "The gradient reaches student_logits by both parts.",
        "constant": "The teacher is fixed: detach teacher_logits, or compute p under no_grad.",
        "placed": SHAPE,
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for each number of rows and classes.",
        "test_values": "The soft part with T, and the hard part without it, are weighed by alpha.",
        "test_wild_values": "The loss is finite and right for logits of 1000.",
        "test_gradients": "The gradient reaches student_logits, and none goes to teacher_logits.",
        "test_wild_gradients": "The gradient is right, and not NaN, for logits of 1000.",
        "test_refuses": "A temperature of 0 or less, or an alpha outside of 0 to 1, raises"
        " ValueError.",
    }

    def truth(self, student, teacher, target, warm=2.0, alpha=0.5):
        soft = warm * warm * kl(logs(teacher / warm), logs(student / warm)).mean()
        return alpha * soft + (1 - alpha) * cost(student, target)

    def gradient(self, weights, student, teacher, target, warm=2.0, alpha=0.5):
        soft = warm * (np.exp(logs(student / warm)) - np.exp(logs(teacher / warm)))
        hard = np.exp(logs(student)) - (np.arange(student.shape[1]) == target[:, None])
        return [(alpha * soft + (1 - alpha) * hard) / len(student) * weights, 0 * student]

    def why_gradient(self, got, arguments):
        """Name the part of the loss that alone has a gradient."""
        warm = (*arguments[3:], 2.0)[0]
        for alpha, part in ((0.0, "hard"), (1.0, "soft")):
            alone = self.gradient(1, *arguments[:3], warm, alpha)[0]
            whole = self.gradient(1, *arguments)[0]
            if is_multiple(got, alone) and not is_multiple(whole, alone):
                return f"Only the {part} part moves the student: let gradients go through both."
        return ""

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        student, teacher, target, *rest = arguments
        if law == "gradient":
            return self.why_gradient(got.numpy(), arguments)
        if law != "values" or not got.isfinite().all():
            is_small = logs(student / (*rest, 2.0)[0]).min() < -80
            key = "zero" if law != "values" else "logarithm"
            return "" if is_small or not got.isnan().any() else self.hints[key]
        warm, alpha = (*rest, *(2.0, 0.5)[len(rest) :])
        n, classes = student.shape
        p, q = logs(teacher / warm), logs(student / warm)
        kept, right = kl(p, q).mean(), self.truth(*arguments)
        square, hard, soft_alone = warm * warm, cost(student, target), kl(p, logs(student)).mean()

        def mixed(soft=square * kept, hard=hard, alpha=alpha):
            return alpha * soft + (1 - alpha) * hard

        others = {
            "T² is missing: the soft part is multiplied with it.": mixed(kept),
            "The soft part is multiplied with T here, but T² is asked for.": mixed(warm * kept),
            "The soft part is divided by T² here; multiply.": mixed(kept / square),
            "T² is for the soft part alone, not for the hard one.": square * mixed(kept),
            "The classes are averaged too: divide by N alone (batchmean).": mixed(
                square * kept / classes
            ),
            "The rows are added up in the soft part: take their mean.": mixed(square * kept * n),
            "The rows are added up in the hard part: take their mean.": mixed(hard=hard * n),
            "This is KL(q || p) of student and teacher: the teacher's p weighs.": mixed(
                square * kl(q, p).mean()
            ),
            "The hard part takes the plain logits, without T.": mixed(
                hard=cost(student / warm, target)
            ),
            "The hard part is the student's, not the teacher's.": mixed(hard=cost(teacher, target)),
            "alpha weighs the soft part, and 1 - alpha the hard one.": mixed(alpha=1 - alpha),
            "The hard part has the weight 1 - alpha.": alpha * square * kept + hard,
            "The soft part has the weight alpha.": square * kept + (1 - alpha) * hard,
            "temperature is an argument: 2 is only its default.": self.truth(
                student, teacher, target, 2.0, alpha
            ),
            "Here the student's logits are not divided by T in the soft part.": mixed(
                square * soft_alone
            ),
            "Here the teacher's logits are not divided by T.": mixed(
                square * kl(logs(teacher), q).mean()
            ),
            "This is a cross entropy: the entropy of p has to be subtracted.": mixed(
                -square * (np.exp(p) * q).sum(1).mean()
            ),
            "`kl_div` wants a logarithm first: here q itself is in the place of log q.": mixed(
                square * (np.exp(p) * (p - np.exp(q))).sum(1).mean()
            ),
            "softmax is taken along the rows here; classes lie along dimension 1.": mixed(
                square * kl(logs(teacher.T / warm), logs(student.T / warm)).sum() / n
            ),
            "This is half KL(p || q) and half KL(q || p): only the teacher's p weighs.": mixed(
                square * (kl(p, q) + kl(q, p)).mean() / 2
            ),
            "`cross_entropy` takes logits: here softmax comes twice in the hard part.": mixed(
                hard=cost(np.exp(logs(student)), target)
            ),
            "The soft part asks for all of the teacher's p, not for its best class alone.": mixed(
                cost(student, teacher.argmax(1))
            ),
            "The logits themselves are compared here; the soft part is a KL divergence.": mixed(
                ((student - teacher) ** 2).mean()
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
