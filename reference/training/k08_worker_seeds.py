"""Make a `DataLoader` whose order and random numbers come from one seed, in all its workers.

All comes from one generator, which belongs to the loader. In each loop it gives the order, and a
number from which torch makes the workers' seeds. So it needs no seed but the first: each loop draws
on from where the last one ended, and the global generator is left alone.

What torch does not know is the generator of your own dataset. A worker starts with a copy of it, so
all workers would begin at the same state, in each loop anew: a seed of `seed + worker_id` is wrong,
too, since it is the same in each epoch. The worker's seed is another one each time.

In practice one writes these lines, as torch's notes on reproducibility do, or calls
`lightning.fabric.utilities.seed.pl_worker_init_function`.
"""

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

HINTS = (
    "Make one `torch.Generator`, seed it with seed, and give it to the loader.",
    "A DataLoader takes the order and the workers' seeds from its `generator`.",
    "`worker_init_fn` runs in each worker at the beginning of a loop, before the first item.",
    "`get_worker_info()` has the worker's own copy of the dataset, and the worker's seed.",
)


def make_loader(dataset: Dataset, batch_size: int, seed: int, num_workers: int = 2) -> DataLoader:
    """Return a `DataLoader` that shuffles, and whose order and numbers are decided by a seed.

    The items of the dataset draw random numbers: from `dataset.rng`, and from the global generators
    of torch, Python and NumPy. With num_workers worker processes, the batches of each loop hold:

    - each item once, in a random order, batch_size at a time; the last batch may be shorter;
    - another order, and other numbers from each of the four generators, than in the loops before;
    - other numbers from each generator in one worker than in another one.

    Two loaders of the same items, with equal arguments, yield the same in their first loops, the
    same in their second ones, and so on, whatever the state of dataset.rng is. Loaders with
    different seeds yield different orders and numbers.

    Args:
        dataset: a dataset with `len` and indices. It has an attribute rng, a `torch.Generator` on
            the CPU. Each worker gets a copy of the dataset, and with it a copy of rng.
        batch_size: at least 1.
        seed: 0 to 2**32 - 1.
        num_workers: how many worker processes the loader has.

    Exactly:
        Each order of the items is equally likely. Items are put together as a `DataLoader` does it
        if it is told nothing else.

        "Other" and "different" leave room for chance: the generators decide.

        Loops run one after another, each to its end. The main process draws from its own global
        generators what it likes between them, and that changes nothing.

        dataset.rng of the main process, and its global generators of torch, Python and NumPy, stay
        as they are, when the loader is made and in its loops.

        With num_workers = 0 the items draw in the main process. Then only their order and the
        batches are as above.
    """
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        num_workers=num_workers,
        worker_init_fn=seed_worker,
        generator=torch.Generator().manual_seed(seed),
    )


def seed_worker(worker_id: int) -> None:  # noqa: ARG001 - it is in the worker's seed already
    """Seed the rng of a worker's dataset: the loader calls this in each worker before all items.

    The dataset of the worker is `get_worker_info().dataset`, a copy of that of the main process.

    Args:
        worker_id: the number of this worker, from 0 on.

    Exactly:
        The worker's seed is `get_worker_info().seed`; in a worker `torch.initial_seed()` is the
        same number. torch makes it in each loop: a number that is drawn from the loader's
        generator, plus worker_id.

        The state of rng depends on the worker's seed and on worker_id alone, and not on the state
        before, nor on the time. It is another one for each worker, and in each loop. The dataset
        may also get a new `torch.Generator` as its rng.

        torch has seeded the global generators of torch, Python and NumPy in each worker. You may
        seed these again by the worker's seed.
    """
    info = get_worker_info()
    info.dataset.rng.manual_seed(info.seed)
