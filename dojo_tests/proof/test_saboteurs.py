"""The checks themselves: each saboteur is red in every function whose contract forbids it."""

import functools
import json

import pytest

from dojo.course.katas import find_katas
from dojo.course.statement import read_statement

LETS_PASS = ("green", "never asked", "red, though it did nothing")
RIGHT = ("gives_every_second_number", "gives_part_of_a_larger_memory")


def pytest_generate_tests(metafunc):
    """One case for every function of every kata."""
    root = metafunc.config.rootpath
    names = [
        f"{kata.name}:{name}"
        for kata in find_katas(root)
        for name, public in read_statement(kata.reference).names.items()
        if not public.is_class
    ]
    metafunc.parametrize("function", names)


@pytest.fixture(scope="session")
def outcomes_of(root, warm_python, tmp_path_factory):
    """Judges all saboteurs of a function: kind → its outcome, and the aspect and message of it.

    "unasked" stands beside the kinds: what the contract promises and no check has asked.
    """

    @functools.cache
    def outcomes_of_one(function):
        file = tmp_path_factory.mktemp("saboteurs") / "outcomes.json"
        run = warm_python.run(["dojo_tests.proof.saboteur_run", file, function], root)
        assert file.exists(), run.stdout + run.stderr
        kata, _, name = function.partition(":")
        return json.loads(file.read_text(encoding="utf-8"))[kata][name]

    return outcomes_of_one


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
