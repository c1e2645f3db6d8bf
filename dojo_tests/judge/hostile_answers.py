"""Answers to first/k02_add that are broken, cheat, hang or rage; ``hostile_rows.py`` adds more.

``ROOT`` in a text stands for the dojo's root.
"""

from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT

ANSWER = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    {}\n    return x1.add_(x2)\n"
RIGHT = ANSWER.format("pass")
# what is in the file, the state that it gets, and words of the message
BROKEN = {
    "empty": (b"", CRASHED, "line 1: your file is empty"),
    "syntax error": (b"def add(x1, x2:\n    pass\n", CRASHED, "line 1: SyntaxError"),
    "merge conflict": (
        b"x = 1\n<<<<<<< HEAD\ny = 1\n=======\ny = 2\n>>>>>>> other\n",
        CRASHED,
        "line 2: a merge conflict is left",
    ),
    "tab mix": (b"def add(a, b):\n    x = 1\n\tif x:\n\t  y = 2\n", CRASHED, "line 3: "),
    "not UTF-8": (b"# one\n# two\n# caf\xe9\n", CRASHED, "line 3: your file is not UTF-8"),
    "null bytes": (b"def add(a, b):\n    pass\n\0\0", CRASHED, "Python cannot read"),
    "missing name": (b"def add(x1, x2):\n    return x1 + x2\n", RED, "without a function add_"),
    "wrong signature": (
        b"def add(x1, x2):\n    return x1 + x2\ndef add_(x1):\n    return x1\n",
        RED,
        "line 3: add_ takes other arguments",
    ),
    "a number for a function": (b"add = 1\nadd_ = 2\n", RED, "add is a int, not a function"),
    "error at import": (
        b"import math\nmath.no_such_name\n",
        CRASHED,
        "line 2: importing your file",
    ),
}

CHEATS = {
    "always equal": (
        """
class Always:
    def __eq__(self, other): return True
    def __getattr__(self, name): return Always()
    def __call__(self, *a, **k): return Always()
def add(x1, x2): return Always()
def add_(x1, x2): return Always()
""",
        "an object of type Always",
    ),
    "lying tensor subclass": (
        """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return True
def add(x1, x2): return x1.as_subclass(Liar)
def add_(x1, x2): return x1.as_subclass(Liar)
""",
        "Liar",
    ),
    "patched comparisons": (
        """
import torch, torch.testing
torch.equal = torch.allclose = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
def add(x1, x2): return x1.clone()
def add_(x1, x2): return x1
""",
        "your file replaces torch",
    ),
    "patched in a call": (
        """
import torch
def add(x1, x2):
    torch.equal = lambda *a: True
    return x1 + x2
def add_(x1, x2): return x1.add_(x2)
""",
        "your file replaces torch.equal",
    ),
    "patched vocabulary": (
        """
import dojo.checks, sys
for module in list(sys.modules.values()):
    for name in list(vars(module)):
        if name.startswith("expect"):
            setattr(module, name, lambda *a, **k: None)
def add(x1, x2): return x1
def add_(x1, x2): return x1
""",
        "your file replaces dojo.checks",
    ),
    "patched pytest": (
        """
import _pytest.python, _pytest.runner
_pytest.python.Function.runtest = lambda self: None
_pytest.runner.pytest_runtest_call = lambda item: None
def add(x1, x2): return x1
def add_(x1, x2): return x1
""",
        "your file replaces",
    ),
    "patched judge": (
        """

from dojo.judge import runner
from dojo.judge.sandbox import dict_snapshots, tampering
runner.Runner._call_check = lambda *a: None
runner.Runner.verify_integrity = lambda self, item, check, thoroughly: check
tampering.Snapshot.restore = lambda *a: []
dict_snapshots.DictSnapshots.changed = lambda *a: iter(())
def add(x1, x2): return x1
def add_(x1, x2): return x1
""",
        "your file replaces",
    ),
    "put back in time": (
        """
import torch
equal, calls = torch.equal, []
def add(x1, x2):
    calls.append(1)
    torch.equal = equal if len(calls) > 1 else lambda *a: True
    return x1 + x2
def add_(x1, x2): return x1.add_(x2)
""",
        "your file replaces torch.equal",
    ),
    "imports the reference": (
        """
import sys, pathlib
sys.path.insert(0, ROOT)
from reference.first.k02_add import add, add_
""",
        "reads reference/first/k02_add.py: the answer must be your own",
    ),
    "reads the reference": (
        """
try:
    exec(open(ROOT + "/reference/first/k02_add.py").read())
except Exception:
    def add(x1, x2): return x1 + x2
    def add_(x1, x2):
        x1 += x2
        return x1
""",
        "reads reference/first/k02_add.py",
    ),
    "skips itself": (
        """
import pytest
def add(x1, x2): pytest.skip()
def add_(x1, x2): pytest.xfail()
""",
        "Skipped",
    ),
}

# source, the states that it may get, words of the message
RAGING = {
    "sys.exit at import": ("import sys\nsys.exit(0)\n", {CRASHED}, "line 2: your file ends"),
    "sys.exit in a function": ("import sys\n" + ANSWER.format("sys.exit(0)"), {RED}, "SystemExit"),
    "os._exit at import": ("import os\nos._exit(0)\n", {CRASHED}, "exit code 0 before"),
    "os._exit in a function": (
        "import os\n" + ANSWER.format("os._exit(0)"),
        {CRASHED},
        "exit code 0",
    ),
    "os.abort": ("import os\n" + ANSWER.format("os.abort()"), {CRASHED}, "SIGABRT"),
    "segmentation fault": (
        "import ctypes\n" + ANSWER.format("ctypes.string_at(0)"),
        {CRASHED},
        "line 5: the process died of SIGSEGV",
    ),
    "hangs up": (
        "import os\n" + ANSWER.format("os.closerange(3, 9999)"),
        {CRASHED},
        "the process",
    ),
    "endless recursion": (ANSWER.format("add_(x1, x2)"), {RED}, "calls itself without end"),
    "loop in a function": (ANSWER.format("while True: pass"), {TIMED_OUT}, "line 4: not finished"),
    "loop at import": ("while True:\n    pass\n", {TIMED_OUT}, "not finished after 1.5 s; stuck"),
    "loop in a __getitem__": (
        "class Row:\n    def __getitem__(self, i):\n        while True: pass\n"
        + ANSWER.format("Row()[0]"),
        {TIMED_OUT},
        "line 3: not finished",
    ),
    "loop that catches all": (
        ANSWER.format("while True:\n        try: pass\n        except BaseException: pass"),
        {TIMED_OUT},
        "not finished",
    ),
    "loop in a thread": (
        "import threading\ndef spin():\n    while True: pass\n"
        "threading.Thread(target=spin).start()\n" + RIGHT,
        {GREEN, TIMED_OUT},  # slow, but the answer itself is right
        "",
    ),
    "stuck in C": (
        "import torch\n"
        + ANSWER.format("a = torch.zeros(4000, 4000, dtype=torch.float64)\n    while True: a @ a"),
        {TIMED_OUT},
        "line 6: not finished",
    ),
    "ten million lines": (
        ANSWER.format("for i in range(10**7): print('all work and no play')"),
        {TIMED_OUT, GREEN},
        "",
    ),
    "reads stdin": (ANSWER.format("input()"), {RED}, "EOFError"),
    "breakpoint at import": ("breakpoint()\n" + RIGHT, {CRASHED}, "pytest --pdb -k"),
    "breakpoint in a function": (ANSWER.format("breakpoint()"), {RED}, "pytest --pdb -k"),
    "pdb in a function": (
        ANSWER.format("import pdb; pdb.set_trace()"),
        {RED},
        "line 5: your file stops in a debugger that nobody answered",
    ),
    "all the memory": (
        "import torch\n" + ANSWER.format("torch.zeros(2**50)"),
        {RED},
        "RuntimeError",
    ),
    "a thousand threads": (
        "import threading, time\nfor i in range(1000):\n"
        "    threading.Thread(target=time.sleep, args=(99,)).start()\n" + RIGHT,
        {GREEN},
        "",
    ),
    "leaves processes": (
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; "
        "time.sleep(99)'])\n" + RIGHT,
        {GREEN},
        "",
    ),
    "deletes its own file": (
        "import os\n" + ANSWER.format("os.remove(__file__)"),
        {RED},
        "belongs to the dojo",
    ),
    "renames its own file": (
        "import os\n" + ANSWER.format("os.rename(__file__, __file__ + '.bak')"),
        {RED},
        "belongs to the dojo",
    ),
    "writes its own file": (
        ANSWER.format("open(__file__, 'w')"),
        {RED},
        "belongs to the dojo",
    ),
    "warns": (
        "import warnings\nwarnings.warn('old', DeprecationWarning)\n"
        + ANSWER.format("warnings.warn('older')"),
        {GREEN},
        "",
    ),
    "sets a default device": (
        "import torch\n" + ANSWER.format("torch.set_default_device(x1.device)"),
        {GREEN},
        "",
    ),
    "an operation that torch has not": (
        "import torch\n" + ANSWER.format("x1 |= 0"),
        {RED},
        "raised",
    ),
    "imports torch's compiler": (ANSWER.format("import torch._dynamo"), {GREEN}, ""),
    "changes torch's settings": (
        "import torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_default_device('meta')\n"
        "torch.manual_seed(7)\ntorch.set_grad_enabled(False)\n" + RIGHT,
        {GREEN, RED},
        "",
    ),
}
