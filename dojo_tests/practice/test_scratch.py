"""The scratch file gets the stub, and loses nothing that was written there."""

import pytest

from dojo.practice.scratch import put_stub, scratch_file
from dojo.progress.reset import CannotReplace

STUB = b"def double(x):\n    raise NotImplementedError\n"
WORK = b"def double(x):\n    return x *\n"


def test_the_stub_is_put_into_a_file_of_its_own(double):
    own = double.stub.read_bytes()
    assert put_stub(double, STUB) is None
    assert scratch_file(double) == double.root / ".dojo" / "practice" / "first" / "k01_double.py"
    assert scratch_file(double).read_bytes() == STUB
    assert double.stub.read_bytes() == own


@pytest.mark.parametrize("left", [STUB, b"", b"\n \n"])
def test_what_is_of_no_worth_is_not_copied(double, left):
    put_stub(double, left)
    assert put_stub(double, STUB) is None
    assert scratch_file(double).read_bytes() == STUB
    assert not (double.root / ".dojo" / "saved").exists()


def test_unfinished_work_is_kept_each_time(double):
    copies = []
    for number in range(2):
        work = WORK + b"# %d\n" % number
        scratch_file(double).parent.mkdir(parents=True, exist_ok=True)
        scratch_file(double).write_bytes(work)
        copies.append((put_stub(double, STUB), work))
    assert all(copy.read_bytes() == work for copy, work in copies)
    assert all(copy.is_relative_to(double.root / ".dojo" / "saved") for copy, _ in copies)


def test_without_a_copy_nothing_is_replaced(double):
    scratch_file(double).parent.mkdir(parents=True)
    scratch_file(double).write_bytes(WORK)
    (double.root / ".dojo" / "saved").write_text("no folder")
    with pytest.raises(CannotReplace, match="no copy of it can be saved"):
        put_stub(double, STUB)
    assert scratch_file(double).read_bytes() == WORK


def test_a_folder_in_its_place_is_told(double):
    scratch_file(double).mkdir(parents=True)
    with pytest.raises(CannotReplace, match="is a folder, not a file"):
        put_stub(double, STUB)


def test_a_place_that_cannot_be_written_to_is_told(double):
    (double.root / ".dojo").mkdir(exist_ok=True)
    (double.root / ".dojo" / "practice").write_text("no folder")
    with pytest.raises(CannotReplace, match=r"k01_double\.py: "):
        put_stub(double, STUB)


def test_a_link_to_an_answer_is_not_written_through(double):
    double.stub.write_bytes(WORK)
    scratch_file(double).parent.mkdir(parents=True)
    scratch_file(double).symlink_to(double.stub)
    with pytest.raises(CannotReplace, match="a link leads from there into katas/"):
        put_stub(double, STUB)
    assert double.stub.read_bytes() == WORK
