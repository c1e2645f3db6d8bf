"""Teach a language model which of two answers people prefer, without a reward model.

For a question there are two answers, and someone has chosen one of them. The loss asks how much
more probable the model has made the chosen one than the rejected one, compared with a frozen copy
of itself from before the training. Zephyr and Llama 3 were tuned in this way, and Hugging Face TRL
has it as `DPOTrainer`.

    logits = tensor([[[2., 0.], [0., 1.], [3., 3.]]])
    tokens = tensor([[1, 0, 1]])
    mask = tensor([[False, False, True]])               # token 0 and 1 are the question
    sequence_log_probs(logits, tokens, mask)   ->  [-0.3133], log 0.7311 of token 2 by logits[0, 1]

    one = tensor([-10.])
    dpo_loss(one, one, one, one)               ->  0.6931, -log 0.5: nothing is learned yet
    dpo_loss(one + 5, one - 5, one, one)       ->  0.3133, -log sigmoid(0.1 * (5 - -5))

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
