"""Round in forward, and let the gradient pass as if nothing had happened.

The slope of torch.round is 0 everywhere, so nothing learns that stands before it. A
straight-through estimator rounds in forward, and pretends in backward that it has not. torchao so
trains networks that are to run with numbers of 8 or 4 bits. FSQ, in vector-quantize-pytorch, so
makes whole numbers of the features of an image.

    x = tensor([0.4, 1.5, 2.5, -0.6], requires_grad=True)
    y = round_ste(x)                     ->  [0., 2., 2., -1.]
    after (y * tensor([1., 2., 3., 4.])).sum().backward(), x.grad  ->  [1., 2., 3., 4.]

What holds for every kata stands in katas/README.md.
"""

import torch


def round_ste(x: torch.Tensor) -> torch.Tensor:
    """The numbers of x rounded, with the gradient of x itself.

    The result holds exactly the numbers of torch.round(x): halves go to the even neighbour, so that
    0.5 becomes 0 and 1.5 becomes 2. In backward, the gradient that comes in goes on to x unchanged,
    for every entry, as if nothing had been rounded.

    Args:
        x: float32, float64, float16 or bfloat16, any shape (0-d and empty too), any strides, finite
            numbers; stays as it is.

    Returns:
        A new tensor of x's shape, dtype and device.

    Exactly:
        Numbers may be as large and as small as the dtype holds them. Whether a 0 is 0. or -0. is
        not judged.

        Derivatives of every order are those of the identity. So round_ste(x)**2 has the first
        derivative 2 * round(x), and the second one is 2, not 0.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
