"""Wrong and right answers to intro/k13_dynamic_graph."""

import collections
import functools
import itertools
import math
import sys

import numpy as np
import torch

from dojo.impostors import alternative, impostor

# ------------------------------------------------------------------ double_until


@impostor(
    "double_until",
    diagnosis="The doublings are not recorded: detach, no_grad or a new tensor cut them off.",
    aspect="gradient",
)
def detaches(x, limit):
    y = x
    while y.norm() < limit:
        y = (y * 2).detach()
    return y


@impostor(
    "double_until",
    diagnosis="A norm just below limit is taken for large enough.",
    aspect="values",
)
def takes_almost_for_enough(x, limit):
    y = x
    while y.norm() < limit - 1e-5:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="Writing to y.data hides the doublings from autograd.",
    aspect="gradient",
)
def doubles_the_data(x, limit):
    y = x.clone()
    while y.norm() < limit:
        y.data = y.data * 2
    return y


@impostor(
    "double_until",
    diagnosis="Three doublings, whatever x is: the number has to follow from the data.",
    aspect="values",
)
def doubles_three_times(x, limit):
    y = x
    for _ in range(3):
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="The loop ends after 100 turns, whether the norm is large enough or not.",
    aspect="values",
)
def gives_up_after_a_hundred(x, limit):
    y = x
    for _ in range(100):
        if y.norm() >= limit:
            break
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="x is multiplied by 2**n at once, so the graph does not grow with n.",
    aspect="structure",
)
def multiplies_at_once(x, limit):
    n = 0
    while x.detach().norm() * 2**n < limit:
        n += 1
    return x * 2**n


@impostor(
    "double_until",
    diagnosis="A float32 x is multiplied by 2**n at once, and only a float64 x is doubled.",
    aspect="structure",
)
def multiplies_float32_at_once(x, limit):
    y = x
    if x.dtype == torch.float32:
        return x * math.prod(itertools.repeat(2, doublings_of_norm(x, limit)))
    while y.norm() < limit:
        y = y * 2
    return y


def doublings_of_norm(x, limit):
    return next(n for n in itertools.count() if x.detach().norm() * 2**n >= limit)


@impostor(
    "double_until",
    diagnosis="After twelve doublings the rest is detached, as if a graph had a largest size.",
    aspect="gradient",
)
def records_twelve_doublings(x, limit):
    y, n = x, 0
    while y.norm() < limit:
        y = y * 2 if n < 12 else (y * 2).detach()
        n += 1
    return y


@impostor(
    "double_until",
    diagnosis="The recorded operations multiply by 1; 2**n is multiplied at once.",
    aspect="structure",
)
def records_no_doublings(x, limit):
    y, n = x, 0
    while x.detach().norm() * 2**n < limit:
        y, n = y * 1, n + 1
    return y * 2**n if n else y


@impostor(
    "double_until",
    diagnosis="Two operations are recorded for each doubling, as by y + y.clone().",
    aspect="structure",
)
def clones_at_each_turn(x, limit):
    y = x
    while y.norm() < limit:
        y = y + y.clone()
    return y


@impostor(
    "double_until",
    diagnosis="y *= 2 with y = x writes into x, hidden from autograd by no_grad.",
    aspect="memory",
)
def writes_into_x(x, limit):
    y = x
    with torch.no_grad():
        while y.norm() < limit:
            y *= 2
    return y


@impostor(
    "double_until",
    diagnosis="x *= 2 is in place: a leaf that requires grad forbids it, other x are overwritten.",
    aspect="memory",
)
def doubles_x_in_place(x, limit):
    while x.norm() < limit:
        x *= 2
    return x


@impostor(
    "double_until",
    diagnosis="The loop asks for x.norm(), which stays as it is, and so has no end.",
    aspect="values",
)
def looks_at_x(x, limit):
    y = x
    while x.norm() < limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="The loop goes on where the norm equals limit, as with <= for <.",
    aspect="values",
)
def wants_more_than_limit(x, limit):
    y = x
    while y.norm() <= limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="The first doubling happens before anyone asks whether it is needed.",
    aspect="values",
)
def doubles_at_least_once(x, limit):
    y = x * 2
    while y.norm() < limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="`if` stands where `while` should: x is doubled once at most.",
    aspect="values",
)
def doubles_once(x, limit):
    return x * 2 if x.norm() < limit else x


@impostor(
    "double_until",
    diagnosis="The largest element is compared with limit, not the norm of all.",
    aspect="values",
)
def takes_the_largest(x, limit):
    y = x
    while y.abs().max() < limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="The sum of the squares is compared with limit, without its root.",
    aspect="values",
)
def forgets_the_root(x, limit):
    y = x
    while (y**2).sum() < limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="linalg.norm(y, 2) of a matrix is its largest singular value, another norm.",
    aspect="values",
)
def takes_the_matrix_norm(x, limit):
    y = x
    while (torch.linalg.norm(y, 2) if y.dim() == 2 else y.norm()) < limit:
        y = y * 2
    return y


@impostor(
    "double_until", diagnosis="y + x adds x once more; it does not double y.", aspect="values"
)
def adds_x(x, limit):
    y = x
    while y.norm() < limit:
        y = y + x
    return y


@impostor(
    "double_until",
    diagnosis="A graph of a copy that requires grad ends at the copy; x gets no gradient.",
    aspect="gradient",
)
def starts_at_another_leaf(x, limit):
    y = x.detach().clone().requires_grad_()
    while y.norm() < limit:
        y = y * 2
    return y


# ------------------------------------------------------------------ graph_size


@impostor(
    "graph_size",
    diagnosis="Shared nodes are in the queue twice, and nobody asks whether they were seen.",
    aspect="values",
)
def counts_shared_nodes_twice(y):
    waiting, size = [y.grad_fn], 0
    while waiting:
        node = waiting.pop()
        if node is not None:
            size += 1
            waiting.extend(parent for parent, _ in node.next_functions)
    return size


@impostor(
    "graph_size",
    diagnosis="The gradient accumulators, which are nodes as well, are left out.",
    aspect="values",
)
def leaves_accumulators_out(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen or "AccumulateGrad" in type(node).__name__:
            continue
        seen.add(node)
        waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


@impostor("graph_size", diagnosis="None is counted as if it were a node.", aspect="values")
def counts_none(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            if node is not None:
                waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="next_functions holds pairs (node, output); one node can be in several pairs.",
    aspect="values",
)
def counts_pairs(y):
    if y.grad_fn is None:
        return 0
    seen, waiting = set(), [(y.grad_fn, 0)]
    while waiting:
        pair = waiting.pop()
        if pair[0] is not None and pair not in seen:
            seen.add(pair)
            waiting.extend(pair[0].next_functions)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="Names are remembered, which two nodes of one kind share, and not nodes.",
    aspect="values",
)
def remembers_names(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node.name() not in seen:
            seen.add(node.name())
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="A function that calls itself for each node ends at Python's recursion limit.",
    aspect="cost",
)
def calls_itself(y):
    seen = set()

    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            for parent, _ in node.next_functions:
                visit(parent)

    visit(y.grad_fn)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="A set holds the nodes, but the walk goes on from those that it holds already.",
    aspect="cost",
)
def walks_on_from_seen_nodes(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="A y without grad_fn makes this fail, since None has no next_functions.",
    aspect="values",
)
def forgets_leaves(y):
    seen, waiting = {y.grad_fn}, [y.grad_fn]
    while waiting:
        for parent, _ in waiting.pop().next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen)


@impostor(
    "graph_size",
    diagnosis="A leaf that requires grad is given its gradient accumulator, but has no grad_fn.",
    aspect="values",
)
def counts_the_leaf(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen) or int(y.requires_grad)


# ------------------------------------------------------------------ true_statements


@impostor(
    "true_statements",
    diagnosis="A string or a list of letters is returned, not a set.",
    aspect="values",
)
def lists_in_a_string():
    return "ACDF"


@impostor(
    "true_statements",
    diagnosis="The graph is taken for a program that holds Python's loops.",
    aspect="values",
)
def takes_the_graph_for_a_program():
    return {"A", "B", "C", "D", "F"}


@impostor(
    "true_statements",
    diagnosis="The edges are turned around: they lead from a result to the leaves.",
    aspect="values",
)
def turns_the_edges_around():
    return {"A", "C", "F"}


# ------------------------------------------------------------------ right answers


@alternative("double_until")
def adds_to_itself(x, limit):
    y = x
    while torch.linalg.norm(y) < limit:
        y = y + y
    return y


@alternative("double_until")
def torch_add(x, limit):
    y = x.clone()
    while not torch.linalg.vector_norm(y).item() >= limit:
        y = torch.add(y, y)
    return y


@alternative("double_until")
def in_place_on_a_clone(x, limit):
    y = x.clone()
    while y.detach().pow(2).sum().sqrt() < limit:
        y.mul_(2)
    return y


@alternative("double_until")
def augmented_on_a_clone(x, limit):
    y = x.clone()
    while float((y * y).sum()) < limit**2:
        y += y
    return y


@alternative("double_until")
def recursion(x, limit):
    with torch.no_grad():
        is_enough = torch.norm(x) >= limit
    return x if is_enough else double_until(x.mul(2), limit)  # noqa: F821 (the public name)


@alternative("double_until")
def counts_first(x, limit):
    n = max(0, math.ceil(math.log2(limit / x.detach().double().norm().item())))
    return functools.reduce(lambda y, _: 2 * y, range(n), x)


class Twice(torch.autograd.Function):
    """An operation of one's own, recorded as one node."""

    @staticmethod
    def forward(ctx, x):
        return x + x

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


@alternative("double_until")
def own_operation(x, limit):
    y = x
    while np.linalg.norm(y.detach().cpu().numpy().ravel()) < limit:
        y = Twice.apply(y)
    return y


@alternative("double_until")
def python_floats(x, limit):
    y = x
    for _ in itertools.count():
        if math.hypot(*y.flatten().tolist()) >= limit:
            break
        y = y / 0.5
    return y


@alternative("double_until")
def flat_and_back(x, limit):
    y = x.reshape(-1)
    while y.dot(y).sqrt() < limit:
        y = torch.ldexp(y, torch.tensor(1, device=y.device))
    return y.reshape(x.shape)


@alternative("double_until")
def begins_with_a_view(x, limit):
    y = x[...]
    while torch.dist(y, torch.zeros_like(y)) < limit:
        y = torch.sub(y, y, alpha=-1)
    return y


@alternative("graph_size")
def breadth_first(y):
    if y.grad_fn is None:
        return 0
    seen, waiting = {y.grad_fn}, collections.deque([y.grad_fn])
    while waiting:
        for parent, _ in waiting.popleft().next_functions:
            if parent and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen)


@alternative("graph_size")
def layer_by_layer(y):
    seen, front = set(), {y.grad_fn} - {None}
    while front:
        seen |= front
        front = {parent for node in front for parent, _ in node.next_functions} - seen - {None}
    return len(seen)


@alternative("graph_size")
def dictionary_by_id(y):
    nodes = {}
    waiting = [y.grad_fn]
    while waiting:
        node = waiting.pop(0)
        if node is not None and id(node) not in nodes:
            nodes[id(node)] = node
            waiting += [pair[0] for pair in node.next_functions]
    return len(nodes)


@alternative("graph_size")
def calls_itself_with_a_higher_limit(y):
    seen = set()

    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            for parent, _ in node.next_functions:
                visit(parent)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        visit(y.grad_fn)
    finally:
        sys.setrecursionlimit(before)
    return len(seen)


@alternative("graph_size")
def generator(y):
    def nodes(root):
        seen, waiting = set(), [root]
        while waiting:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            yield node
            for parent, _ in node.next_functions:
                waiting.append(parent)

    return sum(1 for _ in nodes(y.grad_fn))


@alternative("true_statements")
def frozen_set():
    return frozenset({"A", "C", "D", "F"})
