"""Leave numbers as they are, and reverse the gradient.

A classifier guesses from the features of a network where an image comes from. It learns to guess
well, and the network in front of it should learn to make that impossible: so the gradient changes
its sign between the two. This is the gradient reversal layer of DANN, the paper on
domain-adversarial training, where the scale grows while training goes on. pytorch-adapt and TLlib
have it, for networks that must work on data from elsewhere.

    x = tensor([1., -2.], requires_grad=True)
    y = reverse_gradient(x, 0.5)         ->  [1., -2.]
    after (y * tensor([2., 6.])).sum().backward(), x.grad  ->  [-1., -3.]

What holds for every kata stands in katas/README.md.
"""

import torch


def reverse_gradient(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """The numbers of x in forward; in backward, the gradient for x is multiplied by -scale.

    Only what lies before the call is reversed. The gradient of the result stays as it is, and so do
    gradients that reach x in other ways: of x + reverse_gradient(x, 0.25) the gradient is 0.75.

    Args:
        x: float32 or float64, any shape (0-d and empty too), any strides, finite numbers; stays as
            it is.
        scale: a number, 0 or more. With 0 the gradient for x is 0, not None.

    Returns:
        A tensor of exactly x's numbers, and of its shape, dtype and device. It is another object
        than x; whether it is a view or a copy is up to you.

    Exactly:
        Two calls behind each other multiply the gradient by the product of their scales, which is
        not negative.

        Derivatives of every order are right: each is multiplied by -scale once more. So
        reverse_gradient(x, s)**2 has the first derivative -2 * s * x, and the second one is
        2 * s**2.

        Several calls with different scales may wait for one backward; each keeps its own.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
