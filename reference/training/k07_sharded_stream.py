"""Share the items of a stream among all worker processes of all ranks, each item once.

A stream has no length and no index, so nobody can cut it into blocks. But everyone can count. With
N shards each one takes every N-th item: no item is lost, none comes twice, and no two shards differ
by more than one item. The price is that each worker reads all items, and throws most of them away.

The dataset is made in the main process and copied into the workers. Only in a loop is it known who
reads: `get_worker_info()` is None in the main process, and tells a worker's number in a worker.

In practice one calls `datasets.distributed.split_dataset_by_node`, or `webdataset.split_by_worker`
on the list of files, so that no worker reads what it does not need.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info

HINTS = (
    "Ask `get_worker_info()` in `__iter__`, not in `__init__`; outside of a worker it is None.",
    "There are world_size * workers shards. Which number has the pair of this rank and worker?",
    "With rank * workers + worker each pair has a number of its own, from 0 to N - 1.",
    "Count the items with `enumerate`, and yield those whose number is the shard's modulo N.",
)


class ShardedStream(IterableDataset):
    """A dataset that yields one shard of a stream: every N-th item, N being the number of shards.

    There are N = world_size * workers shards, with the numbers 0 to N - 1. workers is the number of
    worker processes of the `DataLoader` that loops over the dataset; outside of a worker process it
    is 1. Shard s holds the items s, s + N, s + 2 * N and so on; the first item is number 0.

    Each pair of a rank and a worker has another shard, and the same one in each loop. So all pairs
    together yield each item once. Which pair has which shard is up to you.

    Args:
        source: a function without arguments. It returns an iterable that begins with the first item
            at each call, such as a list, or a generator that reads a file. It may have no end.
        rank: the number of this process among those that train together, from 0 on.
        world_size: how many such processes there are. Each has equally many workers.

    Raises:
        ValueError: unless 0 <= rank < world_size. It is raised when the object is made.
    """

    def __init__(
        self, source: Callable[[], Iterable[Any]], rank: int = 0, world_size: int = 1
    ) -> None:
        """Keep the arguments: whether this is a worker process is not known before a loop."""
        if not 0 <= rank < world_size:
            raise ValueError(f"rank is {rank}; it is from 0 to world_size - 1 = {world_size - 1}")
        self.source = source
        self.rank = rank
        self.world_size = world_size

    def __iter__(self) -> Iterator[Any]:
        """Begin a new loop: call source(), and yield the items of this shard, in their order.

        Exactly:
            source is called once in each loop, and at no other time. Several loops may go on at
            the same time, and do not disturb each other.

            The object may be made in another process than the one that loops over it. So
            `get_worker_info()` of `torch.utils.data` tells in each loop anew which worker this is.

            When an item is yielded, none behind it has been read. Items are read one by one, and
            those more than 2 * N places before the one that is read are no longer held.

            Items may be any objects, also None. They are yielded as they are.

            A source with fewer items than shards leaves some shards empty, and that is no error.
            What source or its iterable raises goes on to the caller.
        """
        info = get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        shard = self.rank * workers + worker
        yield from islice(self.source(), shard, None, self.world_size * workers)
