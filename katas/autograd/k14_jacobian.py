"""All derivatives of a function: of each output for each input.

`backward` starts from one number. A function with several outputs has a gradient for each of them;
all of these together are its Jacobian. `scipy.optimize.least_squares` asks for one, normalizing
flows need its determinant, and `torch.func.jacrev` computes it.

    x = tensor([2., 3.])
    jacobian(lambda x: x[0] * x, x)          ->  [[4., 0.], [3., 2.]]
    jacobian(lambda x: x.square().sum(), x)  ->  [4., 6.]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


def jacobian(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, create_graph: bool = False
) -> torch.Tensor:
    """The derivative of each entry of f(x) for each entry of x.

    It is made of single derivatives: torch's own `jacrev`, `jacfwd`, `hessian` and what is called
    `jacobian` or `hessian` in `torch.autograd.functional` are forbidden. `torch.autograd.grad`,
    and `vjp`, `jvp` and `vmap` of `torch.func`, are allowed.

    Args:
        f: takes a tensor of x's shape and returns one of any shape, with x's dtype and device; a
            function or an `nn.Module`. It is made of torch's differentiable operations, gives the
            same for the same x, and may use parameters of its own. You may call it several times.
        x: float32 or float64, any shape, any strides; stays as it is.
        create_graph: whether the result can be differentiated further.

    Returns:
        A new tensor of shape (*f(x).shape, *x.shape), with x's dtype and device. Its entry
        [i..., j...] is the derivative of f(x)[i...] for x[j...], exact but for rounding.

    Exactly:
        Both shapes may be 0-d and may have sizes of 1 and 0. f(x) may have any strides, and may
        be x itself or a parameter. Where f(x) does not depend on x, the derivative is 0: also where
        f(x) is a constant that does not require grad, or depends on parameters alone. All of this
        holds with create_graph too.

        x may require grad, as a leaf or as a result of other operations, or not. x and the
        parameters of f keep their `.grad` (None or a tensor) and their `requires_grad`. A module
        keeps its mode, and f is called in it. If f raises, that error goes on to the caller, and
        all this holds then too.

        Without create_graph the result does not require grad, whatever x and f are. With it,
        gradients of the result (those of one further derivative) reach x, if x requires grad, and
        the parameters of f. Where the result depends on neither, it may require grad or not.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
