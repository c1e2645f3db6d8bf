"""A cell becomes the kata's file, and nothing that somebody wrote is lost."""

import pytest

from dojo.course.stubs import find_stub, is_stub
from dojo.notebook.saving import NotebookSaves, Saved
from dojo.progress.reset import CannotReplace
from dojo.progress.undo import carry_out, plan_undo

ONE = "def double(x):\n    return x * 1\n"
TWO = "def double(x):\n    return x * 2\n"
BY_HAND = "def double(x):\n    return x + x\n"


@pytest.fixture
def saves(own_dojo):
    return NotebookSaves(own_dojo, pytest.fail)


def test_the_file_is_the_text_of_the_cell(saves, double):
    assert saves.save(double, ONE) == Saved()
    assert double.stub.read_text() == ONE


def test_the_stub_that_was_there_is_kept(saves, double):
    stub = double.stub.read_bytes()
    saves.save(double, ONE)
    assert find_stub(double) == stub


def test_what_a_notebook_saved_is_replaced_without_a_copy(saves, own_dojo, double):
    saves.save(double, ONE)
    later = NotebookSaves(own_dojo, pytest.fail)
    assert later.save(double, TWO) == Saved()
    assert not (own_dojo / ".dojo" / "saved").exists()


def test_work_from_an_editor_is_copied_and_an_undo_brings_it_back(saves, own_dojo, double):
    saves.save(double, ONE)
    double.stub.write_text(BY_HAND)
    saved = saves.save(double, TWO)
    assert (own_dojo / saved.copy).read_text() == BY_HAND
    assert double.stub.read_text() == TWO
    carry_out(plan_undo(own_dojo))
    assert double.stub.read_text() == BY_HAND


def test_the_same_text_once_more_makes_no_copy(saves, own_dojo, double):
    double.stub.write_text(ONE)
    assert saves.save(double, ONE) == Saved()
    assert saves.save(double, TWO) == Saved()


def test_a_cell_that_is_the_stub_is_not_saved(saves, double):
    stub = double.stub.read_text()
    double.stub.write_text(BY_HAND)
    bare = stub[stub.index("import torch") :]
    assert is_stub(double, bare.encode())
    assert saves.save(double, bare) == Saved(is_saved=False)
    assert double.stub.read_text() == BY_HAND


def test_a_file_that_is_gone_is_written(saves, double):
    double.stub.unlink()
    assert saves.save(double, ONE) == Saved()
    assert double.stub.read_text() == ONE


def test_what_cannot_be_copied_is_not_replaced(saves, double):
    double.stub.unlink()
    double.stub.mkdir()
    with pytest.raises(CannotReplace, match="no copy of it can be saved"):
        saves.save(double, ONE)
    assert double.stub.is_dir()


def test_a_damaged_memory_costs_a_copy_and_no_work(own_dojo, double):
    NotebookSaves(own_dojo, pytest.fail).save(double, ONE)
    (own_dojo / ".dojo" / "notebook.json").write_text("{")
    warnings = []
    saved = NotebookSaves(own_dojo, warnings.append).save(double, TWO)
    assert (own_dojo / saved.copy).read_text() == ONE
    assert "notebook.json is damaged" in warnings[0]
