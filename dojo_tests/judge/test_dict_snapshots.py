"""A change of a namespace is seen, wherever it is, and nothing else is taken for one."""

import types

import pytest

import dojo.judge.sandbox.dict_snapshots as dict_snapshots
from dojo.judge.sandbox.dict_snapshots import DictSnapshots


@pytest.fixture(params=["module", "class"])
def space(request):
    names = {f"name{number}": object() for number in range(20)}
    if request.param == "class":
        return type("Space", (), names)
    module = types.ModuleType("space")
    vars(module).update(names)
    return module


@pytest.fixture
def tables(space):
    return DictSnapshots([types.ModuleType("another"), space])


def test_what_nobody_changed_is_unchanged(space, tables):
    assert dict_snapshots._CAN_SEE
    for _ in range(1000):  # Python may note by now where the name is found
        assert space.name7
    assert list(tables.changed()) == []


def test_a_value_that_is_replaced_and_put_back_is_seen_each_time(space, tables):
    before = space.name7
    space.name7 = object()
    assert list(tables.changed()) == [1]
    assert list(tables.changed()) == []
    space.name7 = before
    assert list(tables.changed()) == [1]


def test_a_name_that_is_added_or_removed_is_seen(space, tables):
    space.new = object()
    assert list(tables.changed()) == [1]
    del space.new
    assert list(tables.changed()) == [1]


def test_many_new_names_are_seen(space, tables):
    for number in range(1000):
        setattr(space, f"new{number}", object())
    assert list(tables.changed()) == [1]


def test_where_tables_cannot_be_read_all_may_have_changed(space, monkeypatch):
    monkeypatch.setattr(dict_snapshots, "_CAN_SEE", False)
    tables = DictSnapshots([space, space])
    assert list(tables.changed()) == [0, 1]
    assert list(tables.changed()) == [0, 1]
