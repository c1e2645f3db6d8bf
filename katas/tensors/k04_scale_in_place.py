"""Scale a tensor in place, and refuse what does not fit into its dtype.

A new tensor could have another dtype, the memory that x already has cannot. What would the product
of integers and 0.5 be there?

    x = tensor([1., 2., 3.]);  rest = x[1:]
    scale_(x, 3)                   ->  x itself, which now holds [3., 6., 9.]
    rest                           ->  tensor([6., 9.])
    scale_(tensor([1, 2]), 0.5)    ->  RuntimeError, and the tensor still holds [1, 2]

What holds for every kata stands in katas/README.md.
"""

import torch


def scale_(x: torch.Tensor, s: float) -> torch.Tensor:
    """Multiply a tensor by a number, in place.

    Args:
        x: float or integer dtype, any shape, () and empty ones too, any strides under which no two
            elements overlap. Holds the products afterwards, in the memory that it had, so that
            every view of x sees them; what lies between its elements stays as it is.
        s: a float, or an int. Unless it is to be refused, it is in the range of x's dtype.

    Returns:
        x itself, the same object, of the same dtype.

    Raises:
        RuntimeError: s is a float, be it a whole number like 2.0, and x is of an integer dtype,
            which does not hold the products. Nothing has changed in x then.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
