"""A state file loses no update, and never overwrites what it does not understand."""

import errno
import json
import os
import subprocess
import sys

import pytest

import dojo.files.state_file
from dojo.files.state_file import StateFile

DAMAGED = {
    "empty": "",
    "truncated": '{"version": 1, "katas": {"intro/k03_in_pl',
    "not UTF-8": b"\xff\xfe\x00",
    "nested without end": "[" * 100_000,
    "a list": "[]",
    "without version": '{"katas": {}}',
    "version as text": '{"version": "1", "katas": {}}',
    "version of truth": '{"version": true, "katas": {}}',
    "older version": '{"version": 0, "katas": {}}',
    "without katas": '{"version": 1}',
    "katas as a list": '{"version": 1, "katas": []}',
    "an entry that is none": '{"version": 1, "katas": {"first/k01_double": "green"}}',
    "future version": '{"version": 2, "katas": {}, "more": 1}',
}
COUNT_TO_20 = """
import sys
from pathlib import Path
from dojo.files.state_file import StateFile

def count(entries):
    entries["double"] = entries.get("double", 0) + 1

file = StateFile(Path(sys.argv[1]), 1, int, int, print)
for _ in range(20):
    file.update(count, {})
"""


def parse_count(value):
    if type(value) is not int:
        raise ValueError(f"{value!r} is no count")
    return value


class CountFile(StateFile):
    """A state file whose entries are whole numbers, and the warnings that it gave."""

    def __init__(self, path):
        self.path, self.warnings = path, []
        super().__init__(path, 1, parse_count, int, self.warnings.append)

    def set(self, name, count, known=()):
        return self.update(lambda entries: entries.update({name: count}), dict(known))


@pytest.fixture
def file(tmp_path):
    return CountFile(tmp_path / ".dojo" / "counts.json")


def set_aside(file):
    """The files that were set aside."""
    return sorted(file.path.parent.glob("counts.*-*.json"))


def test_a_missing_file_has_no_entries(file):
    assert file.read({"double": 1}) == {}


def test_what_was_updated_is_read(file):
    file.set("double", 3)
    assert file.read({}) == {"double": 3}
    assert CountFile(file.path).read({}) == {"double": 3}


def test_an_update_returns_all_entries(file):
    file.set("double", 3)
    assert file.set("add", 1) == {"double": 3, "add": 1}


def test_an_update_changes_what_another_one_has_written(file):
    other = CountFile(file.path)
    file.set("double", 3)
    other.set("add", 1)
    assert file.read({}) == {"double": 3, "add": 1}


def test_the_file_is_json_with_its_version(file):
    file.set("double", 3)
    assert json.loads(file.path.read_text()) == {"version": 1, "katas": {"double": 3}}


def test_a_signature_differs_after_an_update(file):
    assert file.signature() is None
    file.set("double", 3)
    before = file.signature()
    file.set("double", 4)
    assert file.signature() != before


# ---------------------------------------------------------------- damage


def write_damage(file, damage):
    content = DAMAGED[damage]
    content = content if isinstance(content, bytes) else content.encode()
    file.path.parent.mkdir()
    file.path.write_bytes(content)
    return content


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_that_is_not_understood_is_set_aside_by_an_update(file, damage):
    content = write_damage(file, damage)
    file.set("double", 3)
    (kept,) = set_aside(file)
    assert kept.read_bytes() == content
    assert file.read({}) == {"double": 3}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_warning_names_the_file_and_where_it_is_kept(file, damage):
    write_damage(file, damage)
    file.set("double", 3)
    (warning,) = file.warnings
    assert warning.startswith(".dojo/counts.json is ")
    assert set_aside(file)[0].name in warning
    assert "\n" not in warning


def test_reading_alone_sets_a_damaged_file_aside(file):
    write_damage(file, "empty")
    assert file.read({}) == {}
    assert not file.path.exists()
    assert len(file.warnings) == 1


def test_what_is_known_stands_for_a_damaged_file(file):
    write_damage(file, "empty")
    assert file.set("add", 1, known={"double": 3}) == {"double": 3, "add": 1}


def test_the_warning_of_a_newer_version_says_how_to_get_it(file):
    write_damage(file, "future version")
    file.read({})
    assert "is of a newer dojo: update yours" in file.warnings[0]
    assert "and rename it back" in file.warnings[0]


def test_the_warning_of_a_wrong_entry_says_what_is_wrong(file):
    write_damage(file, "an entry that is none")
    file.read({})
    assert "is damaged: 'green' is no count" in file.warnings[0]


def test_files_that_are_set_aside_within_a_second_have_different_names(file):
    file.path.parent.mkdir()
    for content in ("{", "[", "("):
        file.path.write_text(content)
        file.set("double", 3)
    assert {path.read_text() for path in set_aside(file)} == {"{", "[", "("}


def test_a_folder_in_place_of_the_file_is_set_aside(file):
    (file.path / "inside").mkdir(parents=True)
    file.set("double", 3)
    assert "is a folder" in file.warnings[0]
    assert file.read({}) == {"double": 3}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Linux and macOS")
def test_a_pipe_in_place_of_the_file_is_set_aside(file):
    file.path.parent.mkdir()
    os.mkfifo(file.path)
    assert file.read({}) == {}
    assert "is a named pipe" in file.warnings[0]
    file.set("double", 3)
    assert file.read({}) == {"double": 3}


def test_a_file_without_end_is_set_aside(file):
    file.path.parent.mkdir()
    with file.path.open("wb") as endless:
        endless.truncate(10**12)  # it takes no room on the disk
    file.set("double", 3)
    assert "is larger than 20 MB" in file.warnings[0]
    assert file.read({}) == {"double": 3}


# ---------------------------------------------------------------- what cannot be saved


def test_a_full_disk_leaves_what_was_saved_before(file, monkeypatch):
    def raise_no_room(path, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    file.set("double", 3)
    monkeypatch.setattr(dojo.files.state_file, "write_atomically", raise_no_room)
    with pytest.raises(OSError, match="No space left"):
        file.set("double", 4)
    assert file.read({}) == {"double": 3}


def test_processes_that_update_at_once_lose_nothing(file):
    command = [sys.executable, "-c", COUNT_TO_20, str(file.path)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert file.read({}) == {"double": 40}
