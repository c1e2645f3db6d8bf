"""Adam: momentum, divided by the usual size of a gradient, and both corrected for their start.

Adam moves each entry of a parameter by about lr, whatever the size of its gradients is. It keeps
two averages for that: of the gradients, and of their squares. Both begin at 0, so they are too
small at first, and Adam knows by how much. GPT-3 and most GANs were trained with it.

    p = nn.Parameter(tensor([1., 1.]))
    optimizer = Adam([p], lr=0.1)
    p.grad = tensor([4., 0.01])
    optimizer.step()             p is [0.9, 0.9]: both averages are corrected, so each moves by lr

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
