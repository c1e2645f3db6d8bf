"""Stochastic gradient descent, with momentum, weight decay and Nesterov's variant.

Each step moves a parameter against its gradient, times the learning rate. Momentum remembers old
gradients, so that the steps of a zigzag cancel and those in one direction add up. torchvision's
training scripts for ResNets use it with momentum 0.9 and weight decay 1e-4.

    p = nn.Parameter(tensor([1., 2.]))
    optimizer = SGD([p], lr=0.5, momentum=0.5)
    p.grad = tensor([2., 0.])
    optimizer.step()             p is [0.0, 2.0]
    optimizer.step()             p is [-1.5, 2.0]: half of the first gradient comes once more

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
