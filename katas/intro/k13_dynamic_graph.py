"""Keep doubling a tensor, and count the graph that grows with the data.

Autograd writes its graph down while operations run, one node for each recorded operation. How many
that are is decided by Python's own loops, so every call can leave a graph of another size.

    x = tensor([3., 4.], requires_grad=True)    # its norm is 5
    y = double_until(x, 18.)   ->  [12., 16.]: two doublings, since 10 < 18 <= 20
    graph_size(x * 2 * 2)      ->  3: two multiplications and the gradient accumulator of x

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
