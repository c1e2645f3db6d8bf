"""The expectations of memory: the same object, a view, new memory, inputs left untouched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from dojo.checks.brief import is_tensor
from dojo.checks.differences import differing
from dojo.checks.expect import CheckFailed, expect_tensor
from dojo.checks.messages import SMALL, describe, numbers_text, returned
from dojo.checks.modes import without_modes
from dojo.devices.tags import device_of


def expect_same_object(got: object, x: object, hint: str = "", subject: str = "x") -> None:
    """Fail unless what came back is the object x itself."""
    __tracebackhide__ = True
    if got is not x:
        kind = "a new tensor" if is_tensor(got) else describe(got)
        raise CheckFailed(f"returned {kind}; expected {subject} itself.", hint)


@without_modes
def _address(x: torch.Tensor) -> tuple[int, int, int]:
    return x.untyped_storage()._cdata, x.storage_offset(), x.untyped_storage().data_ptr()


@without_modes
def shares_storage(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors share a storage; two storages on one buffer count as one."""
    x, y = a.untyped_storage(), b.untyped_storage()
    if x._cdata == y._cdata:
        return True
    if not (x.nbytes() and y.nbytes()):
        return False
    first, second = x.data_ptr(), y.data_ptr()  # NumPy's begins where its array begins
    return first < second + y.nbytes() and second < first + x.nbytes()


def expect_view(got: Any, base: torch.Tensor, hint: str = "", subject: str = "") -> None:
    """Fail unless the result is a tensor in the memory of ``base``: nothing was copied."""
    __tracebackhide__ = True
    expect_tensor(got, subject=subject)
    if not shares_storage(got, base):
        raise CheckFailed(
            f"{returned(subject)} a copy; expected a view of the input's memory.", hint
        )


def expect_new_memory(got: Any, *inputs: torch.Tensor, hint: str = "") -> None:
    """Fail unless the result is a tensor that shares memory with none of the inputs."""
    __tracebackhide__ = True
    expect_tensor(got)
    for x in inputs:
        if got is x:
            raise CheckFailed("returned its input itself; expected a new tensor.", hint)
        if shares_storage(got, x):
            raise CheckFailed(
                "returned a tensor that lies in its input's memory; expected a new one.", hint
            )


@contextlib.contextmanager
def untouched(hint: str = "", **inputs: torch.Tensor) -> Iterator[None]:
    """Fail if the ``with`` block changed an input: its values, layout, dtype or autograd state.

    Args:
        hint: where to look if one did change.
        inputs: the tensors by the names that the learner knows.
    """
    __tracebackhide__ = True
    before = {name: state_of(x) for name, x in inputs.items()}
    yield
    for name, x in inputs.items():
        expect_state(name, x, before[name], hint)


@without_modes
def state_of(x: torch.Tensor) -> tuple[torch.Tensor, dict[str, object]]:
    """Return what ``expect_state`` compares: a copy of the values, and the facts."""
    return x.detach().clone(), _facts(x)


def _facts(x: torch.Tensor) -> dict[str, object]:
    return {
        "shape": tuple(x.shape),
        "strides": x.stride(),
        "dtype": x.dtype,
        "device": device_of(x),
        "memory": _address(x),
        "requires_grad": x.requires_grad,
        "gradient function": x.grad_fn,
        ".grad": _grad_of(x),
        "number of hooks": sum(
            len(hooks or ()) for hooks in (x._backward_hooks, x._post_accumulate_grad_hooks)
        ),
        "retains_grad": x.retains_grad,
    }


def _grad_of(x: torch.Tensor) -> tuple[int, int] | None:
    """Return which object the .grad of a leaf is, and how often that was written; None if none."""
    grad = x.grad if x.is_leaf else None
    return None if grad is None else (id(grad), grad._version)


@without_modes
def expect_state(
    name: str, x: torch.Tensor, before: tuple[torch.Tensor, dict[str, object]], hint: str = ""
) -> None:
    """Fail if a tensor is not in the state any more that ``state_of`` has returned."""
    __tracebackhide__ = True
    values, facts = before
    now = _facts(x)
    if x._is_view() and x.grad_fn is not None:
        # torch makes it anew where another view in that memory was changed, if only in its shape
        now["gradient function"] = facts["gradient function"]
    for fact, value in facts.items():
        if now[fact] != value:
            change = "" if fact in ("memory", ".grad") else f" from {value} to {now[fact]}"
            raise CheckFailed(f"changed the {fact} of its input {name}{change}.", hint)
    if places := differing(x.detach(), values, 0, 0):
        change = _change_in_words(values, x.detach(), tuple(places[0]))
        raise CheckFailed(f"changed the values of its input {name}{change}.", hint)


def _change_in_words(before: torch.Tensor, now: torch.Tensor, index: tuple[int, ...]) -> str:
    """Word what became of few values; of those that look alike, the one at the index."""
    if now.numel() > SMALL:
        return ""
    words = [numbers_text(one) for one in (before, now)]
    where = ""
    if words[0] == words[1]:  # they differ only behind the sixth digit
        words = [f" {one[index].item()!r}" for one in (before, now)]
        where = f" at index {index}" if index else ""
    return f"{where}: it was{words[0]} and is now{words[1]}"
