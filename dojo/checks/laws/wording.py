"""Words the laws for one function: their sentences, which of them apply, and their order."""

from __future__ import annotations

import types
from typing import Any

from dojo.checks.aspects import ASPECTS, aspect_of

DIGITS = "Only the last digits differ: stay in the dtype of the input or a wider one."
RANDOM = "The call drew random numbers, as dropout does, or set a seed: nothing here is random."
KEEP = "Results go into new tensors; the inputs stay as they are."
TRACKED = "Compute with torch's own operations on {name}, without detach, .data, no_grad or NumPy."
NO_MEMORY = "Compute from the arguments of this very call; remember nothing of an earlier one."
OWN = "Make a new tensor at each call, so that the caller can keep the earlier ones."
UNTRACKED = "Only an input that requires grad makes a result that does."
SETTINGS = "Whoever calls the function does not expect it to change how torch works from then on."
PUT_BACK = (
    "Here it is called under torch.no_grad(). `with torch.no_grad():` and `with"
    " torch.enable_grad():` put back what was there before."
)
LEFT = "A call that raises leaves torch as it was, too: `with` or `finally` sees to that."
BEFORE = "Refuse before anything is written."


def law(*facts: str, last: bool = False) -> Any:
    """Mark a law that holds only where all of these facts of a contract are true.

    Args:
        facts: their names.
        last: whether it is asked behind the other laws of its aspect: what these say is plainer.
    """

    def mark(function: Any) -> Any:
        function.__dojo_needs__ = facts
        function.__dojo_is_last__ = last
        return function

    return mark


def word_laws(cls: Any) -> None:
    """Give a contract's class its laws, in its words and in the order of the aspects.

    A law is left out where a fact that it needs is false, and where the class says None in its
    place. pytest collects what is left in the order in which it stands here.
    """
    own = {name: value for name, value in vars(cls).items() if name.startswith("test_")}
    for name in own:
        delattr(cls, name)
    laws: dict[str, Any] = {}
    for family in reversed(cls.__mro__[1:]):
        laws.update({name: one for name, one in vars(family).items() if name.startswith("test_")})
    laws.update(own)
    holds = {
        name: one
        for name, one in laws.items()
        if one is not None and all(getattr(cls, fact) for fact in _needs(one))
    }
    for name in laws.keys() - holds.keys():
        setattr(cls, name, None)

    def place(name: str) -> tuple[int, bool]:
        one = holds[name]
        return ASPECTS.index(aspect_of(one)), getattr(one, "__dojo_is_last__", False)

    for name in sorted(holds, key=place):
        setattr(cls, name, _worded(holds[name], cls))


def _needs(one: Any) -> tuple[str, ...]:
    return getattr(one, "__dojo_needs__", ())


def _worded(one: Any, cls: Any) -> Any:
    """Copy a law, with its sentence in the words of this function."""
    copy = types.FunctionType(
        one.__code__, one.__globals__, one.__name__, one.__defaults__, one.__closure__
    )
    copy.__dict__.update(one.__dict__)
    text = cls.sentences.get(one.__name__) or one.__doc__ or ""
    updated = getattr(cls, "updated", ())  # what a call may change is no input
    inputs = " and ".join(name for name in cls.tensors if name not in updated)
    copy.__doc__ = text.format(name=cls.name, x=next(iter(cls.tensors), ""), inputs=inputs)
    copy.__qualname__ = f"{cls.__qualname__}.{one.__name__}"
    copy.__module__ = cls.__module__
    return copy
