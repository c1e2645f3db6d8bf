"""Mix the samples of a batch in pairs, inputs and labels alike.

The mixed image is partly a cat, so the label has to say so to the same part: λ and π are drawn
once, and are used for both. All of λ is a Python number here, so it changes neither dtype nor
device of what it multiplies. `x[order]` makes a new tensor; whoever writes the result into x would
mix what is mixed already.

torch's distributions draw from its global generator, so `torch.manual_seed` makes a run
repeatable; `np.random.beta`, which stands in many scripts, does not listen to it.

In practice one uses `torchvision.transforms.v2.MixUp` or timm's `Mixup` in the loop or as a
`collate_fn`. Both save the permutation: one mixes neighbours, one reverses the batch.
"""

import torch
from torch import Tensor

HINTS = (
    "What is drawn once for the whole batch, and used for x and for y?",
    "`torch.distributions.Beta(alpha, alpha).sample()` is λ; it refuses alpha = 0.",
    "`torch.randperm(B)` is a permutation, and `x[order]` are the samples in that order.",
    "Make new tensors: in place, x is scaled already when its other samples are to be added.",
)


def mixup(x: Tensor, y: Tensor, alpha: float = 1.0) -> tuple[Tensor, Tensor]:
    """Each sample mixed with a sample of the same batch, and its label with the other's label.

    Each call draws one number λ (lambda) from 0 to 1 and one order π of the samples, both for the
    whole batch. Then sample i of the results is λ * x[i] + (1 - λ) * x[π[i]] and
    λ * y[i] + (1 - λ) * y[π[i]].

    - λ comes from the distribution Beta(alpha, alpha): for alpha = 1 each number is equally likely,
      for a smaller alpha λ is more often near 0 or 1, for a larger one near 1/2.
    - π is a permutation of 0 to B - 1. Each is equally likely, also those in which samples keep
      their place.

    Args:
        x: shape (B, ...), B at least 1; sizes behind may be 0, or missing. It may be tracked.
        y: shape (B, K), K at least 1, such as one-hot labels or probabilities. It may be tracked.
            Each of the two is float32 or float64, they may differ in that, and lie on one device
            with any strides. All numbers are finite. Both tensors stay as they are.
        alpha: 0, or from 0.1 to 100. With 0, λ is 1: the results are copies of x and y.

    Returns:
        A tuple of two new tensors, that of x and that of y, each with the shape and dtype of its
        own and in memory of its own. Gradients reach x and y; λ is a constant for them.

    Raises:
        ValueError: alpha is below 0.

    Exactly:
        λ and π are drawn from torch's global generator, on the CPU or on the device of x: after
        `torch.manual_seed` with the same seed the same ones are drawn, and the generators of Python
        and NumPy stay as they are. Each call draws anew. Which of the two is drawn first is up to
        you, and whether anything is drawn where alpha is 0.

        λ is used as it was drawn: also where it is below 1/2.

        λ may be drawn in float32, and 1 - λ be rounded there: results and gradients are right
        within 1e-6 of the largest number. With alpha = 0 they are exact.
    """
    if alpha < 0:
        raise ValueError(f"alpha is {alpha}; expected at least 0")
    share = torch.distributions.Beta(alpha, alpha).sample().item() if alpha else 1.0
    order = torch.randperm(len(x), device=x.device)
    return share * x + (1 - share) * x[order], share * y + (1 - share) * y[order]
