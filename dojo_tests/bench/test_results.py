"""A run is read from its file, and its cases are held against the reference and the machine."""

import pytest

from dojo.bench.results import NoResults, fastest, rate, read_run, since, with_reasons


def test_the_passes_are_told_apart(make_case):
    """Each has a time of its own: its best round."""
    mine = make_case("yours", 5, 1.0, 2.0, 9.0, 4.0, 5.0, passes=[3, 2])
    assert mine.best == [1.0, 4.0]


def test_the_share_of_the_ceiling_is_that_of_the_nearer_one(make_case, make_run):
    """An answer that moves much memory and computes little is held against the copy."""
    copy = make_case("copy", 1, 1.0, bytes_moved=100)
    matmul = make_case("matmul", 1, 1.0, operations_needed=1000)
    mine = make_case("yours", 5, 1.0, bytes_moved=50, operations_needed=10)
    found = rate(make_run(copy, matmul, mine), mine)
    assert (found.unit, found.share) == ("B/s", 0.5)


def test_the_ceiling_of_memory_is_the_better_one_of_two(make_case, make_run):
    """A copy also reads its destination; what is changed in place is read anyhow."""
    copy = make_case("copy", 1, 1.0, bytes_moved=100)
    negate = make_case("negate", 1, 1.0, bytes_moved=160)
    mine = make_case("yours", 5, 1.0, bytes_moved=120)
    assert rate(make_run(copy, negate, mine), mine).share == 0.75


def test_without_a_ceiling_there_is_no_rate(make_case, make_run):
    """A share of what is not known is none."""
    mine = make_case("yours", 5, 1.0, bytes_moved=50)
    assert rate(make_run(mine), mine) is None


def test_the_fastest_time_is_that_of_the_work_which_takes_longer(make_case, make_run):
    """Moving 50 bytes takes half a second, and 10 operations a hundredth."""
    copy = make_case("copy", 1, 1.0, bytes_moved=100)
    matmul = make_case("matmul", 1, 1.0, operations_needed=1000)
    mine = make_case("yours", 5, 2.0, bytes_moved=50, operations_needed=10)
    assert fastest(make_run(copy, matmul, mine), mine) == 0.5


def test_a_case_is_held_against_the_reference_at_the_same_size(make_case, make_run):
    """Three times as long as the reference at 5, not at 4."""
    references = make_case("reference", 4, 1.0), make_case("reference", 5, 2.0)
    mine = make_case("yours", 5, 6.0)
    assert make_run(*references, mine).ratio(mine).value == 3


def test_a_case_is_compared_with_the_same_case_of_an_earlier_run(make_case, make_run):
    """Twice as fast, beside a reference that takes the same time."""
    reference = make_case("reference", 5, 1.0)
    now, then = make_case("yours", 5, 1.0), make_case("yours", 5, 2.0)
    assert since(make_run(now, reference), make_run(then, reference), now).speedup == 2


def test_a_case_that_was_not_timed_then_is_not_compared(make_case, make_run):
    """Nor one whose reference was not timed."""
    reference, now = make_case("reference", 5, 1.0), make_case("yours", 5, 1.0)
    assert since(make_run(now, reference), make_run(reference), now) is None
    assert since(make_run(now, reference), make_run(now), now) is None


def test_a_case_that_was_not_timed_is_added_with_its_reason(make_run):
    """From the note on it; a note without a reason is of a case that the run has."""
    about = {"kata": "first/k02_add", "function": "add_", "device": "cpu", "means": "n"}
    note = {**about, "implementation": "yours", "n": 4, "size": 8, "reason": "hangs"}
    (case,) = with_reasons(make_run(), [note, {**note, "reason": ""}]).cases
    assert (case.reason, case.n, case.size, case.rounds) == ("hangs", 4, 8, ())


def test_a_file_that_is_no_saved_run_is_refused_by_name(tmp_path):
    """The message says what to do with it."""
    path = tmp_path / "0001_bench.json"
    path.write_text('{"datetime": "2026-01-02T12:00:00+00:00", "benchmarks": 3}')
    with pytest.raises(NoResults, match=r"0001_bench\.json .* Move it away"):
        read_run(path)
