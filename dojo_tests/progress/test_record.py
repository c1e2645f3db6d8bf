"""The learner's state survives edits, other processes, damage, a full disk and kill -9."""

import datetime
import errno
import hashlib
import json
import re
import subprocess
import sys

import pytest

import dojo.files.lock
import dojo.files.state_file
import dojo.verdict.fingerprint
from dojo.progress.record import Progress
from dojo.verdict.model import CRASHED, GREEN, NOT_JUDGED, NOT_STARTED, RED, STALE, TIMED_OUT

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
    "not JSON": "{",
    "an entry as text": json.dumps({"version": 1, "katas": {"first/k01_double": "green"}}),
    "a field missing": json.dumps({"version": 1, "katas": {"a/b": {"state": "green"}}}),
    **{
        f"{field} as {value!r}": json.dumps(
            {"version": 1, "katas": {"first/k01_double": {**ENTRY, field: value}}}
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
def file(own_dojo):
    return own_dojo / ".dojo" / "progress.json"


@pytest.fixture
def progress_after(verdict_on):
    """The progress, as another process reads it, after a verdict on a file with this text."""

    def progress_of(kata, state, text):
        kata.stub.write_text(text)
        Progress(kata.root).record(verdict_on(kata, state))
        return Progress(kata.root)

    return progress_of


# ---------------------------------------------------------------- the day of the first green


def test_a_kata_that_was_never_green_has_no_day(double, progress_after):
    assert progress_after(double, RED, "x = 1\n").green_since(double) is None


def test_the_day_of_a_green_version_stays_when_it_is_judged_again(double, progress_after, file):
    progress_after(double, GREEN, "x = 1\n")
    file.write_text(re.sub(r'"green": "[^T]*T', '"green": "2020-02-29T', file.read_text()))
    day = datetime.date(2020, 2, 29)
    assert Progress(double.root).green_since(double) == day
    assert progress_after(double, RED, "x =\n").green_since(double) == day
    assert progress_after(double, GREEN, "x = 1\n").green_since(double) == day
    assert progress_after(double, GREEN, "x = 2\n").green_since(double) > day


def test_a_day_that_cannot_be_read_is_long_ago(double, progress_after, file):
    progress_after(double, GREEN, "x = 1\n")
    file.write_text(re.sub(r'"green": "[^"]*"', '"green": "once"', file.read_text()))
    assert Progress(double.root).green_since(double).year == 2000


# ---------------------------------------------------------------- states


def test_a_stub_that_was_never_judged_is_not_started(double):
    assert Progress(double.root).state(double) == NOT_STARTED


@pytest.mark.parametrize("text", ["x = 1\n", "def double(x):\n    return x\n", "def double(:\n"])
def test_an_answer_that_was_never_judged_is_not_judged_yet(double, text):
    double.stub.write_text(text)
    assert Progress(double.root).state(double) == NOT_JUDGED


def test_a_file_that_is_gone_and_was_never_judged_is_not_started(double):
    double.stub.unlink()
    assert Progress(double.root).state(double) == NOT_STARTED


def test_an_answer_after_a_verdict_on_the_stub_is_not_judged_yet(double, verdict_on):
    progress = Progress(double.root)
    progress.record(verdict_on(double, NOT_STARTED))
    assert progress.state(double) == NOT_STARTED
    double.stub.write_text("x = 1\n")
    assert progress.state(double) == NOT_JUDGED


def test_what_is_begun_is_not_judged_yet_after_hints_and_skips(double):
    Progress(double.root).open_hint(double)
    Progress(double.root).skip(double)
    double.stub.write_text("x = 1\n")
    assert Progress(double.root).state(double) == NOT_JUDGED


def test_a_kata_that_is_not_judged_yet_is_the_current_one(double, add, progress_after):
    progress_after(double, GREEN, "x = 1\n")
    add.stub.write_text("x = 1\n")
    assert Progress(double.root).current([double, add]) == add


@pytest.mark.parametrize("part", ["checks", "reference", "impostors"])
def test_green_is_stale_after_what_judges_it_has_changed(double, add, part, progress_after):
    progress_after(add, GREEN, "x = 1\n")
    progress = progress_after(double, GREEN, "x = 1\n")
    with getattr(double, part).open("a") as file:
        file.write("# another law\n")
    assert progress.state(double) == STALE
    assert progress.state(add) == GREEN
    assert progress_after(double, GREEN, "x = 1\n").state(double) == GREEN


def test_green_is_stale_after_the_judge_has_changed(double, progress_after, monkeypatch):
    progress_after(double, GREEN, "x = 1\n")
    monkeypatch.setattr(dojo.verdict.fingerprint, "_versions", lambda: "another")
    assert Progress(double.root).state(double) == STALE
    assert progress_after(double, GREEN, "x = 1\n").state(double) == GREEN


def test_a_green_of_an_older_dojo_is_stale_and_nothing_else_is_lost(double, file):
    text = "x = 1\n"
    double.stub.write_text(text)
    entry = {**ENTRY, "green_hash": hashlib.sha256(text.encode()).hexdigest()}
    file.parent.mkdir()
    file.write_text(json.dumps({"version": 1, "katas": {double.name: entry}}))
    progress = Progress(double.root)
    assert progress.state(double) == STALE
    assert progress.hints_opened(double) == 2
    assert progress.was_green(double)
    assert progress.warnings == []


@pytest.mark.parametrize("state", [RED, GREEN, CRASHED, TIMED_OUT, NOT_STARTED])
def test_a_state_is_remembered(double, state, progress_after):
    assert progress_after(double, state, "x = 1\n").state(double) == state


def test_green_is_stale_after_an_edit(double, progress_after):
    progress = progress_after(double, GREEN, "x = 1\n")
    double.stub.write_text("x = 2\n")
    assert progress.state(double) == STALE


def test_green_is_stale_after_the_file_is_gone(double, progress_after):
    progress = progress_after(double, GREEN, "x = 1\n")
    double.stub.unlink()
    assert progress.state(double) == STALE


def test_green_comes_back_with_the_version_that_earned_it(double, progress_after):
    progress_after(double, GREEN, "x = 1\n")
    progress = progress_after(double, RED, "x = 2\n")
    double.stub.write_text("x = 1\n")
    assert progress.state(double) == GREEN


def test_green_is_lost_if_the_same_version_turns_red(double, progress_after):
    progress_after(double, GREEN, "x = 1\n")
    assert progress_after(double, RED, "x = 1\n").state(double) == RED


def test_red_stays_red_after_an_edit(double, progress_after):
    progress = progress_after(double, RED, "x = 1\n")
    double.stub.write_text("x = 2\n")
    assert progress.state(double) == RED


@pytest.mark.parametrize("state", [RED, GREEN, TIMED_OUT])
def test_a_file_that_is_the_stub_again_is_not_started(double, state, progress_after):
    stub = double.stub.read_text()
    progress = progress_after(double, state, "x = 1\n")
    double.stub.write_text(stub)
    assert progress.state(double) == NOT_STARTED


def test_a_green_verdict_on_some_checks_alone_is_forgotten(double, verdict_on):
    progress = Progress(double.root)
    progress.record(verdict_on(double, GREEN), complete=False)
    assert progress.state(double) == NOT_STARTED


def test_a_red_verdict_on_some_checks_alone_counts(double, verdict_on):
    progress = Progress(double.root)
    progress.record(verdict_on(double, RED), complete=False)
    assert progress.state(double) == RED


def test_ever_having_been_green_is_remembered(double, progress_after):
    progress_after(double, GREEN, "x = 1\n")
    assert progress_after(double, RED, "x = 2\n").was_green(double)


def test_a_run_is_recorded_at_once(double, add, verdict_on):
    progress = Progress(double.root)
    progress.record(verdict_on(double, RED), verdict_on(add, GREEN))
    assert progress.warnings == []
    progress = Progress(double.root)
    assert (progress.state(double), progress.state(add)) == (RED, GREEN)


# ---------------------------------------------------------------- reds, hints, skips


def test_reds_count_versions_and_not_runs(double, progress_after):
    progress_after(double, RED, "x = 1\n")
    progress_after(double, RED, "x = 1\n")
    progress_after(double, RED, "x = 2\n")
    assert progress_after(double, CRASHED, "x =\n").reds(double) == 2


def test_reds_count_from_the_last_green(double, progress_after):
    progress_after(double, RED, "x = 1\n")
    progress_after(double, GREEN, "x = 2\n")
    assert progress_after(double, RED, "x = 3\n").reds(double) == 1


def test_hints_stay_open(double):
    Progress(double.root).open_hint(double)
    Progress(double.root).open_hint(double)
    assert Progress(double.root).hints_opened(double) == 2


def test_a_skipped_kata_is_no_longer_skipped_once_it_is_green(double, progress_after):
    Progress(double.root).skip(double)
    assert Progress(double.root).is_skipped(double)
    assert not progress_after(double, GREEN, "x = 1\n").is_skipped(double)


def test_the_first_kata_that_is_not_green_is_the_current_one(double, add, progress_after):
    assert Progress(double.root).current([double, add]) == double
    assert progress_after(double, GREEN, "x = 1\n").current([double, add]) == add


def test_a_stale_kata_is_the_current_one(double, add, progress_after):
    progress = progress_after(double, GREEN, "x = 1\n")
    double.stub.write_text("x = 2\n")
    assert progress.current([double, add]) == double


def test_skipped_katas_come_last(double, add, verdict_on):
    progress = Progress(double.root)
    progress.skip(double)
    assert progress.current([double, add]) == add
    progress.record(verdict_on(add, GREEN))
    assert progress.current([double, add]) == double


def test_a_skip_can_be_taken_back(double, add):
    Progress(double.root).skip(double)
    Progress(double.root).take_skip_back(double)
    assert Progress(double.root).current([double, add]) == double


def test_the_first_to_do_is_not_skipped_while_there_is_another(double, add):
    progress = Progress(double.root)
    progress.skip(double)
    assert progress.first_to_do([double, add]) == add
    assert progress.first_to_do([double]) == double
    assert progress.first_to_do([]) is None


def test_none_is_current_when_all_are_green(double, progress_after):
    assert progress_after(double, GREEN, "x = 1\n").current([double]) is None


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_that_is_not_understood_is_set_aside_and_named(double, file, damage):
    content = DAMAGED[damage]
    content = content if isinstance(content, bytes) else content.encode()
    file.parent.mkdir()
    file.write_bytes(content)
    progress = Progress(double.root)
    progress.skip(double)
    (kept,) = file.parent.glob("progress.*-*.json")
    assert kept.read_bytes() == content
    (warning,) = progress.warnings
    assert warning.startswith(".dojo/progress.json is ")
    assert kept.name in warning
    assert "\n" not in warning
    assert Progress(double.root).is_skipped(double)


def test_reading_alone_sets_a_damaged_file_aside(double, file):
    file.parent.mkdir()
    file.write_text("{")
    progress = Progress(double.root)
    assert progress.state(double) == NOT_STARTED
    assert not file.exists()
    assert len(progress.warnings) == 1


def test_a_folder_in_place_of_the_file_is_set_aside(double, file):
    (file / "inside").mkdir(parents=True)
    progress = Progress(double.root)
    progress.skip(double)
    assert "is a folder" in progress.warnings[0]
    assert Progress(double.root).is_skipped(double)


def test_a_running_process_keeps_what_it_knows_when_the_file_is_damaged(double, add, file):
    progress = Progress(double.root)
    progress.skip(double)
    file.write_text("damaged")
    progress.skip(add)
    again = Progress(double.root)
    assert again.is_skipped(double)
    assert again.is_skipped(add)


# ---------------------------------------------------------------- what cannot be saved


def test_without_a_folder_to_write_to_all_goes_on_with_one_warning(double, add, verdict_on):
    (double.root / ".dojo").write_text("in the way")
    progress = Progress(double.root)
    progress.skip(double)
    progress.record(verdict_on(add, GREEN))
    progress.open_hint(add)
    assert progress.current([double, add]) == double
    assert progress.hints_opened(add) == 1
    (warning,) = progress.warnings
    assert warning.startswith(".dojo/progress.json cannot be ")
    assert (double.root / ".dojo").read_text() == "in the way"


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


def test_what_a_full_disk_did_not_take_is_saved_once_there_is_room(double, add, full_disk):
    progress = Progress(double.root)
    progress.skip(double)
    progress.open_hint(add)
    assert "No space left" in progress.warnings[0]
    full_disk[0] = False
    progress.open_hint(add)
    again = Progress(double.root)
    assert again.is_skipped(double)
    assert again.hints_opened(add) == 2


def test_a_full_disk_leaves_what_was_saved_before(double, add, file, full_disk):
    full_disk[0] = False
    Progress(double.root).skip(double)
    before = file.read_text()
    full_disk[0] = True
    Progress(double.root).skip(add)
    assert file.read_text() == before


# ---------------------------------------------------------------- two at once


def test_two_in_one_folder_see_and_keep_what_the_other_records(double, add, verdict_on):
    one, other = Progress(double.root), Progress(double.root)
    one.skip(double)
    other.record(verdict_on(add, GREEN))
    one.open_hint(add)
    for progress in (one, other, Progress(double.root)):
        assert progress.is_skipped(double)
        assert progress.state(add) == GREEN
        assert progress.hints_opened(add) == 1


def test_processes_that_write_at_once_lose_nothing(double):
    code = (
        "import sys; from pathlib import Path; from dojo.course.katas import Kata\n"
        "from dojo.progress.record import Progress\n"
        "root = Path(sys.argv[1]); progress = Progress(root)\n"
        f"for _ in range(20): progress.open_hint(Kata({double.name!r}, root))\n"
        "assert not progress.warnings, progress.warnings"
    )
    command = [sys.executable, "-c", code, str(double.root)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert Progress(double.root).hints_opened(double) == 60


@pytest.fixture
def lock_holder(own_dojo):
    """Another process that holds the lock of the progress."""
    code = (
        "import sys, time; from pathlib import Path; from dojo.files.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(1000)"
    )
    command = [sys.executable, "-c", code, str(own_dojo / ".dojo" / "progress.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


def test_what_is_recorded_while_the_lock_is_held_counts_in_this_process(
    double, lock_holder, monkeypatch
):
    monkeypatch.setattr(dojo.files.lock, "_WAIT", 0.05)
    progress = Progress(double.root)
    progress.skip(double)
    assert "another process holds its lock" in progress.warnings[0]
    assert progress.is_skipped(double)
