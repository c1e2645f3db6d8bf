"""The learner's state survives edits, other processes, damage, a full disk and kill -9."""

import errno
import hashlib
import json
import signal
import subprocess
import sys

import pytest

import dojo.files.lock
import dojo.files.state_file
from dojo.course.katas import Kata
from dojo.progress.record import Progress, record_all
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, STALE, TIMED_OUT, Verdict

ENTRY = {
    "state": "green",
    "source_hash": "a",
    "judged": "2026-01-31T09:30:00+0100",
    "green_hash": "a",
    "green": "2026-01-31T09:30:00+0100",
    "reds": 0,
    "hints": 2,
    "skipped": False,
}
DAMAGED = {
    "empty": "",
    "truncated": '{"version": 1, "katas": {"intro/k03_in_pl',
    "not UTF-8": b"\xff\xfe\x00",
    "nested without end": "[" * 100_000,
    "a list": "[]",
    "without version": '{"katas": {}}',
    "version as text": '{"version": "1", "katas": {}}',
    "version of truth": '{"version": true, "katas": {}}',
    "without katas": '{"version": 1}',
    "katas as a list": '{"version": 1, "katas": []}',
    "an entry as text": '{"version": 1, "katas": {"intro/k03_in_place_add": "green"}}',
    "a field missing": json.dumps({"version": 1, "katas": {"a/b": {"state": "green"}}}),
    **{
        f"{field} as {value!r}": json.dumps(
            {"version": 1, "katas": {"intro/k03_in_place_add": {**ENTRY, field: value}}}
        )
        for field, value in [
            ("state", "blue"),
            ("state", None),
            ("source_hash", 1),
            ("reds", -1),
            ("reds", True),
            ("hints", 1.5),
            ("skipped", 0),
            ("unknown", 1),
        ]
    },
    "future version": '{"version": 2, "katas": {}, "more": 1}',
}


@pytest.fixture
def k03(own_course_pair):
    return Kata("intro/k03_in_place_add", own_course_pair)


@pytest.fixture
def k05(own_course_pair):
    return Kata("intro/k05_matmul", own_course_pair)


@pytest.fixture
def file(own_course_pair):
    return own_course_pair / ".dojo" / "progress.json"


def verdict_on(kata, state):
    """A verdict on what the learner's file holds at this moment."""
    return Verdict(kata.name, state, 0.1, hash_of(kata), ())


def hash_of(kata):
    return hashlib.sha256(kata.stub.read_bytes()).hexdigest()


def write(kata, text):
    kata.stub.write_text(text)


def judged(kata, state, text):
    """The progress of another process, after a verdict on a file with this text."""
    write(kata, text)
    progress = Progress(kata.root)
    progress.record(verdict_on(kata, state))
    return Progress(kata.root)


# ---------------------------------------------------------------- states


def test_a_kata_that_was_never_judged_is_not_started(k03):
    write(k03, "x = 1\n")
    assert Progress(k03.root).state(k03) == NOT_STARTED


@pytest.mark.parametrize("state", [RED, GREEN, CRASHED, TIMED_OUT, NOT_STARTED])
def test_a_state_is_remembered(k03, state):
    assert judged(k03, state, "x = 1\n").state(k03) == state


def test_green_is_stale_after_an_edit(k03):
    progress = judged(k03, GREEN, "x = 1\n")
    write(k03, "x = 2\n")
    assert progress.state(k03) == STALE


def test_green_is_stale_after_the_file_is_gone(k03):
    progress = judged(k03, GREEN, "x = 1\n")
    k03.stub.unlink()
    assert progress.state(k03) == STALE


def test_green_comes_back_with_the_version_that_earned_it(k03):
    judged(k03, GREEN, "x = 1\n")
    progress = judged(k03, RED, "x = 2\n")
    write(k03, "x = 1\n")
    assert progress.state(k03) == GREEN


def test_green_is_lost_if_the_same_version_turns_red(k03):
    judged(k03, GREEN, "x = 1\n")
    assert judged(k03, RED, "x = 1\n").state(k03) == RED


def test_red_stays_red_after_an_edit(k03):
    progress = judged(k03, RED, "x = 1\n")
    write(k03, "x = 2\n")
    assert progress.state(k03) == RED


@pytest.mark.parametrize("state", [RED, GREEN, TIMED_OUT])
def test_a_file_that_is_the_stub_again_is_not_started(k03, state):
    stub = k03.stub.read_text()
    progress = judged(k03, state, "x = 1\n")
    write(k03, stub)
    assert progress.state(k03) == NOT_STARTED


def test_a_green_verdict_on_some_checks_alone_is_forgotten(k03):
    progress = Progress(k03.root)
    progress.record(verdict_on(k03, GREEN), complete=False)
    assert progress.state(k03) == NOT_STARTED


def test_a_red_verdict_on_some_checks_alone_counts(k03):
    progress = Progress(k03.root)
    progress.record(verdict_on(k03, RED), complete=False)
    assert progress.state(k03) == RED


def test_ever_having_been_green_is_remembered(k03):
    judged(k03, GREEN, "x = 1\n")
    assert judged(k03, RED, "x = 2\n").was_green(k03)


def test_a_run_is_recorded_at_once(k03, k05):
    assert record_all(k03.root, [verdict_on(k03, RED), verdict_on(k05, GREEN)]) == []
    progress = Progress(k03.root)
    assert (progress.state(k03), progress.state(k05)) == (RED, GREEN)


# ---------------------------------------------------------------- reds, hints, skips


def test_reds_count_versions_and_not_runs(k03):
    judged(k03, RED, "x = 1\n")
    judged(k03, RED, "x = 1\n")
    judged(k03, RED, "x = 2\n")
    assert judged(k03, CRASHED, "x =\n").reds(k03) == 2


def test_reds_count_from_the_last_green(k03):
    judged(k03, RED, "x = 1\n")
    judged(k03, GREEN, "x = 2\n")
    assert judged(k03, RED, "x = 3\n").reds(k03) == 1


def test_hints_stay_open(k03):
    Progress(k03.root).open_hint(k03)
    Progress(k03.root).open_hint(k03)
    assert Progress(k03.root).hints_opened(k03) == 2


def test_a_skipped_kata_is_no_longer_skipped_once_it_is_green(k03):
    Progress(k03.root).skip(k03)
    assert Progress(k03.root).is_skipped(k03)
    assert not judged(k03, GREEN, "x = 1\n").is_skipped(k03)


def test_the_first_kata_that_is_not_green_is_the_current_one(k03, k05):
    assert Progress(k03.root).current([k03, k05]) == k03
    assert judged(k03, GREEN, "x = 1\n").current([k03, k05]) == k05


def test_a_stale_kata_is_the_current_one(k03, k05):
    progress = judged(k03, GREEN, "x = 1\n")
    write(k03, "x = 2\n")
    assert progress.current([k03, k05]) == k03


def test_skipped_katas_come_last(k03, k05):
    progress = Progress(k03.root)
    progress.skip(k03)
    assert progress.current([k03, k05]) == k05
    progress.record(verdict_on(k05, GREEN))
    assert progress.current([k03, k05]) == k03


def test_none_is_current_when_all_are_green(k03):
    assert judged(k03, GREEN, "x = 1\n").current([k03]) is None


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_that_is_not_understood_is_set_aside_and_named(k03, file, damage):
    content = DAMAGED[damage]
    content = content if isinstance(content, bytes) else content.encode()
    file.parent.mkdir()
    file.write_bytes(content)
    progress = Progress(k03.root)
    progress.skip(k03)
    (kept,) = file.parent.glob("progress.*-*.json")
    assert kept.read_bytes() == content
    (warning,) = progress.warnings
    assert warning.startswith(".dojo/progress.json is ")
    assert kept.name in warning
    assert "\n" not in warning
    assert Progress(k03.root).is_skipped(k03)


def test_reading_alone_sets_a_damaged_file_aside(k03, file):
    file.parent.mkdir()
    file.write_text("{")
    progress = Progress(k03.root)
    assert progress.state(k03) == NOT_STARTED
    assert not file.exists()
    assert len(progress.warnings) == 1


def test_files_that_are_set_aside_within_a_second_have_different_names(k03, file):
    file.parent.mkdir()
    for content in ("{", "[", "("):
        file.write_text(content)
        Progress(k03.root).skip(k03)
    kept = {path.read_text() for path in file.parent.glob("progress.*-*.json")}
    assert kept == {"{", "[", "("}


def test_a_folder_in_place_of_the_file_is_set_aside(k03, file):
    (file / "inside").mkdir(parents=True)
    progress = Progress(k03.root)
    progress.skip(k03)
    assert "is a folder" in progress.warnings[0]
    assert Progress(k03.root).is_skipped(k03)


def test_a_running_process_keeps_what_it_knows_when_the_file_is_damaged(k03, k05, file):
    progress = Progress(k03.root)
    progress.skip(k03)
    file.write_text("damaged")
    progress.skip(k05)
    again = Progress(k03.root)
    assert again.is_skipped(k03)
    assert again.is_skipped(k05)


# ---------------------------------------------------------------- what cannot be saved


def test_without_a_folder_to_write_to_all_goes_on_with_one_warning(k03, k05):
    (k03.root / ".dojo").write_text("in the way")
    progress = Progress(k03.root)
    progress.skip(k03)
    progress.record(verdict_on(k05, GREEN))
    progress.open_hint(k05)
    assert progress.current([k03, k05]) == k03
    assert progress.hints_opened(k05) == 1
    (warning,) = progress.warnings
    assert warning.startswith(".dojo/progress.json cannot be ")
    assert (k03.root / ".dojo").read_text() == "in the way"


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that is full until it is asked to be otherwise."""
    real = dojo.files.state_file.write_atomically
    is_full = [True]

    def write_if_there_is_room(path, content):
        if is_full[0]:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, content)

    monkeypatch.setattr(dojo.files.state_file, "write_atomically", write_if_there_is_room)
    return is_full


def test_what_a_full_disk_did_not_take_is_saved_once_there_is_room(k03, k05, full_disk):
    progress = Progress(k03.root)
    progress.skip(k03)
    progress.open_hint(k05)
    assert "No space left" in progress.warnings[0]
    full_disk[0] = False
    progress.open_hint(k05)
    again = Progress(k03.root)
    assert again.is_skipped(k03)
    assert again.hints_opened(k05) == 2


def test_a_full_disk_leaves_what_was_saved_before(k03, k05, file, full_disk):
    full_disk[0] = False
    Progress(k03.root).skip(k03)
    before = file.read_text()
    full_disk[0] = True
    Progress(k03.root).skip(k05)
    assert file.read_text() == before


# ---------------------------------------------------------------- two at once


def test_two_in_one_folder_see_and_keep_what_the_other_records(k03, k05):
    one, other = Progress(k03.root), Progress(k03.root)
    one.skip(k03)
    other.record(verdict_on(k05, GREEN))
    one.open_hint(k05)
    for progress in (one, other, Progress(k03.root)):
        assert progress.is_skipped(k03)
        assert progress.state(k05) == GREEN
        assert progress.hints_opened(k05) == 1


def test_processes_that_write_at_once_lose_nothing(k03):
    code = (
        "import sys; from pathlib import Path; from dojo.course.katas import Kata\n"
        "from dojo.progress.record import Progress\n"
        "root = Path(sys.argv[1]); progress = Progress(root)\n"
        f"for _ in range(20): progress.open_hint(Kata({k03.name!r}, root))\n"
        "assert not progress.warnings, progress.warnings"
    )
    command = [sys.executable, "-c", code, str(k03.root)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert Progress(k03.root).hints_opened(k03) == 60


@pytest.fixture
def holder(k03):
    """Another process that holds the lock."""
    code = (
        "import sys, time; from pathlib import Path; from dojo.files.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(1000)"
    )
    command = [sys.executable, "-c", code, str(k03.root / ".dojo" / "progress.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a signal of POSIX systems")
def test_a_process_that_was_killed_with_the_lock_holds_up_nobody(k03, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    progress = Progress(k03.root)
    progress.skip(k03)
    assert progress.warnings == []
    assert Progress(k03.root).is_skipped(k03)


def test_a_lock_that_is_never_let_go_of_is_waited_for_in_vain_but_not_for_ever(
    k03, holder, monkeypatch
):
    monkeypatch.setattr(dojo.files.lock, "_WAIT", 0.05)
    progress = Progress(k03.root)
    progress.skip(k03)
    assert "another process holds its lock" in progress.warnings[0]
    assert progress.is_skipped(k03)
