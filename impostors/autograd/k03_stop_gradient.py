"""Wrong and right answers to autograd/k03_stop_gradient."""

import torch

from dojo.impostors import alternative, impostor


def require_one_shape(*tensors):
    """Refuse tensors of different shapes."""
    if len({x.shape for x in tensors}) > 1:
        raise ValueError("the shapes differ")


@impostor(
    "td_loss",
    diagnosis="The target is not detached: the gradient also moves next_value towards value.",
    aspect="gradient",
)
def lets_the_target_learn(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * torch.where(done, 0, next_value)
    return ((value - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="next_value is detached and reward is not: the whole target counts as a constant.",
    aspect="gradient",
)
def lets_the_reward_learn(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * torch.where(done, 0, next_value.detach())
    return ((value - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="value is detached in place of the target: it is the value that learns.",
    aspect="gradient",
)
def detaches_the_value(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * torch.where(done, 0, next_value)
    return ((value.detach() - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="All of the loss is computed under no_grad, so value gets no gradient either.",
    aspect="gradient",
)
@torch.no_grad()
def computes_all_under_no_grad(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * torch.where(done, 0, next_value)
    return ((value - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="detach_() cuts the tensor of the caller; detach() gives one that is cut, beside it.",
    aspect="values",
)
def cuts_the_tensor_of_the_caller(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward.detach() + gamma * torch.where(done, 0, next_value.detach_())
    return ((value - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="requires_grad is switched off on the caller's tensors, and stays off.",
    aspect="gradient",
)
def freezes_the_inputs(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    for x in (reward, next_value):
        if x.is_leaf:
            x.requires_grad_(False)
    target = reward.detach() + gamma * torch.where(done, 0, next_value.detach())
    return ((value - target) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="Shapes are not compared: (n, 1) and (n,) broadcast to n × n differences.",
    aspect="errors",
)
def broadcasts(value, reward, next_value, done, gamma=0.99):
    target = reward + gamma * next_value * ~done
    return ((value - target.detach()) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="Only the numbers of entries are compared: (2, 3) and (3, 2) have as many.",
    aspect="errors",
)
def compares_the_numbers_of_entries(value, reward, next_value, done, gamma=0.99):
    if len({x.numel() for x in (value, reward, next_value, done)}) > 1:
        raise ValueError("the sizes differ")
    target = reward.flatten() + gamma * next_value.flatten() * ~done.flatten()
    return ((value.flatten() - target.detach()) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="The shape of done is not compared: all four tensors have one shape.",
    aspect="errors",
)
def forgets_the_shape_of_done(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value)
    target = reward + gamma * next_value * ~done
    return ((value - target.detach()) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="done takes the whole target away; the reward of the last step counts too.",
    aspect="values",
)
def takes_the_reward_away(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = (reward + gamma * next_value) * ~done
    return ((value - target.detach()) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="next_value is kept where done is True, and left out everywhere else.",
    aspect="values",
)
def reads_done_the_other_way_round(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * next_value * done
    return ((value - target.detach()) ** 2).mean()


@impostor(
    "td_loss",
    diagnosis="The squares are added up; the loss is their mean.",
    aspect="values",
)
def sums_the_squares(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * next_value * ~done
    return ((value - target.detach()) ** 2).sum()


@impostor(
    "td_loss",
    diagnosis="`done.float() * gamma` is float32, so gamma is rounded where the rest is float64.",
    aspect="values",
)
def rounds_gamma_to_float32(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    with torch.no_grad():
        target = reward + (1 - done.float()) * gamma * next_value
    return torch.nn.functional.mse_loss(value, target)


@impostor(
    "td_loss",
    diagnosis="gamma is written into the function as 0.99, whatever the caller gives.",
    aspect="values",
)
def ignores_gamma(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + 0.99 * next_value * ~done
    return ((value - target.detach()) ** 2).mean()


@alternative("td_loss")
def under_no_grad(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    with torch.no_grad():
        target = torch.where(done, reward, reward + gamma * next_value)
    return torch.nn.functional.mse_loss(value, target)


@alternative("td_loss")
def by_multiplying_with_not_done(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    bootstrap = (1 - done.to(value.dtype)) * next_value.detach()
    return (reward.detach() + gamma * bootstrap - value).square().mean()


@alternative("td_loss")
def with_gradients_of_zero(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward + gamma * next_value * done.logical_not()
    still = target.detach() + 0 * target
    difference = (value - still).reshape(-1)
    return difference @ difference / difference.numel()


class Loss(torch.autograd.Function):
    """The loss with its gradient in closed form."""

    @staticmethod
    def forward(ctx, value, reward, next_value, done, gamma):
        error = value - reward - gamma * next_value * ~done
        ctx.save_for_backward(error)
        return (error**2).mean()

    @staticmethod
    def backward(ctx, gradient):
        (error,) = ctx.saved_tensors
        return gradient * 2 * error / error.numel(), None, None, None, None


@alternative("td_loss")
def by_a_function_of_its_own(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    return Loss.apply(value, reward, next_value, done, gamma)


@alternative("td_loss")
def by_two_indexings(value, reward, next_value, done, gamma=0.99):
    require_one_shape(value, reward, next_value, done)
    target = reward.detach().clone()
    target[~done] += gamma * next_value.data[~done]
    return torch.linalg.vector_norm(value - target) ** 2 / value.numel()
