"""A dataset of your own, and the loader that makes batches of it.

A `Dataset` says how many samples there are and what each of them is. A `DataLoader` decides in
which order they are asked for, puts them into batches, and can load them in other processes.

    x, y = tensor([[1., 2.], [3., 4.], [5., 6.]]), tensor([0, 1, 0])
    pairs = TensorPairs(x, y, transform=torch.neg)
    len(pairs)  ->  3;  pairs[1]  ->  (tensor([-3., -4.]), tensor(1))
    make_loader(pairs, 2, shuffle=False)  ->  a loader of two batches, the first of them
    [tensor([[-1., -2.], [-3., -4.]]), tensor([0, 1])], the second of the one sample that is left

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch
from torch.utils.data import DataLoader, Dataset


class TensorPairs(Dataset):
    """A map-style dataset of pairs: the sample at an index is a feature and its target."""

    def __init__(
        self, features: torch.Tensor, targets: torch.Tensor, transform: Callable | None = None
    ) -> None:
        """Keep the tensors; the transform is not called here.

        Args:
            features: shape (n, ...), any dtype and device, n may be 0; stays as it is.
            targets: shape (n, ...), any dtype and device; stays as it is.
            transform: a function of one feature, which it leaves as it is; None for no transform.

        Raises:
            ValueError: features and targets are not of the same length n.
        """
        raise NotImplementedError

    def __len__(self) -> int:
        """The number of pairs, n."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple:
        """The pair at an index.

        Args:
            index: an int from -n to n - 1; a negative one counts from the end, as in a list.

        Returns:
            The tuple (feature, target) of `features[index]` and `targets[index]`. With a transform,
            the feature is what the transform makes of `features[index]`.

        Raises:
            IndexError: index is less than -n or more than n - 1.

        Exactly:
            The two may be views or copies. The transform is called with the feature alone, once
            and afresh at each access, and its result is handed on whatever it is. The target is
            never transformed.
        """
        raise NotImplementedError


def make_loader(
    dataset: Dataset, batch_size: int, *, shuffle: bool, num_workers: int = 0
) -> DataLoader:
    """A loader that hands out the samples of a dataset in batches.

    Args:
        dataset: a map-style dataset of pairs of tensors, such as a `TensorPairs`.
        batch_size: the number of samples in a batch.
        shuffle: False for the dataset's order, True for a new random order in each loop, over
            this loader or another one.
        num_workers: the number of worker processes that load the samples; 0 to load them in the
            process that loops.

    Returns:
        A `torch.utils.data.DataLoader`. Each batch is the pair of its features and its targets,
        each of them stacked along a new first dimension.

    Exactly:
        The dataset has one or more samples, of any shape, dtype and device, and need not be a
        `TensorPairs`. One may loop over the loader as often as one likes. In each loop the dataset
        is asked anew for each of its samples, and every sample comes once. If the last samples fill
        no batch, they come as a shorter one. A batch has the samples' dtypes and device. Two
        workers have to work, with a `TensorPairs` too. The loader may be of a subclass of
        `DataLoader`.
    """
    raise NotImplementedError


def true_statements() -> set[str]:
    """The letters of the true statements, such as {"A", "B"}.

    A: A map-style `Dataset` says how many samples there are, and which sample is at an index.
    B: A `Dataset` has to hold all its samples in memory before the first can be asked for.
    C: With `shuffle=True`, a `DataLoader` rearranges the data inside its `Dataset`.
    D: By default, a `DataLoader` makes a batch by stacking its samples' tensors along a new first
       dimension.
    E: With `num_workers=2`, the `Dataset`'s `__getitem__` runs in two worker processes, and not
       in the process that loops over the `DataLoader`.
    F: By default, a `DataLoader` moves each batch to the GPU if there is one.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
