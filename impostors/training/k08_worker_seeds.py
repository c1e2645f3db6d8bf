"""Wrong and right answers to training/k08_worker_seeds."""

import functools
import random
import time

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, get_worker_info

from dojo.impostors import alternative, impostor

# ruff: noqa: F821 - an answer has all names of the reference


def loader_of(dataset, batch_size, seed, num_workers, **options):
    """A right loader, with one option or the other changed."""
    generator = torch.Generator().manual_seed(seed)
    options = {"shuffle": True, "worker_init_fn": seed_worker, "generator": generator, **options}
    return DataLoader(dataset, batch_size, num_workers=num_workers, **options)


SHARED = torch.Generator()


def rng():
    """The generator of the worker's dataset."""
    return get_worker_info().dataset.rng


@impostor(
    "seed_worker",
    diagnosis="The global generators alone are seeded: all workers draw the same from dataset.rng.",
    aspect="values",
)
def seeds_the_global_generators(worker_id):
    seed = torch.initial_seed() % 2**32
    random.seed(seed)
    np.random.seed(seed)


@impostor(
    "seed_worker",
    diagnosis="rng is seeded by worker_id: each worker draws the same in each loop.",
    aspect="values",
)
def seeds_by_number(worker_id):
    rng().manual_seed(worker_id)


@impostor(
    "seed_worker",
    diagnosis="rng is seeded by what the clock says: nobody can repeat that.",
    aspect="values",
)
def seeds_by_the_clock(worker_id):
    rng().manual_seed(time.perf_counter_ns() + worker_id)


@impostor(
    "seed_worker",
    diagnosis="rng goes on from its state in the main process: the worker's seed has no part.",
    aspect="values",
)
def goes_on_from_before(worker_id):
    rng().manual_seed(rng().initial_seed() + worker_id + 1)


@impostor(
    "seed_worker",
    diagnosis="The worker's seed less worker_id is one number for all workers.",
    aspect="values",
)
def seeds_all_workers_alike(worker_id):
    rng().manual_seed(get_worker_info().seed - worker_id)


@impostor(
    "seed_worker",
    diagnosis="NumPy's generator is seeded by worker_id: each loop draws the same from it.",
    aspect="values",
)
def seeds_numpy_by_number(worker_id):
    rng().manual_seed(get_worker_info().seed)
    np.random.seed(worker_id)


@impostor(
    "seed_worker",
    diagnosis="Python's generator gets one seed in all workers.",
    aspect="values",
)
def seeds_python_alike(worker_id):
    rng().manual_seed(get_worker_info().seed)
    random.seed(0)


@impostor(
    "seed_worker",
    diagnosis="Something is returned, where a worker_init_fn has nothing to return.",
    aspect="values",
)
def returns_rng(worker_id):
    return rng().manual_seed(get_worker_info().seed)


@impostor(
    "make_loader",
    diagnosis="seed_worker is not given to the DataLoader: nobody calls it.",
    aspect="values",
)
def has_no_worker_init_fn(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, num_workers, worker_init_fn=None)


@impostor(
    "make_loader",
    diagnosis="Workers are seeded by seed + worker_id, which is the same in each loop.",
    aspect="values",
)
def seeds_by_seed_and_number(dataset, batch_size, seed, num_workers=2):
    def start(worker_id):
        get_worker_info().dataset.rng.manual_seed(seed + worker_id)

    return loader_of(dataset, batch_size, seed, num_workers, worker_init_fn=start)


@impostor(
    "make_loader",
    diagnosis="The items are not shuffled.",
    aspect="values",
)
def shuffles_nothing(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, num_workers, shuffle=False)


@impostor(
    "make_loader",
    diagnosis="The order is drawn once: each loop has the same one.",
    aspect="values",
)
def shuffles_once(dataset, batch_size, seed, num_workers=2):
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed)).tolist()
    options = {"sampler": order, "shuffle": False}
    return loader_of(dataset, batch_size, seed, num_workers, **options)


@impostor(
    "make_loader",
    diagnosis="`drop_last` leaves out the items of the short last batch.",
    aspect="values",
)
def drops_the_last_batch(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, num_workers, drop_last=True)


@impostor(
    "make_loader",
    diagnosis="Items are drawn with replacement: some come twice, and others not at all.",
    aspect="values",
)
def draws_with_replacement(dataset, batch_size, seed, num_workers=2):
    generator = torch.Generator().manual_seed(seed)
    sampler = RandomSampler(dataset, replacement=True, generator=generator)
    options = {"sampler": sampler, "shuffle": False, "generator": generator}
    return loader_of(dataset, batch_size, seed, num_workers, **options)


@impostor(
    "make_loader",
    diagnosis="The loader has no generator of its own: torch's global one decides the order.",
    aspect="values",
)
def has_no_generator(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, num_workers, generator=None)


@impostor(
    "make_loader",
    diagnosis="torch's global generator is seeded, in place of one that belongs to the loader.",
    aspect="values",
)
def seeds_the_global_generator(dataset, batch_size, seed, num_workers=2):
    torch.manual_seed(seed)
    return loader_of(dataset, batch_size, seed, num_workers, generator=None)


@impostor(
    "make_loader",
    diagnosis="The generator belongs to the sampler alone: the workers' seeds come from the global"
    " one.",
    aspect="values",
)
def gives_the_generator_to_the_sampler(dataset, batch_size, seed, num_workers=2):
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    options = {"sampler": sampler, "shuffle": False, "generator": None}
    return loader_of(dataset, batch_size, seed, num_workers, **options)


@impostor(
    "make_loader",
    diagnosis="All loaders share one generator: a new one begins it again for those before.",
    aspect="values",
)
def shares_one_generator(dataset, batch_size, seed, num_workers=2):
    generator = SHARED.manual_seed(seed)
    return loader_of(dataset, batch_size, seed, num_workers, generator=generator)


@impostor(
    "make_loader",
    diagnosis="The generator has a fixed seed: all values of seed give the same.",
    aspect="values",
)
def ignores_the_seed(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, 0, num_workers)


@impostor(
    "make_loader",
    diagnosis="dataset.rng decides the order, so that it changes in the main process.",
    aspect="memory",
)
def takes_the_datasets_rng(dataset, batch_size, seed, num_workers=2):
    generator = dataset.rng.manual_seed(seed)
    return loader_of(dataset, batch_size, seed, num_workers, generator=generator)


@impostor(
    "make_loader",
    diagnosis="All generators of the main process are seeded, which the kata leaves alone.",
    aspect="memory",
)
def seeds_all_of_the_main_process(dataset, batch_size, seed, num_workers=2):
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    return loader_of(dataset, batch_size, seed, num_workers)


@impostor(
    "make_loader",
    diagnosis="num_workers is not handed to the DataLoader: the items are loaded by none.",
    aspect="type",
)
def has_no_workers(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, 0)


@impostor(
    "make_loader",
    diagnosis="A generator of batches comes back, which is gone after one loop.",
    aspect="type",
)
def returns_an_iterator(dataset, batch_size, seed, num_workers=2):
    yield from loader_of(dataset, batch_size, seed, num_workers)


@alternative("seed_worker")
def seeds_all_generators(worker_id):
    seed = torch.initial_seed() % 2**32
    get_worker_info().dataset.rng.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@alternative("seed_worker")
def makes_a_new_generator(worker_id):
    info = torch.utils.data.get_worker_info()
    info.dataset.rng = torch.Generator().manual_seed(info.seed + worker_id)


@alternative("seed_worker")
def draws_a_seed(worker_id):
    rng().manual_seed(torch.randint(2**62, ()).item())


@alternative("make_loader")
def keeps_its_workers(dataset, batch_size, seed, num_workers=2):
    return loader_of(dataset, batch_size, seed, num_workers, persistent_workers=num_workers > 0)


@alternative("make_loader")
def has_samplers(dataset, batch_size, seed, num_workers=2):
    generator = torch.Generator()
    generator.manual_seed(seed)
    sampler = RandomSampler(range(len(dataset)), generator=generator)
    return DataLoader(
        dataset=dataset,
        batch_sampler=BatchSampler(sampler, batch_size=batch_size, drop_last=False),
        num_workers=num_workers,
        worker_init_fn=functools.partial(seed_worker),
        generator=generator,
    )


class Epochs(DataLoader):
    """Seeds its generator in each loop, by the seed and the number of the loop."""

    def __iter__(self):
        self.loop = vars(self).get("loop", 0) + 1
        self.generator.manual_seed(self.seed * 1_000_003 + self.loop)
        return super().__iter__()


@alternative("make_loader")
def counts_loops(dataset, batch_size, seed, num_workers=2):
    generator = torch.Generator()
    options = {"shuffle": True, "generator": generator, "worker_init_fn": seed_worker}
    loader = Epochs(dataset, batch_size, num_workers=num_workers, **options)
    loader.seed = seed
    return loader
