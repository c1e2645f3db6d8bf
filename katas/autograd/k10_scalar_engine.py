"""Write an autograd engine for single numbers.

A `Value` holds a number and remembers from which Values it was made. `backward()` goes this way
back, and adds to each of them by how much the end result grows if it grows by a little. PyTorch's
autograd does the same with tensors. micrograd by Andrej Karpathy is an engine of this kind, and
tinygrad has one for tensors.

    a, b = Value(2.0), Value(-3.0)
    y = a * b + a ** 2       # y.data is -2.0
    y.backward()
    a.grad, b.grad           # 1.0 and 2.0: the derivative for a is b + 2 * a, that for b is a
    c = 1 - Value(0.5).tanh()
    c.data                   # 0.5378828427399902

What holds for every kata stands in katas/README.md.
"""


class Value:
    """A number that remembers how it was computed.

    Each operation makes a new Value, out of Values, or of a Value and a number (an int or a float)
    on either side. Python calls `a.__sub__(2)` for `a - 2`, and `a.__rsub__(2)` for `2 - a`.
    Operations leave their operands as they are.

    It is made of Python's own numbers: no operation of torch runs.

    Attributes:
        data: the number; it may be set to another one between a backward and the next computation.
        grad: the sum of the derivatives that `backward()` has brought here; 0.0 at first. It may
            be set to 0.0 again.

    Exactly:
        A Value may be used as often as one likes, also twice in one operation. Values with equal
        numbers are different Values, each with a grad of its own; what `==` says of them is up to
        you. `a += b` makes a new Value too.

        data is within 1e-12 of the right number, as a share of it. grad is within 1e-12 of the
        right one, as a share of it or of 1.

        The time is in proportion to the number of Values that are made; for backward, of those
        that the result comes from, whatever else there is and however many ways lead through
        them. They may be 10,000 deep. No call goes deeper for a deeper graph, and the recursion
        limit stays as it is.
    """

    def __init__(self, data: float) -> None:
        """A Value that was not computed: a leaf."""
        raise NotImplementedError

    def __add__(self, other):
        """self + other."""
        raise NotImplementedError

    def __radd__(self, other):
        """other + self, where other is a number."""
        raise NotImplementedError

    def __sub__(self, other):
        """self - other."""
        raise NotImplementedError

    def __rsub__(self, other):
        """other - self, where other is a number."""
        raise NotImplementedError

    def __mul__(self, other):
        """self * other."""
        raise NotImplementedError

    def __rmul__(self, other):
        """other * self, where other is a number."""
        raise NotImplementedError

    def __truediv__(self, other):
        """self / other, which is not 0."""
        raise NotImplementedError

    def __rtruediv__(self, other):
        """other / self, where other is a number and self is not 0."""
        raise NotImplementedError

    def __neg__(self):
        """-self."""
        raise NotImplementedError

    def __pow__(self, exponent):
        """self to the power of a number, which is an int where self is below 0.

        Where self is 0, the exponent is 1 or more. An exponent of 0 gives 1, whose derivative is 0.
        """
        raise NotImplementedError

    def tanh(self):
        """The hyperbolic tangent of self, which is any finite number."""
        raise NotImplementedError

    def backward(self) -> None:
        """Add the derivative of self for each Value that it comes from to the grad of that one.

        These are its leaves, the Values on the way, and self, whose derivative is 1. A Value that
        was used several times gets the sum over all uses. Others keep their grad.

        Leaves add up: after backward of several results, the grad of a leaf is the sum of its
        derivatives. So it is if self is a leaf. Results that share computed Values get no backward
        one after the other, nor does the same computed result twice.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
