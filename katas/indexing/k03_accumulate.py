"""Add rows to the rows of a buffer, several of them to one.

Index i says to which buffer row the source row i goes. Where an index comes twice, both rows are
added. This is how the gradient of an embedding is collected, or the messages in a graph.

    buffer = zeros(3, 2)
    index  = tensor([2, 0, 2])
    source = tensor([[1., 2.], [10., 20.], [100., 200.]])
    accumulate_(buffer, index, source)  ->  buffer itself, which now holds
                                            [[10., 20.], [0., 0.], [101., 202.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def accumulate_(buffer: torch.Tensor, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Add each row of source to the row of buffer that its index names, in place.

    A row is what one index into the first dimension gives: a number, a row of numbers, a matrix …

    Args:
        buffer: shape (n, …), float or int, any strides without overlap; holds the sums
            afterwards, in the memory that it had, so that views of it made before see them too.
        index: shape (m,), int64, from 0 to n - 1, in any order, any of them several times or not
            at all; m may be 0. Stays as it is.
        source: shape (m, …), with buffer's dtype, and with its shape after the first dimension;
            any strides, other memory than buffer's. Stays as it is. Row i is added to
            buffer[index[i]], and to no other row, also where it holds inf or NaN.

    Returns:
        buffer itself, the same object. All three lie on one device, and none requires grad.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
