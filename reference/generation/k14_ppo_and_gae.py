"""Learn from what actions led to: how good each one was, and a step that is not too large.

A sweep from the last step to the first one needs each step once. Two questions are asked of a step,
and they have different answers: does the value of the next state count (not where terminated), and
does the advantage of the next step count (neither where terminated nor where truncated)? Who keeps
one flag `done` for both teaches the values that a time limit is a death.

The minimum is the careful product. For a good action it is bounded at 1 + clip, for a bad one at
1 - clip; on the other side the gradient stays, so that a mistake can be taken back. For a negative
advantage the minimum of the products is at the larger ratio: multiply first, and then compare.

In practice one uses TorchRL's `GAE` and `ClipPPOLoss`, or Stable-Baselines3's `PPO`.
"""

import torch

HINTS = (
    "The advantage of a step needs that of the step behind it: with which step do you begin?",
    "Which of the two flags stops the value of the next state? And which the next advantage?",
    "`~terminated` is True where the next value counts; `1 - terminated` raises for bools.",
    "The results are targets: compute them under `torch.no_grad()`.",
    "Of both products take the smaller one, also where the advantage is below 0.",
)


def gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    next_values: torch.Tensor,
    terminated: torch.Tensor,
    truncated: torch.Tensor,
    gamma: float = 0.99,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The advantage of each step, and the return that the value network is to learn.

    Step t began in a state of value values[t], gave rewards[t], and led to a state of value
    next_values[t]. With

        delta[t] = rewards[t] + gamma * next_values[t] - values[t]

    the advantage is A[t] = delta[t] + gamma * lam * A[t + 1], from the last step backwards. Two
    things end an episode:

    - terminated[t]: it is over, as when a game is lost. Nothing comes after it, so next_values[t]
      counts as 0 in delta[t].
    - truncated[t]: it was cut off, as by a limit of steps. It would have gone on, so next_values[t]
      counts. It is the value of the state that step t led to, before any reset.

    Behind both, step t + 1 belongs to another episode: A[t] is delta[t] alone. So is the A of the
    last step, T - 1, whose next_values counts unless it is terminated.

    Args:
        rewards: shape (T, ...), with any number of dimensions after the first one, none too; each
            size at least 1. float32 or float64, up to 100 in size, any strides. Stays as it is,
            like all others. Each place in "..." is a run of its own.
        values: rewards' shape, dtype and device, up to 100 in size, any strides.
        next_values: the same.
        terminated: rewards' shape, bool, on rewards' device, any strides.
        truncated: the same. Where both are True, the step is terminated.
        gamma: a number from 0 to 1.
        lam: a number from 0 to 1.

    Returns:
        A tuple of two new tensors of rewards' shape, dtype and device: the advantages, and the
        advantages plus values.

    Exactly:
        Both results are targets: autograd does not track them, also where an input requires grad.

        next_values[t] is always the one that is used, also where values[t + 1] is another number.

        float32 is within 1e-4 of the largest number in a result, or of 1 where that is smaller, and
        float64 within 1e-9.
    """
    with torch.no_grad():
        deltas = rewards + gamma * next_values * ~terminated - values
        goes_on = ~(terminated | truncated)
        advantages = torch.empty_like(deltas)
        later = torch.zeros_like(deltas[0])
        for t in reversed(range(len(deltas))):
            later = deltas[t] + gamma * lam * later * goes_on[t]
            advantages[t] = later
        return advantages, advantages + values


def ppo_loss(
    log_probs: torch.Tensor,
    old_log_probs: torch.Tensor,
    advantages: torch.Tensor,
    clip: float = 0.2,
) -> torch.Tensor:
    """The clipped loss of proximal policy optimization: the mean over all actions.

    With ratio = exp(log_prob - old_log_prob) and A the advantage, the loss of an action is

        -min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A)

    Args:
        log_probs: any shape of at least one dimension, each size at least 1; float32 or float64, at
            most 100 in size, any strides. By the policy that learns. Stays as it is, like all
            others.
        old_log_probs: log_probs' shape, dtype and device, any strides. By the policy that acted;
            log_prob - old_log_prob is at most 10 in size.
        advantages: the same shape, dtype and device, any strides; of either sign, or 0, and at most
            100 in size. They are taken as they are, and not normalised.
        clip: a number above 0 and below 1.

    Returns:
        A new 0-d tensor of log_probs' dtype and device. Gradients reach log_probs alone: the others
        are constants, also where they require grad.

    Exactly:
        Where the ratio is exactly 1 - clip or 1 + clip, the gradient may be that of either side.

        float32 is within 1e-4 of the right number, or of 1 where that is smaller in size, and
        float64 within 1e-9. The same holds for gradients.
    """
    a = advantages.detach()
    ratio = (log_probs - old_log_probs.detach()).exp()
    return -torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()
