"""The magics in an IPython: what they save, judge, record and show."""

import _thread
import json
import threading

import pytest

from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED, RED

RIGHT = "def double(x):\n    return x * 2\n"
SQUARES = "import torch\n\ndef double(x):\n    return torch.square(x)\n"
BORROWS = "def double(x):\n    return torch.mul(x, TWO)\n"


def cell(text, line="first/k01"):
    return f"%%kata {line}\n{text}"


# ---------------------------------------------------------------- %%kata


def test_a_cell_is_saved_judged_recorded_and_shown(notebook):
    shown = notebook.run(cell(RIGHT))
    assert notebook.kata.stub.read_text() == RIGHT
    assert Progress(notebook.root).state(notebook.kata) == GREEN
    assert "k01_double                   green" in shown.text
    assert "✓ green" in shown.html
    assert "Next: k02_add, Add two tensors" in shown.text
    assert shown.errors == ""


def test_a_red_cell_is_told_by_its_own_lines_and_its_mistake_is_recognised(notebook):
    shown = notebook.run(cell(SQUARES))
    assert Progress(notebook.root).state(notebook.kata) == RED
    assert "line 4 of the cell" in shown.text
    assert "This looks like: x is squared, not doubled." in shown.text
    again = notebook.run(cell(SQUARES))
    assert "<b>This looks like:</b> x is squared, not doubled." in again.html


def test_the_verdict_is_that_on_a_file_with_this_text(notebook, run_module_in):
    shown = notebook.run(cell(SQUARES))
    told = run_module_in(notebook.root, "dojo", "check", "first/k01", "--json")
    verdict = json.loads(told.stdout)
    failed = [check for check in verdict["checks"] if check["state"] != GREEN]
    assert f"{len(failed)} of {len(verdict['checks'])} checks not green" in shown.text
    assert failed[0]["message"].split("\n")[0][:60] in shown.text


def test_work_from_an_editor_is_copied_and_its_place_is_told(notebook):
    notebook.kata.stub.write_text(SQUARES)
    shown = notebook.run(cell(RIGHT))
    (copy,) = (notebook.root / ".dojo" / "saved").rglob("*.py")
    assert copy.read_text() == SQUARES
    assert copy.name in shown.text.replace("\n", "")
    assert ".dojo/saved" not in notebook.run(cell(SQUARES)).text


def test_a_stub_is_not_saved_over_an_answer(notebook):
    notebook.run(cell(RIGHT))
    shown = notebook.run(cell("def double(x):\n    raise NotImplementedError\n"))
    assert "not started" in shown.text
    assert "keeps your answer" in shown.text
    assert notebook.kata.stub.read_text() == RIGHT
    assert Progress(notebook.root).state(notebook.kata) == GREEN


def test_names_of_other_cells_are_told_from_a_missing_import(notebook):
    notebook.run("import torch\nTWO = 2")
    shown = notebook.run(cell(BORROWS)).text.replace("\n", " ")
    assert "`TWO` and `torch` are known only to other cells" in shown
    assert "Add to the cell: `import torch` and what `TWO` is." in shown
    assert "--with-imports" in shown


def test_a_name_that_no_cell_has_is_a_usual_error(notebook):
    assert "stand alone" not in notebook.run(cell(BORROWS)).text


def test_a_name_that_only_notebooks_have_is_told(notebook):
    shown = notebook.run(cell(f"{RIGHT}display(1)\nget_ipython()\n")).text.replace("\n", " ")
    assert "only notebooks have `display`. Take it out of the cell." in shown


def test_the_messages_tell_lines_of_the_cell(notebook):
    notebook.run("import os")
    shown = notebook.run(cell("def double(x):\n    return os.NONE\n", "first/k01 --with-imports"))
    text = shown.text.replace("\n", " ")
    assert "(line 3 of the cell)" in text
    assert "k01_double.py, line" not in text
    verdict = notebook.run(cell("def double(x:\n    pass\n"))
    assert "line 2 of the cell: " in verdict.text
    assert "k01_double.py" not in verdict.text


def test_an_answer_that_ends_the_process_which_forks_workers_has_a_verdict(notebook):
    kill = 'subprocess.run(["kill", "-9", str(os.getppid())])'
    shown = notebook.run(cell(f"import os, subprocess\n\ndef double(x):\n    {kill}\n"))
    assert "k01_double                   crashed" in shown.text
    assert "green" in notebook.run(cell(RIGHT)).text


def test_with_imports_adds_those_of_earlier_cells_that_ran(notebook):
    notebook.run("import torch, os")
    notebook.run("from nowhere import torch")
    shown = notebook.run(
        cell("def double(x):\n    return torch.mul(x, 3)\n", "first/k01 --with-imports")
    )
    text = "import torch\ndef double(x):\n    return torch.mul(x, 3)\n"
    assert notebook.kata.stub.read_text() == text
    assert "Added from earlier cells: `import torch`" in shown.text
    assert "line 2 of the cell" in shown.text


@pytest.mark.parametrize("line", ["%time double(1)", "!pip list", "x = !ls"])
def test_a_cell_with_a_magic_is_refused_and_nothing_changes(notebook, line):
    stub = notebook.kata.stub.read_text()
    shown = notebook.run(cell(f"{RIGHT}{line}\n"))
    assert shown.errors.startswith("dojo: line 4 of the cell is a magic or a shell line")
    assert line in shown.errors
    assert (notebook.kata.stub.read_text(), shown.text) == (stub, "")


def test_a_cell_that_is_no_python_crashes_as_its_file_would(notebook):
    shown = notebook.run(cell("def double(x:\n"))
    assert "k01_double                   crashed" in shown.text
    assert "line 2 of the cell" in shown.text


def test_a_change_of_the_checks_counts_at_once(notebook):
    notebook.run(cell(RIGHT))
    checks = notebook.kata.checks
    before = checks.read_text()
    try:
        checks.write_text(
            before.replace("[[2.0, 4, 6], [8, 10, 14]]", "[[2.0, 4, 6], [8, 10, 99]]")
        )
        assert "red" in notebook.run(cell(RIGHT)).text
    finally:
        checks.write_text(before)


# ---------------------------------------------------------------- the other magics


def test_kata_shows_the_task_and_gives_the_cell(notebook):
    shown = notebook.run("%kata first/k01")
    assert "Multiply each number of x by 2." in shown.text
    assert "The cell to answer it in" in shown.html
    assert notebook.shell.rl_next_input.startswith("%%kata first/k01\nimport torch\n")


def test_hint_opens_one_after_another(notebook):
    assert "hint 2 of" not in notebook.run("%hint first/k01").text
    assert "hint 2 of" in notebook.run("%hint first/k01").text
    assert Progress(notebook.root).hints_opened(notebook.kata) == 2


def test_solution_needs_a_yes_before_green(notebook):
    refused = notebook.run("%solution first/k01")
    assert refused.text == ""
    assert "has never been green. To see it now: %solution first/k01 --yes" in refused.errors
    assert "+    return x * 2" in notebook.run("%solution first/k01 --yes").text
    notebook.run(cell(RIGHT))
    assert notebook.run("%solution first/k01").errors == ""


def test_dojo_lists_the_katas_and_what_is_next(notebook):
    shown = notebook.run("%dojo")
    assert f"> k01_double                 {NOT_STARTED}" in shown.text
    assert "Next: k01_double, Double a tensor: `%kata first/k01`" in shown.text


@pytest.mark.parametrize(
    "line, words",
    [
        ("%kata k09_nothing", "There is no kata 'k09_nothing'"),
        ("%kata k01 k02", "name one kata, not 2"),
        ("%hint --loud", "there is no option --loud"),
        ("%%kata\nx = 1", "name the kata that the cell answers"),
        ("%%kata k01_double --imports\nx = 1", "The options here: --with-imports"),
        ("%dojo third", "There is no kata 'third'"),
    ],
)
def test_what_is_unclear_is_told_in_one_line(notebook, line, words):
    shown = notebook.run(line)
    assert words in shown.errors
    assert "Traceback" not in shown.errors + shown.text
    assert shown.errors.count("\n") == 1


def test_outside_of_a_dojo_the_way_into_one_is_told(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = notebook.run(cell(RIGHT))
    assert shown.errors.startswith(f"dojo: there is no dojo in {tmp_path}.")
    assert "!dojo init" in shown.errors
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_told(notebook, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    shown = notebook.run(cell(RIGHT))
    assert shown.errors == (
        "dojo: the working folder is gone. Go to that of the dojo: %cd FOLDER\n"
    )


def test_an_interrupt_ends_the_run_and_the_next_cell_is_judged(notebook):
    timer = threading.Timer(1.5, _thread.interrupt_main)
    timer.start()
    stopped = notebook.run(cell("while True:\n    pass\n"))
    timer.join()
    assert stopped.errors == (
        "dojo: stopped before there was a verdict. What was saved stays saved.\n"
    )
    assert "green" in notebook.run(cell(RIGHT)).text


def test_a_judge_that_has_ended_is_replaced(notebook):
    magics = notebook.shell.magics_manager.registry["DojoMagics"]
    ended = magics.judge.warm_up(notebook.root)
    ended._requests.put(None)  # as if its thread had failed
    ended._thread.join()
    assert "green" in notebook.run(cell(RIGHT)).text


def test_unloading_ends_the_workers(notebook):
    magics = notebook.shell.magics_manager.registry["DojoMagics"]
    judge = magics.judge.warm_up(notebook.root)
    notebook.run("%unload_ext dojo")
    assert not judge._thread.is_alive()
    assert judge._pool._server is None
    notebook.run("%load_ext dojo")
    assert "green" in notebook.run(cell(RIGHT)).text
