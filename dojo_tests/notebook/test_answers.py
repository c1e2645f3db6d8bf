"""The katas that a notebook answers: by cells that name them, and by the names of functions."""

import functools

import pytest

from dojo.course.katas import find_katas
from dojo.course.lookup import UnclearName, find_kata
from dojo.notebook.answers import UnusableCell, find_answers
from dojo.notebook.cells import Cell
from dojo.notebook.read import read_cells

DOUBLE = "def double(x):\n    return x * 2"
MEAN = "def mean(x):\n    return x.mean()"


@pytest.fixture
def found_in(small_dojo):
    """The answers that some cells hold."""

    def find(cells, *wanted):
        katas = find_katas(small_dojo)
        chosen = [kata for kata in katas if kata.name in wanted]
        return find_answers(cells, katas, chosen, functools.partial(find_kata, katas=katas))

    return find


def texts(answers):
    return {kata.name: answer.text.strip() for kata, answer in answers.by_kata.items()}


def test_functions_with_the_names_of_katas_answer_them(found_in, cells_of):
    found = found_in(cells_of("import torch", MEAN, "print(1)", DOUBLE))
    assert texts(found) == {"first/k01_double": DOUBLE, "second/k01_mean": MEAN}
    assert found.notes == []


def test_a_lambda_and_another_name_of_a_function_answer_too(found_in, cells_of):
    found = found_in(cells_of("twice = lambda x: x + x", "double = twice"))
    assert texts(found) == {"first/k01_double": "twice = lambda x: x + x\ndouble = twice"}


def test_a_variable_with_the_name_of_a_kata_is_no_answer(found_in, cells_of):
    assert texts(found_in(cells_of("mean = 3.0", "double = f(2)"))) == {}


def test_an_answer_in_a_block_or_with_a_type_is_found(found_in, cells_of):
    block = "if True:\n    def double(x): return x"
    typed = "mean: F = lambda x: x"
    assert texts(found_in(cells_of(block, typed))) == {
        "first/k01_double": block,
        "second/k01_mean": typed,
    }


def test_whatever_has_the_name_answers_the_one_kata_that_is_named(found_in, cells_of):
    cells = cells_of("from functools import partial", "double = partial(mul, 2)", "mean = f(2)")
    assert texts(found_in(cells, "first/k01_double")) == {
        "first/k01_double": "from functools import partial\ndouble = partial(mul, 2)"
    }
    assert texts(found_in(cells)) == {}


def test_a_loop_that_an_answer_needs_is_told_with_its_place(found_in, cells_of):
    found = found_in(cells_of("T = []\nfor x in f():\n    T.append(x)", "def double(x): return T"))
    (note,) = found.notes
    assert note.startswith("nb, cell 1, line 2: first/k01_double uses T, to which this loop gives")


def test_cells_that_are_no_python_are_told(found_in, cells_of):
    found = found_in(cells_of(DOUBLE, "x = 1\ndef double(x) return 2", "def f(x, x): pass"))
    assert texts(found) == {"first/k01_double": DOUBLE}
    assert found.unread == ["nb, cell 2, line 2", "nb, cell 3, line 1"]


def test_a_kata_cell_counts_before_a_function(found_in, cells_of):
    cell = Cell("nb, cell 1", "def double(x):\n    return 0", 1, kata="k01_double")
    assert texts(found_in([cell, *cells_of(DOUBLE)])) == {"first/k01_double": cell.text}


def test_the_last_kata_cell_counts_and_that_is_said(found_in):
    cells = [Cell(f"nb, cell {n}", f"x = {n}", 1, kata="k01_double") for n in (1, 2)]
    found = found_in(cells)
    assert texts(found) == {"first/k01_double": "x = 2"}
    assert found.notes == [
        "2 %%kata cells answer first/k01_double; the last one counts: nb, cell 2"
    ]


def test_only_what_is_wanted_is_taken(found_in, cells_of):
    assert list(texts(found_in(cells_of(MEAN, DOUBLE), "second/k01_mean"))) == ["second/k01_mean"]


def test_a_kata_cell_takes_the_imports_of_earlier_cells(found_in, cells_of):
    cell = Cell("nb, cell 2", "double = torch.neg", 1, kata="k01_double", takes_imports=True)
    found = found_in([*cells_of("import torch, os"), cell])
    assert texts(found) == {"first/k01_double": "import torch\ndouble = torch.neg"}
    (answer,) = found.by_kata.values()
    assert answer.place_of(2) == ("nb, cell 2", 2)


def test_an_unknown_name_is_told_with_its_place_and_what_is_like_it(found_in):
    with pytest.raises(UnclearName, match=r"nb, cell 1: There is no kata 'k01_dubble'.*double"):
        found_in([Cell("nb, cell 1", "x = 1", kata="k01_dubble")])


def test_a_magic_in_an_answer_is_told_with_its_place(found_in, tmp_path):
    path = tmp_path / "a.py"
    path.write_text("!ls\n\ndef double(x):\n    %time y = x * 2\n    return y\n")
    with pytest.raises(UnusableCell, match=r"a\.py, line 4: %time y = x \* 2: this line"):
        found_in(read_cells(path, "a.py"))


def test_a_magic_outside_of_the_answer_does_not_matter(found_in, tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"!ls\n{DOUBLE}\n%time double(2)\n")
    assert texts(found_in(read_cells(path, "a.py"))) == {"first/k01_double": DOUBLE}


# ---------------------------------------------------------------- a name of several katas


@pytest.fixture
def two_tracks(own_dojo, lay_out):
    """A dojo in which `double` is asked for in the tracks first and third."""
    (double,) = (kata for kata in find_katas(own_dojo) if kata.stem == "k01_double")
    lay_out(own_dojo, {"third/k07_double": (double, double.stub.read_bytes())})
    return own_dojo


def find_in(root, cells, *wanted):
    katas = find_katas(root)
    chosen = [kata for kata in katas if kata.track in wanted]
    return find_answers(cells, katas, chosen, functools.partial(find_kata, katas=katas))


def test_a_name_of_several_katas_is_of_the_track_of_the_others_and_that_is_said(
    two_tracks, cells_of
):
    found = find_in(two_tracks, cells_of(DOUBLE, "def add(a, b): return a", "def add_(): pass"))
    assert list(texts(found)) == ["first/k01_double", "first/k02_add"]
    assert found.notes == ["double is taken for first/k01_double. For third/k07_double, name that."]


def test_a_track_that_is_named_decides(two_tracks, cells_of):
    found = find_in(two_tracks, cells_of(DOUBLE), "third")
    assert list(texts(found)) == ["third/k07_double"]
    assert found.notes == []


def test_a_name_of_several_katas_of_one_track_is_left_to_the_learner(two_tracks, lay_out, cells_of):
    (double,) = (kata for kata in find_katas(two_tracks) if kata.name == "first/k01_double")
    lay_out(two_tracks, {"third/k08_double": (double, b"")})
    found = find_in(two_tracks, cells_of(DOUBLE), "third")
    assert texts(found) == {}
    (note,) = found.notes
    assert note.startswith("double may be the answer to third/k07_double, third/k08_double.")
