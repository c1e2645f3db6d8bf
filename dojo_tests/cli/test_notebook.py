"""``dojo notebook`` writes a notebook, and ``dojo check --notebook`` judges one."""

import json
import re

import nbformat
import pytest

from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED, RED

RIGHT = "def double(x):\n    return x * TWO"
SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)"
USES_T = "def double(x):\n    return x * T[1]"


@pytest.fixture
def own_dojo(warm_dojo):
    """The dojo of each test here: the command judges in it without a start of new workers."""
    yield warm_dojo
    for path in [*warm_dojo.glob("*.ipynb"), *warm_dojo.glob("homework.py")]:
        path.unlink()


@pytest.fixture
def write(own_dojo):
    """Writes a notebook with these code cells into the dojo."""

    def write_cells(*sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), own_dojo / "nb.ipynb")

    return write_cells


# ---------------------------------------------------------------- dojo notebook


def test_a_track_is_written_and_reads_back_as_not_started(run_warm, own_dojo):
    result = run_warm("notebook", "second")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("second.ipynb: 2 katas.")
    checked = run_warm("check", "--notebook", "second.ipynb")
    assert checked.returncode == 1
    assert "0 of 2 katas green, 2 not started" in checked.stdout
    assert checked.stderr == ""


def test_without_a_track_the_current_one_is_written(run_warm, own_dojo):
    assert run_warm("notebook", "--output", "mine.ipynb").returncode == 0
    assert "%%kata first/k01" in (own_dojo / "mine.ipynb").read_text()


def test_a_file_that_is_there_stays_as_it_is(run_warm, own_dojo):
    (own_dojo / "first.ipynb").write_text("mine")
    result = run_warm("notebook", "first")
    assert (result.returncode, result.stdout) == (2, "")
    assert "first.ipynb is there already" in result.stderr
    assert (own_dojo / "first.ipynb").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["third"], "there is no track 'third'. The tracks are: first, second."),
        (["first", "-o", "a.txt"], "a.txt does not end in .ipynb"),
        (["first", "-o", "no/such/folder.ipynb"], "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_told_in_one_line(run_warm, arguments, words):
    result = run_warm("notebook", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


# ---------------------------------------------------------------- dojo check --notebook


def test_functions_of_a_notebook_are_judged_and_nothing_is_recorded(run_warm, write, double):
    write("%matplotlib inline\nTWO = 2", RIGHT, "for i in range(3):\n    print(1 / 0)")
    result = run_warm("check", "--notebook", "nb.ipynb")
    assert result.returncode == 0
    assert "answers: nb.ipynb\n" in result.stdout
    assert re.search(r"k01_double +green", result.stdout)
    assert "left out: nb.ipynb, cell 1, line 1: %matplotlib inline" in result.stderr
    assert Progress(double.root).state(double) == NOT_STARTED


def test_a_failure_is_told_by_its_cell_and_its_mistake_is_recognised(run_warm, write):
    write("x = 1", f"%%kata first/k01\n{SQUARES}")
    result = run_warm("check", "--notebook", "nb.ipynb")
    assert result.returncode == 1
    assert "\n    nb.ipynb, cell 2:5\n    red: " in result.stdout
    assert "This looks like: x is squared, not doubled." in result.stdout
    assert "To list all" not in result.stdout  # since pytest reads no notebook


def test_an_exception_is_told_by_its_cell_too(run_warm, write):
    write("x = 1", "def double(x):\n    return x @ x @ 1")
    result = run_warm("check", "--notebook", "nb.ipynb", "--json")
    verdict = json.loads(result.stdout)
    check = next(one for one in verdict["checks"] if one["state"] == RED)
    assert (check["file"], check["line"]) == ("nb.ipynb, cell 2", 2)
    assert "(nb.ipynb, cell 2, line 2)" in check["message"]


def test_a_script_is_judged_by_its_own_lines(run_warm, own_dojo):
    (own_dojo / "homework.py").write_text(f"# In[1]:\nprint(1)\n# In[2]:\n{SQUARES}\n")
    result = run_warm("check", "--notebook", "homework.py", "first/k01")
    assert "\n    homework.py:7\n" in result.stdout


def test_a_kata_that_is_named_and_not_answered_is_not_started(run_warm, write):
    write("TWO = 2", RIGHT)
    result = run_warm("check", "--notebook", "nb.ipynb", "first/k02")
    assert result.returncode == 1
    assert "nb.ipynb holds no answer to first/k02_add." in result.stdout


def test_what_is_left_out_and_may_matter_is_told(run_warm, write):
    write("!ls", "def f(x, x): pass", "T = []\nfor x in (1, 2):\n    T.append(x)\n", USES_T)
    told = run_warm("check", "--notebook", "nb.ipynb").stderr.splitlines()
    assert told[:2] == [
        "dojo: magics and shell lines are left out: nb.ipynb, cell 1, line 1: !ls",
        "dojo: cells that are no Python are left out: nb.ipynb, cell 2, line 1",
    ]
    assert told[2].startswith("dojo: nb.ipynb, cell 3, line 2: first/k01_double uses T")


def test_json_is_a_verdict_a_line(run_warm, write):
    write("TWO = 2", RIGHT, "def mean(x):\n    return 0")
    result = run_warm("check", "--notebook", "nb.ipynb", "--json")
    states = {one["kata"]: one["state"] for one in map(json.loads, result.stdout.splitlines())}
    assert states == {"first/k01_double": GREEN, "second/k01_mean": RED}


@pytest.mark.parametrize(
    "cells, words",
    [
        (["%%kata k01_dubble\nx = 1"], "nb.ipynb, cell 1: There is no kata 'k01_dubble'. Did you"),
        (["def double(x):\n    !ls\n    return x"], "nb.ipynb, cell 1, line 2: !ls: this line of"),
        (["%%kata first/k01\n%time 1"], "nb.ipynb, cell 1, line 2: %time 1: this line of a"),
        (["%%kata first/k01 k02\nx = 1"], "cell 1: %%kata first/k01 k02: name one kata there"),
        (["%%kata first\nx = 1"], "nb.ipynb, cell 1: first has 2 katas. Name one"),
        (["x = 1"], "has no %%kata cell, and no function with a name that a kata asks for"),
        ([], "nb.ipynb has no cell with code"),
    ],
)
def test_a_notebook_that_holds_no_usable_answer_is_told(run_warm, write, own_dojo, cells, words):
    write(*cells)
    result = run_warm("check", "--notebook", "nb.ipynb")
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert not (own_dojo / ".dojo").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--notebook", "none.ipynb"], "there is no file none.ipynb"),
        (["--notebook", "pyproject.toml"], "neither a notebook (.ipynb) nor a script (.py)"),
        (["--notebook", "nb.ipynb", "--solutions", "reference"], "but not both"),
        (["--notebook", "nb.ipynb", "k77"], "There is no kata 'k77'"),
    ],
)
def test_an_unclear_question_is_told_in_one_line(run_warm, write, arguments, words):
    write(RIGHT)
    result = run_warm("check", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
