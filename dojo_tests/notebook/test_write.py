"""The notebook of a track holds what its stubs say, and reads back as not started."""

import functools

import nbformat
import pytest

from dojo.course.katas import find_katas
from dojo.course.lookup import find_kata
from dojo.course.stubs import is_stub
from dojo.notebook.answers import find_answers
from dojo.notebook.read import read_cells
from dojo.notebook.stub_cells import stub_of
from dojo.notebook.write import notebook_of, write_notebook


@pytest.fixture
def written(small_dojo, tmp_path):
    """The path of the notebook of the track "first"."""
    katas = find_katas(small_dojo)
    stubs = {kata: stub_of(kata) for kata in katas if kata.track == "first"}
    write_notebook(notebook_of("first", stubs, katas), tmp_path / "first.ipynb")
    return tmp_path / "first.ipynb"


def test_it_is_a_valid_notebook_with_a_cell_for_each_kata(written):
    notebook = nbformat.read(written, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.language_info["nbconvert_exporter"] == "python"
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "code", "markdown", "code", "markdown", "code"]
    assert notebook.cells[0].source == "# 1. First steps"
    assert notebook.cells[1].source.endswith("\n%load_ext dojo")
    assert notebook.cells[2].source.startswith("## k01 Double a tensor\n")
    assert "    double(tensor([1., 2.]))  ->" in notebook.cells[2].source
    assert notebook.cells[3].source.startswith("%%kata first/k01\nimport torch\n")
    assert "dojo.run(" not in notebook.cells[3].source


def test_its_cells_are_the_stubs_of_their_katas(written, small_dojo):
    katas = find_katas(small_dojo)
    kata_of = functools.partial(find_kata, katas=katas)
    found = find_answers(read_cells(written, "nb"), katas, [], kata_of)
    assert [kata.name for kata in found.by_kata] == ["first/k01_double", "first/k02_add"]
    assert all(is_stub(kata, answer.text.encode()) for kata, answer in found.by_kata.items())


def test_a_file_that_is_there_stays(tmp_path, small_dojo):
    katas = find_katas(small_dojo)
    path = tmp_path / "a.ipynb"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_notebook(notebook_of("first", {katas[0]: stub_of(katas[0])}, katas), path)
    assert path.read_text() == "mine"


def test_the_stub_is_found_where_the_learner_has_an_answer(own_dojo, commit_all):
    kata = find_katas(own_dojo)[0]
    stub = kata.stub.read_bytes()
    commit_all(own_dojo)
    kata.stub.write_text("def double(x): return x")
    assert stub_of(kata) == stub
