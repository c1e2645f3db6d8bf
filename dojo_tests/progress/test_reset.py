"""Nothing that a learner wrote is lost: copies come before a reset, and undo brings them back."""

import errno
import os
import subprocess

import pytest

import dojo.files.state_file
import dojo.progress.reset
from dojo.course.katas import Kata
from dojo.course.stubs import find_stub, is_stub, keep_stub
from dojo.progress.reset import CannotReplace, reset, save_copy, undo

ANSWERS = {
    "plain": b"def add(x1, x2):\n    return x1 + x2\n",
    "CRLF": b"def add(x1, x2):\r\n    return x1 + x2\r\n",
    "with a BOM": b"\xef\xbb\xbfx = 1\n",
    "not UTF-8": b"# caf\xe9\n",
    "not Python": b"def add(:\n",
    "empty": b"",
    "null bytes": b"\0\0",
}
ANSWER = ANSWERS["plain"]
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")
STUBS = {
    "another message": "def add(x1, x2):\n    raise NotImplementedError('write me')\n{add_}",
    "a docstring": 'def add(x1, x2):\n    """Add."""\n    raise NotImplementedError\n{add_}',
    "more names": "def more():\n    raise NotImplementedError\n{add}{add_}",
    "a helper of its own": "def _help(x):\n    return x\n{add}{add_}",
    "a class": "class A:\n    def __len__(self):\n        raise NotImplementedError\n{add}{add_}",
}
NO_STUBS = {
    "an answer": "def add(x1, x2):\n    return x1 + x2\n{add_}",
    "a name missing": "{add}",
    "something before it": "def add(x1, x2):\n    x1 += 1\n    raise NotImplementedError\n{add_}",
    "another error": "def add(x1, x2):\n    raise ValueError\n{add_}",
    "a bare raise": "def add(x1, x2):\n    raise\n{add_}",
    "a class with an answer": "class Other:\n    def __len__(self):\n        return 1\n{add}{add_}",
    "a class without methods": "class Other:\n    size = 1\n{add}{add_}",
    "not Python": "def add(:\n    raise NotImplementedError\n{add_}",
    "nested without end": "NotImplementedError" + "(" * 1000,
}


UNSTARTED = {
    name: f"def {name}(x1, x2):\n    raise NotImplementedError\n" for name in ("add", "add_")
}


@pytest.fixture
def k03(own_course_pair):
    return Kata("intro/k03_in_place_add", own_course_pair)


@pytest.fixture
def k05(own_course_pair):
    return Kata("intro/k05_matmul", own_course_pair)


def run_git(folder, *command):
    identity = ["-c", "user.name=A Learner", "-c", "user.email=learner@example.org"]
    subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)


def commit_all(folder):
    run_git(folder, "init")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--message", "As it is now")


@pytest.fixture
def begun(k03):
    """k03 with an answer in place of its stub, which is in git's history."""
    commit_all(k03.root)
    k03.stub.write_bytes(ANSWER)
    return k03


def stub_of(kata, root):
    return (root / kata.stub.relative_to(kata.root)).read_bytes()


# ---------------------------------------------------------------- copies


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_copy_holds_the_same_bytes(k03, answer):
    k03.stub.write_bytes(ANSWERS[answer])
    assert save_copy(k03).read_bytes() == ANSWERS[answer]


def test_copies_within_a_second_have_different_names(k03):
    for text in ("one", "two", "three"):
        k03.stub.write_text(text)
        save_copy(k03)
    folder = k03.root / ".dojo" / "saved" / "intro" / "k03_in_place_add"
    assert sorted(path.read_text() for path in folder.iterdir()) == ["one", "three", "two"]


def test_a_file_that_is_missing_cannot_be_copied(k03):
    k03.stub.unlink()
    with pytest.raises(CannotReplace, match=r"k03_in_place_add.py: no copy of it can be saved"):
        save_copy(k03)


# ---------------------------------------------------------------- reset and undo


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_reset_puts_the_stub_back_and_undo_the_answer(course_pair, begun, answer):
    begun.stub.write_bytes(ANSWERS[answer])
    (file,) = reset(begun).files
    assert begun.stub.read_bytes() == stub_of(begun, course_pair)
    assert file.copy.read_bytes() == ANSWERS[answer]
    undo(begun.root)
    assert begun.stub.read_bytes() == ANSWERS[answer]


def test_an_undo_can_be_undone(course_pair, begun):
    reset(begun)
    undo(begun.root)
    begun.stub.write_bytes(b"edited since\n")
    undo(begun.root)
    undo(begun.root)
    assert begun.stub.read_bytes() == b"edited since\n"


def test_undo_saves_what_it_replaces(begun):
    reset(begun)
    begun.stub.write_bytes(b"written after the reset\n")
    (file,) = undo(begun.root).files
    assert file.copy.read_bytes() == b"written after the reset\n"


def test_a_reset_of_several_is_undone_at_once(course_pair, begun, k05):
    k05.stub.write_bytes(b"x = 1\n")
    reset(begun, k05)
    assert k05.stub.read_bytes() == stub_of(k05, course_pair)
    undo(begun.root)
    assert (begun.stub.read_bytes(), k05.stub.read_bytes()) == (ANSWER, b"x = 1\n")


def test_undo_brings_back_the_last_reset_alone(course_pair, begun, k05):
    k05.stub.write_bytes(b"x = 1\n")
    reset(begun)
    reset(k05)
    undo(begun.root)
    assert begun.stub.read_bytes() == stub_of(begun, course_pair)
    assert k05.stub.read_bytes() == b"x = 1\n"


def test_a_reset_of_a_stub_changes_nothing_and_leaves_the_last_one_to_undo(begun, k05):
    reset(begun)
    assert reset(k05).files == ()
    undo(begun.root)
    assert begun.stub.read_bytes() == ANSWER


def test_undo_of_what_is_there_already_changes_nothing(begun):
    reset(begun)
    begun.stub.write_bytes(ANSWER)
    assert undo(begun.root).files == ()


def test_a_missing_file_comes_back_as_the_stub(course_pair, begun):
    begun.stub.unlink()
    (file,) = reset(begun).files
    assert file.copy is None
    assert begun.stub.read_bytes() == stub_of(begun, course_pair)


def test_a_link_stays_a_link(course_pair, begun, tmp_path):
    elsewhere = tmp_path / "elsewhere.py"
    begun.stub.rename(elsewhere)
    begun.stub.symlink_to(elsewhere)
    reset(begun)
    assert begun.stub.is_symlink()
    assert elsewhere.read_bytes() == stub_of(begun, course_pair)
    undo(begun.root)
    assert begun.stub.is_symlink()
    assert elsewhere.read_bytes() == ANSWER


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_file_keeps_its_rights(begun):
    begun.stub.chmod(0o640)
    reset(begun)
    assert begun.stub.stat().st_mode & 0o777 == 0o640


# ---------------------------------------------------------------- what is refused


def raise_no_room(*_args, **_kwargs):
    raise NO_ROOM


def test_without_room_for_a_copy_nothing_is_overwritten(begun, monkeypatch):
    monkeypatch.setattr(dojo.progress.reset, "write_dated", raise_no_room)
    with pytest.raises(CannotReplace, match=r"No space left on device.*nothing was changed"):
        reset(begun)
    assert begun.stub.read_bytes() == ANSWER


def test_without_room_for_one_of_the_copies_nothing_is_overwritten(begun, k05, monkeypatch):
    k05.stub.write_bytes(b"x = 1\n")
    real = dojo.progress.reset.write_dated

    def fail_later(folder, raw, suffix):
        return raise_no_room() if folder.name == k05.stem else real(folder, raw, suffix)

    monkeypatch.setattr(dojo.progress.reset, "write_dated", fail_later)
    with pytest.raises(CannotReplace, match="k05_matmul"):
        reset(begun, k05)
    assert (begun.stub.read_bytes(), k05.stub.read_bytes()) == (ANSWER, b"x = 1\n")


def test_without_room_for_the_note_of_the_reset_nothing_is_overwritten(begun, monkeypatch):
    monkeypatch.setattr(dojo.files.state_file, "write_atomically", raise_no_room)
    with pytest.raises(CannotReplace, match=r"last_reset.json cannot be written"):
        reset(begun)
    assert begun.stub.read_bytes() == ANSWER


def test_without_a_folder_for_copies_nothing_is_overwritten(begun):
    (begun.root / ".dojo").write_text("in the way")
    with pytest.raises(CannotReplace, match="no copy of it can be saved"):
        reset(begun)
    assert begun.stub.read_bytes() == ANSWER


def test_a_file_that_cannot_be_written_is_as_it_was(begun, monkeypatch):
    monkeypatch.setattr(dojo.progress.reset, "write_atomically", raise_no_room)
    with pytest.raises(CannotReplace, match=r"it cannot be written .* and is as it was"):
        reset(begun)
    assert begun.stub.read_bytes() == ANSWER


def test_undo_without_room_overwrites_nothing(course_pair, begun, monkeypatch):
    reset(begun)
    monkeypatch.setattr(dojo.progress.reset, "write_dated", raise_no_room)
    with pytest.raises(CannotReplace, match="No space left"):
        undo(begun.root)
    assert begun.stub.read_bytes() == stub_of(begun, course_pair)


def test_nothing_to_undo_is_said(k03):
    with pytest.raises(CannotReplace, match="There is no reset to undo"):
        undo(k03.root)


def test_a_copy_that_is_gone_is_named(begun):
    (file,) = reset(begun).files
    file.copy.unlink()
    with pytest.raises(CannotReplace, match=file.copy.name):
        undo(begun.root)


@pytest.mark.parametrize("note", ['{"version"', '{"version": 1, "katas": {"intro/k03": "/x"}}'])
def test_a_damaged_note_of_the_last_reset_is_set_aside(begun, note):
    reset(begun)
    (begun.root / ".dojo" / "last_reset.json").write_text(note)
    with pytest.raises(CannotReplace, match=r"last_reset.json is damaged"):
        undo(begun.root)
    (kept,) = (begun.root / ".dojo").glob("last_reset.*-*.json")
    assert kept.read_text() == note


def test_a_folder_in_place_of_the_file_stays(begun):
    begun.stub.unlink()
    (begun.stub / "inside").mkdir(parents=True)
    with pytest.raises(CannotReplace, match="no copy of it can be saved"):
        reset(begun)
    assert (begun.stub / "inside").is_dir()


# ---------------------------------------------------------------- where the stub comes from


@pytest.mark.parametrize("case", STUBS)
def test_a_stub_is_told_from_an_answer(k03, case):
    assert is_stub(k03, STUBS[case].format(**UNSTARTED).encode())


@pytest.mark.parametrize("case", NO_STUBS)
def test_an_answer_is_told_from_a_stub(k03, case):
    assert not is_stub(k03, NO_STUBS[case].format(**UNSTARTED).encode())


def test_every_stub_is_one(kata):
    assert is_stub(kata, kata.stub.read_bytes())


def test_no_reference_is_a_stub(kata):
    assert not is_stub(kata, kata.reference.read_bytes())


def test_the_newest_stub_in_the_history_is_taken(begun, course_pair):
    newer = stub_of(begun, course_pair) + b"# newer\n"
    begun.stub.write_bytes(newer)
    commit_all(begun.root)
    begun.stub.write_bytes(ANSWER)
    commit_all(begun.root)
    assert find_stub(begun) == newer


def test_a_dojo_in_a_folder_of_a_repository_has_its_history(k03):
    commit_all(k03.root.parent)
    stub = k03.stub.read_bytes()
    k03.stub.write_bytes(ANSWER)
    assert find_stub(k03) == stub


def test_without_history_the_copy_of_the_stub_is_taken(k03):
    stub = k03.stub.read_bytes()
    keep_stub(k03)
    k03.stub.write_bytes(ANSWER)
    keep_stub(k03)  # which is no stub, and not kept
    assert find_stub(k03) == stub


def test_without_git_the_copy_of_the_stub_is_taken(begun, monkeypatch, course_pair):
    begun.stub.write_bytes(stub_of(begun, course_pair))
    keep_stub(begun)
    begun.stub.write_bytes(ANSWER)
    monkeypatch.setenv("PATH", "")
    reset(begun)
    assert begun.stub.read_bytes() == stub_of(begun, course_pair)


def test_where_a_stub_is_not_known_no_file_changes(k03, k05):
    keep_stub(k05)
    for kata in (k03, k05):
        kata.stub.write_bytes(ANSWER)
    with pytest.raises(
        CannotReplace, match="k03_in_place_add: its stub is neither in git's history"
    ):
        reset(k05, k03)
    assert k05.stub.read_bytes() == ANSWER
