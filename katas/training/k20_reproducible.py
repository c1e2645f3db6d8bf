"""Make two runs of a block equal to the last bit, and leave no trace.

Each experiment begins with a seed: `set_seed` in Hugging Face's Transformers and `seed_everything`
in Lightning set three generators at once, and Transformers' `enable_full_determinism` switches
deterministic algorithms on. They change these for good; a test, or one part of a run, wants them
changed for a while.

    with reproducible(3):
        a = torch.rand(2)
    with reproducible(3):
        b = torch.rand(2)         a and b are equal
    torch.rand(2)                 gives the numbers that it would give without these blocks

What holds for every kata stands in katas/README.md.
"""

from contextlib import AbstractContextManager


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
    raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
