"""A file that is broken, cheats, hangs or rages is named in one line, whichever way it is judged.

Each row is judged by a forked process, by one that was started afresh, and by plain pytest: there
many rows in one run, as the answers of as many katas, so that none may harm its neighbour.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT
from dojo.workers import client
from dojo.workers.pool import WorkerPool

ANSWER = "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    {}\n    return x1.add_(x2)\n"
RIGHT = ANSWER.format("pass")
TIME_LIMIT = 10.0  # seconds, also where the machine has much else to do
SHORT_LIMIT = 1.5  # seconds for what never ends
PARTS = 3  # runs of plain pytest that share the rows which end

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
runner.Runner._call = lambda *a: None
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
from reference.intro.k03_in_place_add import add, add_
""",
        "reads reference/intro/k03_in_place_add.py: the answer must be your own",
    ),
    "reads the reference": (
        """
try:
    exec(open(ROOT + "/reference/intro/k03_in_place_add.py").read())
except Exception:
    def add(x1, x2): return x1 + x2
    def add_(x1, x2):
        x1 += x2
        return x1
""",
        "reads reference/intro/k03_in_place_add.py",
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
ROWS = {
    **{name: (source, {state}, words) for name, (source, state, words) in BROKEN.items()},
    **{name: (source, {RED, CRASHED}, words) for name, (source, words) in CHEATS.items()},
    **RAGING,
}
HANGING = [row for row, (_, states, _) in ROWS.items() if TIMED_OUT in states]
ENDING = [row for row in ROWS if row not in HANGING]
MARK = f"DOJO_TEST_{uuid.uuid4().hex}"  # in the environment of all that these tests start


@pytest.fixture
def k03(root):
    return Kata("intro/k03_in_place_add", root)


@pytest.fixture(scope="module")
def ways(course_pair):
    """Both kinds of worker, by name: each judges a kata's answer in a folder, within a limit."""
    os.environ[MARK] = "1"
    forking, spawning = WorkerPool(course_pair, "fork"), WorkerPool(course_pair, "spawn")

    def by(pool):
        def judge(kata, folder, limit):
            verdict = client.judge(pool, kata, folder, limit=limit)
            pool.start()  # so that the next is warm
            return verdict.as_json()

        return judge

    yield {"fork": by(forking), "spawn": by(spawning)}
    forking.close()
    spawning.close()
    del os.environ[MARK]


def limit_of(row):
    return SHORT_LIMIT if row in HANGING else TIME_LIMIT


def left_running():
    """The commands of processes that these tests started, less the warm ones that wait."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = MARK.encode() in (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().decode().replace("\0", " ").strip()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has just ended
            continue
        if is_ours and int(parent) != os.getpid():
            found.append(command)
    return found


def source_of(row, root):
    source = ROWS[row][0]
    return source.replace("ROOT", repr(str(root))).encode() if isinstance(source, str) else source


def expect_the_state_and_one_clear_line(row, verdict):
    _, states, words = ROWS[row]
    assert verdict["state"] in states, row
    messages = [check["message"] for check in verdict["checks"] if check["state"] != GREEN]
    assert all(messages), row
    if verdict["state"] != GREEN:
        assert words in " ".join(messages), row
    if row in BROKEN:
        assert len(set(messages)) == 1, row
        assert "k03_in_place_add.py" in messages[0]


@pytest.mark.parametrize("way", ["fork", "spawn"])
@pytest.mark.parametrize("row", ROWS)
def test_a_hostile_file_gets_its_state_and_one_clear_line(course_pair, row, way, ways, tmp_path):
    k03 = Kata("intro/k03_in_place_add", course_pair)
    path = k03.solution_in(tmp_path)
    path.parent.mkdir()
    path.write_bytes(source_of(row, k03.root))
    expect_the_state_and_one_clear_line(row, ways[way](k03, tmp_path, limit_of(row)))
    assert path.read_bytes() == source_of(row, k03.root)
    if sys.platform.startswith("linux"):
        assert left_running() == []


@pytest.mark.parametrize("together", [HANGING, *(ENDING[part::PARTS] for part in range(PARTS))])
def test_plain_pytest_judges_hostile_files_beside_each_other(
    k03, together, lay_out, monkeypatch, tmp_path
):
    rows = {row: f"row{number:02}" for number, row in enumerate(together)}
    katas = {f"{rows[row]}/{k03.stem}": (k03, source_of(row, tmp_path)) for row in together}
    lay_out(tmp_path, katas)
    reference = tmp_path / "reference" / "intro" / k03.reference.name  # which two of them read
    reference.parent.mkdir()
    shutil.copy(k03.reference, reference)
    file = tmp_path / "verdicts.json"
    monkeypatch.setenv(MARK, "1")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            f"--time-limit={limit_of(together[0])}",
            f"--verdicts={file}",
        ],
        cwd=tmp_path,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 1
    verdicts = [json.loads(line) for line in file.read_text().splitlines()]
    by_track = {verdict["kata"].partition("/")[0]: verdict for verdict in verdicts}
    assert by_track.keys() == set(rows.values())
    for row, track in rows.items():
        expect_the_state_and_one_clear_line(row, by_track[track])
        path = tmp_path / "katas" / track / "k03_in_place_add.py"
        assert path.read_bytes() == source_of(row, tmp_path)
    if sys.platform.startswith("linux"):
        assert left_running() == []


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
