"""Step by the gradient at the worst point nearby (SAM).

A minimum that lies in a wide valley holds up better on new data than one in a narrow gap. So
sharpness-aware minimisation (Foret and others, 2020) first walks a little uphill, and takes the
gradient from there. The repository google-research/sam trains image models so, and Composer, the
training library of MosaicML, has it as `composer.algorithms.SAM`.

    p = torch.tensor([3., 4.], requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.5)
    sam_step(optimizer, lambda: (p * p).sum() / 2, rho=1.0)    ->  tensor(12.5000)
    the first gradient is [3, 4], its norm 5; so the second one is taken at [3.6, 4.8]
    p    ->  [1.2, 1.6], which is [3, 4] - 0.5 * [3.6, 4.8]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

from torch import Tensor
from torch.optim import Optimizer


def sam_step(optimizer: Optimizer, closure: Callable[[], Tensor], rho: float = 0.05) -> Tensor:
    """Take one step of sharpness-aware minimisation (SAM).

    With w the weights that are there, in this order:

    1. closure's loss at w has the gradient g. Let norm be the root of the sum of all squared
       entries of g, over all parameters of all groups together.
    2. Each parameter moves by rho * g / norm, uphill.
    3. closure's loss at the moved weights has another gradient. This one is for the step.
    4. The weights become w again, to the last bit.
    5. One `optimizer.step()` is made, without a closure, with the gradient of 3 alone in `.grad`.

    Args:
        optimizer: any of torch.optim whose step needs no closure, with one group or several.
        closure: computes the loss from the parameters, as a new 0-d tensor, and does nothing else:
            backward is up to you. It is called exactly twice.
        rho: the length of the move, 0 or more.

    Returns:
        The loss of the first call, at w: a 0-d tensor that is not tracked.

    Exactly:
        Gradients that stand in `.grad` before the call count for nothing. What stands there after
        it is up to you.

        Where norm is 0, nothing moves, and all else is done as always: the step too. 1e-12 may be
        added to the norm. Gradients have entries that are 0 or 1e-6 to 1e6 in size.

        Parameters are all float32 or all float64, on one device, of any shape and any strides.
        At least one has a gradient in both passes. One that has none in both (the loss does not
        use it, or its requires_grad is False) is as for torch: its `.grad` is None at the step,
        whatever stood there before. A tensor that is not in the optimizer stays, and has no part
        in the norm; what becomes of its `.grad` is up to you.

        Afterwards the parameters are the same objects in the same memory, with the same
        requires_grad, and views see the step. Options of the groups stay as they are, and
        `optimizer.state` holds what `optimizer.step()` puts there, nothing more.

        An exception of closure, in the first or the second call, goes on to the caller, Ctrl-C
        (KeyboardInterrupt) too. Then the weights are w, to the last bit, and no step was made.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
