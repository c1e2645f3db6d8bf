"""Write an autograd engine for single numbers.

Each Value keeps the Values that it was made of, with the derivative of this one operation for each
of them. backward hands grads on from a result to what it came from: a grad times that derivative
is added there. This is the chain rule; `+=` sums over all uses.

A Value may hand its grad on only when it is complete. So backward first puts the Values in an
order in which each stands before those that it was made of. A search in depth finds that order: a
Value is written down when all below it are, and the list is read from its end. Written with a list
of its own, and not by recursion, the search goes as deep as memory does; with a set of what it has
seen it looks at each Value once, where 40 times `y = y + y` has 2⁴⁰ ways.

In practice one calls `loss.backward()`: PyTorch counts for each node how many uses are still to
come, and hands on its gradient when none is left.
"""

import math

HINTS = (
    "What has a Value to remember, so that its grad can be handed on to where it came from?",
    "The derivative of a * b for a is b: keep such a number with each Value that was used.",
    "For `y = b * tanh(b)`: when is the grad of b complete? Put the Values in such an order first.",
    "Python calls __radd__ for `2 + a`; of 12 operators, most can be made of +, * and **.",
    "A search in depth without recursion: a list of (Value, whether all below it is done) pairs.",
)


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
        self.data = data
        self.grad = 0.0
        self._made_of = ()  # pairs: a Value, and the derivative of self for it

    def __add__(self, other):
        """self + other."""
        other = _value(other)
        return _result(self.data + other.data, (self, 1.0), (other, 1.0))

    def __radd__(self, other):
        """other + self, where other is a number."""
        return self + other

    def __sub__(self, other):
        """self - other."""
        return self + -_value(other)

    def __rsub__(self, other):
        """other - self, where other is a number."""
        return -self + other

    def __mul__(self, other):
        """self * other."""
        other = _value(other)
        return _result(self.data * other.data, (self, other.data), (other, self.data))

    def __rmul__(self, other):
        """other * self, where other is a number."""
        return self * other

    def __truediv__(self, other):
        """self / other, which is not 0."""
        return self * _value(other) ** -1

    def __rtruediv__(self, other):
        """other / self, where other is a number and self is not 0."""
        return self**-1 * other

    def __neg__(self):
        """-self."""
        return self * -1

    def __pow__(self, exponent):
        """self to the power of a number, which is an int where self is below 0.

        Where self is 0, the exponent is 1 or more. An exponent of 0 gives 1, whose derivative is 0.
        """
        slope = exponent * self.data ** (exponent - 1) if exponent else 0.0
        return _result(self.data**exponent, (self, slope))

    def tanh(self):
        """The hyperbolic tangent of self, which is any finite number."""
        result = math.tanh(self.data)
        return _result(result, (self, 1 - result**2))

    def backward(self) -> None:
        """Add the derivative of self for each Value that it comes from to the grad of that one.

        These are its leaves, the Values on the way, and self, whose derivative is 1. A Value that
        was used several times gets the sum over all uses. Others keep their grad.

        Leaves add up: after backward of several results, the grad of a leaf is the sum of its
        derivatives. So it is if self is a leaf. Results that share computed Values get no backward
        one after the other, nor does the same computed result twice.
        """
        ordered, seen, found = [], set(), [(self, False)]
        while found:
            value, is_below_done = found.pop()
            if is_below_done:
                ordered.append(value)
            elif id(value) not in seen:
                seen.add(id(value))
                found.append((value, True))
                found.extend((one, False) for one, _ in value._made_of)
        self.grad += 1.0
        for value in reversed(ordered):
            for one, slope in value._made_of:
                one.grad += value.grad * slope


def _value(other):
    """The operand as a Value; a number becomes one."""
    return other if isinstance(other, Value) else Value(other)


def _result(data, *made_of):
    """A Value that was made of others."""
    value = Value(data)
    value._made_of = made_of
    return value
