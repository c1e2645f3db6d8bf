"""Ends what has no end, or takes as long as that, before a check's time limit does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from torch.overrides import TorchFunctionMode

from dojo.checks.expect import CheckFailed


class CallsLimited(TorchFunctionMode):
    """A mode that fails as soon as torch has been called too often.

    Args:
        most: how many calls of torch's functions there may be.
        sentence: what a learner is told then.
        hint: where to look.
    """

    def __init__(self, most: int, sentence: str, hint: str) -> None:
        super().__init__()
        self._left, self._told = most, (sentence, hint)

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._left -= 1
        if self._left < 0:
            raise CheckFailed(*self._told)
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def steps_limited(most: int, sentence: str, hint: str) -> Iterator[None]:
    """Fail as soon as the ``with`` block has called so many functions of Python or C.

    Args:
        most: how many calls there may be.
        sentence: what a learner is told then.
        hint: where to look.
    """
    steps = 0

    def count(_frame: Any, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")
        if steps > most:
            raise CheckFailed(sentence, hint)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
