"""RMSprop: each entry of a parameter moves by its gradient, divided by the usual size of that.

An average of squares tells how large the gradients of an entry are. So entries with small gradients
move as fast as those with large ones. The agents of DeepMind's DQN and of A3C were trained with it;
`torch.optim.RMSprop` and stable-baselines3's A2C have it to this day.

    p = nn.Parameter(tensor([1., 1.]))
    optimizer = RMSprop([p], lr=0.1, alpha=0.75)
    p.grad = tensor([4., 0.01])
    optimizer.step()             p is [0.8, 0.8]: the root of the average is [2., 0.005]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch


class RMSprop(torch.optim.Optimizer):
    """RMSprop: a step divides each gradient by the root of an average of its squares.

    The base class keeps the groups of parameters, and brings `add_param_group`, `zero_grad`,
    `state_dict` and `load_state_dict`. Write `__init__` and `step`.

    torch's own optimizers are forbidden, as classes, functions and fused operations, under whatever
    name (`torch.optim.RMSprop`, `torch.optim.rmsprop.rmsprop`). `torch._foreach_…` is
    free.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
    ) -> None:
        """Hand the parameters and the options to the base class.

        Each group then holds its options, under the names that they have here.

        Args:
            params: what torch.optim.Optimizer takes: an iterable of parameters, or of dicts, each a
                group that may have options of its own. Parameters are float32 or float64, of any
                shape (0-d and empty ones too) and any strides.
            lr: the learning rate, at least 0.
            alpha: the weight of the old average of squares, from 0 to below 1.
            eps: is added to the root of that average; from 1e-8 to 0.1.
            momentum: which share of the last step comes once more, at least 0.

        Raises:
            ValueError: lr, alpha, eps or momentum is negative.
        """
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter p that has a gradient g.

        s = alpha * s + (1 - alpha) * g², where s begins at 0 and is not corrected for that. Then
        u = g / (√s + eps), with eps outside of the root.

        Without momentum (0), p becomes p - lr * u. With it b = momentum * b + u, where b begins at
        0, and p becomes p - lr * b. The results are those of `torch.optim.RMSprop`.

        Args:
            closure: computes the loss and makes new gradients. If it is given, it is called once,
                before anything else, with grad mode on.

        Returns:
            What the closure returned; None if there is none.

        Exactly:
            lr multiplies last, and is no part of b: a new lr acts at once on all of b. Nobody
            changes a momentum from 0 to another number or back between steps.

            Options are read from the groups at each step: a scheduler may have changed them, and a
            group that was added later, or loaded, has its own.

            A parameter without a gradient (`p.grad is None`) is skipped: its numbers and its state
            stay. A gradient of zeros is a gradient: s shrinks, and b goes on. What has a
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
