"""Notebooks and scripts give their cells; what is neither is told in one line."""

import json
import sys

import pytest

from dojo.notebook.read import NoNbformat, UnreadNotebook, read_cells

ANSWER = "def double(x):\n    return x * 2"


def cells_in(path):
    return [(each.kata, each.text.strip(), each.place_of(1)) for each in read_cells(path, "nb")]


def test_code_cells_are_numbered_and_know_their_kata(tmp_path, write_notebook):
    path = write_notebook(tmp_path / "a.ipynb", "x = 1", f"%%kata k01 --with-imports\n{ANSWER}")
    assert cells_in(path) == [
        ("", "x = 1", ("nb, cell 1", 1)),
        ("k01", ANSWER, ("nb, cell 2", 2)),
    ]
    assert [each.takes_imports for each in read_cells(path, "nb")] == [False, True]


def test_a_source_in_lines_is_read(tmp_path):
    cell = {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "metadata": {}, "outputs": []}
    path = tmp_path / "a.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]})
    )
    assert read_cells(path, "nb")[0].text == "x = 1\ny = 2"


@pytest.mark.parametrize("mark", ["# %%", "#%%", "# %% [markdown] title", "# In[3]:", "# In [ ]:"])
def test_a_script_is_cut_at_its_marks_and_keeps_its_line_numbers(tmp_path, mark):
    path = tmp_path / "a.py"
    path.write_text(f"import os\n\n{mark}\n{ANSWER}\n")
    first, second = read_cells(path, "a.py")
    assert first.text.strip() == "import os"
    assert second.place_of(2) == ("a.py", 4)
    assert second.text.split("\n")[1] == "def double(x):"


@pytest.mark.parametrize(
    "text",
    [
        f"# %%\n%%kata k01\n{ANSWER}\n",
        f"# %%\n# %%kata k01\n{ANSWER}\n",
        f"# %%kata k01\n{ANSWER}\n",
    ],
)
def test_a_kata_cell_of_a_script_is_found(tmp_path, text):
    path = tmp_path / "a.py"
    path.write_text(text)
    (cell,) = [each for each in read_cells(path, "a.py") if each.kata]
    assert (cell.kata, cell.text.strip()) == ("k01", ANSWER)
    assert cell.place_of(1) == ("a.py", text[: text.index("def")].count("\n") + 1)


def test_blank_lines_before_a_magic_do_not_hide_it(tmp_path, write_notebook):
    path = write_notebook(tmp_path / "a.ipynb", f"\n \n%%kata k01\n{ANSWER}", "\n%%time\nx = 1")
    assert cells_in(path)[0] == ("k01", ANSWER, ("nb, cell 1", 4))
    assert cells_in(path)[1] == ("", "pass\nx = 1", ("nb, cell 2", 2))


def test_kata_cells_of_a_script_without_marks_are_told_apart(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"import os\n%%kata k01\n{ANSWER}\n\n%%kata k02\nx = 1\n")
    assert cells_in(path) == [
        ("", "import os", ("nb", 1)),
        ("k01", ANSWER, ("nb", 3)),
        ("k02", "x = 1", ("nb", 7)),
    ]


def test_a_timed_cell_that_was_exported_as_a_call_is_read(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"# In[1]:\n\nget_ipython().run_cell_magic('time', '', {ANSWER!r})\n")
    assert ("", f"pass\n{ANSWER}", ("nb, %%time", 1)) in cells_in(path)


def test_a_kata_cell_that_was_exported_as_a_call_is_found(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "# coding: utf-8\n# In[1]:\nget_ipython().run_line_magic('load_ext', 'dojo')\n"
        f"# In[2]:\nget_ipython().run_cell_magic('kata', 'k01', {ANSWER!r})\n"
    )
    assert ("k01", ANSWER) in [(each.kata, each.text) for each in read_cells(path, "a.py")]


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("a.ipynb", "{", "no notebook"),
        ("a.ipynb", "[1]", "no notebook"),
        ("a.ipynb", "{}", "no notebook"),
        ("a.ipynb", '{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "format 3"),
        ("a.ipynb", '{"nbformat": 4, "nbformat_minor": 5}', "no notebook"),
        (
            "a.ipynb",
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
            "no cell with code",
        ),
        ("a.py", "", "no cell with code"),
        ("a.py", "def f(:", "not Python"),
        ("a.txt", "x = 1", "neither a notebook"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UnreadNotebook, match=words) as raised:
        read_cells(path, name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("line", ["%%kata", "%%kata k01 k02", "%%kata k01 --imports"])
def test_a_kata_cell_that_does_not_name_one_kata_is_told(tmp_path, write_notebook, line):
    path = write_notebook(tmp_path / "a.ipynb", f"{line}\n{ANSWER}")
    with pytest.raises(UnreadNotebook, match=f"nb, cell 1: {line}: name one kata there"):
        read_cells(path, "nb")


def test_half_of_a_character_does_not_hide_a_cell(tmp_path, write_notebook):
    path = write_notebook(tmp_path / "a.ipynb", f"{ANSWER}  # half")
    path.write_text(path.read_text().replace("half", "\\ud800"))
    assert read_cells(path, "nb")[0].text == f"{ANSWER}  # ?"


def test_files_that_are_not_there_or_no_text_are_told(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.py").mkdir()
    for name, words in (("a.py", "UTF-8"), ("b.py", "cannot be read"), ("c.py", "no file c.py")):
        with pytest.raises(UnreadNotebook, match=words):
            read_cells(tmp_path / name, name)


def test_without_nbformat_the_extra_is_named(tmp_path, write_notebook, monkeypatch):
    path = write_notebook(tmp_path / "a.ipynb", "x = 1")
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(NoNbformat, match=r"pip install 'torch-dojo\[notebook\]'"):
        read_cells(path, "a.ipynb")
