"""Put a module into a residual block: normalise, run it, and add what went in.

Each block of a transformer adds something to x and leaves the rest as it is, so that gradients of
a deep network have a short way back. When the norm stands in front of the module, and not behind
the sum, deep networks train well from the beginning. GPT-2, Llama and ViT are built so; in nanoGPT
it is the line `x = x + self.attn(self.ln_1(x))`.

    block = Residual(torch.nn.Identity(), 3)    # a module that gives back what it gets
    block(tensor([1., 2., 3.]))                 ->  [-0.2247, 2., 4.2247]
    block.norm(tensor([1., 2., 3.]))            ->  [-1.2247, 0., 1.2247]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
