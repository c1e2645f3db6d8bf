"""Wrong and right answers to intro/k14_custom_dataset."""

import random
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    TensorDataset,
    default_collate,
)

from dojo.impostors import alternative, impostor


class Sound(Dataset):
    """What most of the datasets below share: they differ from it in one method."""

    def __init__(self, features, targets, transform=None):
        if len(features) != len(targets):
            raise ValueError("features and targets differ in length")
        self.features, self.targets, self.transform = features, targets, transform

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        feature = self.features[index]
        return feature if self.transform is None else self.transform(feature), self.targets[index]


# ------------------------------------------------------------------ TensorPairs: wrong


@impostor(
    "TensorPairs",
    diagnosis=(
        "The features are transformed in __init__, once and for all; it should happen at "
        "each access."
    ),
    aspect="values",
)
class TransformsAhead(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets)
        if transform is not None:
            self.features = [transform(feature) for feature in features]


@impostor(
    "TensorPairs",
    diagnosis=(
        "index % n makes a valid index of any number, so that one out of range wraps around."
    ),
    aspect="errors",
)
class WrapsAround(Sound):
    def __getitem__(self, index):
        if len(self) == 0:
            raise IndexError(index)
        return super().__getitem__(index % len(self))


@impostor(
    "TensorPairs",
    diagnosis=("index + n is still negative for an index below -n, and counts from the end again."),
    aspect="errors",
)
class WrapsAroundBelow(Sound):
    def __getitem__(self, index):
        if index < 0:
            index += len(self)
        return super().__getitem__(index)


@impostor(
    "TensorPairs",
    diagnosis="Negative indices are refused; they should count from the end, as in a list.",
    aspect="values",
)
class RefusesNegatives(Sound):
    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError("index out of range")
        return super().__getitem__(index)


@impostor(
    "TensorPairs",
    diagnosis="Features and targets are kept without comparing their lengths.",
    aspect="errors",
)
class NoticesNothing(Sound):
    def __init__(self, features, targets, transform=None):
        self.features, self.targets, self.transform = features, targets, transform


@impostor(
    "TensorPairs",
    diagnosis=(
        "An assert compares the lengths: it raises AssertionError, and nothing under `python -O`."
    ),
    aspect="errors",
)
class Asserts(Sound):
    def __init__(self, features, targets, transform=None):
        assert len(features) == len(targets)
        super().__init__(features, targets, transform)


@impostor(
    "TensorPairs",
    diagnosis="The lengths are compared at the first access, not when the dataset is made.",
    aspect="errors",
)
class NoticesLate(Sound):
    def __init__(self, features, targets, transform=None):
        self.features, self.targets, self.transform = features, targets, transform

    def __getitem__(self, index):
        if len(self.features) != len(self.targets):
            raise ValueError("features and targets differ in length")
        return super().__getitem__(index)


@impostor(
    "TensorPairs",
    diagnosis="A sample is a list of feature and target; a tuple was asked for.",
    aspect="type",
)
class GivesLists(Sound):
    def __getitem__(self, index):
        return list(super().__getitem__(index))


@impostor(
    "TensorPairs",
    diagnosis="item() makes a Python number of the target, which should stay a tensor.",
    aspect="type",
)
class GivesNumbers(Sound):
    def __getitem__(self, index):
        feature, target = super().__getitem__(index)
        return feature, target.item() if target.numel() == 1 else target


@impostor(
    "TensorPairs",
    diagnosis="float() makes float32 of the features; they should keep their dtype.",
    aspect="dtype",
)
class MakesFloats(Sound):
    def __init__(self, features, targets, transform=None):
        if not features.is_complex():
            features = features.float()
        super().__init__(features, targets, transform)


@impostor(
    "TensorPairs",
    diagnosis="The tensors are kept as float32, which rounds others, even if to() comes later.",
    aspect="values",
)
class KeepsFloats(Sound):
    def __getitem__(self, index):
        kept = [
            part if part.is_complex() else part.float().to(part.dtype)
            for part in (self.features, self.targets)
        ]
        feature = kept[0][index]
        return feature if self.transform is None else self.transform(feature), kept[1][index]


@impostor(
    "TensorPairs",
    diagnosis="NumPy has no bfloat16, and a tensor can be indexed as an array can.",
    aspect="dtype",
)
class KeepsArrays(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets, transform)
        self.device = features.device
        self.features = features.cpu().numpy()

    def __getitem__(self, index):
        feature = torch.as_tensor(self.features[index], device=self.device)
        return feature if self.transform is None else self.transform(feature), self.targets[index]


@impostor(
    "TensorPairs",
    diagnosis="The transform is applied to the target too; it is for the feature alone.",
    aspect="values",
)
class TransformsBoth(Sound):
    def __getitem__(self, index):
        pair = self.features[index], self.targets[index]
        return pair if self.transform is None else tuple(map(self.transform, pair))


@impostor(
    "TensorPairs",
    diagnosis=(
        "The transform gets all the features at each access, not the one that is asked for."
    ),
    aspect="values",
)
class TransformsAll(Sound):
    def __getitem__(self, index):
        features = self.features if self.transform is None else self.transform(self.features)
        return features[index], self.targets[index]


@impostor(
    "TensorPairs",
    diagnosis=(
        "A transformed sample is kept and given again; each access should transform it anew."
    ),
    aspect="values",
)
class KeepsSamples(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets, transform)
        self.known = {}

    def __getitem__(self, index):
        if index not in self.known:
            self.known[index] = super().__getitem__(index)
        return self.known[index]


@impostor(
    "TensorPairs",
    diagnosis=(
        "The result of the transform is written into features, where the next access "
        "transforms it again."
    ),
    aspect="memory",
)
class TransformsInPlace(Sound):
    def __getitem__(self, index):
        if self.transform is not None:
            self.features[index] = self.transform(self.features[index])
        return self.features[index], self.targets[index]


@impostor(
    "TensorPairs",
    diagnosis=(
        "The tensors are kept on the class, so that a second TensorPairs changes the first."
    ),
    aspect="memory",
)
class KeepsOnTheClass(Sound):
    def __init__(self, features, targets, transform=None):
        if len(features) != len(targets):
            raise ValueError("features and targets differ in length")
        cls = type(self)
        cls.features, cls.targets = features, targets
        cls.transform = None if transform is None else staticmethod(transform)


@impostor(
    "TensorPairs",
    diagnosis="The class has the methods of a Dataset, but not Dataset as its base.",
    aspect="type",
)
class IsNoDataset:
    def __init__(self, features, targets, transform=None):
        if len(features) != len(targets):
            raise ValueError("features and targets differ in length")
        self.features, self.targets, self.transform = features, targets, transform

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        feature = self.features[index]
        return feature if self.transform is None else self.transform(feature), self.targets[index]


@impostor(
    "TensorPairs",
    diagnosis=(
        "A StackDataset has __getitems__ too, which a loader calls for a batch: without the "
        "transform."
    ),
    aspect="values",
)
class InheritsGetitems(StackDataset):
    def __init__(self, features, targets, transform=None):
        if len(features) != len(targets):
            raise ValueError("features and targets differ in length")
        super().__init__(features, targets)
        self.transform = transform

    def __getitem__(self, index):
        feature, target = super().__getitem__(index)
        return feature if self.transform is None else self.transform(feature), target


# ------------------------------------------------------------------ make_loader: wrong


@impostor(
    "make_loader",
    diagnosis="drop_last=True leaves out the last samples where they fill no batch.",
    aspect="values",
)
def drops_the_last(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=num_workers, drop_last=True)


@impostor(
    "make_loader",
    diagnosis=(
        "`shuffle` is not passed on, so that a loader keeps the order even if it should not."
    ),
    aspect="values",
)
def never_shuffles(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis="shuffle=True is fixed, so that a loader shuffles even if it should not.",
    aspect="values",
)
def always_shuffles(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=True, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis=("The order is drawn when the loader is made, so that every epoch has the same one."),
    aspect="values",
)
def shuffles_once(dataset, batch_size, *, shuffle, num_workers=0):
    if shuffle:
        dataset = Subset(dataset, torch.randperm(len(dataset)).tolist())
    return DataLoader(dataset, batch_size, num_workers=num_workers)


class BlockSampler(Sampler):
    """Batches of neighbours, in a random order."""

    def __init__(self, n, size):
        self.blocks = [list(range(k, min(k + size, n))) for k in range(0, n, size)]

    def __len__(self):
        return len(self.blocks)

    def __iter__(self):
        *full, last = self.blocks
        return iter([*random.sample(full, len(full)), last])


class BufferSampler(Sampler):
    """A buffer of ten samples, shuffled whenever it is full."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __iter__(self):
        for start in range(0, self.n, 10):
            buffer = list(range(start, min(start + 10, self.n)))
            random.shuffle(buffer)
            yield from buffer


@impostor(
    "make_loader",
    diagnosis=("Whole batches are shuffled, so that the same samples stay together in each epoch."),
    aspect="values",
)
def shuffles_batches(dataset, batch_size, *, shuffle, num_workers=0):
    if not shuffle:
        return DataLoader(dataset, batch_size, num_workers=num_workers)
    sampler = BlockSampler(len(dataset), batch_size)
    return DataLoader(dataset, batch_sampler=sampler, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis="Samples are shuffled in a small buffer only, so that early ones stay early.",
    aspect="values",
)
def shuffles_in_a_buffer(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = BufferSampler(len(dataset)) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis=(
        "Samples are drawn with replacement: some come twice in an epoch, and others never."
    ),
    aspect="values",
)
def draws_with_replacement(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = RandomSampler(dataset, replacement=True) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis="num_workers is not passed on, so that there are no worker processes.",
    aspect="structure",
)
def ignores_workers(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle)


@impostor(
    "make_loader",
    diagnosis="num_workers is passed by position, where DataLoader expects a sampler.",
)
def passes_by_position(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle, num_workers)


@impostor(
    "make_loader",
    diagnosis="list(dataset) asks for all samples once, so that no epoch asks for them anew.",
    aspect="structure",
)
def loads_ahead(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(list(dataset), batch_size, shuffle=shuffle, num_workers=num_workers)


@impostor(
    "make_loader",
    diagnosis=("collate_fn makes a batch a list of pairs; it should be a pair of stacked tensors."),
    aspect="values",
)
def collates_to_lists(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=list
    )


def made_of_items(samples):
    features, targets = zip(*samples)
    return torch.stack(features), torch.tensor([target.item() for target in targets])


@impostor(
    "make_loader",
    diagnosis=(
        "collate_fn makes a new tensor of the targets' items, for single numbers on the CPU only."
    ),
    aspect="values",
)
def collates_items(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=made_of_items
    )


def moved(samples):
    features, targets = default_collate(samples)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return features.to(device), targets.to(device)


@impostor(
    "make_loader",
    diagnosis="The batches are moved to the GPU; they should stay where the samples are.",
    aspect="values",
)
def moves_to_the_gpu(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=moved
    )


@impostor(
    "make_loader",
    diagnosis="The loader is made of dataset.features, which only a TensorPairs has.",
)
def takes_the_tensors(dataset, batch_size, *, shuffle, num_workers=0):
    dataset = TensorDataset(dataset.features, dataset.targets)
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=num_workers)


class Stream(IterableDataset):
    def __init__(self, dataset, shuffle):
        self.dataset, self.shuffle = dataset, shuffle

    def __iter__(self):
        n = len(self.dataset)
        order = random.sample(range(n), n) if self.shuffle else range(n)
        return (self.dataset[index] for index in order)


@impostor(
    "make_loader",
    diagnosis=(
        "An IterableDataset goes to each worker whole, so that each sample comes once per worker."
    ),
    aspect="structure",
)
def streams(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(Stream(dataset, shuffle), batch_size, num_workers=num_workers)


# ------------------------------------------------------------------ true_statements: wrong


@impostor(
    "true_statements",
    diagnosis=(
        "B is taken for true, but a Dataset may read each sample from disk when it is asked for."
    ),
    aspect="values",
)
def all_in_memory():
    return {"A", "B", "D", "E"}


@impostor(
    "true_statements",
    diagnosis="E is taken for false, but __getitem__ does run in the workers.",
    aspect="values",
)
def workers_do_nothing():
    return {"A", "D"}


# ------------------------------------------------------------------ TensorPairs: right


@alternative("TensorPairs")
class ListOfPairs(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    def __init__(self, features, targets, transform=None):
        if features.shape[0] != targets.shape[0]:
            raise ValueError("features and targets differ in length")
        self.pairs = list(zip(features, targets))
        self.transform = transform or (lambda feature: feature)

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        feature, target = self.pairs[index]
        return self.transform(feature), target


@alternative("TensorPairs")
class IsATensorDataset(TensorDataset):
    def __init__(self, features, targets, transform=None):
        if features.size(0) != targets.size(0):
            raise ValueError("features and targets differ in length")
        super().__init__(features, targets)
        self.transform = nn.Identity() if transform is None else transform

    def __getitem__(self, index):
        feature, target = super().__getitem__(index)
        return self.transform(feature), target


@alternative("TensorPairs")
@dataclass
class DataClass(Dataset):
    features: torch.Tensor
    targets: torch.Tensor
    transform: Any = None

    def __post_init__(self):
        if len(self.features) != len(self.targets):
            raise ValueError("features and targets differ in length")

    def __len__(self):
        return self.targets.shape[0]

    def __getitem__(self, index):
        feature = self.features[index]
        if self.transform:
            feature = self.transform(feature)
        return (feature, self.targets[index])


@alternative("TensorPairs")
class ChecksByHand(Dataset):
    __slots__ = ("n", "transform", "x", "y")

    def __init__(self, features, targets, transform=None):
        self.n = len(targets)
        if len(features) != self.n:
            raise ValueError("features and targets differ in length")
        self.x, self.y, self.transform = features.clone(), targets.clone(), transform

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if index < -self.n or index >= self.n:
            raise IndexError(f"index {index} is out of range")
        if index < 0:
            index += self.n
        x = self.x.select(0, index).clone()
        return (x if self.transform is None else self.transform(x)), self.y.select(0, index).clone()


class Sample(NamedTuple):
    feature: Any
    target: torch.Tensor


@alternative("TensorPairs")
class NamedSamples(Sound):
    def __getitem__(self, index):
        position = torch.tensor(range(len(self))[index])
        x, y = (
            t.index_select(0, position.to(t.device)).squeeze(0)
            for t in (self.features, self.targets)
        )
        return Sample(self.transform(x) if self.transform is not None else x, y)


@alternative("TensorPairs")
class HasGetitems(Sound):
    def __getitems__(self, indices):
        return [self[index] for index in indices]

    def __iter__(self):
        return (self[index] for index in range(len(self)))


@alternative("TensorPairs")
class StackWithoutGetitems(Dataset):
    def __init__(self, features, targets, transform=None):
        try:
            self.stack = StackDataset(features, targets)
        except ValueError as error:
            raise ValueError("features and targets differ in length") from error
        self.of = [lambda x: x if transform is None else transform(x), lambda y: y]

    def __len__(self):
        return len(self.stack)

    def __getitem__(self, index):
        return tuple(change(part) for change, part in zip(self.of, self.stack[index]))


# ------------------------------------------------------------------ make_loader: right


@alternative("make_loader")
def samplers(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


class Shuffled(Sampler):
    """Python's own generator, and no length."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        order = list(range(self.n))
        random.shuffle(order)
        yield from order


@alternative("make_loader")
def batch_sampler(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = Shuffled(len(dataset)) if shuffle else range(len(dataset))
    batches = BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches, num_workers=num_workers)


class TensorIndices(Sampler):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(torch.randperm(self.n))


@alternative("make_loader")
def indices_as_tensors(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = TensorIndices(len(dataset)) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


@alternative("make_loader")
def collate_in_a_lambda(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset,
        batch_size=batch_size,
        shuffle=shuffle,
        num_workers=num_workers,
        collate_fn=lambda samples: [torch.stack(parts) for parts in zip(*samples)],
    )


@alternative("make_loader")
def persistent_workers(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset,
        batch_size,
        shuffle=shuffle,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        prefetch_factor=4 if num_workers else None,
    )


class Forwarding(Dataset):
    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index - len(self)]


@alternative("make_loader")
def wrapped_dataset(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(Forwarding(dataset), batch_size, shuffle, num_workers=num_workers)


class OwnLoop(DataLoader):
    """Draws the order itself, as a Subset that is new in each epoch."""

    def __init__(self, dataset, batch_size, shuffle, num_workers):
        super().__init__(dataset, batch_size, num_workers=num_workers)
        self.shuffle = shuffle

    def __iter__(self):
        n = len(self.dataset)
        order = torch.randperm(n).tolist() if self.shuffle else range(n)
        options = {"batch_size": self.batch_size, "num_workers": self.num_workers}
        yield from DataLoader(Subset(self.dataset, order), **options)


@alternative("make_loader")
def own_loop(dataset, batch_size, *, shuffle, num_workers=0):
    return OwnLoop(dataset, batch_size, shuffle, num_workers)


# ------------------------------------------------------------------ true_statements: right


@alternative("true_statements")
def frozen():
    return frozenset({"E", "D", "A"})
