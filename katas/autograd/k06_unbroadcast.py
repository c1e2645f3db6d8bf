"""Take a gradient back to the shape from before broadcasting.

Where x + y broadcasts x, one number of x is used in several places, and its gradient is the sum of
the gradients of all these places. So backward has to undo the broadcasting by sums. Each autograd
library does this behind every `+` and `*`: HIPS autograd in a function of this name, PyTorch in
`sum_to_size`.

    grad = tensor([[1., 2., 3.], [4., 5., 6.]])
    unbroadcast(grad, (3,))     ->  [5., 7., 9.]
    unbroadcast(grad, (2, 1))   ->  [[6.], [15.]]
    unbroadcast(grad, ())       ->  21.

What holds for every kata stands in katas/README.md.
"""

import torch


def unbroadcast(grad: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """grad, summed over each dimension that broadcasting added to shape or stretched.

    It is the gradient for x of `x.expand(grad.shape)`, where x has the shape `shape`.

    `sum_to_size` is forbidden.

    Args:
        grad: the gradient in the shape after broadcasting; float32 or float64, any shape, any
            strides.
        shape: the shape before broadcasting, a tuple or a `torch.Size`.

    Returns:
        A tensor of exactly that shape, with grad's dtype and device. Gradients reach grad. Where
        nothing is summed, it may be grad itself or a view of it.

    Raises:
        ValueError: shape does not broadcast to exactly grad's shape, such as (2,) or (1, 2, 3) for
            a grad of shape (2, 3), or (2, 3) for one of shape (1, 3).

    Exactly:
        Broadcasting aligns shapes at their last dimensions. It adds dimensions in front, and
        stretches a size of 1 to any other size. A size of 1 that was not stretched stays.

        Sizes of 0 are sizes too: from (0, 3) to (1, 3) each sum has no terms, and is 0. Both
        shapes may be (), which is that of a 0-d tensor.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
