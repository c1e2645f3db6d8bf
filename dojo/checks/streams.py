"""What a call holds of tensors that it is given one after another: the last one, and no more."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from dojo.checks.costs import MemoryTrace
from dojo.checks.expect import CheckFailed, expect

_LEAST = 5  # pieces, so that what is left of each shows


def expect_lets_go(
    function: Callable[[Iterator[torch.Tensor]], Any],
    pieces: Sequence[torch.Tensor],
    piece: str,
    hint: str = "",
) -> Any:
    """Fail if a call still holds a piece before the last one, or a copy, when it asks for the next.

    Args:
        function: is called twice with an iterator: one trace would hold Python's memory too.
        pieces: five or more of one shape. The call gets copies of them, which nobody else holds.
        piece: what a message calls one of them, such as "block".
        hint: where to look.

    Returns:
        What came back.
    """
    __tracebackhide__ = True
    assert len(pieces) >= _LEAST
    size = pieces[0].numel() * pieces[0].element_size()
    for watched in (_of_torch, _of_python):
        held: list[tuple[int, int]] = []
        alive: list[int] = []
        with watched() as bytes_alive:
            got = function(_handed_out(pieces, bytes_alive, held, alive))
        for earlier, asked in held[:1]:
            sentence = f"still held {piece} {earlier} when {piece} {asked} was asked for."
            raise CheckFailed(sentence, hint)
        last = len(alive) - 1
        if last >= _LEAST - 1:  # else it did not go through them all, which its numbers show
            grown = alive[last] - alive[2]
            sentence = f"held {grown:,} bytes more at {piece} {last} than at {piece} 2"
            expect(grown < size, f"{sentence}; each {piece} has {size:,} bytes.", hint)
    return got


def _handed_out(
    pieces: Sequence[torch.Tensor],
    bytes_alive: Callable[[], int],
    held: list[tuple[int, int]],
    alive: list[int],
) -> Iterator[torch.Tensor]:
    """Yield a copy of each piece; note the pieces that are held too long, and the bytes alive."""
    made: list[StorageWeakRef] = []
    for number, one in enumerate(pieces):
        alive.append(bytes_alive())
        if not all(reference.expired() for reference in made[:-1]):
            gc.collect()  # a circle of objects that nobody holds is not kept
        early = enumerate(made[:-1])
        held += [(place, number) for place, reference in early if not reference.expired()]
        piece = torch.zeros_like(one).copy_(one)
        made.append(StorageWeakRef(piece.untyped_storage()))
        yield piece
        del piece


@contextlib.contextmanager
def _of_torch() -> Iterator[Callable[[], int]]:
    with MemoryTrace() as trace:
        yield lambda: sum(trace.alive)


@contextlib.contextmanager
def _of_python() -> Iterator[Callable[[], int]]:
    """What Python's objects and NumPy's arrays have."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
