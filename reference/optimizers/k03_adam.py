"""Adam: momentum, divided by the usual size of a gradient, and both corrected for their start.

In practice one calls `torch.optim.Adam`, with `fused=True` on a GPU. After t gradients, an
average that began at 0 has seen weights that sum up to 1 - βᵗ, so it is divided by that. With
β₂ = 0.999 the average of squares is a thousandth of what it should be at first, and m a tenth:
without the corrections the first step would be 3 times too long.

t counts the gradients of one parameter. A layer that is unfrozen late, or an expert that is chosen
seldom, has a t of its own: with one count for all, its first steps would go uncorrected.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch

HINTS = (
    "Three things are kept for each parameter: m, v and t. How do they begin?",
    "t belongs to a parameter, and grows by 1 with each gradient that this parameter has.",
    "Keep m and v as they are; what is divided by 1 - beta**t is a new tensor.",
    "eps comes last: it is added to the root of the corrected v.",
    "p.addcdiv_(m, size, value=-lr / (1 - beta1**t)) does the last line in one call.",
)


class Adam(torch.optim.Optimizer):
    """Adam: a step divides an average of gradients by the root of an average of their squares.

    The base class keeps the groups of parameters, and brings `add_param_group`, `zero_grad`,
    `state_dict` and `load_state_dict`. Write `__init__` and `step`.

    torch's own optimizers are forbidden, as classes, functions and fused operations, under whatever
    name (`torch.optim.Adam`, `torch.optim.adam.adam`, `torch._fused_adam_`). `torch._foreach_…` is
    free.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        """Hand the parameters and the options to the base class.

        Each group then holds its options, under the names that they have here.

        Args:
            params: what torch.optim.Optimizer takes: an iterable of parameters, or of dicts, each a
                group that may have options of its own. Parameters are float32 or float64, of any
                shape (0-d and empty ones too) and any strides.
            lr: the learning rate, at least 0.
            betas: β₁ and β₂, the weights of the old averages; each from 0 to below 1.
            eps: is added to the root of the squares; from 1e-8 to 0.1.

        Raises:
            ValueError: lr or eps is negative, or one of the betas is outside of [0, 1).
        """
        if lr < 0 or eps < 0:
            raise ValueError(f"lr or eps is negative: {lr}, {eps}")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are not all in [0, 1): {betas}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter p that has a gradient g.

        m = β₁ * m + (1 - β₁) * g, and v = β₂ * v + (1 - β₂) * g². Both begin at 0.

        t is the number of gradients that this parameter has had, this one too. So t is 1 at its
        first gradient. Then p becomes p - lr * (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps). eps is
        added after the correction and outside of the root.

        The results are those of `torch.optim.Adam`.

        Args:
            closure: computes the loss and makes new gradients. If it is given, it is called once,
                before anything else, with grad mode on.

        Returns:
            What the closure returned; None if there is none.

        Exactly:
            t is kept for each parameter by itself, and is exact. The powers β₁ᵗ and β₂ᵗ are of the
            betas that the group holds at this step.

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
                    _change(p, group, self.state[p])
        return loss


def _change(p: torch.Tensor, group: dict[str, Any], state: dict[str, Any]) -> None:
    g, (beta1, beta2) = p.grad, group["betas"]
    if not state:
        state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
    state["t"] += 1
    m = state["m"].mul_(beta1).add_((1 - beta1) * g)
    v = state["v"].mul_(beta2).add_((1 - beta2) * g * g)
    size = (v / (1 - beta2 ** state["t"])).sqrt() + group["eps"]
    p.sub_(group["lr"] * (m / (1 - beta1 ** state["t"])) / size)
