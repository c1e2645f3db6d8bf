"""A learner's file is read and executed as it is, or one line says why it cannot be."""

import io
import pdb
import sys
from pathlib import Path

import pytest

from dojo.judge.loading import LoadError, load, read
from dojo.verdict.model import CRASHED, NOT_STARTED

ROOT = Path("/dojo")
ANSWER = ROOT / "katas" / "first" / "k01_double.py"
SHOWN = "katas/first/k01_double.py"


@pytest.fixture
def load_bytes():
    """Loads what a file holds; the module is forgotten afterwards."""
    name = "first.k01_double_of_test_loading"
    yield lambda raw: load(raw, ANSWER, name, ROOT)
    sys.modules.pop(name, None)


# ---------------------------------------------------------------- read


def test_read_gives_the_bytes_of_the_file(tmp_path):
    file = tmp_path / "answer.py"
    file.write_bytes(b"\xff\r\n")
    assert read(file, tmp_path) == b"\xff\r\n"


def test_read_says_that_a_file_is_missing(tmp_path):
    with pytest.raises(LoadError) as error:
        read(tmp_path / "answer.py", tmp_path)
    assert str(error.value) == "answer.py: there is no such file."
    assert (error.value.state, error.value.file, error.value.line) == (NOT_STARTED, "answer.py", 0)


def test_read_says_that_a_folder_is_in_the_way(tmp_path):
    (tmp_path / "answer.py").mkdir()
    with pytest.raises(LoadError) as error:
        read(tmp_path / "answer.py", tmp_path)
    assert str(error.value) == (
        "answer.py: a folder stands where your file should be. Move it away."
    )
    assert error.value.state == CRASHED


def test_read_says_that_a_file_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "answer.py").write_text("")

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("dojo.judge.loading.read_file", refuse)
    with pytest.raises(LoadError) as error:
        read(tmp_path / "answer.py", tmp_path)
    assert str(error.value) == (
        "answer.py: your file cannot be read (Permission denied). Give yourself the right to."
    )


# ---------------------------------------------------------------- load


def test_load_executes_the_file_as_a_module_of_its_own(load_bytes):
    module = load_bytes(b"import torch\nx = torch.ones(1)\n__all__ = [__name__, __file__]\n")
    assert module.x.tolist() == [1.0]
    assert module.__all__ == ["first.k01_double_of_test_loading", str(ANSWER)]
    assert sys.modules[module.__name__] is module


def test_load_inherits_no_future_of_the_judge(load_bytes):
    module = load_bytes(b"def f(x: int): pass\n")
    assert module.f.__annotations__ == {"x": int}  # no string


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfx = '\xc3\xa9'\n",
        "x = 'é'\n".encode(),
        b"# coding: latin-1\nx = '\xe9'\n",
        b"x = '\xc3\xa9'\r\n",
    ],
    ids=["byte order mark", "UTF-8", "latin-1 that says so", "Windows lines"],
)
def test_load_takes_the_encodings_that_python_takes(load_bytes, raw):
    assert load_bytes(raw).x == "é"


@pytest.mark.parametrize(
    "raw, line, message",
    [
        (
            b" \n\n",
            1,
            (
                f"{SHOWN}, line 1: your file is empty. Write the functions of the kata, or bring "
                "the stub back with: dojo reset first/k01_double"
            ),
        ),
        (
            b"x = 1\ny = '\xe9'\n",
            2,
            f"{SHOWN}, line 2: your file is not UTF-8 text. Save it with the encoding UTF-8.",
        ),
        (
            b"x = 1\n\n\n\ny = '\xe9'\n",
            5,
            f"{SHOWN}, line 5: your file is not UTF-8 text. Save it with the encoding UTF-8.",
        ),
        (
            b"# coding: no-such\n",
            1,
            f"{SHOWN}, line 1: your file is not UTF-8 text. Save it with the encoding UTF-8.",
        ),
        (
            b"x = 1\ny = (\n",
            2,
            (
                f"{SHOWN}, line 2: SyntaxError: '(' was never closed. "
                "Python cannot read that line: fix it and run again.\n"
                "  y = (\n"
                "      ^"
            ),
        ),
        (
            b"x = 1\nraise ValueError('no')\n",
            2,
            (
                f"{SHOWN}, line 2: importing your file failed with ValueError: no. "
                "Fix that line and run again."
            ),
        ),
        (
            b"def f():\n    raise KeyError\n\nf()\n",
            2,
            (
                f"{SHOWN}, line 2: importing your file failed with KeyError. "
                "Fix that line and run again."
            ),
        ),
        (
            b"import sys\nsys.exit(3)\n",
            2,
            (
                f"{SHOWN}, line 2: your file ends the process while it is imported. "
                "Take that call out."
            ),
        ),
    ],
    ids=[
        "empty",
        "not UTF-8 near the top",
        "not UTF-8 below",
        "unknown encoding",
        "syntax",
        "error",
        "error in a function",
        "exit",
    ],
)
def test_load_says_in_one_line_what_is_wrong(load_bytes, raw, line, message):
    with pytest.raises(LoadError) as error:
        load_bytes(raw)
    assert str(error.value) == message
    assert (error.value.line, error.value.file, error.value.state) == (line, SHOWN, CRASHED)


def test_load_shows_the_line_of_a_syntax_error_with_a_caret_below_tabs_and_wide_signs(load_bytes):
    with pytest.raises(LoadError) as error:
        load_bytes("if True:\n\tx = '語' +* 3\n".encode())
    assert str(error.value).splitlines()[1:] == ["  x = '語' +* 3", "            ^"]


def test_load_sends_nothing_to_the_terminal_that_it_would_obey(load_bytes):
    with pytest.raises(LoadError) as error:
        load_bytes(b"x = '\x1b[2J' +* 3\n")
    assert str(error.value).splitlines()[1:] == ["  x = '\ufffd[2J' +* 3", "              ^"]


def test_load_shows_no_caret_where_python_counts_in_the_braces_of_an_f_string(load_bytes):
    with pytest.raises(LoadError) as error:
        load_bytes(b"x = 1\ny = f'{a b}'\n")
    assert str(error.value).splitlines()[1] == "  y = f'{a b}'"
    assert error.value.line == 2


@pytest.mark.parametrize(
    "raw, line, shown",
    [
        (b"x = 1\n<<<<<<< HEAD\ny = 1\n=======\ny = 2\n>>>>>>> b\n", 2, "  <<<<<<< HEAD"),
        (b"x = (\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n)\n", 2, "  <<<<<<< HEAD"),
        (b"y = 1\n=======\ny = 2\n", 2, "  ======="),
        (b"y = 2\n>>>>>>> theirs\n", 2, "  >>>>>>> theirs"),
        (b"y = 2\r\n<<<<<<<\r\n", 2, "  <<<<<<<"),
    ],
    ids=["whole", "in brackets", "middle only", "end only", "Windows lines"],
)
def test_load_calls_a_merge_conflict_that(load_bytes, raw, line, shown):
    with pytest.raises(LoadError) as error:
        load_bytes(raw)
    assert str(error.value) == (
        f"{SHOWN}, line {line}: a merge conflict is left in your file: two versions of the same "
        "lines, one between <<<<<<< and =======, the other between ======= and >>>>>>>. Keep the "
        "lines that you want, delete the lines of those marks, and run again.\n" + shown
    )
    assert error.value.line == line


def test_load_takes_the_underline_of_a_heading_for_no_conflict(load_bytes):
    with pytest.raises(LoadError, match="line 5: SyntaxError"):
        load_bytes(b"'''Title\n=======\n'''\nx = 1\ny = = 1\n")


@pytest.mark.parametrize("call", ["breakpoint()", "import pdb; pdb.Pdb().set_trace()"])
def test_load_says_how_to_use_a_debugger(load_bytes, call, monkeypatch):
    monkeypatch.setattr(sys, "breakpointhook", lambda: pdb.Pdb().set_trace(sys._getframe(1)))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    trace = sys.gettrace()
    with pytest.raises(LoadError) as error:
        load_bytes(f"{call}\nx = 1\n".encode())
    sys.settrace(trace)
    assert str(error.value) == (
        f"{SHOWN}, line 2: your file stops in a debugger that nobody answered: while answers are "
        "judged, there is no keyboard. Take that call out, or debug with: "
        "pytest --pdb -k k01_double"
    )


def test_load_leaves_the_learners_frame_for_a_debugger(load_bytes):
    with pytest.raises(LoadError) as error:
        load_bytes(b"x = 7\nraise ValueError\n")
    assert error.traceback[-1].frame.f_globals["x"] == 7


def test_load_says_that_python_cannot_read_null_bytes(load_bytes):
    with pytest.raises(LoadError, match=r"line 1: .*null bytes.* and run again"):
        load_bytes(b"x = 1\n\0\n")


def test_load_lets_the_learners_interrupt_pass(load_bytes):
    with pytest.raises(KeyboardInterrupt):
        load_bytes(b"raise KeyboardInterrupt\n")
