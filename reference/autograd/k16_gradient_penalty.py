"""A loss that is made of gradients: the penalty of WGAN-GP.

`create_graph=True` records the pass backward itself, so that the gradient it finds can be
differentiated for the parameters. mix is a leaf of its own: it is detached from real and fake, as
from the network that has made them, and is asked for its gradient. The sum of all scores has the
right gradient for each sample, since no score depends on another sample.

`torch.linalg.vector_norm` has the gradient 0 where the norm is 0. The root of a sum of squares has
inf there, and inf * 0 is NaN. In practice one writes it by `torch.autograd.grad` like this, or with
`torch.func.grad` and `vmap`.
"""

from collections.abc import Callable

import torch

HINTS = (
    "alpha has shape (B,): with which shape does it meet real, so that each sample has its own?",
    "Detach mix from real and fake, and let it require grad: then ask for the gradient for mix.",
    "`torch.autograd.grad` of the sum of all scores gives the gradient of each sample.",
    "Only with create_graph=True does the gradient know of the critic's parameters.",
    "Flatten each gradient before the norm; what is the gradient of a root at 0?",
)


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    alpha: torch.Tensor | None = None,
) -> torch.Tensor:
    """The mean of (norm of the critic's gradient - 1)², at points between real and fake samples.

    Each sample has a point mix = alpha * real + (1 - alpha) * fake with an alpha of its own. The
    gradient of a sample is that of the sum of its scores for its mix, and the norm is the root of
    the sum of the squares of all entries of that gradient.

    Args:
        critic: a function or an `nn.Module` that takes all mixes as one tensor of real's shape,
            and returns scores of shape (B,) or (B, ...), with real's dtype and device. It is made
            of torch's differentiable operations, scores each sample by itself, and may use
            parameters of its own. Call it once, with mix.
        real: shape (B, ...), two to four dimensions, all sizes at least 1; float32 or float64, any
            strides; stays as it is.
        fake: real's shape, dtype and device; stays as it is.
        alpha: shape (B,), real's dtype and device, from 0 to 1. None stands for a uniform random
            number from 0 to 1 for each sample, of torch's global generator (that of the CPU or
            that of real's device): the same seed gives the same result. Set no seed.

    Returns:
        A new 0-d tensor of real's dtype and device. Its gradient reaches the parameters of critic,
        and neither real nor fake (None or 0).

    Exactly:
        real and fake may require grad, as leaves or as results of other operations. The result
        requires grad if a parameter of critic does; if none does, it may require grad or not.

        Where a sample's gradient is 0 everywhere, its norm is 0 and counts (0 - 1)², and it adds 0
        to the gradient of the parameters, and not NaN. For that, 1e-12 or less may be added under
        the root.

        real, fake and the parameters of critic keep their `.grad` (None or a tensor) and their
        `requires_grad`, and a module keeps its mode and is called in it. If critic raises, that
        error goes on to the caller, and all is then as it was before.
    """
    if alpha is None:
        alpha = torch.rand(len(real), dtype=real.dtype, device=real.device)
    alpha = alpha.reshape(-1, *[1] * (real.dim() - 1))
    mix = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(mix).sum(), mix, create_graph=True)
    norm = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return ((norm - 1) ** 2).mean()
