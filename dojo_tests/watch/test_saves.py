"""A watcher calls for each save of an answer, and for each change of what judges."""

import os
import queue
import time

import pytest

import dojo.watch.saves
from dojo.course.katas import Kata
from dojo.watch.saves import SaveWatcher

_PATIENCE = 30.0  # seconds for what takes a few milliseconds on a quiet machine
CHANGED = "a check or the dojo has changed"


class RecordedWatcher:
    """A watcher of a dojo's own katas/, and the calls that it made, in order.

    Attributes:
        current: the kata that the learner is at.
    """

    def __init__(self, root, solutions=None):
        self.root, self.current = root, None
        self.double = Kata("first/k01_double", root)
        self.add = Kata("first/k02_add", root)
        self._calls = queue.Queue()
        self._watcher = SaveWatcher(
            root,
            solutions or root / "katas",
            lambda: self.current,
            lambda kata: self._calls.put(kata.name),
            lambda: self._calls.put(CHANGED),
        )

    def wait_until_watching(self):
        """Write into a check file until that is noticed, then forget it."""
        canary = self.root / "tests" / "first" / "canary.py"
        until = time.monotonic() + _PATIENCE
        while self._calls.empty() and time.monotonic() < until:
            canary.write_text(f"# {time.monotonic()}")
            time.sleep(0.1)
        time.sleep(0.2)  # the last write may be noticed on its own
        self.forget()

    def forget(self):
        while not self._calls.empty():
            self._calls.get()

    def next_call(self):
        return self._calls.get(timeout=_PATIENCE)

    def close(self):
        self._watcher.stop()
        self._watcher.join()


@pytest.fixture
def watcher(own_dojo):
    watcher = RecordedWatcher(own_dojo)
    watcher.wait_until_watching()
    yield watcher
    watcher.close()


def test_a_save_of_an_answer_calls_on_save_with_its_kata(watcher):
    watcher.double.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k01_double"


def test_a_save_of_the_current_answer_calls_on_save(watcher):
    watcher.current = watcher.add
    watcher.add.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k02_add"


def test_a_save_of_another_answer_than_the_current_one_calls_on_save_with_its_kata(watcher):
    watcher.current = watcher.add
    watcher.double.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k01_double"


def test_a_file_that_replaces_the_answer_is_a_save(watcher):
    temporary = watcher.double.stub.with_suffix(".tmp")
    temporary.write_text("x = 1\n")
    temporary.replace(watcher.double.stub)
    assert watcher.next_call() == "first/k01_double"


def test_an_answer_that_is_removed_is_a_save(watcher):
    watcher.double.stub.unlink()
    assert watcher.next_call() == "first/k01_double"


def test_a_file_beside_the_answers_calls_nothing(watcher):
    (watcher.double.stub.parent / "notes.txt").write_text("x = 1\n")
    (watcher.double.stub.parent / "k09_other.py").write_text("x = 1\n")
    time.sleep(0.3)
    watcher.double.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k01_double"


def test_rights_that_change_after_a_save_are_no_save(watcher):
    watcher.double.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k01_double"
    time.sleep(0.3)
    watcher.forget()  # the system may tell of a save twice
    watcher.double.stub.chmod(0o600)
    time.sleep(0.3)
    watcher.add.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k02_add"


def test_a_second_save_of_the_same_size_calls_on_save_again(watcher):
    for text in ("x = 1\n", "x = 2\n"):
        watcher.double.stub.write_text(text)
        assert watcher.next_call() == "first/k01_double"
        time.sleep(0.3)
        watcher.forget()


@pytest.mark.parametrize("tree", ["reference", "tests", "impostors"])
def test_a_change_of_what_judges_calls_on_change(watcher, tree):
    (watcher.root / tree / "first" / "new.py").write_text("x = 1\n")
    assert watcher.next_call() == CHANGED


def test_a_file_among_the_checks_that_is_not_python_calls_nothing(watcher):
    (watcher.root / "tests" / "first" / "notes.txt").write_text("x = 1\n")
    time.sleep(0.3)
    watcher.double.stub.write_text("x = 1\n")
    assert watcher.next_call() == "first/k01_double"


def test_a_change_of_the_dojo_itself_calls_on_change(own_dojo):
    (own_dojo / "dojo" / "judge").mkdir(parents=True)
    watcher = RecordedWatcher(own_dojo)
    try:
        watcher.wait_until_watching()
        (own_dojo / "dojo" / "judge" / "runner.py").write_text("x = 1\n")
        assert watcher.next_call() == CHANGED
    finally:
        watcher.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only some users make links")
def test_a_save_of_what_an_answer_links_to_calls_on_save(own_dojo, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    double = Kata("first/k01_double", own_dojo)
    (elsewhere / "mine.py").write_text("x = 1\n")
    double.stub.unlink()
    double.stub.symlink_to(elsewhere / "mine.py")
    watcher = RecordedWatcher(own_dojo)
    try:
        watcher.wait_until_watching()
        (elsewhere / "mine.py").write_text("x = 2\n")
        assert watcher.next_call() == "first/k01_double"
    finally:
        watcher.close()


def test_answers_in_another_folder_are_watched(own_dojo, tmp_path):
    folder = tmp_path / "answers"
    (folder / "first").mkdir(parents=True)
    watcher = RecordedWatcher(own_dojo, folder)
    try:
        watcher.wait_until_watching()
        watcher.double.stub.write_text("x = 1\n")  # in katas/, which is not judged
        watcher.double.solution_in(folder).write_text("x = 1\n")
        assert watcher.next_call() == "first/k01_double"
    finally:
        watcher.close()


def test_answers_in_a_flat_folder_are_watched(own_dojo, tmp_path):
    answer = tmp_path / "k02_add.py"
    answer.write_text("x = 1\n")
    watcher = RecordedWatcher(own_dojo, tmp_path)
    try:
        watcher.wait_until_watching()
        answer.write_text("x = 22\n")
        assert watcher.next_call() == "first/k02_add"
        answer.unlink()
        assert watcher.next_call() == "first/k02_add"
    finally:
        watcher.close()


def test_a_closed_watcher_calls_nothing_and_its_thread_has_ended(own_dojo):
    watcher = RecordedWatcher(own_dojo)
    watcher.wait_until_watching()
    watcher.close()
    watcher.double.stub.write_text("x = 1\n")
    assert not watcher._watcher._thread.is_alive()
    assert watcher._calls.empty()


def test_an_upgrade_of_the_installed_package_is_told_before_the_next_save(
    own_dojo, tmp_path, monkeypatch
):
    package = tmp_path / "site" / "dojo"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("# old")
    monkeypatch.setattr(dojo.watch.saves, "PACKAGE", package)
    watcher = RecordedWatcher(own_dojo)
    try:
        watcher.wait_until_watching()
        package.rename(tmp_path / "site" / "removed")  # as pip does
        package.mkdir()
        (package / "__init__.py").write_text("# new")
        watcher.double.stub.write_text("x = 1\n")
        assert [watcher.next_call(), watcher.next_call()] == [CHANGED, watcher.double.name]
        watcher.double.stub.write_text("x = 2 + 2\n")
        assert watcher.next_call() == watcher.double.name
    finally:
        watcher.close()
