"""Share the items of a stream among all worker processes of all ranks, each item once.

A `DataLoader` with two workers hands each of them a copy of the whole dataset. If the dataset is a
stream, and nobody splits it, then each item comes twice. WebDataset has `split_by_node` and
`split_by_worker` for that; streams of Hugging Face's `datasets` do the same.

    stream = ShardedStream(lambda: "abcdefg")
    list(stream)                                                    ->  a b c d e f g
    list(DataLoader(stream, batch_size=None, num_workers=2))        ->  a b c d e f g
        where one worker reads                                          a   c   e   g
        and the other one                                                 b   d   f
    list(ShardedStream(lambda: "abcdefg", rank=1, world_size=3))    ->  such as b e

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch.utils.data import IterableDataset


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
