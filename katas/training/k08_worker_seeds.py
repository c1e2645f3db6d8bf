"""Make a `DataLoader` whose order and random numbers come from one seed, in all its workers.

Data augmentation draws random numbers in worker processes, each of which has a copy of the
dataset. If that copy has a generator of its own, all workers draw the same numbers, in each epoch
again. torch seeds only the global generators. Its notes on reproducibility show a `worker_init_fn`
for the rest, and Lightning has `pl_worker_init_function`.

    loader = make_loader(dataset, batch_size=2, seed=1)     dataset has 4 items and an rng
    the items in two loops, such as        0 3 | 1 2        and then  0 1 | 2 3
    what they draw from rng, such as     .51 .23 | .30 .86  and then  .54 .73 | .40 .09
    make_loader(dataset, 2, seed=1)      has all of that again
    make_loader(dataset, 2, seed=2)      has other orders and other numbers

What holds for every kata stands in katas/README.md.
"""

from torch.utils.data import DataLoader, Dataset


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
    raise NotImplementedError


def seed_worker(worker_id: int) -> None:
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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
