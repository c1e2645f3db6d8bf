"""Make a row of sines and cosines for each position, as the first transformer does.

A pair is a hand of a clock: it turns by ω from one position to the next. The first hand is fast
and tells near positions apart, the last ones are slow and tell where in a long text a token stands.
A sine alone would be the same at two positions of a round. With the cosine beside it, a step by k
positions is a rotation that is the same everywhere, which attention can learn.

The angle p·ω grows to thousands. In float32 it is right within 0.0003 then; in float16 even the
position is rounded from 2048 on.

In practice a model computes the rows for 0 to its longest length once, keeps them as a buffer that
is not saved, and reads them by the positions. torch has no function of its own for them.
"""

import torch

HINTS = (
    "How many different frequencies does a row have? Write down the pair to which each j belongs.",
    "`positions[..., None] * frequencies` has a row of angles for each position.",
    "`torch.stack((angles.sin(), angles.cos()), -1)` puts each sine beside its cosine; flatten it.",
    "With an odd dim, the last pair has no place for its cosine: leave it out at the end.",
)


def sinusoidal_positions(positions: torch.Tensor, dim: int, base: float = 10000.0) -> torch.Tensor:
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
    pairs = torch.arange((dim + 1) // 2, device=positions.device)
    frequencies = base ** (-2 * pairs / dim)
    angles = positions[..., None] * frequencies
    waves = torch.stack((angles.sin(), angles.cos()), -1).flatten(-2)
    return waves[..., :dim].clone()
