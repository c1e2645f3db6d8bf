"""Make batches of samples that are about equally long, other ones in each epoch.

A batch of texts is filled up to its longest one. If a short text lies beside a long one, most of
that row is filling, and is computed for nothing. So fairseq makes batches by length, and the
Trainer of Hugging Face's Transformers has an option for it, `group_by_length`.

    lengths = [3, 12, 5, 11, 4, 30]        boundaries (10, 20) make buckets of the indices
                                           0 2 4, of 1 3, and of 5
    BucketBatchSampler(lengths, (10, 20), batch_size=2, shuffle=False)
        yields [0, 2], [4], [1, 3], [5]    and its len is 4
    with shuffle=True, seed=0
        yields such as [4, 0], [3, 1], [5], [2]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler


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
        raise NotImplementedError

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the loops that begin from now on; an int, at least 0."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the number of batches in a loop: the same in each epoch, also before a loop."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[list[int]]:
        """Begin a new loop over the batches."""
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
