"""Runs the workers of a ``DataLoader`` for a check: in this very process, or as real processes.

A real worker takes longer to start than most checks take. So a check has most loops run by workers
that only seem to be processes: each has a copy of the dataset and random generators of its own.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import multiprocessing
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, _DatasetKind, dataloader
from torch.utils.data._utils import worker as torchs_worker


@contextlib.contextmanager
def as_worker(
    number: int, workers: int | None, dataset: Any = None, seed: int | None = None
) -> Iterator[None]:
    """Have the ``with`` block run as in a worker process: ``get_worker_info()`` tells of it.

    Args:
        number: which worker it is, from 0 on.
        workers: how many there are; None as outside of a worker process.
        dataset: the worker's copy of the dataset.
        seed: the worker's seed. If it is given, the generators of torch, Python and NumPy begin
            from it, as in a worker, and are put back after the block.
    """
    facts = {"id": number, "num_workers": workers, "seed": seed or 0, "dataset": dataset}
    old = torchs_worker._worker_info
    torchs_worker._worker_info = torchs_worker.WorkerInfo(**facts) if workers else None
    states = None if seed is None else _states()
    try:
        if seed is not None:
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(torchs_worker._generate_state(seed - number, number))
        yield
    finally:
        torchs_worker._worker_info = old
        if states is not None:
            _set_states(states)


@contextlib.contextmanager
def workers_in_this_process() -> Iterator[None]:
    """Have all workers of the ``DataLoader`` objects run in this process in the ``with`` block."""
    old = dataloader._MultiProcessingDataLoaderIter
    dataloader._MultiProcessingDataLoaderIter = _Workers
    try:
        yield
    finally:
        dataloader._MultiProcessingDataLoaderIter = old


@contextlib.contextmanager
def real_workers() -> Iterator[None]:
    """Have worker processes be forked in the ``with`` block; where they cannot, they run here.

    A process that is started in another way could not import a learner's file.
    """
    if not sys.platform.startswith("linux"):
        with workers_in_this_process():
            yield
        return
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)  # not the default from Python 3.14 on
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


def batches_of(loader: DataLoader[Any], most: int | None = None) -> list[Any]:
    """Return the batches of a loop by ``real_workers``, or only so many of the first."""
    with real_workers():
        return list(itertools.islice(loader, most))


class _Workers(dataloader._BaseDataLoaderIter):
    """One loop of a ``DataLoader`` whose workers take turns in this process."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        numbers = range(loader.num_workers)
        self._workers = [_Worker(loader, number, self._base_seed + number) for number in numbers]
        self._turns = list(self._workers)

    def _reset(self, loader: DataLoader[Any], first_iter: bool = False) -> None:
        super()._reset(loader, first_iter)  # of workers that outlive a loop
        self._turns = list(self._workers)

    def _next_data(self) -> Any:
        while self._turns:
            index = self._next_index()
            worker = self._turns.pop(0)
            with contextlib.suppress(StopIteration):  # the worker has come to the end of its items
                data = worker.fetch(index)
                self._turns.append(worker)
                return data
        raise StopIteration


class _Worker:
    """A copy of the dataset, and the states of the random generators, as a process has them."""

    def __init__(self, loader: DataLoader[Any], number: int, seed: int) -> None:
        dataset = copy.deepcopy(loader.dataset)
        self._facts = number, loader.num_workers, dataset, seed
        self._generators: Any = None
        self._fetcher = self._run(_start, loader, number, dataset)

    def fetch(self, index: Any) -> Any:
        """Return the batch of these indices; of an iterable dataset, the next one."""
        return self._run(self._fetcher.fetch, index)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with as_worker(*self._facts):
            if self._generators is not None:
                _set_states(self._generators)
            try:
                return function(*arguments)
            finally:
                self._generators = _states()


def _start(loader: DataLoader[Any], number: int, dataset: Any) -> Any:
    if loader.worker_init_fn is not None:
        loader.worker_init_fn(number)
    options = loader._auto_collation, loader.collate_fn, loader.drop_last
    return _DatasetKind.create_fetcher(loader._dataset_kind, dataset, *options)


def _states() -> tuple[Any, Any, Any]:
    return torch.default_generator.get_state(), random.getstate(), np.random.get_state()


def _set_states(states: tuple[Any, Any, Any]) -> None:
    torch.default_generator.set_state(states[0])
    random.setstate(states[1])
    np.random.set_state(states[2])
