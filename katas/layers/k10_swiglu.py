"""Build the feed-forward block of a transformer, with a gate.

A feed-forward block makes each row larger, bends it and makes it small again. In SwiGLU one half of
the larger row is a gate for the other: it decides how much of each number goes on. Llama, Mistral
and Qwen have this block in every layer; in Hugging Face's transformers it is `LlamaMLP`, and its
weights have the names below.

    block = SwiGLU(2, 1)
    with gate_proj.weight [[1., 0.]], up_proj.weight [[0., 1.]], down_proj.weight [[1.], [10.]]:
    block(tensor([2., 3.]))     ->  [5.2848, 52.8478], from silu(2.) * 3. = 5.2848
    block(tensor([-2., 3.]))    ->  [-0.7152, -7.1522]

What holds for every kata stands in katas/README.md.
"""

import torch


class SwiGLU(torch.nn.Module):
    """A block of three products: down(silu(gate(x)) * up(x)).

    `torch.nn.Linear`, `silu` and all else of torch may be used.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        """Make three parameters; there is no bias.

        `gate_proj.weight` and `up_proj.weight` have the shape (hidden, dim), `down_proj.weight`
        has the shape (dim, hidden). Each number is drawn for itself, uniformly between -bound and
        bound: bound is 1/sqrt(dim) for the first two, and 1/sqrt(hidden) for the last one.

        Args:
            dim: the number of features of x and of the result, at least 1.
            hidden: the number of features between, at least 1.

        Exactly:
            The parameters are float32 and require grad. They are the only ones, no one is another
            under a second name, and there is no buffer: the state_dict has just these three keys.

            The numbers come from torch's global generator: two blocks differ, and after the same
            `torch.manual_seed` they are equal.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """down(silu(gate(x)) * up(x)) for each row of x, where silu(z) = z * sigmoid(z).

        gate(x) is x·Wᵀ with the weight of gate_proj, and so are up(x) and down(...) with theirs.

        Args:
            x: shape (..., dim), any strides, of the dtype of the parameters: float32, or float64
                after `double()`. There may be any number of other dimensions, none too, and their
                sizes may be 0. It stays as it is.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x and all three weights.

        Exactly:
            Numbers and gradients are right, not inf and not NaN, for gate(x) up to 10,000 in size.

            Each call uses the parameters that the block holds then, whether they were trained,
            loaded, moved, converted, or exchanged (`block.up_proj.weight = nn.Parameter(...)`).
            They stay as they are. In train and in eval mode the result is the same.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
