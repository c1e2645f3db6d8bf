"""Spawned workers stand ready: they start one after another, as many as memory allows."""

from pathlib import Path

import pytest

from dojo.workers import standby as standby_module
from dojo.workers.fork_client import ForkServerDied
from dojo.workers.standby import LEAST, MOST, SIZE, UNKNOWN, Standby, room_for_more
from dojo.workers.worker import WorkerDied


@pytest.fixture
def standby():
    return Standby(Path("root"))


@pytest.fixture
def room_for_two(monkeypatch):
    monkeypatch.setattr(standby_module, "room_for_more", lambda standing: standing < 2)


def fill(standby):
    while standby.fill():
        pass


# ---------------------------------------------------------------- which start when


def test_nothing_starts_until_it_is_asked_for(standby, spawned):
    assert spawned == []


def test_begin_starts_one(standby, spawned):
    standby.begin()
    standby.begin()
    assert [(one.arguments, one.folder) for one in spawned] == [([], Path("root"))]


def test_the_next_one_starts_when_the_one_before_is_ready(standby, slowly_spawned):
    assert standby.fill()
    assert standby.fill()
    assert len(slowly_spawned) == 1
    slowly_spawned[0].becomes_ready = True
    assert standby.fill()
    assert len(slowly_spawned) == 2


def test_two_stand_ready(standby, spawned, room_for_two):
    fill(standby)
    assert standby.count_ready() == len(spawned) == 2


def test_one_that_was_taken_is_replaced(standby, spawned, room_for_two):
    fill(standby)
    assert standby.take() is spawned[0]
    assert standby.count_ready() == 1
    fill(standby)
    assert (standby.count_ready(), len(spawned)) == (2, 3)


def test_to_take_one_does_not_start_another_while_one_is_ready(standby, spawned, room_for_two):
    fill(standby)
    standby.take()
    standby.take()
    assert len(spawned) == 2


def test_to_take_one_starts_it_where_there_is_none(standby, spawned):
    assert standby.take() is spawned[0]
    assert standby.take() is spawned[1]


def test_one_that_is_starting_is_waited_for(standby, slowly_spawned, in_thread):
    standby.begin()
    taken = in_thread(standby.take)
    assert standby.count_ready() == 0
    slowly_spawned[0].becomes_ready = True
    assert taken.result() is slowly_spawned[0]
    assert len(slowly_spawned) == 1


def test_one_that_has_died_while_it_stood_ready_is_not_handed_out(standby, spawned, room_for_two):
    fill(standby)
    spawned[0].is_waiting = False
    assert standby.take() is spawned[1]
    assert spawned[0].is_closed


# ---------------------------------------------------------------- one that cannot start


def test_the_failure_of_a_start_is_told_to_who_takes_the_next_one(standby, slowly_spawned):
    standby.begin()
    slowly_spawned[0].failure = "exit code 4"
    for call in (standby.wait_until_ready, standby.take):
        with pytest.raises(WorkerDied, match="exit code 4"):
            call()
    assert slowly_spawned[0].is_closed


def test_after_a_failure_nothing_starts_until_it_was_told(standby, slowly_spawned):
    standby.begin()
    slowly_spawned[0].failure = "exit code 4"
    assert not standby.fill()
    assert len(slowly_spawned) == 1
    with pytest.raises(WorkerDied):
        standby.take()
    assert standby.fill()
    assert len(slowly_spawned) == 2


def test_a_failure_is_no_matter_while_another_one_is_ready(standby, spawned, room_for_two):
    fill(standby)
    standby.take()
    standby.fill()
    spawned[2].failure = "exit code 4"
    assert not standby.fill()
    assert standby.take() is spawned[1]
    assert standby.fill()


def test_a_system_that_starts_no_process_is_a_failure_too(standby, monkeypatch):
    def refuse(*_):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(standby_module, "SpawnedWorker", refuse)
    assert not standby.fill()
    with pytest.raises(WorkerDied, match="Resource temporarily unavailable"):
        standby.take()


# ---------------------------------------------------------------- close


def test_to_close_ends_what_is_ready_and_what_is_starting(standby, spawned):
    standby.begin()
    standby.fill()
    taken = standby.take()
    standby.fill()
    spawned[-1].becomes_ready = False
    standby.close()
    assert [one.is_closed for one in spawned if one is not taken] == [True] * (len(spawned) - 1)
    assert not taken.is_closed


def test_to_close_wakes_the_thread_that_waits(standby, slowly_spawned, in_thread):
    standby.begin()
    waiting = in_thread(standby.take)
    standby.close()
    with pytest.raises(ForkServerDied, match="it was closed"):
        waiting.result()


def test_after_closing_nothing_starts(standby, spawned):
    standby.close()
    standby.begin()
    assert not standby.fill()
    with pytest.raises(ForkServerDied):
        standby.take()
    assert spawned == []


# ---------------------------------------------------------------- room_for_more

SHARE = 8  # of the memory that is free without them


def most(monkeypatch, free):
    """How many come to stand ready where so many bytes are free before the first."""
    standing = 0
    monkeypatch.setattr(
        standby_module,
        "available_memory",
        lambda: None if free is None else free - standing * SIZE,
    )
    while room_for_more(standing):
        standing += 1
    return standing


@pytest.mark.parametrize(
    "free, count",
    [
        (0, LEAST),
        (2 * SHARE * SIZE, 2),
        (3 * SHARE * SIZE, 3),
        (4 * SHARE * SIZE - 1, 3),
        (1000 * SHARE * SIZE, MOST),
        (None, UNKNOWN),
    ],
)
def test_they_take_an_eighth_of_the_free_memory(monkeypatch, free, count):
    assert most(monkeypatch, free) == count


def test_at_least_two_and_no_more_than_six_stand_ready():
    assert (LEAST, MOST) == (2, 6)
