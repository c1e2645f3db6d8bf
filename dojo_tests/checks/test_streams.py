"""A call that goes through pieces may hold the last one, and nothing of those before it."""

import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.streams import expect_lets_go

PIECES = [torch.full((100, 100), float(n)) for n in range(6)]


def largest(pieces):
    return max(float(one.max()) for one in pieces)


def in_a_list(pieces):
    return largest(list(pieces))


def a_view_is_kept(pieces):
    return largest([one[:1] for one in pieces])


def copies_are_kept(pieces):
    return largest([one.half() for one in pieces])


def lists_are_kept(pieces):
    return max(max(map(max, one)) for one in [one.tolist() for one in pieces])


def one_by_one(pieces):
    best = -1.0
    for one in pieces:
        scratch = one.double().exp()  # noqa: F841 - goes with the next one
        best = max(best, float(one.max()))
    return best


def kept_two(pieces):
    before = last = None
    for one in pieces:
        before, last = last, one
    return before, last


@pytest.mark.parametrize("function", [largest, one_by_one])
def test_what_holds_the_last_piece_alone_is_right(function):
    assert expect_lets_go(function, PIECES, "block") == 5.0


def test_what_ends_early_is_left_to_other_checks():
    assert float(expect_lets_go(lambda pieces: next(pieces).sum(), PIECES, "block")) == 0.0


@pytest.mark.parametrize("function", [in_a_list, a_view_is_kept])
def test_a_piece_that_is_held_is_named(function):
    with pytest.raises(CheckFailed, match=r"still held block 0 when block 2 was asked for\."):
        expect_lets_go(function, PIECES, "block")


def test_the_piece_before_the_last_one_is_one_too_many():
    with pytest.raises(CheckFailed, match="still held batch 0 when batch 2"):
        expect_lets_go(kept_two, PIECES, "batch")


@pytest.mark.parametrize("function", [copies_are_kept, lists_are_kept])
def test_copies_are_held_memory(function):
    with pytest.raises(CheckFailed, match="bytes more at block 5 than at block 2; each block has"):
        expect_lets_go(function, PIECES, "block", "Let go.")
