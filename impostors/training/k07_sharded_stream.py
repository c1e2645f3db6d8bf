"""Wrong and right answers to training/k07_sharded_stream."""

import itertools
import math

import torch
from torch.utils.data import IterableDataset, get_worker_info

from dojo.impostors import alternative, impostor


def who():
    """The number of this worker, and how many there are."""
    info = get_worker_info()
    return (0, 1) if info is None else (info.id, info.num_workers)


class Sound(IterableDataset):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, source, rank=0, world_size=1):
        self.check(rank, world_size)
        self.source, self.rank, self.world_size = source, rank, world_size

    def check(self, rank, world_size):
        if not 0 <= rank < world_size:
            raise ValueError("rank is outside of the world")

    def number(self):
        worker, workers = who()
        return self.rank * workers + worker

    def count(self):
        return self.world_size * who()[1]

    def __iter__(self):
        number, count = self.number(), self.count()
        for place, item in enumerate(self.source()):
            if place % count == number:
                yield item


@impostor(
    "ShardedStream",
    diagnosis="The dataset is no IterableDataset: a DataLoader takes it for one with indices.",
    aspect="type",
)
class IsAnyObject:
    __init__, check, __iter__ = Sound.__init__, Sound.check, Sound.__iter__
    number, count = Sound.number, Sound.count


@impostor(
    "ShardedStream",
    diagnosis="The stream is not split: each worker of each rank yields all items.",
    aspect="values",
)
class SplitsNothing(Sound):
    def __iter__(self):
        return iter(self.source())


@impostor(
    "ShardedStream",
    diagnosis="The stream is split among ranks alone: all workers of a rank yield the same items.",
    aspect="values",
)
class SplitsByRank(Sound):
    def __iter__(self):
        return itertools.islice(self.source(), self.rank, None, self.world_size)


@impostor(
    "ShardedStream",
    diagnosis="The stream is split among workers alone: all ranks yield the same items.",
    aspect="values",
)
class SplitsByWorker(Sound):
    def __iter__(self):
        return itertools.islice(self.source(), who()[0], None, who()[1])


@impostor(
    "ShardedStream",
    diagnosis="`get_worker_info()` is asked when the object is made: there are no workers yet.",
    aspect="values",
)
class AsksTooEarly(Sound):
    def __init__(self, source, rank=0, world_size=1):
        super().__init__(source, rank, world_size)
        self.worker, self.workers = who()

    def number(self):
        return self.rank * self.workers + self.worker

    def count(self):
        return self.world_size * self.workers


@impostor(
    "ShardedStream",
    diagnosis="Outside of a worker process `get_worker_info()` is None, which has no id.",
    aspect="values",
)
class ForgetsTheMainProcess(Sound):
    def __iter__(self):
        info = get_worker_info()
        number = self.rank * info.num_workers + info.id
        return itertools.islice(self.source(), number, None, self.world_size * info.num_workers)


@impostor(
    "ShardedStream",
    diagnosis="Who reads is asked in the first loop, and kept for all others.",
    aspect="values",
)
class AsksOnce(Sound):
    known = None

    def number(self):
        self.known = self.known or who()
        return self.rank * self.known[1] + self.known[0]

    def count(self):
        return self.world_size * self.known[1]


@impostor(
    "ShardedStream",
    diagnosis="rank + worker gives several pairs the same number, and other numbers to none.",
    aspect="values",
)
class AddsRankAndWorker(Sound):
    def number(self):
        return self.rank + who()[0]


@impostor(
    "ShardedStream",
    diagnosis="rank * world_size + worker is right only where there are as many workers as ranks.",
    aspect="values",
)
class MultipliesByWorldSize(Sound):
    def number(self):
        return self.rank * self.world_size + who()[0]


@impostor(
    "ShardedStream",
    diagnosis="The items are cut into blocks, and all of them are read for that.",
    aspect="values",
)
class CutsBlocks(Sound):
    def __iter__(self):
        items = list(self.source())
        size = math.ceil(len(items) / self.count())
        return iter(items[self.number() * size : (self.number() + 1) * size])


@impostor(
    "ShardedStream",
    diagnosis="The last items are left out, so that all shards are equally long.",
    aspect="values",
)
class DropsTheRest(Sound):
    def __iter__(self):
        for group in zip(*[iter(self.source())] * self.count(), strict=False):
            yield group[self.number()]


@impostor(
    "ShardedStream",
    diagnosis="Items come twice at the end, so that all shards are equally long.",
    aspect="values",
)
class FillsUp(Sound):
    def __iter__(self):
        items = list(self.source())
        items += items[: -len(items) % self.count()]
        return iter(items[self.number() :: self.count()])


@impostor(
    "ShardedStream",
    diagnosis="Items are shared by their values, and not by their places in the stream.",
    aspect="values",
)
class SharesByHash(Sound):
    def __iter__(self):
        for item in self.source():
            if hash(item) // 2 % self.count() == self.number():
                yield item


@impostor(
    "ShardedStream",
    diagnosis="None is taken for the end of the source.",
    aspect="values",
)
class StopsAtNone(Sound):
    def __iter__(self):
        items = iter(self.source())
        for place in itertools.count():
            item = next(items, None)
            if item is None:
                return
            if place % self.count() == self.number():
                yield item


@impostor(
    "ShardedStream",
    diagnosis="Items such as 0 and None are left out.",
    aspect="values",
)
class LeavesOutFalseItems(Sound):
    def __iter__(self):
        return filter(None, super().__iter__())


@impostor(
    "ShardedStream",
    diagnosis="`list(source())` reads the whole source first, and never ends if that has no end.",
    aspect="memory",
)
class ReadsAll(Sound):
    def __iter__(self):
        return iter(list(self.source())[self.number() :: self.count()])


@impostor(
    "ShardedStream",
    diagnosis="A whole group of N items is read before one of them is yielded.",
    aspect="memory",
)
class ReadsGroups(Sound):
    def __iter__(self):
        items = iter(self.source())
        while group := list(itertools.islice(items, self.count())):
            yield from group[self.number() : self.number() + 1]


@impostor(
    "ShardedStream",
    diagnosis="One item more is read before an item is yielded.",
    aspect="memory",
)
class ReadsOneAhead(Sound):
    def __iter__(self):
        items, nothing = iter(self.source()), object()
        item = next(items, nothing)
        for place in itertools.count():
            if item is nothing:
                return
            following = next(items, nothing)
            if place % self.count() == self.number():
                yield item
            item = following


@impostor(
    "ShardedStream",
    diagnosis="Each item that was read is kept: memory grows with the stream.",
    aspect="memory",
)
class KeepsItems(Sound):
    def __iter__(self):
        seen = []
        for item in self.source():
            seen.append(item)
            if (len(seen) - 1) % self.count() == self.number():
                yield item


@impostor(
    "ShardedStream",
    diagnosis="source is called when the object is made: the second loop finds nothing left.",
    aspect="values",
)
class CallsSourceOnce(Sound):
    def __init__(self, source, rank=0, world_size=1):
        super().__init__(source, rank, world_size)
        self.items = source()

    def __iter__(self):
        return itertools.islice(self.items, self.number(), None, self.count())


@impostor(
    "ShardedStream",
    diagnosis="The dataset is its own iterator: a loop that begins disturbs the one that goes on.",
    aspect="memory",
)
class IsItsOwnIterator(Sound):
    def __iter__(self):
        self.items = super().__iter__()
        return self

    def __next__(self):
        return next(self.items)


@impostor(
    "ShardedStream",
    diagnosis="The number of the next item stands in self: loops at the same time share it.",
    aspect="memory",
)
class CountsInSelf(Sound):
    def __iter__(self):
        number, count, self.place = self.number(), self.count(), -1
        for item in self.source():
            self.place += 1
            if self.place % count == number:
                yield item


@impostor(
    "ShardedStream",
    diagnosis="source is called twice in a loop, to look at its first item.",
    aspect="memory",
)
class LooksAtTheFirstItem(Sound):
    def __iter__(self):
        if next(iter(self.source()), self) is not self:
            yield from super().__iter__()


@impostor(
    "ShardedStream",
    diagnosis="The shards are shuffled with torch's generator, which numbers nobody asked for.",
    aspect="values",
)
class DrawsItsNumber(Sound):
    def number(self):
        return int(torch.randperm(self.count())[super().number()])


@impostor(
    "ShardedStream",
    diagnosis="A rank outside of the world is not refused when the object is made.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def check(self, rank, world_size):
        pass


@impostor(
    "ShardedStream",
    diagnosis="rank == world_size is let through; the ranks end at world_size - 1.",
    aspect="errors",
)
class TakesOneRankMore(Sound):
    def check(self, rank, world_size):
        if not 0 <= rank <= world_size:
            raise ValueError("rank is outside of the world")


@impostor(
    "ShardedStream",
    diagnosis="A negative rank is let through.",
    aspect="errors",
)
class TakesNegativeRanks(Sound):
    def check(self, rank, world_size):
        if rank >= world_size:
            raise ValueError("rank is outside of the world")


@impostor(
    "ShardedStream",
    diagnosis="What the source raises is swallowed: the stream ends as if it were complete.",
    aspect="errors",
)
class SwallowsErrors(Sound):
    def __iter__(self):
        try:
            yield from super().__iter__()
        except LookupError:
            return


@alternative("ShardedStream")
class ByEnumerate(IterableDataset):
    def __init__(self, source, rank=0, world_size=1):
        super().__init__()
        if rank not in range(world_size):
            raise ValueError(f"no rank {rank}")
        self.make, self.place = source, (rank, world_size)

    def __iter__(self):
        rank, world = self.place
        worker = get_worker_info()
        number, count = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for place, item in enumerate(self.make()):
            if place % world == rank and place // world % count == number:
                yield item


@alternative("ShardedStream")
class InTwoSteps(IterableDataset):
    def __init__(self, source, rank=0, world_size=1):
        if rank < 0:
            raise ValueError("negative")
        if rank >= world_size:
            raise ValueError("too large")
        self.of_rank = lambda: itertools.islice(source(), rank, None, world_size)

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        items = self.of_rank()
        return itertools.islice(items, info.id, None, info.num_workers) if info else items


@alternative("ShardedStream")
class ByAnIteratorOfItsOwn(IterableDataset):
    class Shard:
        def __init__(self, items, first, step):
            self.items, self.left, self.step = iter(items), first, step

        def __iter__(self):
            return self

        def __next__(self):
            for _ in range(self.left):
                next(self.items)
            self.left = self.step - 1
            return next(self.items)

    def __init__(self, source, rank=0, world_size=1):
        if world_size < 1 or rank < 0 or rank > world_size - 1:
            raise ValueError((rank, world_size))
        self.source, self.rank, self.world_size = source, rank, world_size

    def __iter__(self):
        worker, workers = who()
        last = self.world_size * workers - 1
        return self.Shard(self.source(), last - worker * self.world_size - self.rank, last + 1)


@alternative("ShardedStream")
class BySkippingLists(Sound):
    def __iter__(self):
        items, step = iter(self.source()), self.count()
        passed = list(itertools.islice(items, step - 1 - self.number()))
        for item in items:
            yield item
            passed = list(itertools.islice(items, step - 1))
        del passed


@alternative("ShardedStream")
class ByCompress(IterableDataset):
    def __init__(self, source, rank=0, world_size=1):
        if not (rank >= 0 and world_size > rank):
            raise ValueError("rank")
        self.arguments = source, rank, world_size

    def __iter__(self):
        source, rank, world = self.arguments
        worker, workers = who()
        mine = [(k, r) == (worker, rank) for k in range(workers) for r in range(world)]
        yield from itertools.compress(source(), itertools.cycle(mine))
