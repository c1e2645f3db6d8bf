"""Knows the checks of each kata that a run of pytest has collected, or collects them when asked."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from dojo.checks.laws.contract import Contract
from dojo.course.katas import Kata, find_katas, kata_of
from dojo.judge.collection import module_at, place_in_file
from dojo.judge.items import KATA, PLACE, place_of
from dojo.judge.keywords import KeywordFilter


class KataChecks:
    """A plugin of pytest that knows the checks of each kata.

    Attributes:
        session: that of a run which collects a kata's checks when it is asked for them; None in a
            run that collects all checks at its start.
    """

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._config, self._root = config, root
        self._items: dict[str, list[pytest.Item]] = {}
        self._numbers = itertools.count()
        self.session: pytest.Session | None = None

    def collect(self, kata: Kata) -> bool:
        """Collect the checks of a kata, unless this run has collected some of them.

        Where they cannot be collected, there are none.

        Returns:
            Whether pytest was asked, and so may have imported more of the dojo.
        """
        if self.session is None or kata.name in self._items:
            return False
        self._items[kata.name] = []
        with contextlib.suppress(pytest.UsageError):  # there is no such file
            node = kata.node if kata.node.is_file() else kata.checks
            self.session.perform_collect([str(node)])
        return True

    @functools.cached_property
    def _keywords(self) -> KeywordFilter | None:
        expression = self._config.getoption("keyword")
        return KeywordFilter(expression, find_katas(self._root)) if expression else None

    def excludes(self, path: Path) -> bool:
        """Return whether a file holds the checks of a kata that ``-k`` cannot mean."""
        if self._keywords is None:
            return False
        kata = kata_of(path, self._root)
        return kata is not None and self._keywords.excludes(kata)

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Take the checks of a kata in place of the learner's file, if they lie elsewhere."""
        collectors = yield
        module = module_at(file_path, parent, self._root)
        return collectors if module is None else [module]

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Store the place of a check in its file, before any plugin puts it elsewhere."""
        item.stash[PLACE] = place_of(item, next(self._numbers))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Store each check's kata in its item; sort the checks like the course if nobody chose."""
        if self._config.getoption("benchmark_only", False):
            return  # katas are timed, not judged
        warns = self._config.pluginmanager.hasplugin("warnings")
        for item in items:
            kata = kata_of(item.path, self._root)
            if kata is not None:
                item.stash[KATA] = kata
                item.stash.setdefault(PLACE, place_of(item, next(self._numbers)))
                # pytest would render the whole traceback, of which nothing is shown
                item.repr_failure = lambda *_args, **_kwargs: ""  # type: ignore[method-assign]
                place_in_file(item)
                self._items.setdefault(kata.name, []).append(item)
                if warns:  # a right answer may cause one in NumPy or torch
                    item.add_marker(pytest.mark.filterwarnings("ignore"))
        for checks in self._items.values():
            checks.sort(key=lambda item: item.stash[PLACE])
        if self._config.args_source is pytest.Config.ArgsSource.TESTPATHS:  # nobody chose an order
            places = {kata: place for place, kata in enumerate(find_katas(self._root))}
            items.sort(key=lambda item: places[item.stash[KATA]] if KATA in item.stash else -1)

    def of(self, kata: Kata) -> list[pytest.Item]:
        """Return the checks of a kata that this run has collected."""
        return self._items.get(kata.name, [])

    def prepare_laws(self, items: Iterable[pytest.Item]) -> None:
        """Make the rows of the checks' contracts, which every forked worker would make again."""
        classes = {item.cls for item in items if isinstance(item, pytest.Function) and item.cls}
        for one in classes:
            if issubclass(one, Contract):
                with contextlib.suppress(Exception):  # the verdict meets it again, and words it
                    one().prepare()

    def prepare_all_laws(self) -> None:
        """Make the rows of all contracts whose checks were collected so far."""
        self.prepare_laws(itertools.chain.from_iterable(self._items.values()))
