"""Nothing that a learner wrote is lost: copies come before a reset."""

import errno
import os

import pytest

import dojo.files.state_file
import dojo.progress.reset
from dojo.course.stubs import keep_stub
from dojo.progress.reset import CannotReplace, reset, save_copy
from dojo.progress.undo import carry_out, plan_undo

ANSWERS = {
    "plain": b"def double(x):\n    return x + x\n",
    "CRLF": b"def double(x):\r\n    return x + x\r\n",
    "with a BOM": b"\xef\xbb\xbfx = 1\n",
    "not UTF-8": b"# caf\xe9\n",
    "not Python": b"def double(:\n",
    "empty": b"",
    "null bytes": b"\0\0",
}
ANSWER = ANSWERS["plain"]
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def begun(double, commit_all):
    """The kata first/k01_double with an answer in place of its stub, which is in git's history."""
    commit_all(double.root)
    double.stub.write_bytes(ANSWER)
    return double


def undo(kata):
    return carry_out(plan_undo(kata.root, [kata]))


def stub_of(kata, root):
    return (root / kata.stub.relative_to(kata.root)).read_bytes()


# ---------------------------------------------------------------- copies


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_copy_holds_the_same_bytes(double, answer):
    double.stub.write_bytes(ANSWERS[answer])
    assert save_copy(double).read_bytes() == ANSWERS[answer]


def test_copies_within_a_second_have_different_names(double):
    for text in ("one", "two", "three"):
        double.stub.write_text(text)
        save_copy(double)
    folder = double.root / ".dojo" / "saved" / "first" / "k01_double"
    assert sorted(path.read_text() for path in folder.iterdir()) == ["one", "three", "two"]


def test_a_file_that_is_missing_cannot_be_copied(double):
    double.stub.unlink()
    with pytest.raises(CannotReplace, match=r"k01_double.py: no copy of it can be saved"):
        save_copy(double)


# ---------------------------------------------------------------- reset and undo


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_reset_puts_the_stub_back_and_undo_the_answer(small_dojo, begun, answer):
    begun.stub.write_bytes(ANSWERS[answer])
    (file,) = reset(begun).files
    assert begun.stub.read_bytes() == stub_of(begun, small_dojo)
    assert file.copy.read_bytes() == ANSWERS[answer]
    undo(begun)
    assert begun.stub.read_bytes() == ANSWERS[answer]


def test_a_missing_file_comes_back_as_the_stub(small_dojo, begun):
    begun.stub.unlink()
    (file,) = reset(begun).files
    assert file.copy is None
    assert begun.stub.read_bytes() == stub_of(begun, small_dojo)


def test_a_link_stays_a_link(small_dojo, begun, tmp_path):
    elsewhere = tmp_path / "elsewhere.py"
    begun.stub.rename(elsewhere)
    begun.stub.symlink_to(elsewhere)
    reset(begun)
    assert begun.stub.is_symlink()
    assert elsewhere.read_bytes() == stub_of(begun, small_dojo)
    undo(begun)
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


def test_without_room_for_one_of_the_copies_nothing_is_overwritten(begun, add, monkeypatch):
    add.stub.write_bytes(b"x = 1\n")
    real = dojo.progress.reset.write_dated

    def fail_later(folder, raw, suffix):
        return raise_no_room() if folder.name == add.stem else real(folder, raw, suffix)

    monkeypatch.setattr(dojo.progress.reset, "write_dated", fail_later)
    with pytest.raises(CannotReplace, match="k02_add"):
        reset(begun, add)
    assert (begun.stub.read_bytes(), add.stub.read_bytes()) == (ANSWER, b"x = 1\n")


def test_without_room_for_the_note_of_the_reset_nothing_is_overwritten(begun, monkeypatch):
    monkeypatch.setattr(dojo.files.state_file, "write_atomically", raise_no_room)
    with pytest.raises(CannotReplace, match=r"resets.json cannot be written"):
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


def save_right_after_copying(kata, monkeypatch):
    """Have an editor save a kata's file right after it was copied."""
    real = dojo.progress.reset.write_dated

    def copy_and_save(folder, raw, suffix):
        copy = real(folder, raw, suffix)
        kata.stub.write_bytes(b"saved = 1\n")
        return copy

    monkeypatch.setattr(dojo.progress.reset, "write_dated", copy_and_save)


def test_a_file_that_is_saved_after_its_copy_stays(begun, monkeypatch):
    save_right_after_copying(begun, monkeypatch)
    with pytest.raises(CannotReplace, match=r"k01_double.py: it was saved just now"):
        reset(begun)
    assert begun.stub.read_bytes() == b"saved = 1\n"


def test_an_undo_leaves_a_file_that_is_saved_after_its_copy(begun, monkeypatch):
    reset(begun)
    save_right_after_copying(begun, monkeypatch)
    with pytest.raises(CannotReplace, match=r"k01_double.py: it was saved just now"):
        undo(begun)
    assert begun.stub.read_bytes() == b"saved = 1\n"


def test_a_folder_in_place_of_the_file_stays(begun):
    begun.stub.unlink()
    (begun.stub / "inside").mkdir(parents=True)
    with pytest.raises(CannotReplace, match="no copy of it can be saved"):
        reset(begun)
    assert (begun.stub / "inside").is_dir()


# ---------------------------------------------------------------- where the stub comes from


def test_without_git_the_copy_of_the_stub_is_taken(begun, monkeypatch, small_dojo):
    begun.stub.write_bytes(stub_of(begun, small_dojo))
    keep_stub(begun)
    begun.stub.write_bytes(ANSWER)
    monkeypatch.setenv("PATH", "")
    reset(begun)
    assert begun.stub.read_bytes() == stub_of(begun, small_dojo)


def test_where_a_stub_is_not_known_no_file_changes(double, add):
    keep_stub(add)
    for kata in (double, add):
        kata.stub.write_bytes(ANSWER)
    with pytest.raises(CannotReplace, match="k01_double: its stub is neither in git's history"):
        reset(add, double)
    assert add.stub.read_bytes() == ANSWER
