"""Write an activation that keeps only x for its backward.

Autograd records each operation by itself. Of `x * torch.sigmoid(x)` it keeps x and sigmoid(x),
though the second can be computed from the first again. With `torch.autograd.Function` you write
both directions yourself, and say what is kept in between. SiLU, also called Swish, is the
activation of EfficientNet, of YOLOv5 and of Llama. timm has a Swish that keeps only x, so that
larger batches fit into the memory of a GPU.

    x = tensor([0., 1., -1.], requires_grad=True)
    y = silu(x)                         ->  [0., 0.7311, -0.2689]
    after y.sum().backward(), x.grad    ->  [0.5, 0.9277, 0.0723]

What holds for every kata stands in katas/README.md.
"""

import torch


def silu(x: torch.Tensor) -> torch.Tensor:
    """x * sigmoid(x), and only x is kept for backward.

    sigmoid(x) is 1 / (1 + exp(-x)). Gradients reach x, and can be differentiated again: derivatives
    of every order are right, for x and for the gradient that comes in.

    torch's own silu and its backward, under whatever name, are forbidden, and so is
    torch.utils.checkpoint.

    Args:
        x: float32 or float64, any shape (0-d and empty too), any strides; stays as it is.

    Returns:
        A new tensor of x's shape, dtype and device.

    Exactly:
        Between the call and backward the graph holds x, and no memory that the call has made: no
        copy of x, no sigmoid(x), and not the result either. This counts for what was given to
        save_for_backward, for attributes of ctx, and for all else that still lives when the result
        is deleted.

        The entries of x may be as large as 1,000,000 or as low as -1,000,000: the result and all
        derivatives are finite and right there too. float64 makes no detour by float32.

        If x is changed in place after the call, then backward raises RuntimeError, as it does for
        torch's own operations.

        Several calls may wait for their backward at the same time, and backward may run twice on
        one graph (retain_graph=True).
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
