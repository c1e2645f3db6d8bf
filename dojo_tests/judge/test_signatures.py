"""require_names holds a learner's file to the kata's public names and signatures."""

import types
from pathlib import Path

import pytest

from dojo.course.statement import read_statement
from dojo.judge.loading import LoadError
from dojo.judge.signatures import require_names
from dojo.verdict.model import RED

KATA = """
def scale(x, factor=2.0, *, clamp=False):
    pass

class Layer:
    def __init__(self, size):
        pass
"""
LAYER = "class Layer:\n    def __init__(self, n): pass\n"
SCALE = "def scale(x, factor=1.0, *, clamp=True): pass\n"


@pytest.fixture
def require(tmp_path):
    """Requires the kata's names of a text."""

    def require_names_of(text, kata=KATA):
        statement, answer = tmp_path / "reference.py", tmp_path / "answer.py"
        statement.write_text(kata)
        answer.write_text(text)
        module = types.ModuleType("answer")
        exec(compile(text, str(answer), "exec"), vars(module))
        require_names(module, read_statement(statement).names, Path(answer), tmp_path)

    return require_names_of


@pytest.mark.parametrize(
    "scale",
    [
        SCALE,
        "def scale(tensor, factor=1.0, *, clamp=True): pass\n",
        "def scale(x, factor=1.0, clamp=True): pass\n",
        "def scale(*args, **kwargs): pass\n",
        "def scale(x, factor=1.0, *, clamp=True, extra=None): pass\n",
        "import torch\nscale = torch.mul\n",
        "scale = lambda x, factor=1, *, clamp=0: x\n",
    ],
)
def test_require_names_accepts_every_signature_that_can_be_called(require, scale):
    require(scale + LAYER)


@pytest.mark.parametrize(
    "scale",
    [
        "def scale(x): pass\n",
        "def scale(x, factor): pass\n",
        "def scale(x, times=1.0, *, clamp=True): pass\n",
        "def scale(x, factor=1.0): pass\n",
        "def scale(x, factor=1.0, *, clamp): pass\n",
        "def scale(*, x, factor=1.0, clamp=True): pass\n",
        "def scale(x, y, factor=1.0, *, clamp=True): pass\n",
    ],
)
def test_require_names_refuses_another_signature(require, scale):
    with pytest.raises(LoadError) as error:
        require(scale + LAYER)
    assert str(error.value) == (
        "answer.py, line 1: scale takes other arguments than the kata's. "
        "Its signature is scale(x, factor=2.0, *, clamp=False)"
    )
    assert (error.value.state, error.value.line) == (RED, 1)


def test_require_names_refuses_a_missing_function_on_the_last_line(require):
    with pytest.raises(LoadError) as error:
        require(LAYER)
    assert str(error.value) == (
        "answer.py, line 2: your file ends without a function scale. "
        "Write it again: scale(x, factor=2.0, *, clamp=False)"
    )
    assert (error.value.state, error.value.line) == (RED, 2)


def test_require_names_refuses_a_missing_class(require):
    with pytest.raises(LoadError) as error:
        require(SCALE)
    assert str(error.value) == (
        "answer.py, line 1: your file ends without a class Layer. Write it again: Layer(size)"
    )


def test_require_names_refuses_a_value_that_is_no_function(require):
    with pytest.raises(LoadError) as error:
        require("scale = 1\n" + LAYER)
    assert str(error.value) == (
        "answer.py, line 1: scale is a int, not a function. "
        "Define it as scale(x, factor=2.0, *, clamp=False)"
    )


def test_require_names_refuses_a_function_in_place_of_a_class(require):
    with pytest.raises(LoadError) as error:
        require(SCALE + "def Layer(size): pass\n")
    assert str(error.value) == (
        "answer.py, line 2: Layer is a function, not a class. Define it as Layer(size)"
    )


def test_require_names_refuses_a_class_that_is_made_otherwise(require):
    with pytest.raises(LoadError, match="Layer takes other arguments than the kata's"):
        require(SCALE + "class Layer:\n    def __init__(self): pass\n")
