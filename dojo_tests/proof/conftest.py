"""The proof of the course: every test here bears the marker ``proof``."""

import functools
import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas
from dojo.course.statement import read_statement
from dojo.files.atomic import write_atomically
from dojo.verdict.diagnosis import known_table
from dojo.verdict.diagnosis import make_table as make_table_of
from dojo.verdict.fingerprint import fingerprint
from dojo.verdict.model import Check, Verdict
from dojo.workers import client

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LAST = 10**6  # the place of a test that is about no kata, or all: it finds them judged
SHARE = 32  # of so many known answers one is in the sample

# each of a few tests asks for those of all katas
candidates_of = functools.cache(find_candidates)
names_of = functools.cache(lambda kata: list(read_statement(kata.reference).names))


def pytest_collection_modifyitems(items):
    """Mark the tests of the proof, and put those of one kata next to each other.

    So a kata is judged once, by the process of tests that comes to it first.
    """
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    order = {kata.name: number for number, kata in enumerate(find_katas(ROOT))}
    proof = sorted(
        (items[place] for place in places), key=lambda item: order.get(_kata_of(item), LAST)
    )
    for place, item in zip(places, proof, strict=True):
        item.add_marker(pytest.mark.proof)
        items[place] = item


def _kata_of(item):
    """The name of the kata that a test is about; empty if it is about none, or about all."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    if "function" in given:
        return given["function"].partition(":")[0]
    one = next((given[name] for name in ("kata", "impostor", "alternative") if name in given), None)
    return getattr(getattr(one, "kata", one), "name", "")


def pytest_generate_tests(metafunc):
    katas = find_katas(ROOT)
    if "function" in metafunc.fixturenames:
        names = [f"{kata.name}:{name}" for kata in katas for name in names_of(kata)]
        metafunc.parametrize("function", names)
    if "kata" in metafunc.fixturenames:
        metafunc.parametrize("kata", katas, ids=[kata.name for kata in katas])
    for name, right in (("impostor", False), ("alternative", True)):
        if name in metafunc.fixturenames:
            found = [one for kata in katas for one in candidates_of(kata) if one.right is right]
            metafunc.parametrize(name, found, ids=[one.id for one in found])


@pytest.fixture(scope="session")
def sample(request):
    """Chooses the known answers that are judged in other ways than all in one process.

    They are chosen by a hash of their names, so that the place in a file decides nothing: about one
    of ``one_of``, and at least one. With ``--all-ways`` they are all.
    """

    def chosen(candidates, one_of=SHARE):
        if request.config.getoption("--all-ways"):
            return candidates
        ranks = {one: int(hashlib.sha256(one.id.encode()).hexdigest(), 16) for one in candidates}
        found = [one for one, rank in ranks.items() if rank % one_of == 0]
        return found or candidates[:1]

    return chosen


@pytest.fixture(scope="session")
def known_of(run_module_in, stub_file):
    """What ``kata_run`` finds of a kata: the verdicts on known answers, and outcomes of saboteurs.

    It is kept in ``.dojo/proof/`` by a hash of all that decides it, so a second run is faster.
    """
    files = [*HERE.glob("*_run.py"), HERE / "demo_lines.py", *(HERE / "saboteurs").glob("*.py")]
    ours = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()

    @functools.cache
    def known_of_kata(kata):
        stub = stub_file(kata)
        key = f"{ours} {fingerprint(kata)} {hashlib.sha256(stub.read_bytes()).hexdigest()}"
        key = hashlib.sha256(key.encode()).hexdigest()
        kept = ROOT / ".dojo" / "proof" / kata.track / f"{kata.stem}-{key}.json"
        if not kept.exists():
            for stale in kept.parent.glob(f"{kata.stem}-*"):
                stale.unlink()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "found.json"
                run = run_module_in(ROOT, "dojo_tests.proof.kata_run", file, kata.name, stub)
                assert file.exists(), run.stdout + run.stderr
                write_atomically(kept, file.read_text(encoding="utf-8"))
        return json.loads(kept.read_text(encoding="utf-8"))

    return known_of_kata


@pytest.fixture(scope="session")
def verdict_of():
    """Makes a verdict of its JSON."""

    def verdict_of(data):
        fields = {name: value for name, value in data.items() if name != "version"}
        return Verdict(**{**fields, "checks": tuple(Check(**check) for check in data["checks"])})

    return verdict_of


@pytest.fixture(scope="session")
def judge_source(known_of, verdict_of, pool):
    """Gives the verdict on an answer, from ``known_of`` if it is a known one.

    Otherwise a forked worker judges it.
    """

    @functools.cache
    def judge_once(kata, source):
        data = known_of(kata).get("verdicts", {}).get(hashlib.sha256(source.encode()).hexdigest())
        return client.judge_source(pool, kata, source) if data is None else verdict_of(data)

    return judge_once


@pytest.fixture(scope="session")
def make_table(judge_source):
    """The table of a kata's known mistakes, made once."""
    return functools.cache(lambda kata: known_table(kata) or make_table_of(kata, judge_source))
