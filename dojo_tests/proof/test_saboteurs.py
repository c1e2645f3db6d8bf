"""The checks themselves: each saboteur is red in every function whose contract forbids it."""

import functools
import hashlib
import json
from pathlib import Path

import pytest

from dojo.course.katas import Kata, find_katas
from dojo.course.statement import read_statement
from dojo.verdict.fingerprint import fingerprint

LETS_PASS = ("green", "never asked", "red, though it did nothing")
RIGHT = ("gives_every_second_number", "gives_part_of_a_larger_memory")


def pytest_generate_tests(metafunc):
    """One case for every public name of every kata."""
    root = metafunc.config.rootpath
    names = [
        f"{kata.name}:{name}"
        for kata in find_katas(root)
        for name in read_statement(kata.reference).names
    ]
    metafunc.parametrize("function", names)


@pytest.fixture(scope="session")
def outcomes_of(root, warm_python):
    """Judges all saboteurs of a function: kind → its outcome, and the aspect and message of it.

    "unasked" stands beside the kinds: what the contract promises and no check has asked. The
    outcomes of a kata are kept in ``.dojo/saboteurs/`` by a hash of all that decides them.
    """
    here = Path(__file__).parent
    files = [here / "saboteur_run.py", *sorted((here / "saboteurs").glob("*.py"))]
    saboteurs = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()

    @functools.cache
    def outcomes_of_kata(name):
        kata = Kata(name, root)
        key = hashlib.sha256(f"{saboteurs} {fingerprint(kata)}".encode()).hexdigest()
        file = root / ".dojo" / "saboteurs" / kata.track / f"{kata.stem}-{key}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            for stale in file.parent.glob(f"{kata.stem}-*"):
                stale.unlink()
            run = warm_python.run(["dojo_tests.proof.saboteur_run", file, name], root)
            assert file.exists(), run.stdout + run.stderr
        return json.loads(file.read_text(encoding="utf-8"))[name]

    def outcomes_of_function(function):
        kata, _, name = function.partition(":")
        outcomes = outcomes_of_kata(kata)
        if name not in outcomes:
            pytest.skip("a class that no contract describes: its own checks have to do")
        return outcomes[name]

    return outcomes_of_function


def test_a_saboteur_is_red(function, outcomes_of):
    """What a contract forbids is red, and what it names is really asked for."""
    bad = {
        kind: outcome
        for kind, outcome in outcomes_of(function).items()
        if kind not in (*RIGHT, "unasked") and outcome[0] in LETS_PASS
    }
    assert not bad, f"{function} lets these pass: {bad}"


def test_a_right_variant_is_green(function, outcomes_of):
    """A right result that lies elsewhere in memory is right."""
    bad = {
        kind: outcome
        for kind, outcome in outcomes_of(function).items()
        if kind in RIGHT and outcome[0] == "red"
    }
    assert not bad, bad


def test_all_that_a_contract_promises_is_asked(function, outcomes_of):
    """Every dtype, layout, shape and device is asked, each input tracked alone, and again."""
    assert not outcomes_of(function)["unasked"]
