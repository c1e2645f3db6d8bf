"""The expectations of autograd: gradients by value, and the nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from dojo.checks.expect import CheckFailed, expect_tensor, expect_values


def gradients(
    output: Any, inputs: Mapping[str, torch.Tensor], cotangent: torch.Tensor, hint: str = ""
) -> dict[str, torch.Tensor]:
    """Return the gradients of ``(output * cotangent).sum()`` by the inputs' names.

    Of a complex sum, the real part counts.

    Raises:
        CheckFailed: autograd does not track the output, or no gradient reaches an input.
    """
    __tracebackhide__ = True
    expect_tensor(output)
    if not output.requires_grad:
        raise CheckFailed("returned a tensor that autograd does not track.", hint)
    # to hand the cotangent to torch.autograd.grad would make that import a good part of torch
    total = (output * cotangent).sum()
    total = total.real if total.is_complex() else total
    found = torch.autograd.grad(total, list(inputs.values()), allow_unused=True, retain_graph=True)
    for name, gradient in zip(inputs, found, strict=True):
        if gradient is None:
            raise CheckFailed(f"is cut off from autograd: no gradient reaches {name}.", hint)
    return dict(zip(inputs, found, strict=True))


def expect_gradients(
    output: Any,
    inputs: Mapping[str, torch.Tensor],
    cotangent: torch.Tensor,
    expected: Mapping[str, torch.Tensor],
    hint: str = "",
) -> None:
    """Fail unless every gradient has the expected shape, dtype and values.

    Args:
        output: what the learner returned.
        inputs: leaves that require grad, by the names that the learner knows.
        cotangent: weights of the output's elements, same shape as output.
        expected: the gradients in closed form, by the same names.
        hint: where to look.
    """
    __tracebackhide__ = True
    found = gradients(output, inputs, cotangent, hint)
    for name in expected:
        expect_values(found[name], expected[name], hint, subject=f"the gradient of {name}")


def expect_derivatives(
    y: Any,
    x: torch.Tensor,
    expected: Sequence[torch.Tensor],
    hint: str = "",
    subject: str = "the result",
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Fail unless y has the expected derivatives: the first, the second and so on, by value.

    Each is the gradient for x of the sum of the one before.

    Args:
        y: a tensor whose entries depend on those of x in the same place.
        x: a tensor that requires grad.
        expected: the derivatives of y, in x's shape, up to four.
        hint: where to look.
        subject: y in words.
        rtol, atol: those of ``expect_values``.
    """
    __tracebackhide__ = True
    name = "value"
    for order, one in zip(("first", "second", "third", "fourth"), expected, strict=False):
        if not y.requires_grad:
            raise CheckFailed(f"gave {subject} a {name} that autograd does not track.", hint)
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True, allow_unused=True)
        name = f"{order} derivative"
        if y is None:
            raise CheckFailed(f"cut {subject} off from autograd: it has no {name}.", hint)
        expect_values(y, one, hint, f"the {name} of {subject}", rtol, atol)


def graph_nodes(x: torch.Tensor) -> list[Any]:
    """Return the distinct autograd nodes in the history of x; works without recursion."""
    seen, queue = set(), [x.grad_fn] if x.grad_fn is not None else []
    nodes: list[Any] = []
    while queue:
        node = queue.pop()
        if node in seen:
            continue
        seen.add(node)
        nodes.append(node)
        queue += [parent for parent, _ in node.next_functions if parent is not None]
    return nodes
