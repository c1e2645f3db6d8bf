"""Put a module into a residual block: normalise, run it, and add what went in.

The way from the first block to the last one consists of sums alone, since the norm stands on the
side, in front of the module. The gradient comes back along it unchanged, however deep the network
is. A norm behind the sum, as in the first transformer, stands in this way in every block.

The sum is a new tensor. `x += ...` would write into memory of the caller, and `result += x` into
numbers that autograd may need for the backward of the module, as it does for tanh. A result of
another shape could often be added, by broadcasting, and nobody would see it: so it is refused.

In practice one writes the line into the block itself: `x = x + self.attn(self.ln_1(x))`.
"""

import torch

HINTS = (
    "What is added to what? x itself takes part in the sum, and only the module sees norm(x).",
    "`self.module(...)` runs the hooks of a module; `self.module.forward(...)` does not.",
    "`x + result` makes a new tensor; `x += result` writes into the tensor of the caller.",
    "A result of shape (..., 1) can be added to x: compare the shapes before that.",
)


class Residual(torch.nn.Module):
    """x + module(norm(x)), with a layer norm of its own.

    All of torch's layers and functions may be used, `torch.nn.LayerNorm` too.
    """

    def __init__(self, module: torch.nn.Module, dim: int) -> None:
        """Keep the module, and make a layer norm for rows of dim numbers.

        The attribute `module` is the given module, the object itself and not a copy. The attribute
        `norm` is a layer norm as `torch.nn.LayerNorm(dim)` makes it, with the parameters `weight`
        (ones) and `bias` (zeros), both of shape (dim,).

        Args:
            module: any module that takes one tensor and returns one. It stays as it is: its
                numbers, its mode, its hooks.
            dim: the size of the last dimension of x, at least 1.

        Exactly:
            The keys of the state_dict are `norm.weight`, `norm.bias`, and those of the module
            behind `module.`. There are no other parameters or buffers. `norm.weight` and
            `norm.bias` are float32 and require grad. Nothing is drawn from a random generator.
        """
        super().__init__()
        self.norm = torch.nn.LayerNorm(dim)
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x plus what the module makes of the normalised x.

        norm(x) is (x - mean) / sqrt(variance + 1e-5) * norm.weight + norm.bias, with the mean and
        the variance along the last dimension. The variance divides by dim, not by dim - 1.

        Args:
            x: shape (..., dim), any strides, of the dtype of the parameters: float32, or float64
                after `double()`. There may be any number of other dimensions, none too, and their
                sizes may be 0.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x, norm.weight, norm.bias
            and the parameters of the module.

        Raises:
            ValueError: what the module returns has another shape than x, also where the two could
                be added.

        Exactly:
            The module is called as `self.module(...)`, with norm(x) as its only argument, and once
            in each call: so its hooks run, and what they return counts. If another module is set as
            `block.module`, that one is called from then on. `train()` and `eval()` of the block
            reach the module. The block itself does the same in both modes.

            x stays as it is, also where the module writes into what it gets. What the module
            returns is only read: the module may keep it, and autograd may need it.

            Each call uses the parameters that the block holds then, whether they were trained,
            loaded, moved, converted, or exchanged.
        """
        result = self.module(self.norm(x))
        if result.shape != x.shape:
            raise ValueError(f"the module makes {tuple(result.shape)} of {tuple(x.shape)}")
        return x + result
