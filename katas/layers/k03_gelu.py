"""Bend a line smoothly: the Gaussian error linear unit.

A large number passes as it is and a very negative one becomes 0, as in ReLU, but without a corner
between them. It stands between the two linear layers of each transformer block: BERT takes the
error function, GPT-2 and Gemma the form with tanh. They differ by up to 0.0005, so weights trained
with one give other numbers with the other.

    x = tensor([-1., 0., 1., 3.])
    gelu(x)           ->  [-0.158655, 0., 0.841345, 2.995950]
    gelu(x, "tanh")   ->  [-0.158808, 0., 0.841192, 2.996363]

What holds for every kata stands in katas/README.md.
"""

import torch


def gelu(x: torch.Tensor, approximate: str = "none") -> torch.Tensor:
    """x times the share of a normal distribution that lies below x.

    With `"none"`: x * Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 and erf is the error
    function.

    With `"tanh"`: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x³))), which is close to that.

    It is made of other operations: torch's own `gelu`, under whatever name and by way of whatever
    layer, is forbidden, forward and backward.

    Args:
        x: float32, float64, float16 or bfloat16, any shape (0-d and empty too), any strides; stays
            as it is.
        approximate: `"none"` or `"tanh"`. Any other string raises ValueError, for an empty x too.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        float32 and float64: the numbers of x may be as large as 1e10 in size; the result and the
        gradient are finite. A result may be off by 1e-6 and by 1e-5 of itself in float32, and by
        1e-12 and by 1e-12 of itself in float64.

        float16 and bfloat16: the numbers of x may be as large as 100 in size. A result may be off
        by 0.01 and by 1 % of itself (bfloat16: 5 %). Of gradients only those for x from -4 to 4
        are asked for.

        There is no inf and no NaN in x.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
