"""A file that is broken, that cheats or that hangs is named in one line and is never green."""

import re

import pytest

from dojo.catalog import Kata
from dojo.judge import judge_source as judge_source_with
from dojo.verdict import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT
from dojo.workers import Crew

BROKEN = {
    "empty": (b"", CRASHED, "line 1: your file is empty"),
    "syntax error": (b"def add(x1, x2:\n    pass\n", CRASHED, "line 1: SyntaxError"),
    "tab mix": (b"def add(a, b):\n    x = 1\n\tif x:\n\t  y = 2\n", CRASHED, "line 3: "),
    "not UTF-8": (b"# one\n# two\n# caf\xe9\n", CRASHED, "line 3: your file is not UTF-8"),
    "missing name": (b"def add(x1, x2):\n    return x1 + x2\n", RED, "without a function add_"),
    "wrong signature": (
        b"def add(x1, x2):\n    return x1 + x2\ndef add_(x1):\n    return x1\n",
        RED,
        "line 3: add_ takes other arguments",
    ),
    "error at import": (
        b"import math\nmath.no_such_name\n",
        CRASHED,
        "line 2: importing your file",
    ),
}

ANSWER = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    {}\n    return x1\n"
CHEATS = {
    "always equal": """
class Always:
    def __eq__(self, other): return True
    def __getattr__(self, name): return Always()
    def __call__(self, *a, **k): return Always()
def add(x1, x2): return Always()
def add_(x1, x2): return Always()
""",
    "lying tensor subclass": """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return True
def add(x1, x2): return x1.as_subclass(Liar)
def add_(x1, x2): return x1.as_subclass(Liar)
""",
    "patched comparisons": """
import torch, torch.testing
torch.equal = torch.allclose = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
def add(x1, x2): return x1.clone()
def add_(x1, x2): return x1
""",
    "patched vocabulary": """
import dojo.checks, sys
for module in list(sys.modules.values()):
    for name in list(vars(module)):
        if name.startswith("expect"):
            setattr(module, name, lambda *a, **k: None)
def add(x1, x2): return x1
def add_(x1, x2): return x1
""",
    "patched pytest": """
import _pytest.python, _pytest.runner
_pytest.python.Function.runtest = lambda self: None
_pytest.runner.pytest_runtest_call = lambda item: None
def add(x1, x2): return x1
def add_(x1, x2): return x1
""",
    "imports the reference": """
import sys, pathlib
sys.path.insert(0, {root!r})
from reference.intro.k03_in_place_add import add, add_
""",
    "reads the reference": """
try:
    exec(open({root!r} + "/reference/intro/k03_in_place_add.py").read())
except Exception:
    def add(x1, x2): return x1 + x2
    def add_(x1, x2):
        x1 += x2
        return x1
""",
    "skips itself": """
import pytest
def add(x1, x2): pytest.skip()
def add_(x1, x2): pytest.xfail()
""",
    "sys.exit at import": "import sys\nsys.exit(0)\n",
    "sys.exit in a function": "import sys\n" + ANSWER.format("sys.exit(0)"),
    "os._exit at import": "import os\nos._exit(0)\n",
    "os._exit in a function": "import os\n" + ANSWER.format("os._exit(0)"),
    "segmentation fault": "import ctypes\n" + ANSWER.format("ctypes.string_at(0)"),
    "endless recursion": ANSWER.format("add_(x1, x2)"),
}


@pytest.fixture
def k03(root):
    return Kata("intro/k03_in_place_add", root)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_named_with_its_line(k03, case, judge_source):
    source, state, words = BROKEN[case]
    verdict = judge_source(k03, source)
    assert verdict.state == state
    messages = {check.message for check in verdict.checks}
    assert len(messages) == 1
    message = messages.pop()
    assert "\n" not in message
    assert re.search(r"k03_in_place_add\.py", message)
    assert words in message


@pytest.mark.parametrize("case", CHEATS)
def test_a_cheat_is_not_green(k03, case, judge_source):
    verdict = judge_source(k03, CHEATS[case].replace("{root!r}", repr(str(k03.root))))
    assert verdict.state in (RED, CRASHED)
    assert all(check.message for check in verdict.checks if check.state != GREEN)


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_a_process_that_ends_itself_is_a_crash_of_either_kind(k03, kind):
    crew = Crew(k03.root, kind)
    verdict = judge_source_with(crew, k03, CHEATS["os._exit in a function"])
    crew.close()
    assert verdict.state == CRASHED
    assert "exit code 0" in verdict.first_failure.message


def test_a_missing_file_is_not_started(k03, tmp_path, judge):
    verdict = judge(k03, tmp_path)
    assert verdict.state == NOT_STARTED
    assert "there is no such file" in verdict.checks[0].message


def test_a_folder_in_place_of_the_file_is_named(k03, tmp_path, judge):
    k03.solution_in(tmp_path).mkdir(parents=True)
    verdict = judge(k03, tmp_path)
    assert verdict.state == CRASHED
    assert "a folder stands where your file should be" in verdict.checks[0].message


def test_an_endless_loop_times_out_with_the_line_it_hangs_on(k03, judge_source):
    source = "def add(x1, x2):\n    while True:\n        pass\ndef add_(x1, x2):\n    return x1\n"
    verdict = judge_source(k03, source, limit=1.0)
    assert verdict.state == TIMED_OUT
    assert re.search(r"line [23]: not finished after 1 s", verdict.first_failure.message)


def test_one_started_name_makes_the_kata_red_and_names_the_other(k03, judge_source):
    source = (
        "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    raise NotImplementedError\n"
    )
    verdict = judge_source(k03, source)
    assert verdict.state == RED
    assert any(check.message.startswith("add_ is not started") for check in verdict.checks)


def test_notimplemented_from_inside_torch_is_not_an_unstarted_kata(k03, judge_source):
    source = (
        "import torch\ndef add(x1, x2):\n    return torch.zeros(2, device='meta').item()\n"
        "def add_(x1, x2):\n    return torch.zeros(2, device='meta').item()\n"
    )
    assert judge_source(k03, source).state == RED
