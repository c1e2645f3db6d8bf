"""What was freed cannot be read in memory that is not written yet."""

import ctypes
import os

import pytest

from dojo.judge.sandbox.freed_memory import freed_memory_overwritten

SECRET = b"secret" * 4000


def has_glibc():
    """Whether the C library is one that can overwrite what is freed."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


def left_of_freed_text():
    """What is in the memory of a text after that was freed."""
    text = bytes(bytearray(SECRET))
    place = id(text) + bytes.__basicsize__ - 1
    del text
    return ctypes.string_at(place, len(SECRET))


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_freed_memory_is_overwritten_in_the_block_alone():
    with freed_memory_overwritten():
        assert b"secret" not in left_of_freed_text()
    assert b"secret" in left_of_freed_text()


def test_an_error_goes_through():
    with pytest.raises(KeyError), freed_memory_overwritten():
        raise KeyError
