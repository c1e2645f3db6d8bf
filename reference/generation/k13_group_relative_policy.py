"""Teach a language model by rewards: each answer is compared with other answers to its question.

The mean of the group stands in the place of a value network: what is left of a reward is how much
better this answer was than usual for this question. The deviation makes questions alike on which
rewards differ much or little. Of a group of one, the deviation by n - 1 is 0 / 0, so it is 0 here.

The minimum of two products is the careful one. A token with a good advantage gains no more by a
ratio above 1 + clip, and one with a bad advantage no more below 1 - clip: its gradient is 0 there.
On the other side nothing is clipped, so that a mistake can be taken back.

exp(d) - d - 1 estimates how far the policy has gone from the reference: never below 0, and 0 only
where both agree. Padding is taken out before exp: exp(20,000) is inf, and inf * 0 is NaN.

In practice one uses TRL's `GRPOTrainer`, or the trainers of verl and OpenRLHF.
"""

import torch

HINTS = (
    "`rewards.view(-1, group_size)` has a row for each group. Which sizes can it not take?",
    "What is the standard deviation of one number, by n - 1?",
    "An advantage belongs to a row: give it a second dimension before you multiply.",
    "Of both products take the smaller one, also where the advantage is below 0.",
    "Fill the differences with 0 where mask is False, before exp; then divide by mask.sum(1).",
)


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
    if len(rewards) % group_size:
        message = f"{len(rewards)} rewards do not make groups of {group_size}"
        raise ValueError(message)
    groups = rewards.reshape(-1, group_size)
    centred = groups - groups.mean(1, keepdim=True)
    variance = (centred**2).sum(1, keepdim=True) / max(group_size - 1, 1)
    return (centred / (variance.sqrt() + eps)).flatten()


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
    ratio = (log_probs - old_log_probs.detach()).masked_fill(~mask, 0).exp()
    d = (ref_log_probs.detach() - log_probs).masked_fill(~mask, 0)
    a = advantages.detach().unsqueeze(1)
    gain = torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)
    losses = beta * (d.exp() - d - 1) - gain
    return (losses.masked_fill(~mask, 0).sum(1) / mask.sum(1)).mean()
