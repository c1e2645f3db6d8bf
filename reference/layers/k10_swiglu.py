"""Build the feed-forward block of a transformer, with a gate.

silu is 0 for numbers far below 0 and leaves those far above as they are, so it opens or closes the
gate, and it is smooth. `sigmoid` is computed so that neither exp nor its gradient overflows; the
same formula written as z / (1 + exp(-z)) has the gradient inf / inf for z below -88.

In practice one writes this very class, with `F.silu`. Fast libraries such as vLLM keep gate_proj
and up_proj in one matrix, so that one product makes both, and fuse silu with the product by up.
"""

import torch

HINTS = (
    "Three layers without a bias: from which size to which does each of them go?",
    "Which of the two goes through silu, and what is it multiplied by?",
    "`nn.Linear` keeps its weight as (out_features, in_features), and draws it with this bound.",
    "exp of a large number is inf, and inf / inf is NaN on the way back: `torch.sigmoid` is not.",
)


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
        super().__init__()
        self.gate_proj = torch.nn.Linear(dim, hidden, bias=False)
        self.up_proj = torch.nn.Linear(dim, hidden, bias=False)
        self.down_proj = torch.nn.Linear(hidden, dim, bias=False)

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
        gate = torch.nn.functional.silu(self.gate_proj(x))
        return self.down_proj(gate * self.up_proj(x))
