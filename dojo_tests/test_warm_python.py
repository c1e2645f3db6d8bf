"""A process that is forked from a warm Python is as a new Python."""

import ctypes
import os
import re
import signal
import subprocess
import sys

import pytest

ADD = "def add(x1, x2):\n    return x1 - x2\n\n\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
SEES = """
import os, sys
print(os.getcwd(), sys.argv, sys.path, __name__, input())
print(os.environ.get("SEEN"), "dojo" in sys.modules, file=sys.stderr)
print(os.getppid(), os.getsid(0) == os.getpid(), sorted(os.listdir("/proc/self/fd")))
sys.exit(7)
"""
GET_SUBREAPER, SET_SUBREAPER = 37, 36  # of Linux's prctl
IS_WARM = "import sys\nwarm = 'torch' in sys.modules\n"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")


@pytest.fixture
def module(tmp_path):
    """Writes a module that has been told in ``warm`` whether it is forked; gives its command."""

    def write(text):
        (tmp_path / "written.py").write_text(IS_WARM + text)
        return [sys.executable, "-m", "written"]

    return write


@pytest.fixture
def both_ways(tmp_path):
    """Runs a command forked and as a new Python; gives both that have ended."""

    def run(command, **options):
        given = {"cwd": tmp_path, "capture_output": True, "text": True, **options}
        forked = subprocess.run(command, **given)
        return forked, subprocess.run(command, **given, executable=sys.executable)

    return run


@pytest.fixture(autouse=True)
def _forks(warm_python):
    """Have the tests of this module fork, whatever their names are."""
    warm_python.is_used = True


def test_it_is_warm_unless_a_new_one_is_asked_for(both_ways, module):
    told = [run.stdout for run in both_ways(module("print(warm)"))]
    assert told == ["True\n", "False\n"]


@pytest.mark.parametrize("options", [{}, {"start_new_session": True}], ids=["", "session"])
def test_it_has_the_folder_the_arguments_the_files_and_the_environment(
    both_ways, module, monkeypatch, options
):
    monkeypatch.setenv("SEEN", "it")
    forked, new = both_ways([*module(SEES), "-x"], input="typed\n", **options)
    assert (forked.returncode, forked.stdout, forked.stderr) == (7, new.stdout, new.stderr)
    assert forked.stderr == "it False\n"
    assert f"{os.getpid()} {bool(options)}" in forked.stdout


def test_the_path_of_python_may_be_another(both_ways, module, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "lies_there.py").touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = module("import lies_there; print(lies_there.__file__, sys.path)")
    forked, new = both_ways(command, env=environment)
    assert forked.stdout == new.stdout != ""


def test_a_file_that_is_passed_has_its_number(module, tmp_path):
    ours, theirs = os.pipe()
    command = module(f"import os\nos.write({theirs}, str(warm).encode())")
    process = subprocess.Popen(command, cwd=tmp_path, pass_fds=[theirs])
    os.close(theirs)
    with open(ours) as file:  # noqa: PTH123 - there is no path
        assert file.read() == "True"
    assert process.wait() == 0


def test_pytest_says_there_what_it_says_in_a_new_python(both_ways, own_dojo):
    (own_dojo / "katas" / "first" / "k02_add.py").write_text(ADD)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    runs = both_ways(command, cwd=own_dojo)
    forked, new = (re.sub(r"\d+\.\d+ ?m?s", "TIME", run.stdout) for run in runs)
    assert forked == new
    assert "k02_add" in forked
    assert runs[0].returncode == runs[1].returncode == 1


def test_dojo_check_says_there_what_it_says_in_a_new_python(both_ways, own_dojo):
    (own_dojo / "katas" / "first" / "k02_add.py").write_text(ADD)
    runs = both_ways([sys.executable, "-m", "dojo", "check", "k02_add"], cwd=own_dojo)
    forked, new = (re.sub(r"\d+\.\d+ ?m?s|\d+ ms", "TIME", run.stdout) for run in runs)
    assert forked == new
    assert "k02_add" in forked
    assert runs[0].returncode == runs[1].returncode == 1


@pytest.mark.parametrize(
    "end, code, said",
    [
        ("", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit('no')", 1, "no\n"),
        ("os.kill(os.getpid(), 9)", -9, ""),
        ("os.kill(os.getpid(), 2)", -2, "KeyboardInterrupt\n"),
        ("raise ValueError('no')", 1, "ValueError: no\n"),
        ("import atexit; atexit.register(lambda: print('no', file=sys.stderr))", 0, "no\n"),
        (
            "import threading; threading.Timer(0.1, lambda: print('no', file=sys.stderr)).start()",
            0,
            "no\n",
        ),
    ],
)
def test_it_ends_as_a_new_python_does(both_ways, module, end, code, said):
    hears = "import os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    forked, new = both_ways(module(f"{hears}print('well', end='')\n{end}\n"))
    assert forked.returncode == new.returncode == code
    assert forked.stdout == new.stdout
    assert forked.stderr.endswith(said)
    assert new.stderr.endswith(said)


def test_what_one_run_sets_the_next_one_does_not_see(module, tmp_path):
    command = module(
        "import os, torch\nprint(os.environ.get('SET'), torch.get_default_dtype())\n"
        "os.environ['SET'] = '1'\ntorch.set_default_dtype(torch.float64)\n"
    )
    shown = [subprocess.check_output(command, cwd=tmp_path, text=True) for _ in range(2)]
    assert shown == ["None torch.float32\n"] * 2


def test_it_can_be_killed_and_waited_for(module, tmp_path):
    process = subprocess.Popen(module("import time\ntime.sleep(600)\n"), cwd=tmp_path)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL


def test_it_leads_its_session_once_it_is_known(module, tmp_path):
    process = subprocess.Popen(module(""), cwd=tmp_path, start_new_session=True)
    assert os.getpgid(process.pid) == process.pid
    assert process.wait() == 0


@pytest.fixture
def _adopts_nobody():
    """Has this process adopt no orphans, though workers that it forked before may want that."""
    prctl, before = ctypes.CDLL(None).prctl, ctypes.c_int()
    prctl(GET_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    prctl(SET_SUBREAPER, 0, 0, 0, 0)
    yield
    prctl(SET_SUBREAPER, before.value, 0, 0, 0)


@pytest.mark.usefixtures("_adopts_nobody")
def test_what_it_leaves_behind_is_not_adopted(module, tmp_path):
    leaves = "import os, time\nif not os.fork():\n    time.sleep(0.1)\n    print(os.getppid())\n"
    told = subprocess.check_output(module(leaves), cwd=tmp_path, text=True)
    assert int(told) != os.getpid()


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "CUDA_VISIBLE_DEVICES"])
def test_it_is_a_new_python_where_a_setting_was_read_at_its_start(
    module, monkeypatch, tmp_path, name
):
    monkeypatch.setenv(name, "7")
    assert subprocess.check_output(module("print(warm)"), cwd=tmp_path, text=True) == "False\n"


def test_what_a_forked_command_starts_is_forked_too_and_ends_with_it(module, tmp_path, ends):
    """``dojo`` gets a warm process of its own, which is gone when the command is."""
    (tmp_path / "dojo").mkdir()
    (tmp_path / "dojo" / "__init__.py").touch()
    (tmp_path / "dojo" / "__main__.py").write_text(
        "import os, subprocess, sys\n"
        "print(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read())\n"
        "print(subprocess.check_output([sys.executable, '-m', 'written'], text=True))\n"
    )
    module("import os; print(warm, os.getppid())")
    process = subprocess.Popen(
        [sys.executable, "-m", "dojo"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    told, _ = process.communicate()
    child, *seen = told.split()
    assert seen == ["True", str(process.pid)]
    assert ends(int(child))
