"""Which process runs a kata's checks, by the options."""

from types import SimpleNamespace

import pytest

from dojo.judge import isolation
from dojo.judge.isolation import isolation_of


def config_with(**options):
    known = {"usepdb": False, "trace": False, "--isolation": "auto", **options}
    return SimpleNamespace(getoption=known.__getitem__)


@pytest.mark.parametrize("choice", ["fork", "spawn", "none"])
def test_isolation_of_is_what_was_chosen(choice):
    assert isolation_of(config_with(**{"--isolation": choice})) == choice


@pytest.mark.parametrize("can_fork, kind", [(True, "fork"), (False, "spawn")])
def test_isolation_of_auto_forks_where_torch_can(monkeypatch, can_fork, kind):
    monkeypatch.setattr(isolation, "can_fork", lambda: can_fork)
    assert isolation_of(config_with()) == kind


@pytest.mark.parametrize("option", ["usepdb", "trace"])
def test_isolation_of_a_debugger_is_none_whatever_was_chosen(option):
    assert isolation_of(config_with(**{option: True, "--isolation": "fork"})) == "none"
