"""A softmax that leaves out what a mask hides.

Softmax turns the numbers along one dimension into shares that add up to 1: exp(x) over the sum of
all exp(x). Here a mask says which entries take part. The others get no share, whatever they hold,
and where none takes part there is nothing to share out.

    x = tensor([[0., 0., 5.], [1., nan, inf]])
    mask = tensor([[True, True, False], [False, False, False]])
    masked_softmax(x, mask, 1)   ->  [[0.5, 0.5, 0.], [0., 0., 0.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def masked_softmax(x: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """The softmax along one dimension over the entries that the mask keeps.

    It is made of other operations: torch's own `softmax` and `log_softmax`, under whatever name
    and by way of whatever layer, are forbidden, forward and backward.

    Args:
        x: at least one dimension and one entry; float64, float32, float16 or bfloat16, any
            strides; stays as it is. What is kept is finite, of any size. What is hidden may also
            be NaN or infinite, and does no harm.
        mask: bool, of a shape that broadcasts to x's, on x's device; True keeps, False hides;
            stays as it is.
        dim: the dimension along which the shares add up to 1; negative counts from the end.

    Returns:
        A tensor with x's shape, dtype and device. A hidden entry is exactly 0, and where nothing
        is kept along dim all are 0. float16 is within 1 %, bfloat16 within 5 % of the result in
        float32, where that is above 0.001. Gradients reach x: exactly 0, never NaN, at hidden
        entries, and everywhere where nothing is kept along dim.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
