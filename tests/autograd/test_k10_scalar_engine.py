"""The checks of autograd/k10_scalar_engine: small programs, differentiated by imaginary steps."""

import builtins
import cmath
import re
import sys

from dojo.checks import CheckFailed, Trace, aspect, describe, expect

NEAR = 1e-12
TINY = 1e-30  # a step in the imaginary direction: its square is nothing, so no digit is lost
EXACT = "`math.tanh` knows every float: formulas with exp overflow, or lose the digits near 0."
LEFT = "The number stands on the left here: Python calls the method with an r in its name."
POWER = "The derivative of a ** n for a is n * a ** (n - 1), and 0 where n is 0."
TANH = "The derivative of tanh is 1 minus the square of its result, not of its operand."
LOCAL = "Each operand gets the grad of the result, times the derivative of this one operation."
WHOLE = "A Value may hold an int: 7 / 2 is 3.5, and not 3."
USES = "Each use adds its share: write `+=`, also where both operands are the same Value."
EQUAL = "Values with equal numbers are different Values: remember which you saw by their identity."
ORDER = "A Value may hand its grad on only after all uses of it have added theirs."
STAY = "All Values keep their grad, those on the way and the result too; y.grad is 1."
ADDS = "backward adds to grad what this result brings, and touches nothing else."
KEEP = "Make a new Value of each operation, and leave the operands as they are."
NUMBERS = "Compute with Python's own numbers and the module math."
LOOP = "Keep the Values that are still to be looked at in a list, and go through it in a loop."
ONCE = "Look at each Value once, however many ways lead there: remember which you saw."
SEEN = "`in` compares with all of a list, one after another; a set finds a Value or an id at once."
OWN = "Keep what a Value was made of with that Value, and nothing on the class or the module."

A, AB = {"a": 0.75}, {"a": 0.75, "b": -1.5}
# a program, the numbers of its leaves, where to look
OPERATIONS = [(f"y = a {sign} b", AB, LOCAL) for sign in "+-*/"]
OPERATIONS += [("y = -a", A, LOCAL), ("y = a.tanh()", A, TANH)]
OPERATIONS += [(f"y = a {sign} 2.5", A, LOCAL) for sign in "+-*/"]
OPERATIONS += [(f"y = 3 {sign} a", A, LEFT) for sign in "+-*/"]
OPERATIONS += [(f"y = {same}", A, KEEP) for same in ("a + 0", "0 + a", "a * 1", "1 * a", "a / 1")]
OPERATIONS += [(f"y = a ** {n}", A, POWER) for n in (3, -2, 0.5, 1, 0)]
CORNERS = [(f"y = a ** {n}", {"a": 0.0}, POWER) for n in (1, 2, 1.5)]
CORNERS += [(f"y = a ** {n}", {"a": -2}, POWER) for n in (3, -1, 2.0)]
CORNERS += [(f"y = a {sign} b", {"a": 0.0, "b": 4}, LOCAL) for sign in "*/"]
CORNERS += [(f"y = {of}", {"a": 2, "b": 7}, WHOLE) for of in ("b / a", "7 / a", "b / 2", "a ** -1")]
CORNERS += [("y = a.tanh()", {"a": x}, EXACT) for x in (0, 1e-9, -3e-5, -20.0, 1000.0, -1e300)]
GRAPHS = [(f"y = a {sign} a", A, USES) for sign in "*+-/"]
GRAPHS += [("b = a * 2; c = a * 2; y = b * c", A, EQUAL), ("b = a * 3; y = b * b + b", A, ORDER)]
GRAPHS += [(f"b = a * 3; c = b.tanh(); y = {end}", A, ORDER) for end in ("b * c", "c * b")]
GRAPHS += [("b = a + 1; c = b * a; d = c * b; y = d * a", A, ORDER)]
GRAPHS += [("b = a * a; c = b * 2; d = c - b; e = d * c; y = b + e * a", A, ORDER)]
GRAPHS += [("h = a * b + 0.5; t = h.tanh(); y = (1 - t) ** 2 / (2 + t * a) - h / 4", AB, ORDER)]


def truth(program, numbers):
    """Name → the number that it means in the end, and the derivative of y for it."""
    steps = [f"{name} = {number}" for name, number in numbers.items()]
    steps += re.sub(r"(\w)\.tanh\(\)", r"tanh(\1)", program).split("; ")

    def run(moved=""):
        names = {"tanh": cmath.tanh}
        for step in steps:
            exec(step, names)
            if step.startswith(f"{moved} ="):
                names[moved] += TINY * 1j
        return names

    names = [step.partition(" = ")[0] for step in steps]
    return {name: (run()[name].real, run(name)["y"].imag / TINY) for name in names}


TRUTHS = {
    (program, *numbers.values()): truth(program, numbers)
    for program, numbers, _ in OPERATIONS + CORNERS + GRAPHS
}


def run(solution, program, numbers, hint):
    """Run a program with Values; return what its names mean."""
    names = {name: solution.Value(number) for name, number in numbers.items()}
    made = ", ".join(f"{name} = Value({number})" for name, number in numbers.items())
    solution.last_call, solution.hint = f"{made}; {program}", hint
    exec(program, {}, names)
    return names


def expect_near(got, expected, what, hint, least=0.0):
    """Fail unless a number is as near as that to the right one."""
    is_number = isinstance(got, int | float) and not isinstance(got, bool)
    expect(is_number, f"gives {describe(got)} as {what}; expected a number.", hint)
    is_near = bool(abs(got - expected) <= NEAR * max(abs(expected), least))  # of NumPy's, too
    expect(is_near, f"gives {what} = {got:.10g}; expected {expected:.10g}.", hint)


def expect_grads(solution, programs):
    """Fail unless the grads of all names are right after backward of y."""
    for program, numbers, hint in programs:
        names = run(solution, program, numbers, hint)
        solution.last_call += "; y.backward()"
        names["y"].backward()
        for name, (_, slope) in TRUTHS[(program, *numbers.values())].items():
            is_empty = name not in numbers and not names[name].grad
            where = STAY if is_empty else hint
            expect_near(names[name].grad, slope, f"{name}.grad", where, least=1.0)


class Steps:
    """Counts the lines of Python that run in a ``with`` block, and how deep calls go.

    Args:
        most: the number of lines that end it.
    """

    def __init__(self, most):
        self.lines = self.depth = self.deepest = 0
        self._most = most

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._follow)
        return self

    def __exit__(self, *_error):
        sys.settrace(self._before)

    def _follow(self, _frame, event, _argument):
        self.lines += 1
        self.depth += {"call": 1, "return": -1}.get(event, 0)
        self.deepest = max(self.deepest, self.depth)
        if self.lines > self._most:
            raise CheckFailed(f"runs more than {self._most} lines of Python.", ONCE)
        return self._follow


def doublings(value, n):
    """y = y + y, again and again"""
    y = value(0.5)
    for _ in range(n):
        y = y + y
    return y


def long_sum(value, n):
    """a sum of many leaves"""
    y = value(0.5)
    for _ in range(n):
        y = y + value(1.5)
    return y


def many_uses(value, n):
    """a sum of one leaf, again and again"""
    a = y = value(0.5)
    for _ in range(n):
        y = y + a
    return y


@aspect("type")
def test_operations_make_values(solution):
    """A Value has numbers as data and grad, and each operation makes a new Value."""
    for number in (2, -1.5):
        value = solution.Value(number)
        expect_near(value.data, number, "data", "Keep the number as `self.data`.")
        expect_near(value.grad, 0.0, "grad", "A grad begins with 0.0.")
    for program, numbers, hint in OPERATIONS:
        names = run(solution, program, numbers, hint)
        y = names["y"]
        is_value = isinstance(y, type(names["a"]))
        expect(is_value, f"gives {describe(y)} as y; expected a Value.", hint)
        is_new = all(y is not names[name] for name in numbers)
        expect(is_new, "gives an operand itself as y; expected a new Value.", KEEP)
        expect_near(y.grad, 0.0, "y.grad", "A grad is 0.0 until backward brings something.")


@aspect("values")
def test_data(solution):
    """data is the result of the operation, with a number on either side too."""
    for program, numbers, hint in OPERATIONS + CORNERS + GRAPHS:
        names = run(solution, program, numbers, hint)
        for name, (number, _) in TRUTHS[(program, *numbers.values())].items():
            where = hint if hint in (LEFT, EXACT) else NUMBERS
            expect_near(names[name].data, number, f"{name}.data", where)


@aspect("gradient")
def test_the_derivatives_of_operations(solution):
    """Each operation brings its derivative to its operands, and 1 to the result."""
    expect_grads(solution, OPERATIONS + CORNERS)


@aspect("gradient")
def test_the_derivatives_of_graphs(solution):
    """Values that are used several times get the sum over all uses, those on the way too."""
    expect_grads(solution, GRAPHS)


@aspect("gradient")
def test_leaves_add_up(solution):
    """Leaves add up over several results; what the result does not come from keeps its grad."""
    names = run(solution, "y = a * b; z = a ** 2; other = b + 1", {"a": 3.0, "b": -2.0}, ADDS)
    for call, a, b in (("y", -2.0, 3.0), ("z", 4.0, 3.0), ("a", 5.0, 3.0), ("a", 6.0, 3.0)):
        solution.last_call += f"; {call}.backward()"
        names[call].backward()
        expect_near(names["a"].grad, a, "a.grad", ADDS)
        expect_near(names["b"].grad, b, "b.grad", ADDS)
        expect_near(names["other"].grad, 0.0, "other.grad", ADDS)


@aspect("memory")
def test_operands_stay(solution):
    """Operations and backward change no data, and `+=` makes a new Value."""
    for program, numbers, _ in OPERATIONS + GRAPHS[-3:]:
        names = run(solution, program, numbers, KEEP)
        before = {name: value.data for name, value in names.items()}
        for name in numbers:
            expect_near(names[name].grad, 0.0, f"{name}.grad", "Only backward changes a grad.")
        names["y"].backward()
        for name, number in before.items():
            expect_near(names[name].data, number, f"{name}.data after backward", KEEP)
    for sign in "+-*/":
        names = run(solution, f"y = a; y {sign}= 2", A, KEEP)
        expect(names["y"] is not names["a"], "changes a itself; expected a new Value.", KEEP)
        expect_near(names["a"].data, 0.75, "a.data", KEEP)


@aspect("memory")
def test_data_and_grad_can_be_set(solution):
    """A leaf that an optimizer moves is used with its new number, and its grad counts from 0.0."""
    w, expected = solution.Value(4.0), 4.0
    solution.last_call = "w = Value(4.0); 3 times: w.grad = 0.0; y = (w - 1) ** 2; y.backward();"
    solution.last_call += " w.data -= 0.25 * w.grad"
    for _ in range(3):
        w.grad = 0.0
        y = (w - 1) ** 2
        y.backward()
        expect_near(w.grad, 2 * (expected - 1), "w.grad", OWN)
        w.data -= 0.25 * w.grad
        expected -= 0.5 * (expected - 1)
        expect_near(w.data, expected, "w.data", OWN)


@aspect("structure")
def test_is_made_of_numbers(solution):
    """No operation of torch runs."""
    with Trace() as trace:
        for program, numbers, hint in OPERATIONS + GRAPHS[-1:]:
            run(solution, program, numbers, hint)["y"].backward()
    ran = ", ".join(dict.fromkeys(name.split(".")[1] for name in trace.operations))
    expect(not ran, f"runs operations of torch: {ran}.", NUMBERS)


@aspect("cost")
def test_looks_at_each_value_once(solution):
    """40 times y = y + y, with 2⁴⁰ ways through it, takes no longer than another graph."""
    y = doublings(solution.Value, 40)
    solution.last_call = "a = y = Value(0.5); 40 times: y = y + y; y.backward()"
    with Steps(most=20_000):
        y.backward()


@aspect("cost")
def test_takes_time_in_proportion(solution):
    """A graph of four times as many Values takes four times as many steps, and no deeper calls."""
    cls, compared = type(solution.Value(0.0)), 0

    def equals(one, other):
        nonlocal compared
        compared += 1
        return one is other

    class Id(int):
        """An id that counts how often it is compared."""

        __hash__ = int.__hash__

        def __eq__(self, other):
            nonlocal compared
            compared += 1
            return int(self) == other

    is_patched, real_id = cls.__eq__ is object.__eq__, id
    if is_patched:  # else nothing is seen of a search through a list of Values
        cls.__eq__ = equals
    builtins.id = lambda value: Id(real_id(value))
    try:
        for graph in (many_uses, long_sum, doublings):
            counts = []
            for n in (30, 120):
                compared = 0
                with Steps(most=400_000) as steps:
                    graph(cls, n).backward()
                counts.append((compared, steps.lines, steps.deepest))
            solution.last_call = f"backward through {graph.__doc__}"
            (few, short, flat), (many, long, deep) = counts
            sentence = "goes {} calls deep for 120 operations, and {} for 30; expected as many."
            expect(deep < flat + 20, sentence.format(deep, flat), LOOP)
            sentence = "compares Values or ids {} times for 120 operations, and {} times for 30."
            expect(many < 6 * few + 200, sentence.format(many, few), SEEN)
            sentence = "runs {} lines for 120 operations, and {} for 30; expected 4 times as many."
            expect(long < 6 * short, sentence.format(long, short), ONCE)
    finally:
        builtins.id = real_id
        if is_patched:
            del cls.__eq__


@aspect("cost")
def test_other_values_cost_nothing(solution):
    """backward takes no longer where there are many Values that the result does not come from."""
    lines = []
    for n in (0, 300):
        others = many_uses(solution.Value, n)
        names = run(solution, "y = a * b", AB, OWN)
        solution.last_call += "; y.backward()"
        with Steps(most=100_000) as steps:
            names["y"].backward()
        lines.append(steps.lines)
        del others
    sentence = f"takes {lines[1]} lines beside 300 other Values, and {lines[0]} beside none."
    expect(lines[1] < lines[0] + 20, sentence, OWN)


@aspect("cost")
def test_goes_ten_thousand_deep(solution):
    """A graph may be 10,000 operations deep, and the recursion limit stays."""
    limit, is_too_deep = sys.getrecursionlimit(), False
    a = y = solution.Value(0.5)
    solution.last_call = "a = y = Value(0.5); 9,999 times: y = y + a; y.backward()"
    try:
        for _ in range(9_999):
            y = y + a
        y.backward()
    except RecursionError:
        is_too_deep = True
    expect(not is_too_deep, "goes deeper than Python's recursion limit.", LOOP)
    expect(sys.getrecursionlimit() == limit, "changes Python's recursion limit.", LOOP)
    expect_near(y.data, 5000.0, "y.data", LOCAL)
    expect_near(a.grad, 10_000.0, "a.grad", LOCAL)
