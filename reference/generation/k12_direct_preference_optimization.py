"""Teach a language model which of two answers people prefer, without a reward model.

The logits of place t - 1 speak of token t. So the mask is cut where the tokens are cut: it says of
a token whether it counts. -100 is no index, so what does not count gets the id 0 before `gather`,
and its number is taken out afterwards.

A mean over the tokens would let a long answer be less probable than the sum says it is. Only the
sum is the log-probability of the answer.

sigmoid(-200) is 0 in float32, and log(0) is -inf. `logsigmoid` computes both steps as one. The
reference holds the policy near to where it began: without it, the loss falls as long as the
rejected answer becomes less probable, and the chosen one may fall with it.

In practice one calls TRL's `DPOTrainer`; a loss of one's own is made of
`-F.cross_entropy(logits[:, :-1].transpose(1, 2), labels, reduction="none")` and `F.logsigmoid`.
"""

import torch
from torch.nn import functional

HINTS = (
    "Which logits speak of token t? And which entry of mask says whether token t counts?",
    "-100 cannot be looked up: put 0 in the place of what does not count, in a new tensor.",
    "`log_softmax(-1)`, `gather`, `masked_fill` with 0, and the sum over T.",
    "log of a sigmoid that is 0 is -inf: which function of torch.nn.functional does both in one?",
    "The references are constants: detach them.",
)


def sequence_log_probs(
    logits: torch.Tensor, tokens: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """The log-probability of each text's answer: the sum over the tokens that belong to it.

    logits[b, t - 1] speak of tokens[b, t]: the log-softmax over V of logits[b, t - 1], at the entry
    tokens[b, t], is that token's log-probability. Text b gives the sum over all t from 1 on where
    mask[b, t] is True. It is a sum, and no mean: nothing is divided by the number of tokens.

    Args:
        logits: shape (B, T, V), each size at least 1; float32 or float64, any strides. Stays as it
            is.
        tokens: shape (B, T), int64, on logits' device, any strides. Stays as it is.
        mask: shape (B, T), bool, on logits' device, any strides: True where the token belongs to
            the answer, False in the question and in the padding. Stays as it is.

    Returns:
        A new tensor of shape (B,), with logits' dtype and device. Gradients reach logits.

    Exactly:
        tokens[b, t] that counts (t is 1 or more, and mask[b, t] is True) is an id from 0 to V - 1.
        All other tokens may be any int64, such as -100 or 10**12. They are not looked at. The first
        token never counts, also where its mask is True.

        A text in which nothing counts gives 0. So does every text with T = 1.

        The logits may be as large as 10,000 in size, of either sign: numbers and gradients are then
        right, too. Logits that no counted token asks for get the gradient 0.

        float32 is within 1e-4 of the largest number in the result, or of 1 where that is smaller,
        and float64 within 1e-9 of it. The same holds for gradients.
    """
    counts = mask[:, 1:]
    ids = tokens[:, 1:].masked_fill(~counts, 0)
    log_probs = logits[:, :-1].log_softmax(-1).gather(2, ids.unsqueeze(2)).squeeze(2)
    return log_probs.masked_fill(~counts, 0).sum(1)


def dpo_loss(
    policy_chosen: torch.Tensor,
    policy_rejected: torch.Tensor,
    reference_chosen: torch.Tensor,
    reference_rejected: torch.Tensor,
    beta: float = 0.1,
) -> torch.Tensor:
    """The loss of direct preference optimization: the mean over all pairs of answers.

    A pair has four log-probabilities, such as `sequence_log_probs` gives: of the chosen and of the
    rejected answer, by the policy (the model that learns) and by the reference (the frozen one).
    Its margin is (policy_chosen - policy_rejected) - (reference_chosen - reference_rejected), and
    its loss -log(sigmoid(beta * margin)).

    Args:
        policy_chosen: shape (B,), B at least 1; float32 or float64, any strides. Stays as it is.
        policy_rejected: policy_chosen's shape, dtype and device, any strides. Stays as it is.
        reference_chosen: the same.
        reference_rejected: the same.
        beta: a number above 0, at most 1.

    Returns:
        A new 0-d tensor of policy_chosen's dtype and device. Gradients reach policy_chosen and
        policy_rejected. None goes to the references, also where they require grad.

    Exactly:
        The four may be as large as 100,000 in size, of either sign: the loss and its gradients are
        then finite and right. What is above 100 in size is a whole number, so that no difference
        of two is rounded. Where the margin is below 100 in size, so is each difference of two.

        float32 is within 1e-4 of the right number, or of 1 where that is smaller in size, and
        float64 within 1e-9. The same holds for gradients.
    """
    of_reference = (reference_chosen - reference_rejected).detach()
    margin = (policy_chosen - policy_rejected) - of_reference
    return -functional.logsigmoid(beta * margin).mean()
