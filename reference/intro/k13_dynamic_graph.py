"""Keep doubling a tensor, and count the graph that grows with the data.

The `while` looks at a number, and each turn runs one more multiplication, which autograd records.
The graph has as many nodes as there were doublings: for other data, another graph. The `while`
itself is not in it, and neither is the norm, since y was not computed from it.

Common wrong answers: a fixed number of doublings does not ask the data. `x * 2**n` has the right
value and gradient, but one node whatever n is. `y *= 2` with y = x writes into x. `detach`, `.data`
and `no_grad` around the doubling leave no graph at all. `torch.linalg.norm(x, 2)` of a matrix is
another norm, its largest singular value.

A graph is no tree: many edges may lead to one node, so remember the nodes that you have seen, and
do not walk on from those. Otherwise forty times `y = y + y` have 2⁴⁰ ways to the leaf. A function
that calls itself for each node ends at Python's recursion limit; a list of nodes to visit does not.
"""

import torch

HINTS = (
    "The condition of the loop looks at y, which changes, and not at x, which does not.",
    "One operation per doubling: print y.grad_fn after each turn, and graph_size(y) at the end.",
    "For the graph, print y.grad_fn.next_functions, then the same of what you find in there.",
    "Keep two collections: the nodes still to visit, and the nodes that you have seen already.",
)


def double_until(x: torch.Tensor, limit: float) -> torch.Tensor:
    """x, doubled as often as its norm needs to reach the limit.

    The norm is the square root of the sum of the squares of all elements, whatever the shape.

    Args:
        x: a tensor of floats. It stays as it is.
        limit: a positive number.

    Returns:
        2ⁿ · x, for the smallest n ≥ 0 with a norm of at least limit.

    Exactly:
        x has any shape, the dtype float32 or float64, and is finite and not all zero. Squares of
        its elements and of limit neither overflow nor underflow in that dtype. Autograd may track
        x (as a leaf or a result) or not. The result has x's shape, dtype and device; where n is 0,
        it may be x itself.

        If x is tracked, autograd has recorded one operation for each doubling, so that the
        graph grows with n. Other nodes, such as that of a clone, are fine if their number does
        not grow with n. The gradient of x is 2ⁿ.
    """
    y = x
    while y.detach().norm() < limit:
        y = y * 2
    return y


def graph_size(y: torch.Tensor) -> int:
    """The number of distinct autograd nodes that can be reached from y.

    That is y.grad_fn, and all that follow from it by `next_functions`, each counted once.

    Args:
        y: any tensor. It stays as it is, and so does its graph.

    Returns:
        The number as an int; 0 where y has no grad_fn, as a leaf.

    Exactly:
        A node counts once, however many ways lead there. The gradient accumulators of leaves
        count too; None is not a node. The graph may have 10,000 nodes, one behind the other, or
        far more ways through it than nodes.
    """
    seen = set()
    waiting = [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


def true_statements() -> set[str]:
    """The letters of the true statements on dynamic graphs in eager PyTorch.

    A. The graph is not declared beforehand: operations on tracked tensors add their nodes to it as
       they run in the forward pass.
    B. The graph of `double_until(x, limit)` has a node for the `while`, so that `y.backward()` can
       decide anew how often the loop runs.
    C. Under `torch.no_grad()`, the result of `y.norm()` has no grad_fn, although y is tracked.
    D. The `next_functions` of a node lead to the nodes of its operation's inputs, and not to those
       of operations that use its output. So a graph is walked from a result towards the leaves.
    E. `y.backward()` calls `double_until` a second time, to find out which operations it ran.
    F. A model may process each tree of a data set by a recursive Python function and be trained
       with `backward()`, although the trees, and so the graphs, differ in shape.

    Returns:
        A set such as {"A", "B"}.
    """
    return {"A", "C", "D", "F"}
