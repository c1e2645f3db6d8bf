"""The checks of intro/k13_dynamic_graph: doublings counted beforehand, graphs of known size."""

import contextlib
import itertools
import math
import sys

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_shape,
    expect_statements,
    expect_tensor,
    expect_values,
    graph_nodes,
    layouts,
    random_like,
    untouched,
)

ENDLESS = "still runs after {calls} calls of torch; it should have ended (doublings needed: {n})."
UNTRACKED = "returned a tensor that autograd does not track."
CONDITION = "Does the loop look at the norm of what it doubles, or of x, which stays as it is?"
TIMES = "doubled x {got}; expected {n}: norm {norms}, limit {limit}."
NORM = "Double while √(sum of all squared elements) is below limit."
TRACKED = "Each doubling has to be recorded: no `detach`, `.data`, `no_grad` or `item` on its way."
KEEP = "Doubling goes into new tensors (or into a clone): nobody expects x to change."
FILLED = "filled x.grad; expected x to stay as it is."
BACKWARD = "Whoever gets y asks for its gradient: leave `backward` to them."
STEPS = "does not double step by step: no operation gets the gradient {factor}."
AT_ONCE = "Multiplying once by 2ⁿ gives a graph of one node, whatever n is. Double in the loop."
TWO_STEPS = "Print y.grad_fn and its next_functions: each doubling should be one operation."
COUNTED = "Count y.grad_fn and all that next_functions reach; a node counts once, None never."
NUMBER = "The number alone is asked for: as with `len`, an int."
NO_GRAPH = "Without a grad_fn there is no node to count, also for a leaf that requires grad."
AGAIN = "walks along every way through {nodes} nodes; there are more ways than it could ever walk."
SEEN = "Do not walk on from a node that you have seen before."
RECURSION = "calls itself so often that Python stops it, for a graph of {nodes} nodes."
IN_A_LOOP = "Keep the nodes that are still to visit in a list, and work it off in a loop."

# Where to look, if the numbers of doublings are those of a norm that is none: what it looks at.
MEASURES = {
    "Is that the sum of absolute values? A square has no sign either, and counts otherwise.": (
        lambda a: np.abs(a).sum()
    ),
    "Is that the largest element? The norm is the root of the sum of all squares.": (
        lambda a: np.abs(a).max()
    ),
    "Is that the sum of the squares? The norm is its root.": lambda a: (a * a).sum(),
    "Is that the mean of the squares? The norm is the root of their sum.": (
        lambda a: math.sqrt((a * a).mean())
    ),
    "Is that the norm of a matrix, its largest singular value? Ask for that of all elements.": (
        lambda a: np.linalg.norm(a, 2) if a.ndim == 2 else math.sqrt((a * a).sum())
    ),
    "Is that the norm of each row? Ask for that of all elements.": (
        lambda a: np.sqrt((a * a).sum(-1)).min()
    ),
    "Do you wait for each element to reach limit? Only the norm has to.": lambda a: np.abs(a).min(),
}
# The same for a loop that ends elsewhere: from n, and from whether a norm equals limit.
ENDS = {
    "Ask for the norm before the first doubling, not after it.": lambda n, _: max(n, 1),
    "`if` asks once; which word asks again and again?": lambda n, _: min(n, 1),
    "Where the norm equals limit, it is large enough.": lambda n, is_equal: n + is_equal,
    "Return the first result that reaches limit, not the one before it.": (
        lambda n, _: max(n - 1, 0)
    ),
}
ADDED = "Is x added once more? The result before is what has to be doubled: y + y, not y + x."
ALWAYS = "That is the number for every x and limit. Let the norm decide, in a `while`."

MOST_CALLS = 2_000  # of torch; eight doublings that look at six elements one by one take 500
MOST_STEPS = 100_000  # calls within Python; a walk over 41 nodes takes some hundred

# x, limit, number of doublings; else no norm is within 2 % of its limit
CASES = [
    ([3.0, 4.0], 7.5, 1),
    ([3.0, 4.0], 18.0, 2),
    ([3.0, 4.0], 10.5, 2),
    ([3.0, 4.0], 100, 5),
    ([-6.0, 8.0], 11.0, 1),
    ([0.001], 1000.0, 20),  # which float32 would round
    (1.5, 5.0, 2),
    ([2.0**-100], 1e9, 130),  # more than whoever ends the loop by a round number
]
EQUAL = [([3.0, 4.0], 5.0, 0), ([3.0, 4.0], 10.0, 1), ([3.0, 4.0], 40, 3), (-1.5, 12.0, 3)]
# almost is not enough: by a part in two millions, and where a whole number would be
ALMOST = [([3.0, 4.0], 5.000002, 1), ([[1.0, 2.0, 2.0], [4.0, 2.0, 2.0]], 5.9, 1)]
ENOUGH = [([3.0, 4.0], 4.9, 0), ([-3.0, 4.0], 1.0, 0), ([[30.0, 0.0], [0.0, 40.0]], 48, 0)]
# a norm of all elements, neither the largest, nor the sum, nor one of a row, nor that of a matrix
WHOLE = [
    ([[3.0, 0.0], [0.0, 4.0]], 7.5, 1),
    ([[3.0, 0.0], [0.0, 4.0]], 9.5, 1),
    ([[1.0, 2.0, 2.0], [4.0, 2.0, 2.0]], 5.5, 0),
    ([[[3.0, -1.0, 5.0]], [[1.0, 8.0, 0.0]]], 19.5, 1),
    ([1.0, -1.0, 1.0, 1.0], 1.9, 0),
    ([1.0, -1.0, 1.0, 1.0], 3.9, 1),
    ([0.25, 0.25, 0.25, 0.25], 0.7, 1),
]
DTYPES = [torch.float32, torch.float64]

TRUTH = {
    "A": (True, "Print y.grad_fn after each line of the forward pass: it is there at once."),
    "B": (False, "Autograd records tensor operations, not Python: it knows what ran, not why."),
    "C": (
        True,
        "no_grad switches the recording off: print y.norm().grad_fn inside of it and outside.",
    ),
    "D": (
        True,
        "Follow next_functions from y.grad_fn: they end at the accumulators of the leaves.",
    ),
    "E": (False, "backward walks the nodes that are there already and runs no forward code."),
    "F": (True, "Each call records what it ran, so each tree leaves its own graph to walk back."),
}


class Patience(TorchFunctionMode):
    """Ends a loop that has no end, before the time limit does."""

    def __init__(self, doublings):
        super().__init__()
        self.doublings = doublings
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        if self.calls > MOST_CALLS:
            sentence = ENDLESS.format(calls=MOST_CALLS, n=self.doublings)
            raise CheckFailed(sentence, CONDITION)
        return func(*args, **(kwargs or {}))


def doubled(solution, x, limit, doublings):
    """What double_until returns."""
    with Patience(doublings):
        return solution.double_until(x, limit)


def factor_of(got, x):
    """The one number that x was multiplied by, or None if there is none."""
    expect_shape(got, x.shape)
    pairs = zip(got.detach().flatten().tolist(), x.flatten().tolist(), strict=True)
    factors = {one / other for one, other in pairs if other}
    return factors.pop() if len(factors) == 1 else None


def doublings_of(factor):
    """n for 2ⁿ, and None for any other number."""
    is_power = factor is not None and factor >= 1 and math.frexp(factor)[0] == 0.5
    return math.frexp(factor)[1] - 1 if is_power else None


def expect_doublings(solution, device, cases):
    """The values of 2ⁿ · x for each case, exactly, in both dtypes in turn."""
    for (numbers, limit, n), dtype in zip(cases, itertools.cycle(DTYPES), strict=False):
        x = torch.tensor(numbers, dtype=dtype)
        larger = [value * 2.0**n for value in x.flatten().tolist()]
        expected = torch.tensor(larger, dtype=dtype).reshape(x.shape)
        got = doubled(solution, x.clone().to(device), limit, n)
        count = doublings_of(factor_of(got, x))
        if count == n:
            expect_values(got, expected, NORM, rtol=0, atol=0)
            continue
        hint = likely_mistake(solution, device)
        doubled(solution, x.clone().to(device), limit, n)  # a message shows the last call
        if count is None:
            expect_values(got, expected, hint, rtol=0, atol=0)
        norm = float(np.linalg.norm(numbers))
        norms = " → ".join(f"{norm * 2**k:.7g}" for k in range(n + 1) if k < 3 or k == n)
        sentence = TIMES.format(got=times(count), n=times(n), norms=norms, limit=limit)
        raise CheckFailed(sentence, hint)


def times(n):
    return {0: "not at all", 1: "once", 2: "twice"}.get(n, f"{n} times")


def likely_mistake(solution, device):
    """Where to look: the hint of the rule that gives what the answer gives, for all cases."""
    cases = CASES + EQUAL + ENOUGH + WHOLE
    factors = []
    for numbers, limit, n in cases:
        x = torch.tensor(numbers, dtype=torch.float64)
        try:
            factors.append(factor_of(doubled(solution, x.to(device), limit, n), x))
        except (AssertionError, ArithmeticError, RuntimeError, TypeError, ValueError):
            factors.append(None)  # no end, or an error of its own, which another check shows
    counts = [doublings_of(factor) for factor in factors]
    if any(factor and factor % 1 == 0 and factor % 2 for factor in factors if factor != 1):
        return ADDED
    if len(set(counts)) == 1:
        return ALWAYS
    for hint, measure in MEASURES.items():
        if counts == [turns(measure, *case) for case in cases]:
            return hint
    for hint, end in ENDS.items():
        if counts == [end(case[2], case in EQUAL) for case in cases]:
            return hint
    return NORM


def turns(measure, numbers, limit, _):
    """The number of doublings until the measure reaches the limit."""
    y, count = np.array(numbers), 0
    while measure(y) < limit and count < 200:
        y, count = y * 2, count + 1
    return count


def leaf(device, dtype=torch.float32):
    """A tracked x with the norm 5."""
    return torch.tensor([3.0, -4.0], dtype=dtype).to(device).requires_grad_()


def shown(got):
    """What graph_size returned, without the nodes themselves: their addresses say nothing."""
    is_collection = isinstance(got, set | list | tuple | dict)
    return f"a {type(got).__name__} of {len(got)}" if is_collection else describe(got)


def expect_size(got, size, text, hint=COUNTED):
    """The number of nodes of the y that the text describes, as an int."""
    sentence = f"returned {shown(got)} for {text}; expected {size}."
    expect(type(got) is int and got == size, sentence, hint)


@aspect("type")
def test_double_until_returns_a_tensor(solution, device):
    """double_until returns a tensor, doubled or not."""
    for limit, n in ((18.0, 2), (2.0, 0)):
        expect_tensor(doubled(solution, leaf(device), limit, n))


@aspect("type")
def test_graph_size_returns_an_int(solution, device):
    """graph_size returns an int."""
    for y in (leaf(device) * 2, leaf(device)):
        got = solution.graph_size(y)
        expect(type(got) is int, f"returned {shown(got)}; expected an int.", NUMBER)


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """double_until keeps the shape of x."""
    for shape, n in (((), 8), ((1,), 8), ((5,), 7), ((2, 3), 7), ((2, 1, 3), 7)):
        x = torch.full(shape, 1.5).to(device)
        expect_shape(doubled(solution, x, 300.0, n), shape)
        expect_shape(doubled(solution, x, 0.001, 0), shape)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """double_until keeps the dtype of x."""
    for dtype in (torch.float32, torch.float64):
        for limit, n in ((18.0, 2), (2.0, 0)):
            expect_dtype(doubled(solution, leaf(device, dtype), limit, n), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result of double_until lies where x lies."""
    for limit, n in ((18.0, 2), (2.0, 0)):
        expect_device(doubled(solution, leaf(device), limit, n), device)


@aspect("values")
def test_doubles_until_the_norm_reaches_the_limit(solution, device):
    """x is doubled as often as its norm needs, no more and no less."""
    expect_doublings(solution, device, CASES)


@aspect("values")
def test_a_norm_equal_to_the_limit_is_enough(solution, device):
    """A norm of exactly limit is at least limit, and one that is almost limit is not."""
    expect_doublings(solution, device, EQUAL)
    expect_doublings(solution, device, ALMOST)


@aspect("values")
def test_a_large_x_is_not_doubled(solution, device):
    """No doubling if the norm of x is large enough already."""
    expect_doublings(solution, device, ENOUGH)


@aspect("values")
def test_the_norm_is_that_of_all_elements(solution, device):
    """The norm is the 2-norm over all elements, whatever the shape."""
    expect_doublings(solution, device, WHOLE)


def graphs(device):
    """How a y was computed, that y, and the number of its nodes."""
    x, w, c = (torch.tensor([1.0, 2.0]).to(device) for _ in range(3))
    x.requires_grad_()
    w.requires_grad_()
    z = x * 2
    a, b = x.unbind()
    return [
        ("y = x + w", x + w, 3),
        ("y = x * 2", x * 2, 2),
        ("y = x.sin().sin().sin()", x.sin().sin().sin(), 4),
        ("y = x * x", x * x, 2),
        ("y = c * x, where c needs no grad", c * x, 2),
        ("y = x * 2 + w * 3", x * 2 + w * 3, 5),
        ("y = (x * 2) * (x * 3)", (x * 2) * (x * 3), 4),
        ("z = x * 2; y = z + z", z + z, 3),
        ("z = x * 2; y = z.exp() * z.sin()", z.exp() * z.sin(), 5),
        ("a, b = x.unbind(); y = a * b", a * b, 3),
        ("y = torch.stack([x, w, x * c])", torch.stack([x, w, x * c]), 4),
    ]


@aspect("values")
def test_graph_size_counts_distinct_nodes(solution, device):
    """Every node that y reaches counts once, the gradient accumulators too."""
    for text, y, size in graphs(device):
        got = solution.graph_size(y)
        if got != size:
            hint = likely_miscount(solution, device)
            solution.graph_size(y)  # a message shows the last call
            expect_size(got, size, text, hint)


def miscounts(y):
    """What other things there are to count than the nodes: where to look → their number."""
    nodes = graph_nodes(y)
    inputs = {node: [parent for parent, _ in node.next_functions] for node in nodes}
    edges = [edge for node in nodes for edge in node.next_functions]

    def ways(node):
        return 1 + sum(ways(parent) for parent in inputs[node] if parent is not None)

    return {
        "The accumulators, where next_functions end, are nodes too.": sum(
            map(bool, inputs.values())
        ),
        "y.grad_fn itself is a node too.": len(nodes) - 1,
        "None stands for an input that needs no gradient: it is no node.": (
            len({*nodes, *(parent for parent, _ in edges)})
        ),
        "Those are the edges; several may lead to one node.": len(edges),
        "Several ways lead to one node: count it once.": ways(y.grad_fn),
        "Pairs (node, number) differ where their node is the same: remember the node.": (
            1 + len({edge for edge in edges if edge[0] is not None})
        ),
        "Go on from the inputs of each node that you find, up to the leaves.": (
            1 + sum(parent is not None for parent in inputs[y.grad_fn])
        ),
    }


def likely_miscount(solution, device):
    """Where to look: the hint of what was counted instead of nodes, in all graphs."""
    ys = [y for _, y, _ in graphs(device)]
    got = [solution.graph_size(y) for y in ys]
    others = [miscounts(y) for y in ys]
    alike = (hint for hint in others[0] if [other[hint] for other in others] == got)
    return next(alike, COUNTED)


@aspect("values")
def test_graph_size_is_0_without_a_graph(solution, device):
    """0 for a leaf, tracked or not, and for a detached tensor."""
    x = leaf(device)
    with torch.no_grad():
        unrecorded = x * 2
    cases = {
        "a leaf that requires grad": x,
        "a tensor that needs no grad": x.detach().clone(),
        "a detached result": (x * 2).detach(),
        "a result of no_grad": unrecorded,
    }
    for text, y in cases.items():
        got = solution.graph_size(y)
        expect_size(got, 0, text, NO_GRAPH)


@aspect("values")
def test_names_the_true_statements(solution):
    """The letters are those of the true statements."""
    expect_statements(solution.true_statements(), TRUTH)


@aspect("gradient")
def test_the_gradient_of_x_is_a_power_of_two(solution, device):
    """The gradient of x is 2ⁿ, for a leaf and for a result, also where n is 0."""
    for (limit, n), dtype in itertools.product(((18.0, 2), (4.5 * 2**20, 20), (4.5, 0)), DTYPES):
        x = leaf(device, dtype)
        weights = random_like(x.detach(), seed=n)
        got = doubled(solution, x, limit, n)
        expect_shape(got, (2,))
        expect_gradients(got, {"x": x}, weights, {"x": weights * 2.0**n}, TRACKED)
        w = leaf(device, dtype)
        got = doubled(solution, w * 2, limit * 2, n)
        expect_shape(got, (2,))
        expected = {"what x came from": weights * 2.0 ** (n + 1)}
        expect_gradients(got, {"what x came from": w}, weights, expected, TRACKED)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its values, tracked or not, a leaf or a result, in any memory layout."""
    matrix = torch.tensor([[3.0, -1.0, 5.0], [1.0, 8.0, 0.0]]).to(device)
    for limit, n in ((50.0, 3), (2.0, 0)):
        for x in (*layouts(matrix).values(), leaf(device), leaf(device) * 1):
            with untouched(KEEP, x=x):
                got = doubled(solution, x, limit, n)
            expect_tensor(got)
            expect(not x.is_leaf or x.grad is None, FILLED, BACKWARD)


def gradients_on_the_way(y, x):
    """The first element of the gradient that each node gets, from y down to x, in whole numbers."""
    found = set()

    def note(gradients):
        for gradient in gradients:
            if gradient is not None:
                found.add(round(gradient.flatten()[0].item()))

    for node in graph_nodes(y):
        node.register_prehook(note)
    torch.autograd.grad(y.sum(), x, allow_unused=True)
    return found


@aspect("structure")
def test_each_doubling_is_one_recorded_operation(solution, device):
    """The graph has one more node for each further doubling, and each of these doubles."""
    for kind, dtype in itertools.product(("leaf", "result"), reversed(DTYPES)):
        sizes = {}
        for n in (1, 2, 7):
            start = leaf(device, dtype)
            x = start if kind == "leaf" else (start * 1).abs()
            got = doubled(solution, x, 4.5 * 2**n, n)
            expect_shape(got, (2,))
            expect(got.requires_grad, UNTRACKED, TRACKED)
            sizes[n] = len(graph_nodes(got))
            more, further = sizes[n] - sizes[1], n - 1
            sentence = f"leaves {more} more nodes for {n} doublings than for 1; expected {further}."
            expect(more == further, sentence, AT_ONCE if more < further else TWO_STEPS)
            for factor in sorted({2**k for k in range(n)} - gradients_on_the_way(got, start)):
                raise CheckFailed(STEPS.format(factor=factor), AT_ONCE)


@contextlib.contextmanager
def limited_steps(nodes):
    """Ends a walk that goes along exponentially many ways, before the time limit does."""
    steps = 0

    def count(_frame, event, _argument):
        nonlocal steps
        steps += event in ("call", "c_call")
        if steps > MOST_STEPS:
            raise CheckFailed(AGAIN.format(nodes=nodes), SEEN)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


@aspect("cost")
def test_graph_size_visits_a_node_once(solution):
    """A graph of 41 nodes with 2⁴⁰ ways through it takes no longer than another of 41."""
    y = leaf("cpu")
    for _ in range(40):
        y = y + y
    with limited_steps(41):
        got = solution.graph_size(y)
    expect_size(got, 41, "40 times y = y + y")


@aspect("cost")
def test_graph_size_counts_ten_thousand_nodes(solution):
    """A chain of 10,000 nodes can be counted."""
    y = leaf("cpu")
    for _ in range(9_999):
        y = -y
    got, was_stopped = None, False
    try:
        got = solution.graph_size(y)
    except RecursionError:
        was_stopped = True
    expect(not was_stopped, RECURSION.format(nodes="10,000"), IN_A_LOOP)
    expect_size(got, 10_000, "a chain of 10,000 nodes")
