"""Compute again in backward what there is no memory for.

For backward, autograd keeps the results of almost every operation, and most of the memory of a
training goes into that. Checkpointing keeps only the input of a block. In backward it runs the
block a second time: a third more work, for a fraction of the memory. Large models are trained
so; in Hugging Face's transformers it is `model.gradient_checkpointing_enable()`.

    x = tensor([1., 2.], requires_grad=True)
    y = checkpoint(lambda x, n: (x * n).exp(), x, 2.0)  ->  [7.3891, 54.5981]; f has run once
    y.sum().backward()                                  ->  f has run twice
    x.grad                                              ->  [14.7781, 109.1963]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


def checkpoint(f: Callable[..., torch.Tensor], *args: object) -> torch.Tensor:
    """f(*args), whose intermediate results are not kept, but computed again in backward.

    The call runs f once. `backward()` on what is computed from the result runs f once more, with
    the same arguments and the same random numbers, and adds the gradients to the `.grad` of the
    tracked arguments and of the parameters of f, as it does without checkpoint.

    torch.utils.checkpoint is forbidden.

    Args:
        f: a function or an `nn.Module`; it is made of torch's differentiable operations, returns
            one new tensor, and gives the same for the same arguments and random numbers. Its
            parameters, those of the module or leaves that a function uses, may require grad or not.
        args: what f is called with: tensors of any dtype, also int, and anything else, which f
            gets as it is. Tensors may require grad, as leaves or as results of other operations,
            or not; one may come twice. A tensor inside of a list or dict does not require grad.

    Returns:
        What f returns: its values, shape, dtype and device. It requires grad.

    Exactly:
        An argument or a parameter of f requires grad, and the result depends on it. It may be
        parameters alone: they get their gradients also if no argument requires grad, if none is a
        tensor, or if there are no arguments.

        Between the call and backward, args (no copies of them), the states of random generators
        and one number may be kept. All other memory that the call has made is free again, except
        for the result. Several calls may wait for their backward at the same time, and one may get
        what another has returned.

        Random numbers come from torch's global generators, that of the CPU and that of the GPU if
        there is one. The call draws what f alone would draw. backward leaves the generators as they
        were before it, whatever was drawn since the call.

        Under `torch.no_grad()` f runs once and the result does not require grad.

        Arguments and parameters keep their requires_grad, and a module keeps its mode. `backward()`
        is called once, without `inputs=` or create_graph.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
