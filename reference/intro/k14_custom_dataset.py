"""A dataset of your own, and the loader that makes batches of it.

A `Dataset` says how many samples there are and what each of them is. A `DataLoader` decides in
which order they are asked for, puts them into batches, and can load them in other processes.

Indexing a tensor already does what a list does: negative indices count from the end, and beyond
either end there is an IndexError. So `features[index]` needs no arithmetic; `index % n` would take
the error away, and a loop over the dataset would never end.

The common wrong answers: to transform all features in `__init__`, so that a random augmentation is
drawn once instead of at each access; and to give the `DataLoader` `drop_last=True`, so that some
samples are never seen. A loader is handed the dataset itself, not a list of its samples, since a
list would fix them once and for all. Its `shuffle` draws a new order of indices at the start of
each loop; the data stay where they are. Workers get a copy of the dataset and call `__getitem__`
there, which is why a dataset should hold no open files or locks.
"""

from collections.abc import Callable

import torch
from torch.utils.data import DataLoader, Dataset

HINTS = (
    "Which of the three methods is called at each access? That is where the transform belongs.",
    "Try torch.arange(5)[-1], [-5], [5] and [-6]: what is left for `__getitem__` to do?",
    "len() of a tensor is the size of its first dimension: compare both before you keep them.",
    "What does drop_last of torch.utils.data.DataLoader do, and what is its default?",
    "`DataLoader` has a parameter for each of make_loader's; pass them by name.",
)


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
        if len(features) != len(targets):
            raise ValueError(f"{len(features)} features, but {len(targets)} targets")
        self.features = features
        self.targets = targets
        self.transform = transform

    def __len__(self) -> int:
        """The number of pairs, n."""
        return len(self.features)

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
        feature = self.features[index]
        if self.transform is not None:
            feature = self.transform(feature)
        return feature, self.targets[index]


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
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=num_workers)


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
    return {"A", "D", "E"}
