"""Wrong and right answers to autograd/k10_scalar_engine."""

import collections
import heapq
import itertools
import math
import sys
from dataclasses import dataclass, field

import torch

from dojo.impostors import alternative, impostor


class Sound:
    """A right engine, as micrograd is built: each Value knows how to hand its grad on.

    The answers below differ from it in one method.
    """

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
        self.hand_on = lambda: None

    def lift(self, other):
        return other if isinstance(other, Sound) else type(self)(other)

    def make(self, data, *parents):
        """A new Value; parents are pairs of a Value and the derivative for it."""
        result = type(self)(data, tuple(parent for parent, _ in parents))

        def hand_on():
            for parent, slope in parents:
                parent.grad += slope * result.grad

        result.hand_on = hand_on
        return result

    def __add__(self, other):
        other = self.lift(other)
        return self.make(self.data + other.data, (self, 1.0), (other, 1.0))

    __radd__ = __add__

    def __mul__(self, other):
        other = self.lift(other)
        return self.make(self.data * other.data, (self, other.data), (other, self.data))

    __rmul__ = __mul__

    def __pow__(self, n):
        return self.make(self.data**n, (self, n * self.data ** (n - 1) if n else 0.0))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self.lift(other)

    def __rsub__(self, other):
        return self.lift(other) - self

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def tanh(self):
        result = math.tanh(self.data)
        return self.make(result, (self, 1 - result * result))

    def ordered(self):
        """The Values that this one comes from, each behind all its uses."""
        order, seen, waiting = [], {self}, [(self, iter(self.parents))]
        while waiting:
            value, parents = waiting[-1]
            for parent in parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append((parent, iter(parent.parents)))
                    break
            else:
                order.append(value)
                waiting.pop()
        return order[::-1]

    def backward(self):
        self.grad += 1.0
        for value in self.ordered():
            value.hand_on()


# ---------------------------------------------------------------- wrong


@impostor(
    "Value",
    diagnosis="The search calls itself for each Value below: Python ends that after 1000 calls.",
    aspect="cost",
)
class SearchesByRecursion(Sound):
    def ordered(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        return order[::-1]


@impostor(
    "Value",
    diagnosis="The recursion limit is raised; a loop with a list of its own needs no limit.",
    aspect="cost",
)
class RaisesTheLimit(Sound):
    def ordered(self):
        order, seen = [], set()
        sys.setrecursionlimit(100_000)

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        return order[::-1]


@impostor(
    "Value",
    diagnosis="grad is set where it should be added to: the last of several uses wins.",
    aspect="gradient",
)
class SetsTheGrad(Sound):
    def make(self, data, *parents):
        result = super().make(data, *parents)

        def hand_on():
            for parent, slope in parents:
                parent.grad = slope * result.grad

        result.hand_on = hand_on
        return result


@impostor(
    "Value",
    diagnosis="Values hand on in the order of a breadth-first search, some before all their uses"
    " have added to them.",
    aspect="gradient",
)
class GoesBreadthFirst(Sound):
    def ordered(self):
        order, seen, queue = [], {self}, collections.deque([self])
        while queue:
            value = queue.popleft()
            order.append(value)
            for parent in value.parents:
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)
        return order


@impostor(
    "Value",
    diagnosis="A Value is written down before those below it are done, so that some hand on before"
    " all their uses have added to them.",
    aspect="gradient",
)
class WritesDownTooEarly(Sound):
    def ordered(self):
        order, seen, waiting = [], set(), [self]
        while waiting:
            value = waiting.pop()
            if value not in seen:
                seen.add(value)
                order.append(value)
                waiting.extend(value.parents)
        return order


@impostor(
    "Value",
    diagnosis="The operands are kept in a set or a dict, where a * a has one operand and not two.",
    aspect="gradient",
)
class CountsASquareOnce(Sound):
    def make(self, data, *parents):
        return super().make(data, *dict(parents).items())


@impostor(
    "Value",
    diagnosis="2 - a is computed as a - 2.",
    aspect="values",
)
class SwapsADifference(Sound):
    def __rsub__(self, other):
        return self - other


@impostor(
    "Value",
    diagnosis="tanh by exp(2x) overflows for large x; math.tanh takes any number.",
    aspect="values",
)
class TakesTanhByExp(Sound):
    def tanh(self):
        e = math.exp(2 * self.data)
        result = (e - 1) / (e + 1)
        return self.make(result, (self, 1 - result * result))


@impostor(
    "Value",
    diagnosis="The formula with exp loses digits near 0, where e^x - e^-x has few left.",
    aspect="values",
)
class LosesDigitsOfTanh(Sound):
    def tanh(self):
        x = min(max(self.data, -300.0), 300.0)
        up, down = math.exp(x), math.exp(-x)
        result = (up - down) / (up + down)
        return self.make(result, (self, 1 - result * result))


@impostor(
    "Value",
    diagnosis="The derivative of tanh is taken of x; it is 1 minus the square of the result.",
    aspect="gradient",
)
class TakesTheSlopeOfX(Sound):
    def tanh(self):
        return self.make(math.tanh(self.data), (self, 1 - min(abs(self.data), 1e100) ** 2))


@impostor(
    "Value",
    diagnosis="n * a ** n / a has no value at a = 0; n * a ** (n - 1) has.",
    aspect="gradient",
)
class DividesByTheBase(Sound):
    def __pow__(self, n):
        slope = n * self.data**n / self.data if self.data else 0.0
        return self.make(self.data**n, (self, slope))


@impostor(
    "Value",
    diagnosis="Each way through the graph is walked; each Value is to be looked at once.",
    aspect="cost",
)
class WalksEachWay(Sound):
    def make(self, data, *parents):
        result = super().make(data, *parents)
        result.pairs = parents
        return result

    pairs = ()

    def backward(self):
        waiting = [(self, 1.0)]
        while waiting:
            value, grad = waiting.pop()
            value.grad += grad
            waiting.extend((parent, grad * slope) for parent, slope in value.pairs)


@impostor(
    "Value",
    diagnosis="What was seen is kept in a list: `in` then compares with all of it.",
    aspect="cost",
)
class SearchesAList(Sound):
    def ordered(self):
        order, seen, waiting = [], [self], [(self, iter(self.parents))]
        while waiting:
            value, parents = waiting[-1]
            for parent in parents:
                if parent not in seen:
                    seen.append(parent)
                    waiting.append((parent, iter(parent.parents)))
                    break
            else:
                order.append(value)
                waiting.pop()
        return order[::-1]


@impostor(
    "Value",
    diagnosis="Their ids are kept in a list: `in` then compares with all of it.",
    aspect="cost",
)
class SearchesAListOfIds(Sound):
    def ordered(self):
        order, seen, waiting = [], [id(self)], [(self, iter(self.parents))]
        while waiting:
            value, parents = waiting[-1]
            for parent in parents:
                if id(parent) not in seen:
                    seen.append(id(parent))
                    waiting.append((parent, iter(parent.parents)))
                    break
            else:
                order.append(value)
                waiting.pop()
        return order[::-1]


@impostor(
    "Value",
    diagnosis="0 + a gives a itself, as for sum(); expected a new Value.",
    aspect="type",
)
class GivesItselfForZero(Sound):
    def __radd__(self, other):
        return self if other == 0 else self + other


@impostor(
    "Value",
    diagnosis="All Values ever made stand in one list, and backward goes through all of it.",
    aspect="cost",
)
class KeepsATape(Sound):
    tape = ()

    def make(self, data, *parents):
        result = super().make(data, *parents)
        type(self).tape = (type(self).tape, result, parents)  # the tape so far, and one more
        return result

    def backward(self):
        brought, tape = collections.defaultdict(float, {self: 1.0}), self.tape
        while tape:
            tape, value, parents = tape
            for parent, slope in parents:
                brought[parent] += brought.get(value, 0.0) * slope
        for value, grad in brought.items():
            value.grad += grad


@impostor(
    "Value",
    diagnosis="Only leaves keep their grad; that of the Values on the way is set back to 0.",
    aspect="gradient",
)
class KeepsGradsOfLeavesOnly(Sound):
    def backward(self):
        super().backward()
        for value in self.ordered():
            if value.parents:
                value.grad = 0.0


@impostor(
    "Value",
    diagnosis="All grads are set to 0 before backward, so leaves do not add up over results.",
    aspect="gradient",
)
class ForgetsEarlierGrads(Sound):
    def backward(self):
        for value in self.ordered():
            value.grad = 0.0
        super().backward()


@impostor(
    "Value",
    diagnosis="Values with equal numbers count as one, since a dataclass compares what they hold.",
    aspect="gradient",
)
class TakesEqualOnesForOne(Sound):
    def __eq__(self, other):
        return isinstance(other, Sound) and self.data == other.data

    def __hash__(self):
        return hash(self.data)


@impostor(
    "Value",
    diagnosis="`+=` changes the Value itself, with all that was computed from it.",
    aspect="memory",
)
class AddsInPlace(Sound):
    def __iadd__(self, other):
        self.data += self.lift(other).data
        return self


@impostor(
    "Value",
    diagnosis="The engine is torch's own; the kata is to write one.",
    aspect="structure",
)
class AsksTorch(Sound):
    def tanh(self):
        result = torch.tensor(self.data, dtype=torch.float64).tanh().item()
        return self.make(result, (self, 1 - result * result))


# ---------------------------------------------------------------- right


@alternative("Value")
class InTheOrderOfMicrograd(Sound):
    """Closures, and the search in depth without recursion."""


@alternative("Value")
class CountsUses(Sound):
    """Hands on when the last use has added its share, as torch does."""

    def backward(self):
        uses, waiting, seen = collections.Counter(), [self], {id(self)}
        while waiting:
            for parent in waiting.pop().parents:
                uses[id(parent)] += 1
                if id(parent) not in seen:
                    seen.add(id(parent))
                    waiting.append(parent)
        self.grad += 1.0
        ready = [self]
        while ready:
            value = ready.pop()
            value.hand_on()
            for parent in value.parents:
                uses[id(parent)] -= 1
                if not uses[id(parent)]:
                    ready.append(parent)


@alternative("Value")
class ByTheTimeOfBirth(Sound):
    """A Value is younger than what it was made of: the youngest hands on first."""

    births = itertools.count()

    def __init__(self, data, parents=()):
        super().__init__(data, parents)
        self.birth = next(self.births)

    def backward(self):
        self.grad += 1.0
        waiting, seen = [(-self.birth, self)], {id(self)}
        while waiting:
            _, value = heapq.heappop(waiting)
            value.hand_on()
            for parent in value.parents:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    heapq.heappush(waiting, (-parent.birth, parent))


@alternative("Value")
@dataclass
class ByDataclass:
    """One formula for each operation, and derivatives that are computed in backward."""

    data: float
    grad: float = 0.0
    parents: tuple = field(default=(), repr=False)
    slopes: object = field(default=None, repr=False)

    def _new(self, data, slopes, *others):
        return type(self)(float(data), 0.0, (self, *others), slopes)

    def _lift(self, other):
        return other if isinstance(other, type(self)) else type(self)(float(other))

    def __add__(self, other):
        return self._new(self.data + self._lift(other).data, lambda *_: (1, 1), self._lift(other))

    def __sub__(self, other):
        other = self._lift(other)
        return self._new(self.data - other.data, lambda *_: (1, -1), other)

    def __mul__(self, other):
        other = self._lift(other)
        return self._new(self.data * other.data, lambda _, a, b: (b.data, a.data), other)

    def __truediv__(self, other):
        other = self._lift(other)
        return self._new(
            self.data / other.data,
            lambda y, _, b: (1 / b.data, -y.data / b.data),
            other,
        )

    def __neg__(self):
        return self._new(-self.data, lambda *_: (-1,))

    def __pow__(self, n):
        return self._new(self.data**n, lambda _, a: (n * a.data ** (n - 1) if n else 0,))

    def tanh(self):
        return self._new(math.tanh(self.data), lambda y, _: ((1 - y.data) * (1 + y.data),))

    def __radd__(self, other):
        return self._lift(other) + self

    def __rsub__(self, other):
        return self._lift(other) - self

    def __rmul__(self, other):
        return self._lift(other) * self

    def __rtruediv__(self, other):
        return self._lift(other) / self

    def backward(self):
        """Collect grads in a dict first, and add them at the end."""
        values, waiting, uses = {}, [self], {}
        while waiting:
            value = waiting.pop()
            if id(value) not in values:
                values[id(value)] = value
                for parent in value.parents:
                    uses[id(parent)] = uses.get(id(parent), 0) + 1
                    waiting.append(parent)
        grads, ready = {id(self): 1.0}, [self]
        while ready:
            value = ready.pop()
            if not value.parents:
                continue
            slopes = value.slopes(value, *value.parents)
            for parent, slope in zip(value.parents, slopes, strict=True):
                grads[id(parent)] = grads.get(id(parent), 0.0) + slope * grads[id(value)]
                uses[id(parent)] -= 1
                if uses[id(parent)] == 0:
                    ready.append(parent)
        for key, grad in grads.items():
            values[key].grad += grad


@alternative("Value")
class OfNumbersOnly:
    """Keeps numbers of its own for what it was made of; a generator gives the order."""

    __slots__ = ("data", "grad", "left", "left_slope", "right", "right_slope")

    def __init__(self, data):
        self.data, self.grad = data, 0.0
        self.left = self.right = None
        self.left_slope = self.right_slope = 0.0

    def _binary(self, data, left, left_slope, right=None, right_slope=0.0):
        y = type(self)(data)
        y.left, y.left_slope, y.right, y.right_slope = left, left_slope, right, right_slope
        return y

    def __add__(self, other):
        if isinstance(other, (int, float)):
            return self._binary(self.data + other, self, 1.0)
        return self._binary(self.data + other.data, self, 1.0, other, 1.0)

    def __mul__(self, other):
        if isinstance(other, (int, float)):
            return self._binary(self.data * other, self, other)
        return self._binary(self.data * other.data, self, other.data, other, self.data)

    def __sub__(self, other):
        if isinstance(other, (int, float)):
            return self._binary(self.data - other, self, 1.0)
        return self._binary(self.data - other.data, self, 1.0, other, -1.0)

    def __truediv__(self, other):
        if isinstance(other, (int, float)):
            return self._binary(self.data / other, self, 1 / other)
        y = self.data / other.data
        return self._binary(y, self, 1 / other.data, other, -y / other.data)

    def __radd__(self, other):
        return self._binary(other + self.data, self, 1.0)

    def __rmul__(self, other):
        return self._binary(other * self.data, self, other)

    def __rsub__(self, other):
        return self._binary(other - self.data, self, -1.0)

    def __rtruediv__(self, other):
        return self._binary(other / self.data, self, -other / self.data**2)

    def __neg__(self):
        return self._binary(-self.data, self, -1.0)

    def __pow__(self, n):
        return self._binary(self.data**n, self, 0.0 if n == 0 else n * self.data ** (n - 1))

    def tanh(self):
        x = max(min(self.data, 300.0), -300.0)
        return self._binary(math.tanh(x), self, 1 / math.cosh(x) ** 2)

    def _below(self):
        seen, waiting = set(), [(self, False)]
        while waiting:
            value, is_done = waiting.pop()
            if is_done:
                yield value
            elif value is not None and value not in seen:
                seen.add(value)
                waiting += [(value, True), (value.left, False), (value.right, False)]

    def backward(self):
        self.grad += 1
        for value in reversed(list(self._below())):
            if value.left is not None:
                value.left.grad += value.left_slope * value.grad
            if value.right is not None:
                value.right.grad += value.right_slope * value.grad
