"""What the dojo's own tests share: the course, a small dojo of their own, and verdicts."""

import functools
import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from xdist.scheduler import WorkStealingScheduling

from dojo.course.katas import Kata
from dojo.course.stubs import find_stub, is_stub
from dojo.workers import client
from dojo.workers.pool import WorkerPool

ROOT = Path(__file__).parent.parent
SMALL_DOJO = Path(__file__).parent / "small_dojo"
PATIENCE = 20.0  # seconds until a test gives up waiting for another process
FRESH = 24  # of so many tests one starts new Pythons, each of which imports torch anew

warm = runpy.run_path(str(Path(__file__).with_name("warm_python.py")))

collect_ignore = ["small_dojo", "homework"]  # dojos to be judged, no tests

# The commands that are printed then need no folder before them; `test_tools` tests the other case.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# Some hundred processes start here: they may keep what they compile, as they do for a learner.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

new_popen, WARM_PYTHON = subprocess.Popen, warm["WarmPython"]()


def pytest_addoption(parser):
    parser.addoption(
        "--all-ways",
        action="store_true",
        help="have every known answer judged in every way, and each test start new processes, "
        "not only a sample of them",
    )


def pytest_xdist_make_scheduler(config, log):
    """Tests here take from a millisecond to ten seconds: who is done takes over from who is not."""
    return WorkStealingScheduling(config, log)


def pytest_configure():
    """Have all that a test starts as ``python -m`` forked from a Python that has torch imported.

    So are the servers of workers, of which some two hundred start, and what a command starts.
    """
    subprocess.Popen = warm["popen_from"](WARM_PYTHON)


def pytest_unconfigure():
    subprocess.Popen = new_popen
    WARM_PYTHON.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Have one test of ``FRESH``, chosen by a hash of its name, start new Pythons.

    So do all tests with ``--all-ways``, and those that are marked by ``new_python``.
    """
    rank = int(hashlib.sha256(item.name.encode()).hexdigest(), 16)
    is_new = rank % FRESH == 0 or item.get_closest_marker("new_python") is not None
    WARM_PYTHON.is_used = warm["can_warm"] and not (is_new or item.config.getoption("--all-ways"))


# ---------------------------------------------------------------- dojos


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of this very dojo, with the whole course."""
    return ROOT


@pytest.fixture(scope="session")
def small_dojo(tmp_path_factory):
    """A dojo of four katas that no test changes, all of them not started; see small_dojo/."""
    folder = tmp_path_factory.mktemp("small") / "dojo"
    shutil.copytree(SMALL_DOJO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / file, folder)
    return folder


@pytest.fixture
def own_dojo(small_dojo, tmp_path):
    """The small dojo in a folder of the test's own, that it may change."""
    leave = shutil.ignore_patterns(".*")  # what other tests left there
    return shutil.copytree(small_dojo, tmp_path / "dojo", ignore=leave)


@pytest.fixture
def double(own_dojo):
    """The kata first/k01_double of the test's own dojo."""
    return Kata("first/k01_double", own_dojo)


@pytest.fixture
def add(own_dojo):
    """The kata first/k02_add of the test's own dojo."""
    return Kata("first/k02_add", own_dojo)


def copy_compiled(source, target):
    """Copy a module with what it was compiled to, which takes longer than the copy."""
    compiled = Path("__pycache__")
    (target.parent / compiled).mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    for file in (source.parent / compiled).glob(f"{source.stem}.*.pyc"):
        shutil.copy2(file, target.parent / compiled)


@pytest.fixture(scope="session")
def lay_out():
    """Makes a dojo in a folder: for each kata of it the kata of the course whose files it has, and
    the answer to it.
    """

    def lay_out_in(folder, katas):
        for name, (known, answer) in katas.items():
            kata = Kata(name, folder)
            for source, target in (
                (known.reference, kata.reference),
                (known.checks, kata.checks),
                (known.impostors, kata.impostors),
            ):
                copy_compiled(source, target)
            kata.stub.parent.mkdir(parents=True, exist_ok=True)
            kata.stub.write_bytes(answer)
        for file in ("conftest.py", "pyproject.toml"):
            shutil.copy(ROOT / file, folder)

    return lay_out_in


@pytest.fixture(scope="session")
def stub_file(tmp_path_factory):
    """The file of a kata's stub: in a clone that holds an answer in its place, that of git."""

    @functools.cache
    def stub_file(kata):
        if is_stub(kata, kata.stub.read_bytes() if kata.stub.is_file() else b""):
            return kata.stub
        raw = find_stub(kata)
        assert raw is not None, f"{kata.stub} is no stub, and git has none in its history"
        file = kata.solution_in(tmp_path_factory.mktemp("stub"))
        file.parent.mkdir()
        file.write_bytes(raw)
        return file

    return stub_file


@pytest.fixture(scope="session")
def commit_all():
    """Commits all files of a folder, which becomes a git repository."""
    identity = ["-c", "user.name=A Learner", "-c", "user.email=learner@example.org"]

    def run_git(folder, *command):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)

    def commit_all_of(folder):
        run_git(folder, "init")
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--message", "As it is now")

    return commit_all_of


# ---------------------------------------------------------------- runs of Python


@pytest.fixture(scope="session")
def run_module_in():
    """Runs ``python -m`` with some arguments in a folder; gives what has ended."""

    def run(folder, *arguments, typed="", timeout=300):
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def warm_python():
    """What forks the processes that tests start; ``is_used`` says whether it does."""
    return WARM_PYTHON


def is_running(pid):
    """Whether a process runs; one that is dead and not reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="session")
def until():
    """Waits until a condition holds; False if it never does."""

    def wait_until(condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    return wait_until


@pytest.fixture(scope="session")
def ends(until):
    """Whether the process of an id ends within a while."""
    return lambda pid: until(lambda: not is_running(pid))


# ---------------------------------------------------------------- verdicts


@pytest.fixture(scope="session")
def pool():
    """Warm workers for the course, as the learner's machine offers them."""
    pool = WorkerPool(ROOT)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def judge(pool):
    """``dojo.workers.client.judge`` by the session's warm workers."""
    return functools.partial(client.judge, pool)
