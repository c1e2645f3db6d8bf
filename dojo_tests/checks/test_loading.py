"""Workers in this process do what real worker processes do, and leave nothing behind."""

import itertools
import multiprocessing
import random
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

from dojo.checks.loading import as_worker, batches_of, real_workers, workers_in_this_process

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on one core


class Drawing(Dataset):
    """Items draw from the dataset's own generator and from the global ones."""

    def __init__(self):
        self.rng = torch.Generator().manual_seed(5)

    def __len__(self):
        return 7

    def __getitem__(self, index):
        own = torch.rand((), generator=self.rng).item()
        drawn = own, torch.rand(()).item(), random.random(), np.random.random_sample()
        return index, get_worker_info().id, *drawn


class Counting(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        yield from range(info.id, 7, info.num_workers)


def seeds_by_worker(_):
    get_worker_info().dataset.rng.manual_seed(get_worker_info().seed)


def loader_of(dataset, **options):
    generator = torch.Generator().manual_seed(3)
    options = {"num_workers": 2, "collate_fn": list, "generator": generator, **options}
    return DataLoader(dataset, **options)


def states():
    numpys = np.random.get_state()
    return torch.get_rng_state().tolist(), random.getstate(), numpys[1].tolist(), numpys[2]


ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks workers")
MAP_STYLE = {"batch_size": 2, "shuffle": True, "worker_init_fn": seeds_by_worker}


@ON_LINUX
@pytest.mark.parametrize("is_persistent", [False, True])
def test_real_and_pretended_workers_yield_the_same(is_persistent):
    loaders = [
        loader_of(Drawing(), persistent_workers=is_persistent, **MAP_STYLE) for _ in range(2)
    ]
    for _ in range(2):
        with workers_in_this_process():
            pretended = list(loaders[0])
        real = batches_of(loaders[1])
        assert pretended == real
        assert {row[1] for batch in real for row in batch} == {0, 1}


@ON_LINUX
@pytest.mark.parametrize("batch_size", [None, 2])
def test_workers_of_an_iterable_dataset_end_one_by_one(batch_size):
    options = {"batch_size": batch_size} | ({} if batch_size else {"collate_fn": None})
    with workers_in_this_process():
        pretended = list(loader_of(Counting(), **options))
    assert pretended == batches_of(loader_of(Counting(), **options))
    assert len(pretended) == (4 if batch_size else 7)


def test_nothing_is_left_behind():
    dataset, before = Drawing(), states()
    own = dataset.rng.get_state().tolist()
    with workers_in_this_process():
        loader = loader_of(dataset, **MAP_STYLE)
        first, second = list(loader), list(loader)
    assert first != second
    assert len({row[2:] for batch in first + second for row in batch}) == 14
    assert states() == before
    assert dataset.rng.get_state().tolist() == own
    assert get_worker_info() is None
    batches_of(loader)
    assert multiprocessing.active_children() == []


def test_without_workers_a_loader_is_as_ever():
    loader = loader_of(range(5), num_workers=0, batch_size=2)
    with workers_in_this_process():
        assert list(loader) == [[0, 1], [2, 3], [4]]
    assert batches_of(loader) == [[0, 1], [2, 3], [4]]


def test_a_loop_without_end_is_cut_off():
    class Endless(IterableDataset):
        def __iter__(self):
            return itertools.count()

    assert batches_of(loader_of(Endless(), num_workers=0, batch_size=2), most=2) == [[0, 1], [2, 3]]


@ON_LINUX
def test_real_workers_are_forked_whatever_the_way_to_start_them():
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        with real_workers():  # a lambda cannot be sent to a process that is spawned
            loader = DataLoader(Drawing(), num_workers=1, collate_fn=lambda rows: len(rows))
            assert list(loader) == [1] * 7
        assert multiprocessing.get_start_method() == "spawn"
    finally:
        multiprocessing.set_start_method(before, force=True)


def test_a_worker_is_told_of():
    before = states()
    with as_worker(1, 3, "a dataset", 7):
        info = get_worker_info()
        assert (info.id, info.num_workers, info.dataset, info.seed) == (1, 3, "a dataset", 7)
        assert torch.initial_seed() == 7
        with as_worker(0, None):
            assert get_worker_info() is None
        assert get_worker_info() is info
    assert get_worker_info() is None
    assert states() == before


def test_what_is_raised_goes_on_and_all_is_put_back():
    before = states()

    def fails(_):
        raise KeyError("from inside")

    with pytest.raises(KeyError), workers_in_this_process():
        list(loader_of(Drawing(), worker_init_fn=fails))
    assert get_worker_info() is None
    assert states() == before
    assert torch.utils.data.dataloader._MultiProcessingDataLoaderIter.__module__.startswith("torch")
