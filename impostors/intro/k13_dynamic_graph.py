"""Wrong and right answers to intro/k13_dynamic_graph."""

import collections
import functools
import itertools
import math

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


@impostor("double_until", diagnosis="y.data hides the doublings from autograd.", aspect="gradient")
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
    diagnosis="x.norm() stays as it is, so the loop has no end.",
    aspect="values",
)
def looks_at_x(x, limit):
    y = x
    while x.norm() < limit:
        y = y * 2
    return y


@impostor(
    "double_until", diagnosis="<= doubles once more where the norm equals limit.", aspect="values"
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
    diagnosis="The loop ends one doubling before the limit is reached.",
    aspect="values",
)
def stops_below_limit(x, limit):
    y = x
    while (y * 2).norm() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="x is doubled once only: if for while.", aspect="values")
def doubles_once(x, limit):
    return x * 2 if x.norm() < limit else x


@impostor("double_until", diagnosis="The sum of absolute values is the 1-norm.", aspect="values")
def takes_the_1_norm(x, limit):
    y = x
    while y.abs().sum() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="The largest element is the infinity norm.", aspect="values")
def takes_the_largest(x, limit):
    y = x
    while y.abs().max() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="The sum is no norm: signs cancel.", aspect="values")
def takes_the_sum(x, limit):
    y = x
    while y.sum() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="The sum of squares lacks its root.", aspect="values")
def forgets_the_root(x, limit):
    y = x
    while (y**2).sum() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="The mean of the squares is not their sum.", aspect="values")
def takes_the_mean(x, limit):
    y = x
    while (y**2).mean().sqrt() < limit:
        y = y * 2
    return y


@impostor(
    "double_until",
    diagnosis="linalg.norm(matrix, 2) is the largest singular value.",
    aspect="values",
)
def takes_the_matrix_norm(x, limit):
    y = x
    while (torch.linalg.norm(y, 2) if y.dim() == 2 else y.norm()) < limit:
        y = y * 2
    return y


@impostor(
    "double_until", diagnosis="The norm of each row is asked, not that of all.", aspect="values"
)
def takes_the_norm_of_rows(x, limit):
    y = x
    while (y.norm(dim=-1) < limit).any():
        y = y * 2
    return y


@impostor("double_until", diagnosis="All elements have to reach the limit.", aspect="values")
def waits_for_all_elements(x, limit):
    y = x
    while (y.abs() < limit).any() and y.norm() < 1e9:
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


@impostor("double_until", diagnosis="y * y squares; it does not double.", aspect="values")
def squares(x, limit):
    y = x
    for _ in range(30):
        if y.norm() < limit:
            y = y * y
    return y


@impostor("double_until", diagnosis="float() turns float64 into float32.", aspect="dtype")
def rounds_to_float32(x, limit):
    y = x.float()
    while y.norm() < limit:
        y = y * 2
    return y


@impostor("double_until", diagnosis="The norm is returned, not y.", aspect="shape")
def returns_the_norm(x, limit):
    y = x
    while y.norm() < limit:
        y = y * 2
    return y.norm()


@impostor("double_until", diagnosis="y and n are returned; y alone is asked for.", aspect="type")
def returns_the_number_too(x, limit):
    y, n = x, 0
    while y.norm() < limit:
        y, n = y * 2, n + 1
    return y, n


@impostor("double_until", diagnosis="The return is missing.", aspect="type")
def returns_nothing(x, limit):
    y = x
    while y.norm() < limit:
        y = y * 2


@impostor("double_until", diagnosis="x is flattened and stays so.", aspect="shape")
def flattens(x, limit):
    y = x.flatten()
    while y.norm() < limit:
        y = y * 2
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


@impostor(
    "double_until", diagnosis="requires_grad_() changes x, which was not tracked.", aspect="memory"
)
def makes_x_a_leaf(x, limit):
    y = x.requires_grad_()
    while y.norm() < limit:
        y = y * 2
    return y


# ------------------------------------------------------------------ graph_size


@impostor(
    "graph_size",
    diagnosis="A node that is reached along two ways is counted twice.",
    aspect="values",
)
def counts_ways(y):
    def count(node):
        return 0 if node is None else 1 + sum(count(parent) for parent, _ in node.next_functions)

    return count(y.grad_fn)


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
    "graph_size", diagnosis="These are the edges of the graph, not its nodes.", aspect="values"
)
def counts_edges(y):
    seen, waiting, edges = set(), [y.grad_fn], 0
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            edges += len(node.next_functions)
            waiting.extend(parent for parent, _ in node.next_functions)
    return edges


@impostor(
    "graph_size",
    diagnosis="Only the first input of each node is followed.",
    aspect="values",
)
def follows_the_first_input(y):
    node, size = y.grad_fn, 0
    while node is not None:
        size += 1
        node = node.next_functions[0][0] if node.next_functions else None
    return size


@impostor("graph_size", diagnosis="Gradient accumulators are nodes too.", aspect="values")
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


@impostor("graph_size", diagnosis="Two nodes of one kind have the same name.", aspect="values")
def remembers_names(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node.name() not in seen:
            seen.add(node.name())
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


@impostor("graph_size", diagnosis="y.grad_fn itself is not counted.", aspect="values")
def leaves_the_root_out(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return max(len(seen) - 1, 0)


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
    "graph_size", diagnosis="A leaf without grad_fn makes this fail with None.", aspect="values"
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


@impostor("graph_size", diagnosis="The nodes are returned, not their number.", aspect="type")
def returns_the_nodes(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return seen


@impostor("graph_size", diagnosis="Only the inputs of the last operation count.", aspect="values")
def looks_one_step_back(y):
    if y.grad_fn is None:
        return 0
    return 1 + sum(parent is not None for parent, _ in y.grad_fn.next_functions)


@impostor(
    "graph_size",
    diagnosis="A limit on the number of steps cuts large graphs off.",
    aspect="cost",
)
def gives_up_after_a_thousand(y):
    seen, waiting = set(), [y.grad_fn]
    while waiting and len(seen) < 1000:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


# ------------------------------------------------------------------ true_statements


@impostor("true_statements", diagnosis="All letters are listed, true or not.", aspect="values")
def lists_all_letters():
    return set("ABCDEF")


@impostor("true_statements", diagnosis="No letter is listed.", aspect="values")
def lists_no_letter():
    return set()


@impostor("true_statements", diagnosis="The false statements are listed.", aspect="values")
def lists_the_false_ones():
    return {"B", "E"}


@impostor("true_statements", diagnosis="A list of letters is not a set.", aspect="values")
def lists_in_a_list():
    return ["A", "C", "D", "F"]


@impostor("true_statements", diagnosis="One string is not a set of letters.", aspect="values")
def lists_in_a_string():
    return "ACDF"


@impostor("true_statements", diagnosis="The graph knows no Python loops.", aspect="values")
def takes_the_graph_for_a_program():
    return {"A", "B", "C", "D", "F"}


@impostor("true_statements", diagnosis="backward runs no forward code.", aspect="values")
def takes_backward_for_a_second_run():
    return {"A", "C", "D", "E", "F"}


@impostor("true_statements", diagnosis="The graph is built as operations run.", aspect="values")
def takes_the_graph_for_declared():
    return {"C", "D", "F"}


@impostor("true_statements", diagnosis="no_grad switches recording off.", aspect="values")
def forgets_no_grad():
    return {"A", "D", "F"}


@impostor("true_statements", diagnosis="Nodes refer to where inputs came from.", aspect="values")
def turns_the_edges_around():
    return {"A", "C", "F"}


@impostor("true_statements", diagnosis="Each call may leave another graph.", aspect="values")
def wants_equal_shapes():
    return {"A", "C", "D"}


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
def last_of_a_generator(x, limit):
    def powers():
        y = x
        while True:
            yield y
            y = torch.mul(y, torch.tensor(2.0, dtype=x.dtype, device=x.device))

    return next(y for y in powers() if y.square().sum().sqrt().item() >= limit)


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
def growing_list(y):
    nodes = [y.grad_fn] if y.grad_fn is not None else []
    known = set(nodes)
    for node in nodes:
        for parent, _ in node.next_functions:
            if parent is not None and parent not in known:
                known.add(parent)
                nodes.append(parent)
    return len(nodes)


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
