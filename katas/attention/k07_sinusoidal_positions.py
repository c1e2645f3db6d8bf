"""Make a row of sines and cosines for each position, as the first transformer does.

Attention itself does not know the order of tokens, so the first transformer ("Attention Is All You
Need") adds such a row to the embedding of each token. Diffusion models turn the number of a step
into a row in this way: `get_timestep_embedding` in Hugging Face's diffusers.

    sinusoidal_positions(tensor([0, 1]), 4)
        ->  [[0., 1., 0., 1.], [0.8415, 0.5403, 0.0100, 0.9999]]
    sinusoidal_positions(tensor(3), 3, base=100.0)    ->  [0.1411, -0.9900, 0.1388]

What holds for every kata stands in katas/README.md.
"""

import torch


def sinusoidal_positions(
    positions: torch.Tensor, dim: int, base: float = 10000.0
) -> torch.Tensor:
    """For each position p a row of dim numbers: sines and cosines of p times a frequency.

    The numbers of a row come in pairs of a sine and a cosine, and both have one frequency:
    sin(p·ω₀), cos(p·ω₀), sin(p·ω₁), cos(p·ω₁), ... The frequency of pair i, counted from 0, is
    ωᵢ = base^(-2i/dim). So entry j belongs to pair i = j // 2; it is a sine where j is even.

    Args:
        positions: int64, any shape, also 0-d or with sizes of 0, any strides; stays as it is.
            Positions may come in any order and more than once, each from 0 to 4095.
        dim: how many numbers a row has, at least 1. If it is odd, the row ends with a sine.
        base: a number above 1.

    Returns:
        A new float32 tensor of shape (*positions.shape, dim), on the device of positions.

    Exactly:
        Each number is within 0.001 of the right one, and within 0.000005 of it where all positions
        are at most 10.

        An odd dim stands in the exponent as it is: with dim=3, the second frequency is
        base^(-2/3).
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
