"""The checks of training/k08_worker_seeds: who draws which numbers, in workers of two kinds."""

import contextlib
import itertools
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from dojo.checks import aspect, describe, expect
from dojo.checks.laws.settings import settings_watched
from dojo.checks.loading import as_worker, batches_of, workers_in_this_process

KIND = "Return a DataLoader with num_workers workers."
ALL = "Each loop has each item once, in batches of batch_size; the rest is a shorter batch."
SHUFFLED = "Give `shuffle=True` and a generator: each loop then draws its order from it."
OF_SEED = (
    "Make a `torch.Generator` for each DataLoader, seed it with seed alone, and give it to that."
)
IN_PLACE = "`get_worker_info().dataset` is the worker's dataset: seed its rng."
BY_SEED = "Seed rng by get_worker_info().seed alone: each worker has another one, in each loop."
NOTHING = "A worker_init_fn returns nothing: `manual_seed` returns the generator."
INIT = "Give seed_worker to the DataLoader as its `worker_init_fn`."
OWN = f"Each worker has a copy of rng, with one state. {INIT}"
GLOBAL = "torch has seeded the global generators of each worker, in each loop: leave them so."
LOOP = "get_worker_info().seed is another number in each loop; seed + worker_id is the same one."
KEEP = "Leave the main process alone: a generator of the loader's own decides all."

SEEDS = [(2**61 + 7, 0), (2**61 + 8, 1), (2**50 + 93, 0), (2**50 + 94, 1)]  # of two loops
SOURCES = ("dataset.rng", "torch's generator", "Python's generator", "NumPy's generator")


class Drawing(Dataset):
    """Items that tell their index, their worker, and a number drawn from each generator."""

    def __init__(self, count=7, seed=5):
        self.count, self.rng = count, torch.Generator().manual_seed(seed)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if get_worker_info() is None:
            return torch.tensor([index])
        own = torch.rand((), generator=self.rng, dtype=torch.float64).item()
        drawn = torch.rand((), dtype=torch.float64).item(), random.random(), np.random.random()
        return torch.tensor([index, get_worker_info().id, own, *drawn], dtype=torch.float64)


def words_of(seed, workers, batch_size=4, count=7):
    call = f"make_loader(dataset, {batch_size}, seed={seed}, num_workers={workers})"
    return f"{call} of {count} items"


def loops(solution, seed, count, run=list, rng_seed=5):
    """A table for each loop over a new loader, with a row for each item; workers run here."""
    solution.hint = OF_SEED
    loader = solution.make_loader(Drawing(seed=rng_seed), 4, seed)
    solution.last_call = words_of(seed, 2)
    with contextlib.nullcontext() if run is batches_of else workers_in_this_process():
        tables = []
        for _ in range(count):
            torch.rand(rng_seed)  # what the main process draws changes nothing
            tables.append(torch.cat(run(loader)))
    return tables


def in_common(a, b):
    """A number that two columns share; None if there is none."""
    return next(iter(set(a.tolist()) & set(b.tolist())), None)


def expect_apart(a, b, which, hints):
    """No number of a source is drawn in both tables."""
    for column, (source, hint) in enumerate(zip(SOURCES, hints, strict=True), start=2):
        same = in_common(a[:, column], b[:, column])
        text = f"drew the number {same or 0:.6g} from {source} {which}."
        expect(same is None, text, hint)


def expect_two_workers(table):
    """Two workers drew, each other numbers."""
    workers = sorted(set(table[:, 1].tolist()))
    expect(workers == [0, 1], f"ran workers {workers}; expected workers 0 and 1.", KIND)
    first, second = (table[table[:, 1] == number] for number in (0, 1))
    expect_apart(first, second, "in worker 0 and in worker 1", (OWN, *[GLOBAL] * 3))


def expect_equal(a, b, which):
    """Two loops had the same order, and the same numbers."""
    for column, source in enumerate(("", "", *SOURCES)):
        got, other = a[:, column].tolist(), b[:, column].tolist()
        text = f"drew other numbers from {source} {which}."
        if column < 2:
            text = f"had the orders {list(map(int, got))} and {list(map(int, other))} {which}."
        expect(got == other, text, OF_SEED)


@aspect("type")
def test_makes_a_loader(solution):
    """make_loader returns a DataLoader with as many workers as it is told, two if not."""
    solution.hint = KIND
    for options, workers in (({}, 2), ({"num_workers": 0}, 0), ({"num_workers": 3}, 3)):
        got = solution.make_loader(Drawing(), 4, 1, **options)
        expect(isinstance(got, DataLoader), f"returned {describe(got)}, no DataLoader.", KIND)
        text = f"has {describe(got.num_workers)} workers; expected {workers}."
        expect(got.num_workers == workers, text, KIND)


@aspect("values")
def test_has_each_item_once(solution):
    """Each loop has each item once, in batches of batch_size; the last one may be shorter."""
    solution.hint = ALL
    for count, batch_size in ((11, 4), (8, 4), (3, 5), (2, 1)):
        loader = solution.make_loader(Drawing(count), batch_size, 1, num_workers=0)
        solution.last_call = words_of(1, 0, batch_size, count)
        for _ in range(2):
            batches = [batch.flatten().tolist() for batch in loader]
            text = f"had the batches {batches}; expected each of the items 0 to {count - 1} once."
            items = sorted(item for batch in batches for item in batch)
            expect(items == list(range(count)), text, ALL)
            sizes = [min(batch_size, count - at) for at in range(0, count, batch_size)]
            text = f"had batches of {[len(one) for one in batches]} items; expected {sizes}."
            expect([len(one) for one in batches] == sizes, text, ALL)


@aspect("values")
def test_shuffles_by_the_seed(solution):
    """The order is random, another one in each loop and for each seed, the same for one seed."""
    solution.hint, orders = SHUFFLED, {}
    seeds = {"first": 0, "second": 0, "other": 1, "large": 2**32 - 1}
    # all of them are made before one is used: none of them changes another one
    loaders = [solution.make_loader(Drawing(12), 4, seed, num_workers=0) for seed in seeds.values()]
    for name, loader in zip(seeds, loaders, strict=True):
        orders[name] = []
        for _ in range(3):
            torch.rand(len(orders))  # what the main process draws changes nothing
            orders[name].append(torch.cat(list(loader)).flatten().tolist())
    solution.last_call = words_of(0, 0, 4, 12)
    one, two, three = orders["first"]
    each = itertools.chain(orders["first"], orders["other"], orders["large"])
    together = sum(b == a + 1 for order in each for a, b in itertools.pairwise(order))
    text = f"left {together} of 99 items behind the same item as in the dataset; expected about 8."
    expect(together < 40, text, SHUFFLED)
    is_shuffled = all(order != list(range(12)) for order in orders["first"])
    expect(is_shuffled, "yields the items in their own order.", SHUFFLED)
    text = f"yields first the items {one[:4]} in the first loop, and then the same order again."
    expect(one != two and two != three and one != three, text, SHUFFLED)
    for first, second in zip(orders["first"], orders["second"], strict=True):
        text = f"yields first the items {first[:4]}, and {second[:4]} when it is made again."
        expect(first == second, text, OF_SEED)
    for first, other, large in zip(*(orders[n] for n in ("first", "other", "large")), strict=True):
        text = f"yields first the items {first[:4]}, with another seed, too."
        expect(first != other and first != large != other, text, OF_SEED)


@aspect("values")
def test_seeds_the_rng_of_a_worker(solution):
    """seed_worker sets the rng of the worker's dataset, by the worker's seed alone."""
    solution.hint, states = IN_PLACE, {}
    for seed, worker in SEEDS:
        for before in (5, 6):
            dataset = Drawing(seed=before)
            old = dataset.rng.get_state()
            with as_worker(worker, 2, dataset, seed):
                got = solution.seed_worker(worker)
            solution.last_call = f"seed_worker({worker}), in a worker with the seed {seed},"
            expect(got is None, f"returned {describe(got)}; expected None.", NOTHING)
            state = dataset.rng.get_state()
            text = "did not change the rng of get_worker_info().dataset."
            expect(not torch.equal(state, old), text, IN_PLACE)
            known = states.setdefault((seed, worker), state)
            text = "gave rng another state in a second call, of a dataset with another rng."
            expect(torch.equal(state, known), text, BY_SEED)
    for (a, state), (b, other) in itertools.combinations(states.items(), 2):
        solution.last_call = f"seed_worker({a[1]}), in a worker with the seed {a[0]},"
        text = f"gave rng the same state as seed_worker({b[1]}) with the seed {b[0]}."
        expect(not torch.equal(state, other), text, BY_SEED)


@aspect("values")
def test_draws_by_the_seed(solution):
    """Numbers differ in each worker, loop and seed, and are the same in loaders of one seed."""
    before = torch.get_rng_state()
    first, second = loops(solution, 1, 2)
    expect_two_workers(first)
    expect_apart(first, second, "in the first loop and in the second one", [LOOP] * 4)
    other = loops(solution, 2, 1)[0]
    expect_apart(first, other, "for seed=1 and for seed=2", [OF_SEED] * 4)
    torch.set_rng_state(before)
    same = loops(solution, 1, 1)[0]
    text = "drew other numbers from dataset.rng when all was done in the same way once more."
    expect(torch.equal(first[:, 2], same[:, 2]), text, BY_SEED)
    again = loops(solution, 1, 2, rng_seed=6)
    expect_equal(first, again[0], "in the first loops of two loaders with one seed")
    expect_equal(second, again[1], "in the second loops of two loaders with one seed")


@aspect("memory")
def test_leaves_the_main_process_alone(solution):
    """dataset.rng and the generators of the main process stay, as do torch's settings."""
    solution.hint, dataset = KEEP, Drawing()
    before = dataset.rng.get_state()
    for what in ("when the loader was made", "in a loop with two workers"):
        with settings_watched(solution, thoroughly=True) as found:
            loader = solution.make_loader(dataset, 4, 1)
            if what.startswith("in"):
                with workers_in_this_process():
                    list(loader)
        solution.last_call = words_of(1, 2)
        expect(not found.text, f"{found.text[:-1]} {what}.", KEEP)
        is_same = torch.equal(dataset.rng.get_state(), before)
        expect(is_same, f"changed dataset.rng of the main process {what}.", KEEP)


@aspect("structure")
def test_runs_in_worker_processes(solution):
    """Two real workers draw other numbers, by the seed."""
    real, pretended = loops(solution, 3, 1, batches_of)[0], loops(solution, 3, 1)[0]
    solution.last_call = f"{words_of(3, 2)}, in real worker processes,"
    expect_two_workers(real)
    expect_equal(real, pretended, "in real workers and in others, with one seed")
