"""What the dojo's own tests share: the dojo's root, and its katas as found on the disk."""

import functools
import hashlib
import os
import pickle
import shutil
from pathlib import Path

import pytest
from xdist.scheduler import WorkStealingScheduling

from dojo.course.candidates import find_candidates
from dojo.course.katas import Kata, find_katas
from dojo.files.atomic import write_atomically
from dojo.verdict.diagnosis import known_table
from dojo.verdict.diagnosis import make_table as make_table_of
from dojo.workers import client
from dojo.workers.pool import WorkerPool

ROOT = Path(__file__).parent.parent

# Some hundred processes start here: they may keep what they compile, as they do for a learner.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    katas = find_katas(ROOT)
    if "kata" in metafunc.fixturenames:
        metafunc.parametrize("kata", katas, ids=[kata.name for kata in katas])
    for name, right in (("impostor", False), ("alternative", True)):
        if name in metafunc.fixturenames:
            found = [one for kata in katas for one in find_candidates(kata) if one.right is right]
            metafunc.parametrize(name, found, ids=[one.id for one in found])


def pytest_xdist_make_scheduler(config, log):
    """Tests here take from a millisecond to ten seconds: who is done takes over from who is not."""
    return WorkStealingScheduling(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def pool():
    """Warm processes, as the learner's machine offers them."""
    pool = WorkerPool(ROOT)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def judge(pool):
    """``dojo.judge.judge`` by the session's warm processes."""
    return functools.partial(client.judge, pool)


@pytest.fixture(scope="session")
def judge_source(pool, tmp_path_factory):
    """``dojo.judge.judge_source`` by the session's warm processes, once for each source.

    Several tests ask for the verdict on the same impostor, in both processes of a run with -n 2.
    """
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "verdicts"
    kept.mkdir(exist_ok=True)

    def judge_once(kata, source, **options):
        if options or isinstance(source, bytes):
            return client.judge_source(pool, kata, source, **options)
        name = hashlib.sha256(f"{kata.name} {source}".encode()).hexdigest()
        if not (kept / name).exists():
            verdict = client.judge_source(pool, kata, source)
            write_atomically(kept / name, pickle.dumps(verdict))
        return pickle.loads((kept / name).read_bytes())

    return judge_once


@pytest.fixture(scope="session")
def make_table(judge_source):
    """The table of a kata's known mistakes, made once."""
    return functools.cache(lambda kata: known_table(kata) or make_table_of(kata, judge_source))


def copy_compiled(source, target):
    """Copy a module with what it was compiled to, which takes longer than the copy."""
    compiled = Path("__pycache__")
    (target.parent / compiled).mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    for file in (source.parent / compiled).glob(f"{source.stem}.*.pyc"):
        shutil.copy2(file, target.parent / compiled)


@pytest.fixture(scope="session")
def lay_out():
    """Makes a dojo in a folder: for each kata of it the known kata whose files it has, and the
    answer to it.
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
def small_dojo(tmp_path_factory, lay_out):
    """A dojo of two katas, in a folder where nobody edits them."""
    folder = tmp_path_factory.mktemp("dojo")
    katas = [Kata(f"intro/{stem}", ROOT) for stem in ("k03_in_place_add", "k05_matmul")]
    lay_out(folder, {kata.name: (kata, kata.stub.read_bytes()) for kata in katas})
    return folder


@pytest.fixture
def own_dojo(small_dojo, tmp_path):
    """The same in a folder of the test's own, that it may change."""
    leave = shutil.ignore_patterns(".*")  # what other tests left there
    return shutil.copytree(small_dojo, tmp_path / "dojo", ignore=leave)
