"""The folder for katas that write files: it is empty, and nothing is left of it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from dojo.checks.folders import empty_folder, names_in, watched_file


def test_all_is_as_before_when_the_block_raises():
    working, temporary = Path.cwd(), tempfile.gettempdir()
    folders = []

    def fill_and_raise():
        with empty_folder() as folder:
            assert names_in(folder) == []
            Path("by a relative path").touch()
            os.close(tempfile.mkstemp("temporary")[0])
            folders.extend([folder, names_in(folder)])
            raise KeyError

    with pytest.raises(KeyError):
        fill_and_raise()
    folder, (first, second) = folders
    assert first == "by a relative path" or first.endswith("temporary")
    assert len({first, second}) == 2
    assert not folder.exists()
    assert (Path.cwd(), tempfile.gettempdir()) == (working, temporary)


def replaces(path):
    beside = path.with_name("beside")
    beside.write_text("new")
    os.replace(beside, path)  # noqa: PTH105 - as learners write it


def renames_after_removing(path):
    beside = path.with_name("beside")
    beside.write_text("new")
    path.unlink()
    beside.rename(path)


def moves_from_elsewhere(path):
    new = path.parent.parent / "new"
    new.write_text("new")
    shutil.move(new, path)


@pytest.mark.parametrize(
    "write, was_gone, had_another",
    [
        (replaces, False, True),
        (renames_after_removing, True, True),
        (moves_from_elsewhere, False, False),
        (lambda path: path.write_text("new".replace("e", "e")), False, False),
    ],
)
def test_what_is_seen_of_a_file(tmp_path, write, was_gone, had_another):
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old")
    with watched_file(path) as seen:
        write(path)
    assert (seen.was_gone, seen.had_another) == (was_gone, had_another)
    assert path.read_text() == "new"
