"""Each reset can be undone, kata by kata, the newest first; nothing of worth goes unasked."""

import errno
import json

import pytest

import dojo.files.state_file
import dojo.progress.reset
from dojo.progress.reset import CannotReplace, reset
from dojo.progress.undo import carry_out, plan_undo

ANSWER = b"def double(x):\n    return x + x\n"
OTHER = b"def double(x):\n    return 2 * x\n"


@pytest.fixture
def begun(double, commit_all):
    """The kata first/k01_double with an answer in place of its stub, which is in git's history."""
    commit_all(double.root)
    double.stub.write_bytes(ANSWER)
    return double


@pytest.fixture
def stub_of(small_dojo):
    """The stub of a kata, as the small dojo has it."""
    return lambda kata: (small_dojo / kata.stub.relative_to(kata.root)).read_bytes()


def undo(root, *katas):
    return carry_out(plan_undo(root, katas or None))


def raise_no_room(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


# ---------------------------------------------------------------- what comes back


def test_each_of_several_resets_is_undone(begun, stub_of):
    reset(begun)
    begun.stub.write_bytes(OTHER)
    reset(begun)
    undo(begun.root, begun)
    assert begun.stub.read_bytes() == OTHER
    undo(begun.root, begun)
    assert begun.stub.read_bytes() == ANSWER
    with pytest.raises(CannotReplace, match="There is no reset of first/k01_double to undo"):
        undo(begun.root, begun)


def test_an_undo_of_one_kata_leaves_the_others(begun, add, stub_of):
    add.stub.write_bytes(b"x = 1\n")
    reset(begun)
    reset(add)
    undo(begun.root, begun)
    assert begun.stub.read_bytes() == ANSWER
    assert add.stub.read_bytes() == stub_of(add)


def test_an_undo_after_an_undo_never_puts_a_stub_back(begun, add):
    add.stub.write_bytes(b"x = 1\n")
    reset(begun)
    reset(add)
    undo(begun.root)
    undo(begun.root)
    assert (begun.stub.read_bytes(), add.stub.read_bytes()) == (ANSWER, b"x = 1\n")
    with pytest.raises(CannotReplace, match="There is no reset to undo"):
        undo(begun.root)


def test_undo_saves_what_it_replaces(begun):
    reset(begun)
    begun.stub.write_bytes(b"written after the reset\n")
    (file,) = undo(begun.root, begun).files
    assert file.copy.read_bytes() == b"written after the reset\n"


def test_without_a_kata_the_newest_reset_is_undone_whole(begun, add):
    reset(begun)
    begun.stub.write_bytes(OTHER)
    add.stub.write_bytes(b"x = 1\n")
    reset(begun, add)
    undo(begun.root)
    assert (begun.stub.read_bytes(), add.stub.read_bytes()) == (OTHER, b"x = 1\n")


def test_an_undo_of_all_katas_takes_the_newest_reset_of_each(begun, add):
    add.stub.write_bytes(b"x = 1\n")
    reset(begun)
    reset(add)
    undo(begun.root, begun, add)
    assert (begun.stub.read_bytes(), add.stub.read_bytes()) == (ANSWER, b"x = 1\n")


def test_a_reset_of_a_stub_changes_nothing_and_leaves_the_last_one_to_undo(begun, add):
    reset(begun)
    assert reset(add).files == ()
    undo(begun.root)
    assert begun.stub.read_bytes() == ANSWER


def test_undo_of_what_is_there_already_changes_nothing(begun):
    reset(begun)
    begun.stub.write_bytes(ANSWER)
    assert undo(begun.root).files == ()


def test_a_plan_says_when_the_file_was_replaced(begun):
    (file,) = reset(begun).files
    (undoing,) = plan_undo(begun.root, [begun]).files
    assert undoing.replaced.when.replace(":", "-").replace(" ", "_") == file.copy.stem[:16]


# ---------------------------------------------------------------- when to ask


def test_nobody_is_asked_about_a_stub(begun):
    reset(begun)
    (undoing,) = plan_undo(begun.root).files
    assert undoing.reason_to_ask(is_green=False) == ""


def test_who_has_edited_the_file_is_asked(begun):
    reset(begun)
    begun.stub.write_bytes(OTHER)
    (undoing,) = plan_undo(begun.root).files
    assert undoing.reason_to_ask(is_green=False) == "was changed after the reset"
    assert undoing.reason_to_ask(is_green=True) == "is green"


def test_nobody_is_asked_about_what_is_there_already_or_gone(begun):
    reset(begun)
    begun.stub.write_bytes(ANSWER)
    (undoing,) = plan_undo(begun.root).files
    assert undoing.reason_to_ask(is_green=True) == ""
    begun.stub.unlink()
    (undoing,) = plan_undo(begun.root).files
    assert undoing.reason_to_ask(is_green=False) == ""


# ---------------------------------------------------------------- what an older dojo recorded


def test_the_last_reset_of_an_older_dojo_can_be_undone(begun, stub_of):
    (file,) = reset(begun).files
    folder = begun.root / ".dojo"
    (folder / "resets.json").unlink()
    copies = {begun.name: file.copy.relative_to(begun.root).as_posix()}
    old = folder / "last_reset.json"
    old.write_text(json.dumps({"version": 1, "katas": copies}))
    begun.stub.write_bytes(OTHER)
    reset(begun)
    assert not old.exists()
    undo(begun.root, begun)
    assert begun.stub.read_bytes() == OTHER
    undo(begun.root, begun)
    assert begun.stub.read_bytes() == ANSWER


def test_the_last_reset_of_an_older_dojo_is_undone_once(begun, stub_of):
    (file,) = reset(begun).files
    folder = begun.root / ".dojo"
    (folder / "resets.json").unlink()
    copies = {begun.name: file.copy.relative_to(begun.root).as_posix()}
    (folder / "last_reset.json").write_text(json.dumps({"version": 1, "katas": copies}))
    undo(begun.root)
    assert begun.stub.read_bytes() == ANSWER
    with pytest.raises(CannotReplace, match="There is no reset to undo"):
        undo(begun.root)


# ---------------------------------------------------------------- what is refused


def test_undo_without_room_overwrites_nothing(begun, stub_of, monkeypatch):
    reset(begun)
    monkeypatch.setattr(dojo.progress.reset, "write_dated", raise_no_room)
    with pytest.raises(CannotReplace, match="No space left"):
        undo(begun.root)
    assert begun.stub.read_bytes() == stub_of(begun)


def test_an_undo_that_cannot_be_recorded_is_done_and_that_is_said(begun, monkeypatch):
    reset(begun)
    monkeypatch.setattr(dojo.files.state_file, "write_atomically", raise_no_room)
    (warning,) = undo(begun.root).warnings
    assert "resets.json cannot be written (No space left on device)" in warning
    assert begun.stub.read_bytes() == ANSWER


def test_nothing_to_undo_is_said(double):
    with pytest.raises(CannotReplace, match="There is no reset to undo"):
        undo(double.root)


def test_a_copy_that_is_gone_is_named(begun):
    (file,) = reset(begun).files
    file.copy.unlink()
    with pytest.raises(CannotReplace, match=file.copy.name):
        undo(begun.root)


def test_a_copy_that_is_gone_leaves_the_older_ones(begun):
    reset(begun)
    begun.stub.write_bytes(OTHER)
    (file,) = reset(begun).files
    file.copy.unlink()
    (warning,) = undo(begun.root).warnings
    assert file.copy.name in warning
    assert begun.stub.read_bytes() == ANSWER


@pytest.mark.parametrize(
    "note",
    [
        '{"version"',
        '{"version": 1, "katas": {"first/k01": "/x"}}',
        '{"version": 1, "katas": {"first/k01": [{"copy": "/x", "left": "", "number": 1}]}}',
        '{"version": 1, "katas": {"first/k01": [{"copy": ".dojo/saved/x"}]}}',
    ],
)
def test_a_damaged_note_of_the_resets_is_set_aside(begun, note):
    reset(begun)
    (begun.root / ".dojo" / "resets.json").write_text(note)
    with pytest.raises(CannotReplace, match=r"resets.json is damaged"):
        undo(begun.root)
    (kept,) = (begun.root / ".dojo").glob("resets.*-*.json")
    assert kept.read_text() == note
