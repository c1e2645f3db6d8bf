"""A loss that is made of gradients: the penalty of WGAN-GP.

The critic of a Wasserstein GAN gives a score to each sample, real or fake, and its score must not
change faster than its input does. WGAN-GP asks for that by a loss: at random points between real
and fake samples, the gradient of the score should have the norm 1. So a gradient is a part of the
loss, and training differentiates it once more. StyleGAN2 uses a relative of it, called R1.

    real, fake = tensor([[3., 4.]]), tensor([[0., 0.]])
    gradient_penalty(lambda x: x.square().sum(1), real, fake, tensor([0.5]))
    ->  16.: mix is [1.5, 2.], the gradient [3., 4.], its norm 5., and (5 - 1)² is 16

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
