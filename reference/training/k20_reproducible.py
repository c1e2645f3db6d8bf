"""Make two runs of a block equal to the last bit, and leave no trace.

A generator has a state of some thousand bytes, and a seed only says where it starts. To put it back
in the midst of its numbers, the state must be kept. It is kept in local variables: so each block
has its own, and blocks can stand inside of each other. `finally` runs where the block raises.

The seed is tested first. NumPy would refuse a wrong one by itself, but by then the others may be
seeded already.

In practice one calls `lightning.seed_everything` or `transformers.set_seed` once at the start, and
`torch.use_deterministic_algorithms(True)`; `torch.random.fork_rng` keeps torch's state for a block.
"""

import contextlib
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager

import numpy as np
import torch

HINTS = (
    "Each generator has a call that seeds it, one that returns its state, and one that sets it.",
    "`random.getstate`, `np.random.get_state` and `torch.get_rng_state` return whole states.",
    "With `@contextlib.contextmanager`, the block runs at the `yield`: put it under `try`.",
    "`torch.use_deterministic_algorithms(on, warn_only=warn)` sets both flags.",
    "Test the seed before anything is changed: NumPy refuses a wrong one later than torch.",
)


def seed_everything(seed: int) -> None:
    """Seed the global random generators of torch, Python and NumPy.

    These are the ones behind `torch.rand`, `random.random` and `np.random.rand`. After two calls
    with one seed, each of them gives the same numbers, whatever was drawn before; with another
    seed, each gives other numbers.

    Args:
        seed: a Python int.

    Raises:
        ValueError: seed is below 0, or 2**32 or more. None of the generators is changed.

    Exactly:
        It changes no setting of torch. Generators of a GPU, cuDNN's settings and environment
        variables are not looked at.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is from 0 to 2**32 - 1, not {seed}")
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


@contextlib.contextmanager
def _block(seed: int) -> Iterator[None]:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    is_on = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        seed_everything(seed)
        torch.use_deterministic_algorithms(True)
        yield
    finally:
        torch.use_deterministic_algorithms(is_on, warn_only=warns)
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])


def reproducible(seed: int) -> AbstractContextManager[None]:
    """Make a block reproducible: it starts from a seed, with deterministic algorithms.

    It is called in a with statement, `with reproducible(3): …`, once for each. The block starts as
    after `seed_everything(seed)`. In it, `torch.are_deterministic_algorithms_enabled()` is True,
    and `torch.is_deterministic_algorithms_warn_only_enabled()` is False: an operation that has no
    deterministic algorithm raises.

    After the block, the three generators and both of these flags are exactly as before it. So the
    next numbers are those that would have come without the block.

    Args:
        seed: a Python int.

    Raises:
        ValueError: seed is below 0, or 2**32 or more. The block does not run, and neither a
            generator nor a flag is changed. It may be raised by the call or by the with statement.

    Exactly:
        "As before" holds whatever the block does: it may draw, seed a generator, change the flags.
        It holds also if the block raises; the exception goes on, be it a KeyboardInterrupt.

        A generator may be in the midst of its numbers, and keep one half of a pair of normal
        numbers for the next call, as all three do. Before the block each of the flags may be on or
        off: warn_only can be on where deterministic algorithms are off.

        Blocks may stand inside of each other, with equal or other seeds. What holds after a block
        then holds after the inner one, in the midst of the outer one.

        You may write it as a generator with `@contextlib.contextmanager`, or as a class.
        Generators of a GPU, cuDNN's settings and environment variables are not looked at.
    """
    return _block(seed)
