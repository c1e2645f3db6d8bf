"""A random order passes, and one that keeps much of another is told what it keeps."""

import random

import pytest

from dojo.checks.orders import SAMPLES, expect_other_order, most_kept

PLAIN = list(range(SAMPLES))


def batched(order):
    return [order[k : k + 7] for k in range(0, SAMPLES, 7)]


def shuffled(order, seed=0):
    return random.Random(seed).sample(order, len(order))


def in_pieces(size):
    """Samples that are shuffled only among so many neighbours."""
    pieces = [PLAIN[k : k + size] for k in range(0, SAMPLES, size)]
    return [sample for piece in pieces for sample in shuffled(piece)]


@pytest.mark.parametrize("seed", range(50))
def test_a_random_order_passes(seed):
    other = shuffled(PLAIN, seed)
    expect_other_order(batched(other), batched(PLAIN), "epoch 1", "the dataset", "", "")


batches = batched(PLAIN)
WRONG = {
    "the same": (batches, "gave epoch 1 in the order of the dataset (0, 1, 2, 3, 4, …).", "Anew."),
    "whole batches": (
        [*shuffled(batches[:-1]), batches[-1]],
        "kept the samples of each batch of the dataset together in epoch 1.",
        "All.",
    ),
    "turned around": (batched(PLAIN[::-1]), "kept 60 of 61 places or neighbours", "Anew."),
    "a buffer": (batched(in_pieces(10)), "of the first 30 samples of the dataset among", "All."),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_order_that_keeps_much_fails(failure_of, kind):
    wrong, words, hint = WRONG[kind]
    told = "epoch 1", "the dataset", "Anew.", "All."
    failed = failure_of(expect_other_order, wrong, batched(PLAIN), *told)
    assert words in failed.sentence
    assert failed.hint == hint


def test_places_and_neighbours_in_either_direction_count():
    assert most_kept([0, 2, 1, 3], [0, 1, 2, 3]) == 2
    assert most_kept([1, 2, 3, 0], [0, 1, 2, 3]) == 2
    assert most_kept([3, 2, 1, 0], [0, 1, 2, 3]) == 3
