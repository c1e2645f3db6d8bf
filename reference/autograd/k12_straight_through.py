"""Round in forward, and let the gradient pass as if nothing had happened.

x + (round(x) - x) is round(x). With the bracket detached, it is a constant to autograd, and x in
front of it passes the gradient on, at every order. No digit is lost: floating point subtracts
numbers exactly that are within a factor of 2 of each other, as x and round(x) are unless that is 0.

A `torch.autograd.Function` with `torch.round` in forward and `return grad` in backward does the
same. In practice one writes the one line, or calls `torch.fake_quantize_per_tensor_affine`, which
also limits the numbers to those of 8 bits, and cuts off the gradient outside of them.
"""

import torch

HINTS = (
    "What is the gradient of `torch.round`? Print it.",
    "Which tensor can you add to x, so that the sum is round(x)?",
    "Autograd takes a detached tensor for a constant. Which part must be one, and which not?",
    "Or write a torch.autograd.Function: forward rounds, and backward returns what it gets.",
)


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
    return x + (x.round() - x).detach()
