"""Answers to first/k02_add that are broken, cheat, hang or rage.

``test_hostile_files.py`` has each of them judged. ``ROOT`` in a text stands for the dojo's root.
"""

from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT

ANSWER = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    {}\n    return x1.add_(x2)\n"
RIGHT = ANSWER.format("pass")
# what is in the file, the state that it gets, and words of the message
BROKEN = {
    "empty": (b"", CRASHED, "line 1: your file is empty"),
    "syntax error": (b"def add(x1, x2:\n    pass\n", CRASHED, "line 1: SyntaxError"),
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
# answers that break what the judge itself needs, or send it what is no answer
ON_THE_JUDGE = {
    "half a message": (
        "import os, stat\n"
        + ANSWER.format(
            "for fd in range(3, 64):\n        try:\n"
            "            if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, b'\\0\\0\\x10\\0{')\n"
            "        except OSError: pass"
        ),
        {CRASHED},
        "sent something that is no answer",
    ),
    "a message that is no answer": (
        "import os, stat, struct\n"
        + ANSWER.format(
            "for fd in range(3, 64):\n        try:\n"
            "            if stat.S_ISSOCK(os.fstat(fd).st_mode):\n"
            "                os.write(fd, struct.pack('!i', 5) + b'hello')\n"
            "        except OSError: pass"
        ),
        {CRASHED},
        "sent something that is no answer",
    ),
    "a child holds the line": (
        "import os, time\n"
        + ANSWER.format(
            "if os.fork() == 0:\n        os.setsid()\n        time.sleep(99)\n    os._exit(3)"
        ),
        {CRASHED},
        "exit code 3",
    ),
    "a daemon in a session of its own": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.closerange(0, 64)\n        time.sleep(99)\n    os._exit(0)\n" + RIGHT,
        {GREEN},
        "",
    ),
    "stops its parent": (
        "import os, signal\n" + ANSWER.format("os.kill(os.getppid(), signal.SIGSTOP)"),
        {RED},
        "that process judges",
    ),
    "kills its parent": (
        "import os, signal\n" + ANSWER.format("os.kill(os.getppid(), signal.SIGKILL)"),
        {RED},
        "that process judges",
    ),
    "no stdout": ("import sys\nsys.stdout = sys.stderr = None\n" + RIGHT, {GREEN}, ""),
    "closes stdout": ("import sys\n" + ANSWER.format("sys.stdout.close()"), {GREEN}, ""),
    "closes the descriptor of stdout": ("import os\nos.close(1)\n" + RIGHT, {GREEN}, ""),
    "an odd stdout": (
        "import sys\nclass Odd:\n    def write(self, text): raise ValueError\n"
        "    flush = write\n" + ANSWER.format("sys.stdout = Odd()"),
        {GREEN},
        "",
    ),
    "torch taken out of sys.modules": (
        "import sys\ndel sys.modules['torch']\n" + RIGHT,
        {GREEN},
        "",
    ),
    "patched builtins": (
        "import builtins\nbuiltins.len = lambda x: 3\nbuiltins.open = builtins.print = None\n"
        + RIGHT,
        {RED},
        "replaces builtins.len",
    ),
    "patched import": (
        "import builtins\nbuiltins.__import__ = lambda *a, **k: None\n"
        "builtins.repr = builtins.str = None\n" + RIGHT,
        {RED},
        "replaces builtins.__import__",
    ),
    "a low limit of recursion": (
        "import sys\n"
        + ANSWER.format(
            "for n in range(10, 200):\n        try:\n            sys.setrecursionlimit(n)\n"
            "            break\n        except RecursionError: pass"
        ),
        {GREEN, RED},
        "",
    ),
    "a timer left running": (
        "import signal\ndef bang(*a):\n    raise ValueError('bang')\n"
        "signal.signal(signal.SIGALRM, bang)\nsignal.setitimer(signal.ITIMER_REAL, 0.5, 0.01)\n"
        + RIGHT,
        {RED},
        "leaves a timer running",
    ),
    "takes the signal that asks where": (
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *a: None)\n"
        + ANSWER.format("while True: pass"),
        {TIMED_OUT},
        "line 6: not finished",
    ),
    "autograd left off": (
        "import torch\n" + ANSWER.format("torch.set_grad_enabled(False)"),
        {GREEN, RED},
        "",
    ),
    "a pool of processes": (
        "import multiprocessing\ndef double(n):\n    return 2 * n\n"
        + ANSWER.format(
            "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
            "        assert pool.map(double, [1, 2]) == [2, 4]"
        ),
        {GREEN},
        "",
    ),
    "interrupts itself at import": ("raise KeyboardInterrupt\n", {CRASHED}, "KeyboardInterrupt"),
    "an error without a text": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E\n",
        {CRASHED},
        "failed with E: (its text cannot be shown",
    ),
    "a codec that is undefined": (b"# coding: undefined\nx = 1\n", {CRASHED}, "not UTF-8"),
    "minus signs without end": (
        "def add(x1, x2):\n    return " + "-" * 100_000 + "x1\n",
        {CRASHED},
        "nested too deeply",
    ),
    "an error of 500 lines": (
        "raise RuntimeError('one\\n' + 'more\\n' * 500)\n",
        {CRASHED},
        "RuntimeError: one more more",
    ),
}
# results that must not be written out, or that are not what they seem
RETURNS = {
    "a message of 100 MB": ("raise ValueError('x y' * 33_000_000)", "raised ValueError: x y"),
    "a list of ten million": ("return list(range(10**7))", "10,000,000 elements"),
    "an int of 100,000 digits": ("return 10**100_000", "an int of about 100,001 digits"),
    "a list nested without end": (
        "y = []\n    for _ in range(100_000): y = [y]\n    return y",
        "returned [[[[[…]]]]]",
    ),
    "a list that holds itself": ("y = []\n    y.append(y)\n    return y", "returned [[[[[…]]]]]"),
    "a huge view": ("return x1.reshape(-1)[0].expand(10**4, 10**4)", "100,000,000 elements"),
    "a class that lies": (
        (
            "class L:\n        __class__ = type(x1)\n"
            "        def __repr__(self): raise RuntimeError\n    return L()"
        ),
        "an object of type L",
    ),
    "attributes on the tensor": (
        "y = x1 - x2\n    y.reshape = lambda *a: x1 + x2\n    return y",
        "on which reshape was set anew",
    ),
    "the judge's own failure": (
        "from dojo.judge.loading import LoadError\n    raise LoadError('', '', 0, 'green')",
        "raised LoadError",
    ),
    "an odd failure of the judge": (
        "from dojo.checks import CheckFailed\n    raise CheckFailed(None, 7)",
        "raised CheckFailed",
    ),
    "a constant of the judge": (
        "import dojo.judge.outcome\n    dojo.judge.outcome.RED = 'green'\n    return x1",
        "replaces dojo.judge.outcome.RED",
    ),
    "the root's conftest.py": (
        "try: open(ROOT + '/conftest.py', 'a')\n    except OSError: pass\n    return x1 + x2",
        "changes conftest.py",
    ),
    "checks rewritten by a program": (
        (
            "import subprocess\n    try: subprocess.run(['touch', ROOT + '/tests/x.py'])\n"
            "    except OSError: pass\n    return x1 + x2"
        ),
        "changes tests",
    ),
}
RETURNING = {
    name: (
        f"def add(x1, x2):\n    {body}\ndef add_(x1, x2):\n    return x1.add_(x2)\n",
        {RED},
        words,
    )
    for name, (body, words) in RETURNS.items()
}
ROWS = {
    **{name: (source, {state}, words) for name, (source, state, words) in BROKEN.items()},
    **{name: (source, {RED, CRASHED}, words) for name, (source, words) in CHEATS.items()},
    **RAGING,
    **ON_THE_JUDGE,
    **RETURNING,
}
# rows about processes and how they end
OF_PROCESSES = (
    "os._exit at import",
    "os._exit in a function",
    "os.abort",
    "segmentation fault",
    "hangs up",
    "a thousand threads",
    "leaves processes",
    "half a message",
    "a message that is no answer",
    "a child holds the line",
    "a daemon in a session of its own",
    "stops its parent",
    "kills its parent",
)
