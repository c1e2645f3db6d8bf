"""The checks of each kata that a run of pytest has collected."""

from types import SimpleNamespace

import pytest

from dojo.course.katas import Kata
from dojo.judge.items import KATA
from dojo.judge.kata_checks import KataChecks


def config_with(benchmark_only=False, args_source=None, warns=False):
    return SimpleNamespace(
        getoption=lambda _name, _default=None: benchmark_only,
        pluginmanager=SimpleNamespace(hasplugin=lambda _name: warns),
        args_source=args_source,
    )


@pytest.fixture
def checks(own_dojo):
    return KataChecks(config_with(), own_dojo)


class FakeItem:
    """An item at a path."""

    def __init__(self, path):
        self.path, self.name = path, "test_it"
        self.stash, self.markers = pytest.Stash(), []

    def add_marker(self, marker):
        self.markers.append(marker)

    def getparent(self, _kind):
        return None


def test_each_item_of_a_check_file_gets_its_kata(checks, own_dojo, add):
    item, other = FakeItem(add.checks), FakeItem(own_dojo / "tests" / "conftest.py")
    checks.pytest_collection_modifyitems([item, other])
    assert item.stash[KATA] == add
    assert KATA not in other.stash
    assert checks.of(add) == [item]


def test_items_of_a_kata_that_was_not_collected_are_none(checks, add):
    assert checks.of(add) == []


def test_katas_that_are_timed_are_not_judged(own_dojo, add):
    checks = KataChecks(config_with(benchmark_only=True), own_dojo)
    checks.pytest_collection_modifyitems([FakeItem(add.checks)])
    assert checks.of(add) == []


def test_katas_come_in_the_order_of_the_course_where_nobody_chose_one(own_dojo):
    config = config_with(args_source=pytest.Config.ArgsSource.TESTPATHS)
    names = ["second/k01_mean", "first/k02_add", "first/k01_double"]
    items = [FakeItem(Kata(name, own_dojo).checks) for name in names]
    KataChecks(config, own_dojo).pytest_collection_modifyitems(items)
    assert [item.stash[KATA].name for item in items] == names[::-1]


def test_an_answer_may_warn_where_pytest_would_raise(own_dojo, add):
    item = FakeItem(add.checks)
    checks = KataChecks(config_with(warns=True), own_dojo)
    checks.pytest_collection_modifyitems([item])
    assert [marker.name for marker in item.markers] == ["filterwarnings"]
