"""Turn pairs of features by angles that grow with the position: rotary embeddings (RoPE).

A rotation by θ is a product with the complex number e^(iθ). The score of a query turned by p·ω and
a key turned by r·ω has the angle (p - r)·ω in it: only the distance is left. Nothing is added to
the features, and a cache keeps keys that are turned already.

Which features make a pair is a convention, and weights are trained for one of them. Hugging Face's
Llama pairs i with i + D/2, as here. Meta's own code and GPT-J pair neighbours, 2i with 2i + 1. A
checkpoint that is loaded into the other convention runs, and writes nonsense.

In practice one computes cosines and sines once for all layers and applies them to q and k, as
`apply_rotary_pos_emb` in transformers does. torch has no function of its own for it; torchtune has
`RotaryPositionalEmbeddings`, for pairs of neighbours.
"""

import torch

HINTS = (
    "Where does the partner of x[..., 0] stand? `x.chunk(2, -1)` gives all a and all b.",
    "`positions[..., None] * frequencies` has an angle for each position and each pair.",
    "Angles for x of shape (B, H, T, D) have shape (T, D/2): they broadcast by themselves.",
    "`torch.cat` puts the new a and the new b where the old ones stood.",
    "4095 is no number of float16, and 257 none of bfloat16: in which dtype are the angles?",
)


def apply_rope(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """x with each pair of its features turned by an angle of its own.

    A row of D features has D/2 pairs. Pair i, counted from 0, is a = x[..., i] and
    b = x[..., i + D/2]: one feature of the first half and one of the second half. At position p
    its angle is θ = p·base^(-2i/D), and

        a becomes a·cos θ - b·sin θ
        b becomes b·cos θ + a·sin θ

    each in the place in which it stood. So the first pair is turned fastest, and every pair keeps
    its length, sqrt(a² + b²).

    Args:
        x: shape (..., T, D), D even; float32, float64, float16 or bfloat16, any strides, finite;
            stays as it is. It holds a row of D features for each of T tokens.
        positions: int64, shape (T,), or another shape of one dimension or more that broadcasts to
            x's shape without D, such as (B, 1, T) for x of shape (B, H, T, D). They may come in
            any order and more than once, each from 0 to 4095. They stay as they are.
        base: a number above 1.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Raises:
        ValueError: D is odd.

    Exactly:
        Each number is within 0.001 of its pair's length in float32, and within 0.00001 of it where
        all positions are at most 10; within 0.000000001 of it in float64, and within 3 % of it in
        float16 and bfloat16. So compute angles in float32 where x has 16 bits, which round
        positions above 256 or 2048, and in float64 where x has 64 bits.

        No pair is so long that its length is inf in x's dtype.
    """
    size = x.shape[-1]
    if size % 2:
        raise ValueError(f"x has {size} features in a row; they make pairs, so it must be even")
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    pairs = torch.arange(size // 2, dtype=wide, device=x.device)
    angles = positions[..., None] * base ** (-2 * pairs / size)
    cosines, sines = angles.cos(), angles.sin()
    a, b = x.to(wide).chunk(2, -1)
    return torch.cat((a * cosines - b * sines, b * cosines + a * sines), -1).to(x.dtype)
