"""Turn pairs of features by angles that grow with the position: rotary embeddings (RoPE).

Queries and keys are turned before their scores are computed. A product of two turned rows depends
only on how far apart their positions are, not on where they stand. Llama, Mistral, Qwen and most
language models of today know positions in this way alone.

    x = tensor([[1., 2., 0., 0.]])     # a token with two pairs: (1, 0) and (2, 0)
    apply_rope(x, tensor([0]))     ->  [[1., 2., 0., 0.]]
    apply_rope(x, tensor([1]))     ->  [[0.5403, 1.9999, 0.8415, 0.0200]]
    apply_rope(x, tensor([10]))    ->  [[-0.8391, 1.9900, -0.5440, 0.1997]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
