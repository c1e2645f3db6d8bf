"""The checks of training/k07_sharded_stream: who yields which items, and what is read meanwhile."""

import functools
import itertools
import weakref

from torch.utils.data import DataLoader, IterableDataset

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises
from dojo.checks.laws.settings import settings_watched
from dojo.checks.loading import as_worker, batches_of

EVERY = "Each pair of rank and worker yields every N-th item, with N = world_size * workers."
INSIDE = "Outside of a worker process `get_worker_info()` is None, and workers is 1."
KIND = "Derive the class from `torch.utils.data.IterableDataset`: a DataLoader asks for that."
ASK = "Ask `get_worker_info()` in `__iter__`, in each loop anew."
ONE_BY_ONE = "Read items one by one, and yield an item before the next one is read."
ANEW = "Call source() in each loop, in `__iter__`, and keep the iterator out of self."
HOLD = "Hold only the item that was read last, as a `for` loop over `enumerate(source())` does."
AS_IS = "Yield each item of the shard as it is, be it None, 0 or empty; only its place counts."
GOES_ON = "Let go on what source or its iterable raises."
REFUSED = "Compare in `__init__`: 0 <= rank < world_size, else ValueError."

# what rank r of w yields in worker k of n of the items x, as a mistake, and the sentence for it
SHARD = "[one for one in x if one % (w * n) == {}]"
BLOCK = "-(-len(x) // (w * n))"
MISTAKES = {
    "w > 1 and x": "Nothing is split among the ranks here: each rank yields all items.",
    "x": "Nothing is split among the workers here: each worker yields all items.",
    "x[r::w]": "Only the rank counts here: all workers of a rank yield the same items.",
    "x[k::n]": "Only the worker counts here: all ranks yield the same items.",
    SHARD.format("r + k"): "rank + worker is the same number for several pairs.",
    SHARD.format("r * w + k"): "Multiply the rank by the number of workers, not by world_size.",
    SHARD.format("k * n + r"): "Multiply the worker by world_size, not by the number of workers.",
    "x[r * n + k : len(x) // (w * n) * w * n : w * n]": "The last items are left out here.",
    f"x[(r * n + k) * {BLOCK} : (r * n + k + 1) * {BLOCK}]": f"These are blocks of items. {EVERY}",
    "(x + x[: -len(x) % (w * n)])[r * n + k :: w * n]": "Some items come twice here: a shard may"
    " be one item shorter than others.",
    "[one for one in x[r * n + k :: w * n] if one]": AS_IS,
}
GRID = [(5, 1, None), (10, 2, None), (11, 3, None), (2, 4, None), (0, 2, None), (11, 2, 2)]
GRID += [(10, 1, 2), (7, 2, 1), (20, 3, 2), (23, 2, 3), (4, 3, 2), (9, 1, 4)]


class Source:
    """Counts calls and items read; it fails where it is read too far."""

    def __init__(self, count, allowed=10**9, make=lambda number: number, is_iterator=True):
        self.numbers, self.allowed, self.make = range(count), allowed, make
        self.calls, self.count, self.is_iterator = 0, 0, is_iterator

    def __call__(self):
        self.calls += 1
        return iter(self) if self.is_iterator else self

    def __iter__(self):
        for number in self.numbers:
            if number >= self.allowed:
                text = f"had read {number} items of the source before it yielded one more."
                raise CheckFailed(text, ONE_BY_ONE)
            self.count = number + 1
            yield self.make(number)


def run_as(stream, worker, workers):
    """One whole loop in a worker, or outside of workers if these are None."""
    with as_worker(worker, workers):
        return list(stream)


def expect_shards(solution, count, world, workers):
    """Each rank and worker yields a shard of its own of the items 0 to count - 1."""
    n, items, found = workers or 1, list(range(count)), {}
    for rank, worker in itertools.product(range(world), range(n)):
        stream = solution.ShardedStream(Source(count), rank=rank, world_size=world)
        found[rank, worker] = run_as(stream, worker, workers)

    def explains(rule):
        names = [{"x": items, "r": r, "w": world, "k": k, "n": n} for r, k in found]
        return [eval(rule, one) for one in names] == list(found.values())

    shards = [items[start :: world * n] for start in range(world * n)]
    why = next((MISTAKES[rule] for rule in MISTAKES if explains(rule)), EVERY)
    for pair, got in found.items():
        call = f"ShardedStream(source, {pair[0]}, {world}), over the items 0 to {count - 1},"
        solution.last_call = call + (f" as worker {pair[1]} of {n}," if workers else "")
        some = " or ".join(map(str, shards[:2])) + " or …" * (len(shards) > 2)
        expect(got in shards, f"yielded {got}; expected {some}.", why)
        for rank, worker in found.keys() - {pair} if got else ():
            text = f"yielded {got}, and so did rank {rank}, worker {worker}."
            expect(found[rank, worker] != got, text, why)


@aspect("type")
def test_is_an_iterable_dataset(solution):
    """The class is one of IterableDataset."""
    stream = solution.ShardedStream(lambda: [1, 2])
    is_one = isinstance(stream, IterableDataset)
    expect(is_one, f"made {describe(stream)}, which is no IterableDataset.", KIND)


@aspect("values")
def test_splits_the_stream(solution):
    """Of all ranks and all their workers each yields every N-th item, and each item comes once."""
    for count, world, workers in GRID:
        solution.hint = EVERY if workers else INSIDE
        expect_shards(solution, count, world, workers)


@aspect("values")
def test_asks_in_each_loop_who_reads(solution):
    """One object yields all items outside of workers, and a shard in any number of workers."""
    solution.hint = ASK
    with as_worker(1, 2):
        stream = solution.ShardedStream(Source(12))
    for worker, workers in ((0, None), (1, 2), (1, 3), (0, 3), (0, None), (1, 2)):
        at = f"as worker {worker} of {workers}," if workers else "outside of workers,"
        solution.last_call = f"ShardedStream(source), over the items 0 to 11, {at}"
        got, again = (run_as(stream, worker, workers) for _ in range(2))
        shards = [list(range(start, 12, workers or 1)) for start in range(workers or 1)]
        expect(got in shards, f"yielded {got}; expected such as {shards[0]}.", ASK)
        expect(got == again, f"yielded first {got}, then {again} in a second loop.", ANEW)


@aspect("values")
def test_yields_items_as_they_are(solution):
    """Items may be any objects: None, 0 and empty ones come, too, equal ones each for itself."""
    solution.hint, items = AS_IS, [None, 0, "", [], False, 3, 3, 3, None]
    for rank, world in ((0, 1), (0, 2), (1, 2)):
        got = list(solution.ShardedStream(lambda: items, rank, world))
        solution.last_call = f"ShardedStream(source, {rank}, {world}), over {items},"
        shards = [[id(item) for item in items[start::world]] for start in range(world)]
        is_one = [id(item) for item in got] in shards
        expect(is_one, f"yielded {got}; expected {items[rank::world]}, the same objects.", AS_IS)


@aspect("memory")
def test_reads_nothing_ahead(solution):
    """The source may be endless: nothing behind the item that is yielded has been read."""
    solution.hint = ONE_BY_ONE
    for rank, world, worker, workers in ((0, 1, 0, None), (1, 3, 0, None), (1, 2, 2, 3)):
        source = Source(10**12, allowed=10, is_iterator=workers is not None)
        stream = solution.ShardedStream(source, rank, world)
        solution.last_call = f"ShardedStream(source, {rank}, {world}), over 0, 1, 2, … without end,"
        with as_worker(worker, workers):
            for got in itertools.islice(stream, 4):
                sentence = f"had read {source.count} items when it yielded item {got}."
                expect(source.count == got + 1, sentence, ONE_BY_ONE)
                source.allowed = got + 10


@aspect("memory")
def test_keeps_no_items(solution):
    """Items that were passed are not held."""
    solution.hint, alive = HOLD, []

    def make(number):
        alive.append(weakref.ref(item := {number}))
        held = sum(one() is not None for one in alive[: max(number - 6, 0)])
        text = f"still holds {held} of the items 0 to {number - 7} when it reads item {number}."
        expect(held == 0, text, HOLD)
        return item

    stream = solution.ShardedStream(Source(20, make=make), 1, 3)
    solution.last_call = "ShardedStream(source, 1, 3), over the items 0 to 19,"
    for item in stream:
        del item


@aspect("memory")
def test_keeps_loops_apart(solution):
    """Each loop calls source() once, loops at the same time are independent, torch is as before."""
    solution.hint, source, words = ANEW, Source(10), "ShardedStream(source, 0, 2)"
    with settings_watched(solution, thoroughly=True) as found:
        stream, solution.last_call = solution.ShardedStream(source, 0, 2), words
        expect(source.calls == 0, f"called source {source.calls} times before a loop.", ANEW)
        shard = list(stream)
        text = f"called source {source.calls} times; expected once in each loop."
        expect(source.calls == 1, text, ANEW)
        first, second = iter(stream), iter(stream)
        taken = [next(one, "no item") for one in (first, first, second, first, second)]
        taken += [*first, *second]
    solution.last_call = f"{words}, over the items 0 to 9 in two loops by turns,"
    right = [shard[at] for at in (0, 1, 0, 2, 1, 3, 4, 2, 3, 4)] if len(shard) == 5 else []
    sentence = f"yielded {taken[:5]}, and then {taken[5:]}; expected {right[:5]} and {right[5:]}."
    expect(taken == right, sentence, ANEW)
    text = f"called source {source.calls - 1} times; expected once in each loop."
    expect(source.calls == 3, text, ANEW)
    expect(not found.text, found.text, "No random number and no setting of torch is needed.")


@aspect("errors")
def test_raises(solution):
    """A rank outside of the world is refused, and what the source raises goes on."""
    solution.hint = REFUSED
    for rank, world in ((5, 2), (-1, 2), (3, 3), (1, 1), (-1, 1), (0, 0), (0, -1), (-2, -1)):
        make = functools.partial(solution.ShardedStream, lambda: range(3), rank, world)
        expect_raises(ValueError, make, REFUSED, f"rank={rank}, world_size={world}")

    def broken():
        yield from (0, 1)
        raise KeyError("from inside")

    stream, solution.hint = solution.ShardedStream(broken), GOES_ON
    solution.last_call = "A loop over ShardedStream(source)"
    what = "a source that raises KeyError behind two items"
    expect_raises(KeyError, lambda: list(stream), GOES_ON, what)


@aspect("structure")
def test_runs_in_worker_processes(solution):
    """Two real workers of a DataLoader share the items."""
    solution.hint, stream = EVERY, solution.ShardedStream(lambda: range(7))
    solution.last_call = "ShardedStream(source), over the items 0 to 6 in two worker processes,"
    got = batches_of(DataLoader(stream, batch_size=None, num_workers=2))
    expect(sorted(got) == list(range(7)), f"yielded {got}; expected each item once.", EVERY)
