"""Mix the samples of a batch in pairs, inputs and labels alike.

A classifier that is trained on mixtures of two images, with labels mixed in the same way, is less
sure of what it has not seen, and generalises better (the paper mixup, Zhang and others, 2018). timm
has it as `Mixup`, and torchvision as `transforms.v2.MixUp`. It is one of the usual augmentations
for training a vision transformer.

    x, y = tensor([[4.], [0.], [8.]]), eye(3)
    mixup(x, y), where 0.75 is drawn, and the order [1, 2, 0]
        ->  [[3.], [2.], [7.]]                      # the first is 0.75 * 4 + 0.25 * 0
        ->  [[0.75, 0.25, 0.], [0., 0.75, 0.25], [0.25, 0., 0.75]]

What holds for every kata stands in katas/README.md.
"""

from torch import Tensor


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
