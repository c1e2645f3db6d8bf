"""The checks of intro/k13_dynamic_graph: doublings counted beforehand, graphs of known size."""

import contextlib
import math

import numpy as np
import torch

from dojo.checks import (
    CheckFailed,
    aspect,
    expect,
    expect_shape,
    expect_statements,
    graph_nodes,
    untouched,
)
from dojo.checks.endless import CallsLimited, steps_limited
from dojo.checks.laws import PureFunction
from dojo.checks.laws.settings import settings_untouched
from dojo.checks.messages import describe_size

ENDLESS = "still runs after {calls} calls of torch; it should have ended (doublings needed: {n})."
UNTRACKED = "returned a tensor that autograd does not track."
CONDITION = "Does the loop look at the norm of what it doubles, or of x, which stays as it is?"
TIMES = "doubled x {got}; expected {n}: norm {norms}, limit {limit}."
NORM = "Double while √(sum of all squared elements) is below limit: the norm decides, in a `while`."
TRACKED = "Each doubling has to be recorded: no `detach`, `.data`, `no_grad` or `item` on its way."
KEEP = "Doubling goes into new tensors (or into a clone): nobody expects x to change."
STEPS = "does not double step by step: no operation gets the gradient {factor}."
AT_ONCE = "Multiplying once by 2ⁿ gives a graph of one node, whatever n is. Double in the loop."
TWO_STEPS = "Print y.grad_fn and its next_functions: each doubling should be one operation."
COUNTED = "Count y.grad_fn and all that next_functions reach; a node counts once, None never."
NUMBER = "The number alone is asked for: as with `len`, an int."
NO_GRAPH = "Without a grad_fn there is no node to count, also for a leaf that requires grad."
AGAIN = "walks along every way through {nodes} nodes; there are more ways than it could ever walk."
SEEN = "Do not walk on from a node that you have seen before."
RECURSION = "calls itself so often that Python stops it, for a graph of {nodes} nodes."
ONLY_COUNT = "Only walk through the graph: no backward(), and nothing is set or seeded on the way."
IN_A_LOOP = "Keep the nodes that are still to visit in a list, and work it off in a loop."

SQUARES = "Is that the sum of the squares? The norm is its root."
ABSOLUTE = "Is that the sum of absolute values? A square has no sign either, and counts otherwise."
LARGEST = "Is that the largest element? The norm is the root of the sum of all squares."
MEAN = "Is that the mean of the squares? The norm is the root of their sum."
MATRIX = "Is that the norm of a matrix, its largest singular value? Ask for that of all elements."
ROWS = "Is that the norm of each row? Ask for that of all elements."
SMALLEST = "Do you wait for each element to reach limit? Only the norm has to."
ALMOST = "Compare with limit itself: a norm just below it is not large enough."
EQUAL = "Where the norm equals limit, it is large enough."
AFTER = "Ask for the norm before the first doubling, not after it."
IF = "`if` asks once; which word asks again and again?"
BEFORE = "Return the first result that reaches limit, not the one before it."
ADDED = "Is x added once more? The result before is what has to be doubled: y + y, not y + x."

ACCUMULATORS = "The accumulators, where next_functions end, are nodes too."
ITSELF = "y.grad_fn itself is a node too."
NONE = "None stands for an input that needs no gradient: it is no node."
EDGES = "Those are the edges; several may lead to one node."
WAYS = "Several ways lead to one node: count it once."
PAIRS = "Pairs (node, number) differ where their node is the same: remember the node."
NAMES = "Two nodes may have one name: remember the nodes themselves."
GO_ON = "Go on from the inputs of each node that you find, up to the leaves."

MOST_CALLS = 2_000  # of torch; eight doublings that look at six elements one by one take 500
MOST_STEPS = 100_000  # calls within Python; a walk over 41 nodes takes some hundred

RECORDING = "no_grad switches the recording off: print y.norm().grad_fn inside of it and outside."
TO_LEAVES = "Follow next_functions from y.grad_fn: they end at the accumulators of the leaves."
TRUTH = {
    "A": (True, "Print y.grad_fn after each line of the forward pass: it is there at once."),
    "B": (False, "Autograd records tensor operations, not Python: it knows what ran, not why."),
    "C": (True, RECORDING),
    "D": (True, TO_LEAVES),
    "E": (False, "backward walks the nodes that are there already and runs no forward code."),
    "F": (True, "Each call records what it ran, so each tree leaves its own graph to walk back."),
}


def norm(a):
    return math.sqrt((a * a).sum())


def turns(measure, x, limit):
    """The number of doublings until the measure reaches the limit; 200 at most."""
    return next(n for n in range(201) if n == 200 or measure(x * 2.0**n) >= limit)


def times(n):
    return {0: "not at all", 1: "once", 2: "twice"}.get(n, f"{n} times")


def doublings_of(got, x):
    """n where got is 2ⁿ · x, and None where it is not."""
    factors = {one / other for one, other in zip(got.flat, x.flat, strict=True) if other}
    factor = factors.pop() if len(factors) == 1 else 0
    return math.frexp(factor)[1] - 1 if factor >= 1 and math.frexp(factor)[0] == 0.5 else None


class TestDoubleUntil(PureFunction):
    name = "double_until"
    memory = "free"
    dtypes = (torch.float32, torch.float64)
    ulps = 0
    gradient_ulps = 0
    cases = [  # each known mistake begins with a case in which others give other numbers
        ([[3.0, 8.0], [1.0, 3.0], [-1.0, 1.0]], 70.0),
        ([3.0, 4.0], 7.5),
        ([3.0, 4.0], 10.0),  # a norm of exactly limit is enough
        ([3.0, 4.0], 4.9),
        ([3.0, 4.0], 10.5),
        ([-6.0, 8.0], 11.0),
        ([[30.0, 0.0], [0.0, 40.0]], 48),
        ([[[3.0, -1.0, 5.0]], [[1.0, 8.0, 0.0]]], 19.5),
        ([3.0, 4.0], 5.0),
        ([3.0, 4.0], 5.000002),  # and what is almost limit is not
        ([[1.0, 2.0, 2.0], [4.0, 2.0, 2.0]], 5.9),
        (1.3, 5.1),
    ]
    gradient_cases = [*cases, ([-0.75], 12_288.0)]
    precise = [
        (torch.float64, ([0.001], 1000.0)),
        (torch.float64, ([3e-12, 4e-12], 1.5e-11)),  # a tolerance would be larger than limit
        (torch.float64, ([3.0, 4.0 - 1e-7], 5.0)),  # in float32 the norm is limit
        (torch.float64, ([2.0**-100], 1e9)),  # more than whoever ends the loop by a round number
    ]
    hints = {
        "values": NORM,
        "gradient": TRACKED,
        "tracked": TRACKED,
        "memory": KEEP,
        "precise": NORM,
    }
    sentences = {
        "test_no_digit_is_lost": "x and limit may be small, and the norm a little below limit.",
        "test_gradients": "The gradient of x is 2ⁿ, for a leaf and for a result, also for n = 0.",
    }

    def truth(self, x, limit):
        return x * 2.0 ** turns(norm, x, limit)

    def gradient(self, weights, x, limit):
        return [weights * 2.0 ** turns(norm, x, limit)]

    def call(self, solution, arguments):
        x, limit = arguments
        needed = turns(norm, x.detach().cpu().double().numpy(), limit)
        sentence = ENDLESS.format(calls=MOST_CALLS, n=needed)
        with CallsLimited(MOST_CALLS, sentence, CONDITION):
            return super().call(solution, arguments)

    asked = ()

    @aspect("values")
    def test_values(self, solution, device):
        """x is doubled as often as the norm of all its elements needs, no more and no less."""
        self.asked = []
        for row in self.usual(device):
            with contextlib.suppress(Exception):  # the law tells it
                self.asked += self.records(solution, device, [row])
        super().test_values(solution, device)

    def others(self, x, limit):
        known = self.known(x, limit)
        for record in self.asked:  # few doublings alone do not tell one mistake from another
            theirs = self.known(*record.row.arrays)
            known = {why: y for why, y in known.items() if np.array_equal(record.kept, theirs[why])}
        return known

    def known(self, x, limit):
        """What known mistakes give, by the hint that names each."""
        n = turns(norm, x, limit)
        numbers = {
            ALMOST: turns(norm, x, limit * (1 - 1e-5)),
            ABSOLUTE: turns(lambda a: abs(a).sum(), x, limit),
            EQUAL: n + (norm(x) * 2**n == limit),
            MATRIX: turns(lambda a: np.linalg.norm(a, 2) if a.ndim == 2 else norm(a), x, limit),
            AFTER: max(n, 1),
            ROWS: turns(lambda a: np.sqrt((a * a).sum(-1)).min(), np.atleast_1d(x), limit),
            SQUARES: turns(lambda a: (a * a).sum(), x, limit),
            IF: min(n, 1),
            BEFORE: max(n - 1, 0),
            LARGEST: turns(lambda a: abs(a).max(), x, limit),
            MEAN: turns(lambda a: math.sqrt((a * a).mean()), x, limit),
            SMALLEST: turns(lambda a: abs(a).min(), x, limit),
        }
        known = {hint: x * 2.0**number for hint, number in numbers.items()}
        return known | {ADDED: x * max(1, math.ceil(limit / norm(x)))}

    def compare(self, record, expected, hint, rtol, atol):
        """Each number is exact; a wrong number of doublings is told."""
        x, limit = record.row.arrays
        count, n = doublings_of(record.kept.double().numpy(), x), turns(norm, x, limit)
        if count is not None and count != n:
            norms = " → ".join(f"{norm(x) * 2**k:.9g}" for k in range(n + 1) if k < 3 or k == n)
            sentence = TIMES.format(got=times(count), n=times(n), norms=norms, limit=limit)
            raise CheckFailed(sentence, hint)
        super().compare(record, expected, hint, rtol, atol)

    @aspect("structure")
    def test_each_doubling_is_one_recorded_operation(self, solution, device):
        """The graph has one more node for each further doubling, and each of these doubles."""
        for dtype in reversed(self.dtypes):
            for is_leaf in (True, False):
                sizes = {}
                for n in (1, 2, 7):
                    start = leaf(device, dtype)
                    x = start if is_leaf else (start * 1).abs()
                    got = self.call(solution, [x, 4.5 * 2**n])
                    expect_shape(got, (2,))
                    expect(got.requires_grad, UNTRACKED, TRACKED)
                    sizes[n] = len(graph_nodes(got))
                    more, further = sizes[n] - sizes[1], n - 1
                    sentence = f"leaves {more} more nodes for {n} doublings than for 1;"
                    hint = AT_ONCE if more < further else TWO_STEPS
                    expect(more == further, f"{sentence} expected {further}.", hint)
                    for factor in sorted({2**k for k in range(n)} - on_the_way(got, start)):
                        raise CheckFailed(STEPS.format(factor=factor), AT_ONCE)


def on_the_way(y, x):
    """The first element of the gradient that each node gets, from y down to x, in whole numbers."""
    found = set()

    def note(gradients):
        found.update(round(one.flatten()[0].item()) for one in gradients if one is not None)

    for node in graph_nodes(y):
        node.register_prehook(note)
    torch.autograd.grad(y.sum(), x, allow_unused=True)
    return found


def leaf(device, dtype=torch.float32):
    """A tracked x with the norm 5."""
    return torch.tensor([3.0, -4.0], dtype=dtype).to(device).requires_grad_()


def expect_size(got, size, text, hint=COUNTED):
    """The number of nodes of the y that the text describes, as an int."""
    # the nodes themselves are not shown: their addresses say nothing
    sentence = f"returned {describe_size(got)} for {text}; expected {size}."
    expect(type(got) is int and got == size, sentence, hint)


@aspect("type")
def test_graph_size_returns_an_int(solution, device):
    """graph_size returns an int."""
    for y in (leaf(device) * 2, leaf(device)):
        solution.hint = "" if y.grad_fn else NO_GRAPH
        got = solution.graph_size(y)
        expect(type(got) is int, f"returned {describe_size(got)}; expected an int.", NUMBER)


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
    cases = graphs(device)
    answers = [solution.graph_size(y) for _, y, _ in cases]
    for (text, y, size), got in zip(cases, answers, strict=True):
        if got != size:
            others = [miscounts(graph) for _, graph, _ in cases]
            alike = (hint for hint in others[0] if [other[hint] for other in others] == answers)
            solution.graph_size(y)  # a message shows the last call
            expect_size(got, size, text, next(alike, COUNTED))


def miscounts(y):
    """What other things there are to count than the nodes: where to look → their number."""
    nodes = graph_nodes(y)
    edges = [edge for node in nodes for edge in node.next_functions]
    inputs = {node: [one for one, _ in node.next_functions if one is not None] for node in nodes}

    def ways(node):
        return 1 + sum(map(ways, inputs[node]))

    return {
        ACCUMULATORS: sum(map(bool, inputs.values())),
        ITSELF: len(nodes) - 1,
        NONE: len({*nodes, *(parent for parent, _ in edges)}),
        EDGES: len(edges),
        WAYS: ways(y.grad_fn),
        PAIRS: 1 + len({edge for edge in edges if edge[0] is not None}),
        GO_ON: 1 + len(inputs[y.grad_fn]),
        NAMES: len({node.name() for node in nodes}),
    }


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
        expect_size(solution.graph_size(y), 0, text, NO_GRAPH)


@aspect("values")
def test_names_the_true_statements(solution):
    """The letters are those of the true statements."""
    expect_statements(solution.true_statements(), TRUTH)


@aspect("memory")
def test_graph_size_leaves_the_graph_as_it_is(solution, device):
    """y, its leaf and torch stay as they are."""
    x = leaf(device)
    y = (x * x).sum()
    with settings_untouched(solution, ONLY_COUNT, thoroughly=True), untouched(ONLY_COUNT, y=y, x=x):
        solution.graph_size(y)


@aspect("cost")
def test_graph_size_visits_a_node_once(solution):
    """A graph of 41 nodes with 2⁴⁰ ways through it takes no longer than another of 41."""
    y = leaf("cpu")
    for _ in range(40):
        y = y + y
    with steps_limited(MOST_STEPS, AGAIN.format(nodes=41), SEEN):
        got = solution.graph_size(y)
    expect_size(got, 41, "40 times y = y + y")


@aspect("cost")
def test_graph_size_counts_ten_thousand_nodes(solution):
    """A chain of 10,000 nodes can be counted."""
    y = leaf("cpu")
    for _ in range(9_999):
        y = -y
    got = RecursionError
    with contextlib.suppress(RecursionError):
        got = solution.graph_size(y)
    expect(got is not RecursionError, RECURSION.format(nodes="10,000"), IN_A_LOOP)
    expect_size(got, 10_000, "a chain of 10,000 nodes")
