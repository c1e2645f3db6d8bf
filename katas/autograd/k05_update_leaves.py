"""Take a step of gradient descent on parameters, in place.

The parameters of a model are leaves: autograd fills their `.grad`, and refuses a write into them
that it would have to record. An optimizer writes nevertheless, and it must not make new tensors:
the model would go on with the old ones. The step below is torch.optim.SGD without its options;
Karpathy's makemore and the tutorials of fast.ai write it by hand.

    p = torch.tensor([1., 2.], requires_grad=True)
    p.grad = torch.tensor([10., 20.])
    sgd_step_([p], lr=0.1)
    p        ->  tensor([0., 0.], requires_grad=True), the same object as before
    p.grad   ->  None

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterable

import torch


def sgd_step_(params: Iterable[torch.Tensor], lr: float) -> None:
    """Move each parameter against its gradient, in place, and take the gradient away.

    A parameter p with a gradient g in `p.grad` holds p - lr * g afterwards, and `p.grad` is None.

    Args:
        params: leaves, float32 or float64, of any shape (0-d and empty too), in any strides but
            those in which two entries share memory. Any iterable: a list, a tuple, a generator
            that can be gone through only once, or one of nothing. No parameter comes twice.
        lr: the learning rate, a number of 0 or more. With 0 no parameter moves, but gradients are
            taken away too.

    Returns:
        None.

    Exactly:
        Each p stays the same object in the same memory: a view of p that was made before sees the
        new numbers. The step is not recorded by autograd: p is still a leaf, with the
        requires_grad that it had. Whether the step is seen by autograd's version counters is up to
        you: `p.data` is allowed.

        The tensor that was in `p.grad` keeps its numbers, and the graph that it may have: with
        create_graph=True, gradients require grad themselves.

        A parameter without a gradient stays as it is. What counts is `p.grad` alone: a parameter
        with requires_grad False moves too if it has one, and still does not require grad then.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
