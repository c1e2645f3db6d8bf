"""A file is written whole or not at all, and nothing else changes with it."""

import errno
import os
import socket
from pathlib import Path

import pytest

from dojo.files.atomic import (
    NoUsualFile,
    content_of,
    dated_names,
    read_file,
    signature_of,
    write_atomically,
    write_dated,
    write_new,
)


@pytest.fixture
def file(tmp_path):
    """A file that holds "old"."""
    path = tmp_path / "file.txt"
    path.write_text("old")
    return path


def raise_no_room(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


# ---------------------------------------------------------------- content_of, signature_of


def test_content_of_a_file_is_its_bytes(file):
    assert content_of(file) == b"old"


def test_content_of_what_cannot_be_read_is_empty(tmp_path):
    assert content_of(tmp_path / "missing") == b""
    assert content_of(tmp_path) == b""


def test_a_signature_differs_after_a_write_of_the_same_size_and_time(file):
    before, times = signature_of(file), file.stat()
    write_atomically(file, "new")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert signature_of(file) != before


def test_a_signature_stays_while_nothing_is_written(file):
    assert signature_of(file) == signature_of(file)


def test_a_missing_file_has_no_signature(tmp_path):
    assert signature_of(tmp_path / "missing") is None


# ---------------------------------------------------------------- write_atomically


def test_text_is_written_as_utf_8(file):
    write_atomically(file, "café")
    assert file.read_bytes() == "café".encode()


def test_bytes_are_written_as_they_are(file):
    write_atomically(file, b"a\r\n\0")
    assert file.read_bytes() == b"a\r\n\0"


def test_folders_that_are_missing_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "file.txt", "new")
    assert (tmp_path / "a" / "b" / "file.txt").read_text() == "new"


def test_a_link_stays_a_link_to_the_file_that_is_written(file, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(file)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_file_that_is_written_keeps_its_rights(file):
    file.chmod(0o640)
    write_atomically(file, "new")
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_old_content_and_no_other_file(file, monkeypatch):
    monkeypatch.setattr(Path, "replace", raise_no_room)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new")
    assert file.read_text() == "old"
    assert list(file.parent.iterdir()) == [file]


# ---------------------------------------------------------------- write_dated, dated_names


def test_files_that_are_written_within_a_second_have_different_names(tmp_path):
    paths = [write_dated(tmp_path / "copies", raw, ".py") for raw in (b"1", b"2", b"3")]
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3"]
    assert len(set(paths)) == 3


def test_a_dated_file_has_the_suffix(tmp_path):
    assert write_dated(tmp_path, b"", ".py").suffix == ".py"


def test_a_dated_write_that_fails_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", raise_no_room)
    with pytest.raises(OSError, match="No space left"):
        write_dated(tmp_path, b"new", ".py")
    assert list(tmp_path.iterdir()) == []


def test_dated_names_never_repeat_and_begin_with_the_prefix(tmp_path):
    names = dated_names(tmp_path, ".json", "state.")
    first, second, third = (next(names) for _ in range(3))
    assert first.name.startswith("state.")
    assert [second.name, third.name] == [f"{first.stem}-2.json", f"{first.stem}-3.json"]


# ---------------------------------------------------------------- only usual files are read


@pytest.fixture
def pipe(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("pipes with names are of Linux and macOS")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_read_file_returns_the_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb")
    assert read_file(path) == b"a\r\nb"


def test_a_named_pipe_is_refused_at_once(pipe):
    with pytest.raises(NoUsualFile, match=r"^is a named pipe \(FIFO\), not a file$"):
        read_file(pipe)
    assert content_of(pipe) == b""


def test_a_link_to_a_device_without_end_is_refused(tmp_path):
    path = tmp_path / "endless"
    path.symlink_to("/dev/zero")
    with pytest.raises(NoUsualFile, match="is a device, not a file"):
        read_file(path)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # its path may not be long
    with socket.socket(socket.AF_UNIX) as line:
        line.bind("socket")
        with pytest.raises(NoUsualFile, match="is a socket, not a file"):
            read_file(Path("socket"))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(NoUsualFile, match="is a folder, not a file"):
        read_file(tmp_path)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(10**12)  # it takes no room on the disk
    with pytest.raises(NoUsualFile, match="is larger than 20 MB"):
        read_file(path)


# ---------------------------------------------------------------- write_new


def test_a_new_file_is_written(tmp_path):
    write_new(tmp_path / "new", b"text")
    assert (tmp_path / "new").read_bytes() == b"text"


def test_a_file_that_is_there_is_not_written_anew(file):
    with pytest.raises(FileExistsError):
        write_new(file, b"new")
    assert file.read_text() == "old"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a file of Linux")
def test_a_file_that_says_it_is_empty_is_read_to_its_end():
    assert b"Name:" in read_file(Path("/proc/self/status"))


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "grows.py"
    path.write_bytes(b"x" * 10)
    fstat = os.fstat

    def grow(number):
        status = fstat(number)
        path.write_bytes(b"x" * 30)
        return status

    monkeypatch.setattr("dojo.files.atomic.os.fstat", grow)
    assert len(read_file(path)) == 30
