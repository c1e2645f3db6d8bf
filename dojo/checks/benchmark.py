"""Declares how a kata is timed: which function, on which inputs, and the least work it takes.

A check file declares a ``Benchmark`` under any name; only ``pytest --benchmark-only`` takes notice.
This module is plain data, so that a run of the checks pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


def _none(_n: int) -> int:
    return 0


@dataclass(frozen=True)
class Benchmark:
    """How one function of a kata is timed.

    Attributes:
        function: the public name that is timed.
        inputs: makes the arguments for a size n, on torch's default device and from torch's
            default generator, which is seeded before. Small whole numbers keep sums exact.
        sizes: the values of n, from small to large enough to leave the cache.
        means: what n is, in a few words, such as "x1: shape (n,)".
        bytes_moved: bytes of memory that must be read or written at least; 0 if none must.
        operations: additions and multiplications that must be done at least; 0 if none must.
        naive: an answer that is right but slow, such as a loop; it is called with the
            same arguments. None if there is none.
        torchs: what one would call in practice, such as a function of torch; with the same
            arguments. None if there is none.
        naive_up_to: the largest size at which the naive answer ends within seconds.
        call: how the function is used, if it is more than a call: it gets the module of the
            answer, then the arguments. It returns what is compared with the reference's.
        is_random: whether results agree in shape and dtype only.
        only_cpu: whether it is timed on the CPU only.
    """

    function: str
    inputs: Callable[[int], tuple[Any, ...]]
    sizes: Sequence[int]
    means: str
    bytes_moved: Callable[[int], int] = _none
    operations: Callable[[int], int] = _none
    naive: Callable[..., Any] | None = None
    torchs: Callable[..., Any] | None = None
    naive_up_to: int | None = None
    call: Callable[..., Any] | None = None
    is_random: bool = False
    only_cpu: bool = False
