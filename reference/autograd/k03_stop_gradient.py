"""Stop the gradient at the target of a loss.

`target.detach()` is a tensor of the same numbers that autograd knows nothing of, so the loss
depends on value alone. Without it the number of the loss is the same, and nothing raises: but the
gradient also moves the next value towards the value, and training gets worse or fails. To compute
the target under `torch.no_grad()` does the same, and saves the memory of its graph. `detach_()`
is something else: it cuts the tensor of the caller.

A value of shape (n, 1), as a linear layer gives it, and a reward of shape (n,) broadcast to n × n.
torch's `F.mse_loss` only warns, so shapes are compared first. In practice one calls
`F.mse_loss(value, target.detach())`, or `F.smooth_l1_loss`, which large errors move less.
"""

import torch

HINTS = (
    "Print the gradient of next_value: is it None?",
    "Which method gives the numbers of a tensor without its history, and leaves the tensor alone?",
    "done is a bool for each entry: choose 0 where it is True, before you add the reward.",
    "Compare the four shapes before you compute: (n, 1) and (n,) give n × n differences.",
)


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
    if not value.shape == reward.shape == next_value.shape == done.shape:
        raise ValueError("value, reward, next_value and done must have one shape")
    target = reward + gamma * next_value.masked_fill(done, 0)
    return ((value - target.detach()) ** 2).mean()
