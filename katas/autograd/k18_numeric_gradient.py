"""A gradient from the values of a function alone, by differences.

A gradient that is written by hand, or by a new `autograd.Function`, has to be compared with
something that knows nothing of derivatives. `torch.autograd.gradcheck` compares it with central
differences, and asks for float64, because a difference of two close numbers has few digits left.

    x = tensor([1., 2.], dtype=torch.float64)
    numeric_gradient(lambda x: (x**3).sum(), x)           ->  [3.0000, 12.0000]
    numeric_gradient(lambda x: (x**3).sum(), x, eps=0.5)  ->  [3.2500, 12.2500]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


def numeric_gradient(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, eps: float = 1e-6
) -> torch.Tensor:
    """The gradient of f at x by central differences: one entry of x is moved at a time.

    For each entry j it is (f(x with eps added to entry j) - f(x with eps subtracted from entry j))
    / (2 * eps).

    Args:
        f: takes a tensor of x's shape, dtype and device, and returns a 0-d tensor of this dtype
            and device; a function or an `nn.Module`. It gives the same for the same numbers, and
            may use parameters of its own. Call it with tensors of x's shape alone, and at most
            twice for each entry of x.
        x: float64, any shape, any strides; stays as it is.
        eps: a number above 0, by which an entry is moved.

    Returns:
        A new float64 tensor of x's shape and device, which does not require grad.

    Raises:
        ValueError: x has another dtype than float64. Nothing was changed then.

    Exactly:
        x may be 0-d, and may have sizes of 1 and 0. After the call x has the same numbers, to the
        last bit. (x + eps) - eps is often not x: 0.1 + 0.5 - 0.5 is 0.09999999999999998.

        If f raises, at whichever of its calls, that error goes on to the caller, and x and all
        else is then as it was before.

        x may require grad, as a leaf or as a result of other operations, or not. x and the
        parameters of f keep their `.grad` (None or a tensor) and their `requires_grad`, and a
        module keeps its mode and is called in it.

        eps may also be as large as 1: the result is then the formula, and no longer the gradient.
        `vmap` of `torch.func` may run the calls of f as one. For an empty x it is not judged how
        often f is called.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
