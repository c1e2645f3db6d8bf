"""Stochastic gradient descent, with momentum, weight decay and Nesterov's variant.

In practice one calls `torch.optim.SGD`, which does this for all parameters at once. The learning
rate multiplies last, outside of v: so a scheduler that lowers it slows all motion at once, and v
stays a sum of gradients. Papers that put it inside have the same steps as long as it does not
change.

The state is a copy of the gradient. The gradient itself would be overwritten by the next backward
pass, or zeroed by `zero_grad(set_to_none=False)`, and v with it.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch

HINTS = (
    "`super().__init__(params, options)` puts the dict of options into every group.",
    "Where does v live, so that state_dict() saves it? And when is it made?",
    "v must be memory of its own: `p.grad` is written anew by the next backward pass.",
    "Read lr, momentum and the rest from the group of p, at each step.",
    "Compute g = p.grad + weight_decay * p as a new tensor, under torch.no_grad().",
)


class SGD(torch.optim.Optimizer):
    """Gradient descent with momentum: each step reads gradients, and changes parameters in place.

    The base class keeps the groups of parameters, and brings `add_param_group`, `zero_grad`,
    `state_dict` and `load_state_dict`. Write `__init__` and `step`.

    torch's own optimizers are forbidden, as classes, functions and fused operations, under whatever
    name (`torch.optim.SGD`, `torch.optim.sgd.sgd`, `torch._fused_sgd_`). `torch._foreach_…` is
    free.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        """Hand the parameters and the options to the base class.

        Each group then holds its options, under the names that they have here.

        Args:
            params: what torch.optim.Optimizer takes: an iterable of parameters, or of dicts, each a
                group that may have options of its own. Parameters are float32 or float64, of any
                shape (0-d and empty ones too) and any strides.
            lr: the learning rate, at least 0.
            momentum: which share of v is kept from step to step, at least 0.
            weight_decay: how much of p is added to its gradient, at least 0.
            nesterov: whether a step looks ahead along v.

        Raises:
            ValueError: lr, momentum or weight_decay is negative; or nesterov without momentum.
        """
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if value < 0:
                raise ValueError(f"{name} is negative: {value}")
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum")
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter p that has a gradient.

        g = p.grad + weight_decay * p. Without momentum (0), p becomes p - lr * g.

        With momentum, v is g at the first gradient of p, and momentum * v + g at each later one.
        Then p becomes p - lr * v; with nesterov, p - lr * (g + momentum * v), where v is the new
        one. The results are those of `torch.optim.SGD` without dampening.

        Args:
            closure: computes the loss and makes new gradients. If it is given, it is called once,
                before anything else, with grad mode on.

        Returns:
            What the closure returned; None if there is none.

        Exactly:
            lr multiplies last, and is no part of v: a new lr acts at once on all of v. Nobody
            changes a momentum from 0 to another number or back between steps.

            Options are read from the groups at each step: a scheduler may have changed them, and a
            group that was added later, or loaded, has its own.

            A parameter without a gradient (`p.grad is None`) is skipped: its numbers and its state
            stay. A gradient of zeros is a gradient. What has a gradient is changed, whatever its
            requires_grad is.

            All that later steps need is in the groups and in `self.state[p]`, which is made at the
            first gradient of p. So a new optimizer over copies of the parameters goes on as this
            one once it has loaded its `state_dict()`, also after `torch.save` and
            `torch.load(weights_only=True)`. What the state's entries are called is up to you.

            Parameters are changed in place: they keep their memory and strides, views of them see
            the change, and autograd records nothing. `.grad` stays as it is. The state shares no
            memory with parameters and gradients, and tensors of p's shape in it have p's dtype and
            device.

            Gradients may have any strides; their entries are 0 or 1e-6 to 1e6 in size. After 30
            steps float32 is right within 1e-4 of the largest number that an entry of p has held,
            plus 1e-6; float64 within 1e-10.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * _direction(p, group, self.state[p]))
        return loss


def _direction(p: torch.Tensor, group: dict[str, Any], state: dict[str, Any]) -> torch.Tensor:
    g = p.grad + group["weight_decay"] * p
    momentum = group["momentum"]
    if not momentum:
        return g
    if "v" not in state:
        state["v"] = torch.zeros_like(p)
    v = state["v"].mul_(momentum).add_(g)
    return g + momentum * v if group["nesterov"] else v
