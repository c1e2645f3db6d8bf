"""An answer that changes its own file in each run is told from a learner who saves often."""

import os

import pytest

from dojo.watch import restless
from dojo.watch.restless import Restless


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set; a list with one number."""
    now = [100.0]
    monkeypatch.setattr(restless.time, "time", lambda: now[0])
    return now


@pytest.fixture
def run_with_change(clock, tmp_path):
    """Makes a run of some seconds and a change some seconds after its begin; gives whether that
    is ignored.
    """
    path = tmp_path / "answer.py"
    path.touch()

    def run_with_change(runs, after, lasts=0.1):
        runs.begin()
        os.utime(path, (clock[0] + after,) * 2)
        clock[0] += lasts
        runs.end()
        clock[0] += 1
        return runs.ignores_change(path)

    return run_with_change


def test_the_fifth_change_in_a_run_is_ignored(run_with_change):
    runs = Restless()
    assert [run_with_change(runs, 0.05) for _ in range(6)] == [False] * 4 + [True] * 2


def test_a_change_while_the_run_goes_on_counts_too(clock, tmp_path):
    runs, path = Restless(), tmp_path / "answer.py"
    path.touch()
    os.utime(path, (clock[0],) * 2)
    found = []
    for _ in range(5):
        runs.begin()
        found.append(runs.ignores_change(path))
    assert found == [False] * 4 + [True]


def test_saves_right_after_the_verdict_are_never_ignored(run_with_change):
    runs = Restless()
    assert not any(run_with_change(runs, 0.11) for _ in range(20))


def test_saves_in_a_run_that_lasts_long_are_never_ignored(run_with_change):
    runs = Restless()
    assert not any(run_with_change(runs, 3.0, lasts=10.0) for _ in range(20))


def test_one_save_of_the_learner_begins_the_count_anew(run_with_change):
    runs = Restless()
    for _ in range(5):
        run_with_change(runs, 0.05)
    assert not run_with_change(runs, 9.0)
    assert not run_with_change(runs, 0.05)


def test_a_file_that_is_gone_is_not_ignored(tmp_path):
    runs = Restless()
    runs.begin()
    assert not runs.ignores_change(tmp_path / "gone.py")
