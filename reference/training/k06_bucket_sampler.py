"""Make batches of samples that are about equally long, other ones in each epoch.

Two things are random, and both have to be: which samples of a bucket share a batch, and when the
batches of a bucket come. If only the batches are shuffled, the same samples stay together for the
whole training. If the buckets come one after another, a model sees all short texts first.

The generator is made anew in each loop, from the seed and the epoch. So a training that goes on
from a checkpoint in epoch 7 has the batches of epoch 7, and all ranks of a distributed one agree,
without a word between them. Nothing but two numbers has to be kept for that.

In practice one writes these lines, or calls `group_by_length=True` in the Trainer of Transformers,
which sorts by length inside of large random groups.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

HINTS = (
    "`bisect.bisect_right(boundaries, length)` counts the boundaries that are <= length.",
    "Each bucket has its own short batch: add up the batches of each bucket for len.",
    "Make a new generator in `__iter__`, from seed and epoch: a kept one goes on in the next loop.",
    "Shuffle the indices of each bucket, cut them into batches, then shuffle the list of batches.",
)


class BucketBatchSampler(Sampler[list[int]]):
    """Yields batches of indices, lists of Python ints, each of samples of about the same length.

    Index i is in the bucket whose number is the count of boundaries that are <= lengths[i]. With
    boundaries (10, 20): bucket 0 has lengths up to 9, bucket 1 has 10 to 19, bucket 2 the rest.

    Each loop yields each index once. A batch has indices of one bucket only, batch_size of them;
    one batch of each bucket may have fewer. A bucket without indices has no batch.

    Without shuffle the batches of bucket 0 come first, then those of bucket 1 and so on; the
    indices of a bucket ascend from batch to batch, and in each batch.

    With shuffle the indices of each bucket are shuffled before they are cut into batches, and then
    the batches of all buckets together are shuffled. The seed and the epoch alone decide both.

    Args:
        lengths: ints, at least 0: the length of sample i for each index i. It may be empty.
        boundaries: ints, each larger than the one before it; there may be none.
        batch_size: at least 1.
        shuffle: whether batches are random.
        seed: 0 to 2**31 - 1.

    Exactly:
        Two samplers with equal arguments and the same epoch yield the same batches in the same
        order, and one sampler does so in each loop, until its epoch changes. Another seed or
        another epoch gives other batches in another order. Different pairs of seed and epoch may
        give the same: you may add them. "Other" leaves room for chance.

        Each way to share out a bucket, and each order of all batches, is equally likely. The order
        inside of a batch is up to you where shuffle is True.

        Loops may go on at the same time, or end early; no loop changes another one. Global
        generators are neither read nor changed.

        lengths and boundaries may be lists, tuples or ranges, and stay as they are.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        boundaries: Sequence[int],
        batch_size: int,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        """Begin with epoch 0."""
        self.buckets: list[list[int]] = [[] for _ in range(len(boundaries) + 1)]
        for index, length in enumerate(lengths):
            self.buckets[bisect_right(boundaries, length)].append(index)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the loops that begin from now on; an int, at least 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches in a loop: the same in each epoch, also before a loop."""
        size = self.batch_size
        return sum((len(bucket) + size - 1) // size for bucket in self.buckets)

    def __iter__(self) -> Iterator[list[int]]:
        """Begin a new loop over the batches."""
        generator = torch.Generator().manual_seed(self.seed + self.epoch)

        def shuffled(items: list) -> list:
            if not self.shuffle:
                return items
            return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]

        batches = []
        for bucket in map(shuffled, self.buckets):
            starts = range(0, len(bucket), self.batch_size)
            batches += [bucket[start : start + self.batch_size] for start in starts]
        return iter(shuffled(batches))
