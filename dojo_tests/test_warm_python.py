"""A run that is forked from a warm Python is as one of a new Python."""

import re
import subprocess
import sys

import pytest

ADD = "def add(x1, x2):\n    return x1 - x2\n\n\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
SEES = """
import os, sys
print(os.getcwd(), sys.argv, sys.path[0], __name__, input())
print(os.environ.get("SEEN"), "dojo" in sys.modules, file=sys.stderr)
sys.exit(7)
"""


@pytest.fixture
def warm(warm_python):
    """A Python from which runs are forked, where there can be one."""
    if not warm_python.fits():
        pytest.skip("forks on Linux only")
    return warm_python


def new_python(folder, *arguments, typed=""):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(
        command, cwd=folder, input=typed, capture_output=True, text=True, check=False
    )


def test_it_has_the_folder_the_arguments_the_files_and_the_environment(warm, tmp_path, monkeypatch):
    (tmp_path / "sees.py").write_text(SEES)
    monkeypatch.setenv("SEEN", "it")
    forked = warm.run(["sees", "-x"], tmp_path, typed="typed\n")
    new = new_python(tmp_path, "sees", "-x", typed="typed\n")
    assert (forked.returncode, forked.stdout, forked.stderr) == (7, new.stdout, new.stderr)
    assert forked.stderr == "it False\n"


def test_pytest_says_there_what_it_says_in_a_new_python(warm, own_dojo):
    (own_dojo / "katas" / "first" / "k02_add.py").write_text(ADD)
    runs = (
        warm.run(["pytest", "-p", "no:cacheprovider"], own_dojo),
        new_python(own_dojo, "pytest", "-p", "no:cacheprovider"),
    )
    forked, new = (re.sub(r"\d+\.\d+ ?m?s", "TIME", run.stdout) for run in runs)
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
        ("raise ValueError('no')", 1, "ValueError: no\n"),
        ("import atexit; atexit.register(lambda: print('no', file=sys.stderr))", 0, "no\n"),
        (
            "import threading; threading.Timer(0.1, lambda: print('no', file=sys.stderr)).start()",
            0,
            "no\n",
        ),
    ],
)
def test_it_ends_as_a_new_python_does(warm, tmp_path, end, code, said):
    (tmp_path / "ends.py").write_text(f"import os, sys\nprint('well', end='')\n{end}\n")
    forked, new = warm.run(["ends"], tmp_path), new_python(tmp_path, "ends")
    assert forked.returncode == new.returncode == code
    assert forked.stdout == new.stdout
    assert forked.stderr.endswith(said)
    assert new.stderr.endswith(said)


def test_what_one_run_sets_the_next_one_does_not_see(warm, tmp_path):
    (tmp_path / "sets.py").write_text(
        "import os, torch\nprint(os.environ.get('SET'), torch.get_default_dtype())\n"
        "os.environ['SET'] = '1'\ntorch.set_default_dtype(torch.float64)\n"
    )
    shown = [warm.run(["sets"], tmp_path).stdout for _ in range(2)]
    assert shown == ["None torch.float32\n"] * 2


def test_a_run_that_does_not_end_is_ended(warm, tmp_path):
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(600)\n")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["sleeps"], tmp_path, timeout=0.2)
    (tmp_path / "ends.py").write_text("print('well')\n")
    assert warm.run(["ends"], tmp_path).stdout == "well\n"


@pytest.mark.parametrize("name", ["PYTHONPATH", "CUDA_VISIBLE_DEVICES"])
def test_it_does_not_fit_where_a_setting_was_read_at_its_start(warm, monkeypatch, tmp_path, name):
    (tmp_path / "ends.py").touch()
    warm.run(["ends"], tmp_path)
    assert warm.fits()
    monkeypatch.setenv(name, "other")
    assert not warm.fits()
