"""Teach a language model by rewards: each answer is compared with other answers to its question.

The model answers each question several times, and each answer gets a reward, such as 1 if the
result is right. An answer that is better than the mean of its group becomes more probable, and a
worse one less probable. No second network has to guess how good an answer will be, as in PPO.
DeepSeekMath brought GRPO, DeepSeek-R1 was trained with it, and TRL has it as `GRPOTrainer`.

    rewards = tensor([1., 0., 0., 1., 3., 5.])      # two groups of three answers
    group_advantages(rewards, 3)   ->  [1.1545, -0.5773, -0.5773, -1., 0., 1.], rounded

    log_probs, old = tensor([[-1., -1.]]), tensor([[-1., -2.]])
    advantages, mask = tensor([2.]), tensor([[True, True]])
    grpo_loss(log_probs, old, log_probs, advantages, mask)   ->  -2.2, the mean of -2 and -2.4

What holds for every kata stands in katas/README.md.
"""

import torch


def group_advantages(rewards: torch.Tensor, group_size: int, eps: float = 1e-4) -> torch.Tensor:
    """How much better each answer is than its group: (reward - mean) / (std + eps).

    Neighbours form a group: the first group_size rewards are the first group, the next ones the
    second, and so on. The mean and the standard deviation are those of the group. The deviation
    divides by n - 1, as torch's `std` does, and eps is added to it, not to its square.

    Args:
        rewards: shape (N,), N at least 1; float32 or float64, from -10 to 10, any strides. Stays as
            it is.
        group_size: an int, at least 1.
        eps: a number above 0.

    Returns:
        A new tensor of shape (N,), with rewards' dtype and device, in the order of rewards.

    Raises:
        ValueError: N is not a multiple of group_size.

    Exactly:
        In groups of one, every advantage is 0.

        If all rewards of a group are equal, its advantages are 0: within 0.01, as the mean may be
        rounded. All other groups have a standard deviation of 0.1 or more. There float32 is within
        1e-4 of the largest number in the result, or of 1 where that is smaller, and float64 within
        1e-9.

        No gradient is asked for, and rewards do not require grad.
    """
    raise NotImplementedError


def grpo_loss(
    log_probs: torch.Tensor,
    old_log_probs: torch.Tensor,
    ref_log_probs: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    clip: float = 0.2,
    beta: float = 0.04,
) -> torch.Tensor:
    """The loss of group relative policy optimization.

    Each token of an answer has three log-probabilities: by the policy that learns, by the old
    policy, which has drawn it, and by the reference, from which the policy is not to go far.

    With ratio = exp(log_prob - old_log_prob), A the advantage of the answer, and
    d = ref_log_prob - log_prob, the loss of a token is

        -min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A) + beta * (exp(d) - d - 1)

    Each answer has the mean over its own tokens, those where mask is True. The result is the mean
    of these over all answers, so that a long answer weighs as much as a short one.

    Args:
        log_probs: shape (N, T), both at least 1; float32 or float64, any strides. Stays as it is,
            like all others.
        old_log_probs: log_probs' shape, dtype and device, any strides.
        ref_log_probs: the same.
        advantages: shape (N,), one for each answer, log_probs' dtype and device, any strides.
        mask: shape (N, T), bool, on log_probs' device, any strides: True where a token counts, at
            least once in each row.
        clip: a number above 0 and below 1.
        beta: a number, at least 0.

    Returns:
        A new 0-d tensor of log_probs' dtype and device. Gradients reach log_probs alone: the others
        are constants, also where they require grad.

    Exactly:
        Where mask is False, the three may hold any numbers up to 10,000 in size. They change
        nothing, make no NaN, and the gradient is 0 there. Where mask is True, all numbers are at
        most 100 in size, and log_prob - old_log_prob and d at most 10.

        Where the ratio is exactly 1 - clip or 1 + clip, the gradient may be that of either side.

        float32 is within 1e-4 of the right number, or of 1 where that is smaller in size, and
        float64 within 1e-9. The same holds for gradients.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
