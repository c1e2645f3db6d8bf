"""Clip the norm of all gradients.

One bad batch can give gradients a hundred times as large as usual, and a single step along them
ruins a model. So nearly every large language model is trained with clipping to a norm of 1. It
stands between backward and the step: nanoGPT calls `torch.nn.utils.clip_grad_norm_` there, and the
Trainer of Hugging Face's Transformers does so with its option max_grad_norm.

    a = torch.zeros(2, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    a.grad, b.grad = torch.tensor([3., 4.]), torch.tensor([12.])
    clip_grad_norm_([a, b], 6.5)    ->  tensor(13.), the root of 9 + 16 + 144
    a.grad, b.grad                  ->  tensor([1.5000, 2.0000]) and tensor([6.])

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterable

from torch import Tensor


def clip_grad_norm_(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients down together, in place, if their common norm is larger than max_norm.

    The norm is the root of the sum of all squared entries of all gradients, as if they were one
    long vector. Each gradient is multiplied by one and the same factor, min(1, max_norm / norm):
    their direction stays, and none becomes larger. A small number may be added to the norm before
    the division: any from 0 to 1e-6 is right.

    Args:
        parameters: tensors, each with a gradient in `.grad` or None there. Any iterable: a list, a
            tuple, a generator that can be gone through only once, or one of nothing. No parameter
            comes twice, and no two share the memory of their gradients.
        max_norm: a number above 0; with math.inf nothing is scaled.

    Returns:
        The norm before the scaling, a 0-d tensor on the device of the gradients. It is float64 if
        one of the gradients is, an empty one too, else float32. Without gradients it is a float32
        0, on any device.

    Raises:
        RuntimeError: the norm is infinite or NaN. Then no gradient was changed.

    Exactly:
        A parameter whose gradient is None is skipped. What counts is `.grad` alone: a parameter
        with requires_grad False is clipped too if it has one.

        Gradients are float32 and float64, with entries up to 1e15 in size, and float16 and
        bfloat16, up to 6e4. One call may have several dtypes. All lie on one device. They have any
        shape (0-d and empty too) and any strides but those in which two entries share memory.
        Entries are 0, or at least 1e-6 in size in float32 and float64, 1e-4 in the 16-bit dtypes.

        `p.grad` stays the same tensor in the same memory. Where the factor is 1, it keeps its exact
        numbers; this is so for a norm of 0. Parameters stay as they are. Nothing is recorded by
        autograd: the norm is not tracked, even where gradients have a graph (create_graph=True).

        Norm and gradients are right to 1 % where there are 16-bit gradients, to 1e-5 where there
        are float32 ones, else to 1e-12. With 16-bit ones, max_norm / norm is at least 1e-3.

        `torch.nn.utils.clip_grad_norm_`, `get_total_norm` and `clip_grads_with_norm_` are not
        allowed, under whatever name.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
