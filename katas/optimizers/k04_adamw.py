"""AdamW: Adam, with a weight decay that goes around the averages.

A weight decay pulls each parameter towards 0. Added to the gradient, it would be divided by the
size of the gradients as well, and parameters with large gradients would hardly decay. AdamW shrinks
the parameter by itself. Llama was trained with it, as most language models are, with weight decay
0.1 and betas (0.9, 0.95); nanoGPT has the same numbers.

    p = nn.Parameter(tensor([1., -2.]))
    optimizer = AdamW([p], lr=0.1, weight_decay=0.5)
    p.grad = tensor([4., 0.])
    optimizer.step()             p is [0.85, -1.9]: 5 % less, and then a step of 0.1 for the first

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch


class AdamW(torch.optim.Optimizer):
    """Adam with decoupled weight decay: each step shrinks a parameter, and then moves it.

    The base class keeps the groups of parameters, and brings `add_param_group`, `zero_grad`,
    `state_dict` and `load_state_dict`. Write `__init__` and `step`.

    torch's own optimizers are forbidden, as classes, functions and fused operations, under whatever
    name (`torch.optim.AdamW`, `torch.optim.adamw.adamw`, `torch._fused_adamw_`). `torch._foreach_…`
    is free.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
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
            weight_decay: by which share of itself, times lr, a parameter shrinks; at least 0.

        Raises:
            ValueError: lr, eps or weight_decay is negative, or one of the betas is outside of
                [0, 1).
        """
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Shrink and then move each parameter p that has a gradient g.

        First p becomes p * (1 - lr * weight_decay).

        Then comes a step of Adam. Its averages see the gradient as it came, without any decay:
        m = β₁ * m + (1 - β₁) * g, and v = β₂ * v + (1 - β₂) * g². Both begin at 0.

        t is the number of gradients that this parameter has had, this one too. So t is 1 at its
        first gradient. Then p becomes p - lr * (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps).

        The results are those of `torch.optim.AdamW`.

        Args:
            closure: computes the loss and makes new gradients. If it is given, it is called once,
                before anything else, with grad mode on.

        Returns:
            What the closure returned; None if there is none.

        Exactly:
            t is kept for each parameter by itself, and is exact. The powers β₁ᵗ and β₂ᵗ are of the
            betas that the group holds at this step.

            Also right where lr * weight_decay is near 1.

            Options are read from the groups at each step: a scheduler may have changed them, and a
            group that was added later, or loaded, has its own.

            A parameter without a gradient (`p.grad is None`) is skipped: it does not decay, and its
            state stays. A gradient of zeros is a gradient: the parameter decays. What has a
            gradient is changed, whatever its requires_grad is.

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
