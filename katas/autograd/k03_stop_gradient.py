"""Stop the gradient at the target of a loss.

A network that predicts rewards learns from its own later predictions: its value of a state should
be the reward plus the value of the next state. That sum is the target. The loss moves the value
towards the target, and never the target towards the value, so the target counts as a constant.
DQN in Stable-Baselines3 and CleanRL makes its target so. BYOL and SimSiam, which learn from
images without labels, stop gradients in the same way.

    value, reward = tensor([1., 2.], requires_grad=True), tensor([0.5, 1.])
    next_value, done = tensor([4., 8.]), tensor([False, True])
    loss = td_loss(value, reward, next_value, done, gamma=0.5)
    loss           ->  1.625, the mean of (1 - 2.5)² and (2 - 1)²
    after loss.backward(), value.grad  ->  [-1.5, 1.]

What holds for every kata stands in katas/README.md.
"""

import torch


def td_loss(
    value: torch.Tensor,
    reward: torch.Tensor,
    next_value: torch.Tensor,
    done: torch.Tensor,
    gamma: float = 0.99,
) -> torch.Tensor:
    """The mean of (value - target)², where the target is a constant.

    The target of an entry is reward + gamma * next_value. Where done is True nothing follows, so
    that next_value is left out: there the target is the reward alone.

    Args:
        value: what is learned; float32 or float64, any shape with one entry or more, any strides.
        reward: value's shape, dtype and device.
        next_value: value's shape, dtype and device.
        done: value's shape and device, bool.
        gamma: how much the next value counts, a number from 0 to 1.

    Returns:
        A new 0-d tensor of value's dtype. Its gradient reaches value, and neither reward nor
        next_value.

    Raises:
        ValueError: the four shapes are not all the same, even if they broadcast.

    Exactly:
        reward and next_value may be tracked, as leaves or as results. Their gradient is None or 0,
        and they stay tracked for other uses: no requires_grad and no grad_fn is changed. Where
        value is not tracked, the result may be tracked or not.

        next_value may come from the network that made value: then the network's weights get the
        gradient that comes by way of value. reward or next_value may also be the very tensor value:
        then its gradient is that of its use as value.

        All numbers are finite. float64 makes no detour by float32. `gamma * done.float()` would be
        one: this product is float32, so gamma loses digits.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
