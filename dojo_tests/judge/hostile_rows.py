"""Answers to first/k02_add that are broken, cheat, hang or rage, and those that harm the judge.

``test_hostile_files.py`` has each of them judged. ``ROOT`` in a text stands for the dojo's root.
"""

import runpy
from pathlib import Path

from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT

answers = runpy.run_path(str(Path(__file__).with_name("hostile_answers.py")))
ANSWER, RIGHT = answers["ANSWER"], answers["RIGHT"]
BROKEN, CHEATS, RAGING = answers["BROKEN"], answers["CHEATS"], answers["RAGING"]
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
