"""Wrong and right answers to training/k06_bucket_sampler."""

import bisect
import itertools
import math
import random

import numpy as np
import torch
from torch.utils.data import BatchSampler, Sampler

from dojo.impostors import alternative, impostor


class Sound(Sampler):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        self.lengths, self.boundaries, self.size = lengths, boundaries, batch_size
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        self.buckets = [[] for _ in range(len(boundaries) + 1)]
        for index, length in enumerate(lengths):
            self.buckets[self.number(length)].append(index)

    def number(self, length):
        return bisect.bisect_right(self.boundaries, length)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return sum(math.ceil(len(bucket) / self.size) for bucket in self.buckets)

    def source(self):
        return random.Random(self.seed * 1000 + self.epoch)

    def mixed(self, items, source):
        return source.sample(items, len(items)) if self.shuffle else list(items)

    def cut(self, bucket):
        return [bucket[at : at + self.size] for at in range(0, len(bucket), self.size)]

    def in_order(self, parts, source):
        return self.mixed([batch for part in parts for batch in part], source)

    def members(self, bucket, source):
        return self.mixed(bucket, source)

    def __iter__(self):
        source = self.source()
        parts = [self.cut(self.members(bucket, source)) for bucket in self.buckets]
        return iter(self.in_order(parts, source))


@impostor(
    "BucketBatchSampler",
    diagnosis="The class is no Sampler.",
    aspect="type",
)
class IsNoSampler:
    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        self.sampler = Sound(lengths, boundaries, batch_size, shuffle, seed)

    def set_epoch(self, epoch):
        self.sampler.set_epoch(epoch)

    def __iter__(self):
        return iter(self.sampler)

    def __len__(self):
        return len(self.sampler)


@impostor(
    "BucketBatchSampler",
    diagnosis="The indices are tensors, as `torch.randperm` makes them.",
    aspect="type",
)
class YieldsTensors(Sound):
    def __iter__(self):
        return (list(torch.tensor(batch)) for batch in super().__iter__())


@impostor(
    "BucketBatchSampler",
    diagnosis="The batches are tuples.",
    aspect="type",
)
class YieldsTuples(Sound):
    def __iter__(self):
        return map(tuple, super().__iter__())


@impostor(
    "BucketBatchSampler",
    diagnosis="len is ceil(n / batch_size), as if there were one bucket.",
    aspect="values",
)
class CountsOneBucket(Sound):
    def __len__(self):
        return math.ceil(len(self.lengths) / self.size)


@impostor(
    "BucketBatchSampler",
    diagnosis="len counts the full batches alone.",
    aspect="values",
)
class CountsFullBatches(Sound):
    def __len__(self):
        return sum(len(bucket) // self.size for bucket in self.buckets)


@impostor(
    "BucketBatchSampler",
    diagnosis="The short batches are left out.",
    aspect="values",
)
class DropsShortBatches(Sound):
    def cut(self, bucket):
        return [batch for batch in super().cut(bucket) if len(batch) == self.size]


@impostor(
    "BucketBatchSampler",
    diagnosis="What is left of the buckets is put together into batches of several buckets.",
    aspect="values",
)
class PutsRestsTogether(Sound):
    def in_order(self, parts, source):
        full = [[batch for batch in part if len(batch) == self.size] for part in parts]
        short = [batch for part in parts for batch in part if len(batch) < self.size]
        rest = Sound.cut(self, sorted(itertools.chain(*short)))
        return super().in_order([*full, rest], source)


@impostor(
    "BucketBatchSampler",
    diagnosis="A length that equals a boundary is put into the bucket below: `bisect_left`.",
    aspect="values",
)
class IsLeftOfBoundaries(Sound):
    def number(self, length):
        return bisect.bisect_left(self.boundaries, length)


@impostor(
    "BucketBatchSampler",
    diagnosis="Lengths from the last boundary on are in no bucket.",
    aspect="values",
)
class ForgetsTheLastBucket(Sound):
    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        super().__init__(lengths, boundaries, batch_size, shuffle, seed)
        if len(boundaries):
            self.buckets.pop()


@impostor(
    "BucketBatchSampler",
    diagnosis="The indices of a bucket are sorted by length.",
    aspect="values",
)
class SortsByLength(Sound):
    def members(self, bucket, source):
        if self.shuffle:
            return super().members(bucket, source)
        return sorted(bucket, key=lambda index: self.lengths[index])


@impostor(
    "BucketBatchSampler",
    diagnosis="A bucket without indices yields an empty batch.",
    aspect="values",
)
class YieldsEmptyBatches(Sound):
    def cut(self, bucket):
        return super().cut(bucket) or [[]]


@impostor(
    "BucketBatchSampler",
    diagnosis="shuffle is not looked at: the batches are always random.",
    aspect="values",
)
class AlwaysShuffles(Sound):
    def mixed(self, items, source):
        return source.sample(items, len(items))


@impostor(
    "BucketBatchSampler",
    diagnosis="Only the batches are shuffled: the same indices share a batch in each epoch.",
    aspect="values",
)
class ShufflesBatchesAlone(Sound):
    def members(self, bucket, source):
        return bucket


@impostor(
    "BucketBatchSampler",
    diagnosis="Only the indices in each batch are shuffled, and the batches; none gets others.",
    aspect="values",
)
class ShufflesInsideOfBatches(Sound):
    def cut(self, bucket):
        batches = super().cut(sorted(bucket))
        return [self.mixed(batch, self.source()) for batch in batches]


@impostor(
    "BucketBatchSampler",
    diagnosis="A shuffled bucket is sorted by length: the same ones share a batch in each epoch.",
    aspect="values",
)
class SortsWhatWasShuffled(Sound):
    def members(self, bucket, source):
        mixed = super().members(bucket, source)
        return sorted(mixed, key=lambda index: self.shuffle and self.lengths[index])


@impostor(
    "BucketBatchSampler",
    diagnosis="A loop that goes on looks at the epoch again, and takes that of a later set_epoch.",
    aspect="memory",
)
class LooksAtTheEpochAgain(Sound):
    def __iter__(self):
        for turn in range(len(self)):
            yield list(super().__iter__())[turn]


@impostor(
    "BucketBatchSampler",
    diagnosis="The buckets come one after another: their batches are not shuffled.",
    aspect="values",
)
class KeepsBucketsInOrder(Sound):
    def in_order(self, parts, source):
        return list(itertools.chain(*parts))


@impostor(
    "BucketBatchSampler",
    diagnosis="The order of the buckets is random, but each comes as one block.",
    aspect="values",
)
class ShufflesBlocks(Sound):
    def in_order(self, parts, source):
        return list(itertools.chain(*self.mixed(parts, source)))


@impostor(
    "BucketBatchSampler",
    diagnosis="The buckets take turns, in the same order in each epoch.",
    aspect="values",
)
class TakesTurns(Sound):
    def in_order(self, parts, source):
        if not self.shuffle:
            return super().in_order(parts, source)
        turns = itertools.zip_longest(*parts)
        return [batch for turn in turns for batch in turn if batch is not None]


@impostor(
    "BucketBatchSampler",
    diagnosis="The short batches come last, and not anywhere.",
    aspect="values",
)
class PutsShortBatchesLast(Sound):
    def in_order(self, parts, source):
        batches = super().in_order(parts, source)
        return sorted(batches, key=lambda one: self.shuffle and len(one) < self.size)


@impostor(
    "BucketBatchSampler",
    diagnosis="The indices are only turned around in a circle, by as many as the epoch says.",
    aspect="values",
)
class RotatesMembers(Sound):
    def members(self, bucket, source):
        if not self.shuffle:
            return bucket
        by = (3 * self.seed + self.epoch + 1) % max(len(bucket), 1)
        return bucket[by:] + bucket[:by]


def by_swaps(items, source, choose):
    """The items, each place of them swapped with the one that is chosen for it."""
    items = list(items)
    for place in range(len(items)):
        other = choose(source, place, len(items))
        items[place], items[other] = items[other], items[place]
    return items


@impostor(
    "BucketBatchSampler",
    diagnosis="Each batch is swapped with any one: some orders come more often than others.",
    aspect="values",
)
class SwapsBatchesWithAny(Sound):
    def in_order(self, parts, source):
        batches = [batch for part in parts for batch in part]
        if not self.shuffle:
            return batches
        return by_swaps(batches, source, lambda source, _, count: source.randrange(count))


@impostor(
    "BucketBatchSampler",
    diagnosis="Each index is swapped with any one: some share a batch more often than others.",
    aspect="values",
)
class SwapsMembersWithAny(Sound):
    def members(self, bucket, source):
        if not self.shuffle:
            return bucket
        from_behind = by_swaps(
            bucket[::-1], source, lambda source, _, count: source.randrange(count)
        )
        return from_behind[::-1]


@impostor(
    "BucketBatchSampler",
    diagnosis="A batch is never swapped with itself: none can keep its place.",
    aspect="values",
)
class NeverSwapsWithItself(Sound):
    def mixed(self, items, source):
        def choose(source, place, count):
            return source.randrange(place + 1, count) if place + 1 < count else place

        return by_swaps(items, source, choose) if self.shuffle else items


@impostor(
    "BucketBatchSampler",
    diagnosis="The last index of a bucket always stays the last one.",
    aspect="values",
)
class KeepsTheLastMember(Sound):
    def members(self, bucket, source):
        return [*self.mixed(bucket[:-1], source), *bucket[-1:]]


@impostor(
    "BucketBatchSampler",
    diagnosis="The generator is made once: a second loop in one epoch goes on with its numbers.",
    aspect="values",
)
class KeepsItsGenerator(Sound):
    kept = None

    def set_epoch(self, epoch):
        super().set_epoch(epoch)
        self.kept = None if epoch != self.epoch else self.kept

    def source(self):
        self.kept = self.kept or super().source()
        return self.kept


@impostor(
    "BucketBatchSampler",
    diagnosis="The epoch is counted up in each loop; only set_epoch changes it.",
    aspect="values",
)
class CountsEpochs(Sound):
    count = 0

    def source(self):
        self.count += 1
        return random.Random(self.seed * 1000 + self.epoch + self.count)


@impostor(
    "BucketBatchSampler",
    diagnosis="The kept lists are shuffled in place: a loop begins from where the last one ended.",
    aspect="values",
)
class ShufflesInPlace(Sound):
    def mixed(self, items, source):
        if self.shuffle:
            source.shuffle(items)
        return items


@impostor(
    "BucketBatchSampler",
    diagnosis="The epoch is not looked at: each epoch has the same batches.",
    aspect="values",
)
class IgnoresTheEpoch(Sound):
    def source(self):
        return random.Random(self.seed)


@impostor(
    "BucketBatchSampler",
    diagnosis="The seed is not looked at.",
    aspect="values",
)
class IgnoresTheSeed(Sound):
    def source(self):
        return random.Random(self.epoch)


@impostor(
    "BucketBatchSampler",
    diagnosis="Python's global generator shuffles: neither seed nor epoch decides.",
    aspect="values",
)
class DrawsGlobally(Sound):
    def source(self):
        return random


@impostor(
    "BucketBatchSampler",
    diagnosis="The global generator is seeded in each loop, which others draw from, too.",
    aspect="memory",
)
class SeedsGlobally(Sound):
    def source(self):
        random.seed(self.seed * 1000 + self.epoch)
        return random


@impostor(
    "BucketBatchSampler",
    diagnosis="The batches of a loop stand in self: one loop takes those of the other.",
    aspect="memory",
)
class SharesOneLoop(Sound):
    def __iter__(self):
        self.left = list(super().__iter__())
        while self.left:
            yield self.left.pop(0)


@impostor(
    "BucketBatchSampler",
    diagnosis="lengths is sorted in place.",
    aspect="memory",
)
class SortsLengths(Sound):
    def __iter__(self):
        if isinstance(self.lengths, list):
            self.lengths.sort()
        return super().__iter__()


@alternative("BucketBatchSampler")
class ByTensors(Sampler[list[int]]):
    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        numbers = torch.tensor([int(one) for one in lengths], dtype=torch.int64)
        edges = torch.tensor([int(one) for one in boundaries], dtype=torch.int64)
        self.numbers = torch.bucketize(numbers, edges, right=True)
        self.last, self.size, self.shuffle = len(edges), batch_size, shuffle
        self.generator, self.seed, self.epoch = torch.Generator(), seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        counts = torch.bincount(self.numbers, minlength=self.last + 1)
        return int(((counts + self.size - 1) // self.size).sum())

    def __iter__(self):
        self.generator.manual_seed(self.seed * 2**20 + self.epoch)
        draw = torch.randperm if self.shuffle else lambda n, generator: torch.arange(n)
        batches = []
        for number in range(self.last + 1):
            (indices,) = torch.where(self.numbers == number)
            indices = indices[draw(len(indices), generator=self.generator)]
            batches += [part.tolist() for part in indices.split(self.size) if len(part)]
        order = draw(len(batches), generator=self.generator).tolist()
        yield from (batches[place] for place in order)


@alternative("BucketBatchSampler")
class ByNumpy(Sampler):
    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        self.arguments = tuple(lengths), tuple(boundaries), batch_size
        self.shuffle, self.state = shuffle, [seed, 0]

    def set_epoch(self, epoch):
        self.state[1] = epoch

    def plain(self, rng=None):
        lengths, boundaries, size = self.arguments
        places = np.digitize(lengths, boundaries) if boundaries else np.zeros(len(lengths), int)
        for number in range(len(boundaries) + 1):
            indices = np.flatnonzero(places == number)
            if rng is not None:
                rng.shuffle(indices)
            for start in range(0, len(indices), size):
                yield indices[start : start + size].tolist()

    def __len__(self):
        return sum(1 for _ in self.plain())

    def __iter__(self):
        if not self.shuffle:
            return self.plain()
        rng = np.random.default_rng(self.state)
        batches = list(self.plain(rng))
        rng.shuffle(batches)
        return iter(batches)


@alternative("BucketBatchSampler")
class ByTorchsSamplers(Sampler):
    def __init__(self, lengths, boundaries, batch_size, shuffle=True, seed=0):
        self.seed, self.shuffle, self.epoch, self.size = seed, shuffle, 0, batch_size
        numbers = [sum(edge <= length for edge in boundaries) for length in lengths]
        groups = [[i for i, at in enumerate(numbers) if at == one] for one in sorted(set(numbers))]
        self.groups = tuple(map(tuple, groups))

    def set_epoch(self, epoch):
        self.epoch = epoch

    def samplers(self, rng):
        mix = rng.sample if self.shuffle else lambda items, k: items
        orders = [mix(group, len(group)) for group in self.groups]
        return [BatchSampler(order, self.size, drop_last=False) for order in orders]

    def __len__(self):
        return sum(map(len, self.samplers(random.Random(0))))

    def __iter__(self):
        rng = random.Random(f"{self.seed} {self.epoch}")
        batches = list(itertools.chain.from_iterable(self.samplers(rng)))
        if self.shuffle:
            rng.shuffle(batches)
        for batch in batches:
            yield sorted(batch)


@alternative("BucketBatchSampler")
class BySortedKeys(Sound):
    def mixed(self, items, source):
        return sorted(items, key=lambda _: source.random()) if self.shuffle else items
