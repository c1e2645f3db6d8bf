"""The expectations of memory: the same object, a view, new memory, inputs left untouched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
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
def owner_of(got: torch.Tensor, named: Iterable[tuple[str, torch.Tensor]]) -> str:
    """Return the name of the first tensor that shares its storage with a result; else empty."""
    own = got.untyped_storage()
    key, first, size = own._cdata, own.data_ptr(), own.nbytes()
    for name, x in named:
        storage = x.untyped_storage()
        if storage._cdata == key:
            return name
        second, other = storage.data_ptr(), storage.nbytes()  # NumPy's begins where its array does
        if size and other and first < second + other and second < first + size:
            return name
    return ""


def shares_storage(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors share a storage; two storages on one buffer count as one."""
    return owner_of(a, [("b", b)]) != ""


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


# of a tensor, in the order in which ``facts_of`` returns them
_FACTS = (
    *("shape", "strides", "dtype", "device", "memory", "requires_grad", "gradient function"),
    *(".grad", "number of hooks", "retains_grad"),
)
GRADIENT_FUNCTION = _FACTS.index("gradient function")
State = tuple[torch.Tensor, tuple[object, ...]]


@without_modes
def state_of(x: torch.Tensor) -> State:
    """Return what ``expect_state`` compares: a copy of the values on the CPU, and the facts."""
    values = x.detach()
    return values.cpu() if values.is_cuda else values.clone(), facts_of(x)


def facts_of(x: torch.Tensor) -> tuple[object, ...]:
    """Return all that is said of a tensor but for its values; for a caller without modes."""
    storage = x.untyped_storage()
    grad = x.grad if x.is_leaf else None
    hooks = (x._backward_hooks, x._post_accumulate_grad_hooks)
    return (
        tuple(x.shape),
        x.stride(),
        x.dtype,
        device_of(x),
        (storage._cdata, x.storage_offset(), storage.data_ptr()),
        x.requires_grad,
        x.grad_fn,
        None if grad is None else (id(grad), grad._version),
        0 if hooks == (None, None) else sum(len(each or ()) for each in hooks),
        x.retains_grad,
    )


@without_modes
def expect_state(name: str, x: torch.Tensor, before: State, hint: str = "") -> None:
    """Fail if a tensor is not in the state any more that ``state_of`` has returned."""
    __tracebackhide__ = True
    values, facts = before
    now = facts_of(x)
    if now != facts:
        if x._is_view() and x.grad_fn is not None:
            # torch makes it anew where another view in that memory was changed, if only in its
            # shape
            facts = (*facts[:GRADIENT_FUNCTION], x.grad_fn, *facts[GRADIENT_FUNCTION + 1 :])
        for fact, old, new in zip(_FACTS, facts, now, strict=True):
            if new != old:
                change = "" if fact in ("memory", ".grad") else f" from {old} to {new}"
                raise CheckFailed(f"changed the {fact} of its input {name}{change}.", hint)
    x = x.detach().cpu() if x.is_cuda else x.detach()
    if places := differing(x, values, 0, 0):
        change = _change_in_words(values, x, tuple(places[0]))
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
