"""A learner's file is read and executed as it is, or one line says why it cannot be."""

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
                "Python cannot read that line: mend it and run again."
            ),
        ),
        (
            b"x = 1\nraise ValueError('no')\n",
            2,
            (
                f"{SHOWN}, line 2: importing your file failed with ValueError: no. "
                "Mend that line and run again."
            ),
        ),
        (
            b"def f():\n    raise KeyError\n\nf()\n",
            2,
            (
                f"{SHOWN}, line 2: importing your file failed with KeyError. "
                "Mend that line and run again."
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


def test_load_says_that_python_cannot_read_null_bytes(load_bytes):
    with pytest.raises(LoadError, match=r"line 1: .*null bytes.* and run again"):
        load_bytes(b"x = 1\n\0\n")


def test_load_lets_the_learners_interrupt_pass(load_bytes):
    with pytest.raises(KeyboardInterrupt):
        load_bytes(b"raise KeyboardInterrupt\n")
