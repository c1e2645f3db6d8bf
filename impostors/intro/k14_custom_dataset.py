"""Wrong and right answers to intro/k14_custom_dataset."""

import functools
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
    diagnosis="All features are transformed at construction, not at each access.",
    aspect="values",
)
class TransformsAhead(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets)
        if transform is not None:
            self.features = [transform(feature) for feature in features]


@impostor(
    "TensorPairs",
    diagnosis="index % n has no end: an index out of range wraps around.",
    aspect="errors",
)
class WrapsAround(Sound):
    def __getitem__(self, index):
        if len(self) == 0:
            raise IndexError(index)
        return super().__getitem__(index % len(self))


@impostor(
    "TensorPairs",
    diagnosis="index + n is still negative for an index below -n, and counts from the end again.",
    aspect="errors",
)
class WrapsAroundBelow(Sound):
    def __getitem__(self, index):
        if index < 0:
            index += len(self)
        return super().__getitem__(index)


@impostor("TensorPairs", diagnosis="Negative indices are refused.", aspect="values")
class RefusesNegatives(Sound):
    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError("index out of range")
        return super().__getitem__(index)


@impostor(
    "TensorPairs", diagnosis="Out of range there is a ValueError, not IndexError.", aspect="errors"
)
class RaisesAnotherError(Sound):
    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise ValueError("index out of range")
        return super().__getitem__(index)


@impostor("TensorPairs", diagnosis="Out of range there is None, no error.", aspect="errors")
class GivesNone(Sound):
    def __getitem__(self, index):
        try:
            return super().__getitem__(index)
        except IndexError:
            return None


@impostor(
    "TensorPairs",
    diagnosis="A slice has one dimension more, and out of range it is empty.",
    aspect="shape",
)
class Slices(Sound):
    def __getitem__(self, index):
        feature, target = self.features[index : index + 1], self.targets[index : index + 1]
        return feature if self.transform is None else self.transform(feature), target


@impostor("TensorPairs", diagnosis="Unequal lengths are not noticed.", aspect="errors")
class NoticesNothing(Sound):
    def __init__(self, features, targets, transform=None):
        self.features, self.targets, self.transform = features, targets, transform


@impostor("TensorPairs", diagnosis="The longer one is cut to the shorter one.", aspect="errors")
class CutsTheLonger(Sound):
    def __init__(self, features, targets, transform=None):
        n = min(len(features), len(targets))
        super().__init__(features[:n], targets[:n], transform)


@impostor("TensorPairs", diagnosis="An assert raises AssertionError.", aspect="errors")
class Asserts(Sound):
    def __init__(self, features, targets, transform=None):
        assert len(features) == len(targets)
        super().__init__(features, targets, transform)


@impostor("TensorPairs", diagnosis="The error comes with the first sample.", aspect="errors")
class NoticesLate(Sound):
    def __init__(self, features, targets, transform=None):
        self.features, self.targets, self.transform = features, targets, transform

    def __getitem__(self, index):
        if len(self.features) != len(self.targets):
            raise ValueError("features and targets differ in length")
        return super().__getitem__(index)


@impostor("TensorPairs", diagnosis="Too few targets are noticed, too many not.", aspect="errors")
class NoticesTooFew(Sound):
    def __init__(self, features, targets, transform=None):
        if len(features) > len(targets):
            raise ValueError("too few targets")
        self.features, self.targets, self.transform = features, targets, transform


@impostor("TensorPairs", diagnosis="A sample is a list.", aspect="type")
class GivesLists(Sound):
    def __getitem__(self, index):
        return list(super().__getitem__(index))


@impostor("TensorPairs", diagnosis="A sample lacks its target.", aspect="type")
class GivesFeatures(Sound):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


@impostor("TensorPairs", diagnosis="The target comes first.", aspect="values")
class SwapsThePair(Sound):
    def __getitem__(self, index):
        return super().__getitem__(index)[::-1]


@impostor("TensorPairs", diagnosis="item() makes a Python number of the target.", aspect="type")
class GivesNumbers(Sound):
    def __getitem__(self, index):
        feature, target = super().__getitem__(index)
        return feature, target.item() if target.numel() == 1 else target


@impostor("TensorPairs", diagnosis="Features are made float32.", aspect="dtype")
class MakesFloats(Sound):
    def __init__(self, features, targets, transform=None):
        if not features.is_complex():
            features = features.float()
        super().__init__(features, targets, transform)


@impostor("TensorPairs", diagnosis="Targets are made int64.", aspect="dtype")
class MakesLongs(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets if targets.is_complex() else targets.long(), transform)


@impostor("TensorPairs", diagnosis="Features are brought to the CPU.", aspect="device")
class MovesToCpu(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features.cpu(), targets.cpu(), transform)


@impostor("TensorPairs", diagnosis="The length counts all numbers.", aspect="values")
class CountsElements(Sound):
    def __len__(self):
        return self.features.numel()


@impostor("TensorPairs", diagnosis="The transform is forgotten.", aspect="values")
class ForgetsTheTransform(Sound):
    def __getitem__(self, index):
        return self.features[index], self.targets[index]


@impostor("TensorPairs", diagnosis="The target is transformed too.", aspect="values")
class TransformsBoth(Sound):
    def __getitem__(self, index):
        pair = self.features[index], self.targets[index]
        return pair if self.transform is None else tuple(map(self.transform, pair))


@impostor("TensorPairs", diagnosis="The transform gets all features at once.", aspect="values")
class TransformsAll(Sound):
    def __getitem__(self, index):
        features = self.features if self.transform is None else self.transform(self.features)
        return features[index], self.targets[index]


@impostor("TensorPairs", diagnosis="The transform gets the whole pair.", aspect="values")
class TransformsThePair(Sound):
    def __getitem__(self, index):
        pair = self.features[index], self.targets[index]
        return pair if self.transform is None else self.transform(pair)


@impostor("TensorPairs", diagnosis="The transform is called twice.", aspect="values")
class TransformsTwice(Sound):
    def __getitem__(self, index):
        feature = self.features[index]
        if self.transform is not None and self.transform(feature) is not None:
            feature = self.transform(feature)
        return feature, self.targets[index]


@impostor("TensorPairs", diagnosis="Transformed samples are kept.", aspect="values")
class KeepsSamples(Sound):
    def __init__(self, features, targets, transform=None):
        super().__init__(features, targets, transform)
        self.known = {}

    def __getitem__(self, index):
        if index not in self.known:
            self.known[index] = super().__getitem__(index)
        return self.known[index]


@impostor("TensorPairs", diagnosis="The result is written into the features.", aspect="memory")
class TransformsInPlace(Sound):
    def __getitem__(self, index):
        if self.transform is not None:
            self.features[index] = self.transform(self.features[index])
        return self.features[index], self.targets[index]


@impostor("TensorPairs", diagnosis="as_tensor spoils other results.", aspect="values")
class MakesTensors(Sound):
    def __getitem__(self, index):
        feature, target = super().__getitem__(index)
        return torch.as_tensor(feature), target


@impostor("TensorPairs", diagnosis="The class, not the object, keeps the tensors.", aspect="memory")
class KeepsOnTheClass(Sound):
    def __init__(self, features, targets, transform=None):
        if len(features) != len(targets):
            raise ValueError("features and targets differ in length")
        cls = type(self)
        cls.features, cls.targets = features, targets
        cls.transform = None if transform is None else staticmethod(transform)


@impostor("TensorPairs", diagnosis="The base class Dataset is missing.", aspect="type")
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


@impostor("TensorPairs", diagnosis="An IterableDataset is not map-style.", aspect="type")
class IsIterable(Sound, IterableDataset):
    def __iter__(self):
        return (self[index] for index in range(len(self)))


@impostor(
    "TensorPairs",
    diagnosis="A StackDataset has __getitems__ too, which a loader calls: no transform there.",
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


@impostor("make_loader", diagnosis="drop_last=True loses the last samples.", aspect="values")
def drops_the_last(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=num_workers, drop_last=True)


@impostor("make_loader", diagnosis="drop_last loses samples of each shuffled epoch.")
def drops_the_last_if_shuffled(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, drop_last=shuffle
    )


@impostor("make_loader", diagnosis="shuffle is ignored.", aspect="values")
def never_shuffles(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, num_workers=num_workers)


@impostor("make_loader", diagnosis="The loader shuffles even if told not to.", aspect="values")
def always_shuffles(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=True, num_workers=num_workers)


@impostor("make_loader", diagnosis="The order is drawn once, for all epochs.", aspect="values")
def shuffles_once(dataset, batch_size, *, shuffle, num_workers=0):
    if shuffle:
        dataset = Subset(dataset, torch.randperm(len(dataset)).tolist())
    return DataLoader(dataset, batch_size, num_workers=num_workers)


class SeededSampler(Sampler):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __iter__(self):
        return iter(torch.randperm(self.n, generator=torch.Generator().manual_seed(1)).tolist())


@impostor("make_loader", diagnosis="Each epoch is drawn with the same seed.", aspect="values")
def seeds_each_epoch(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = SeededSampler(len(dataset)) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


class BlockSampler(Sampler):
    """Batches of neighbours, in a random order or shuffled within."""

    def __init__(self, n, size, within):
        indices = list(range(n))
        self.blocks = [indices[k : k + size] for k in range(0, n, size)]
        self.within = within

    def __len__(self):
        return len(self.blocks)

    def __iter__(self):
        blocks = self.blocks
        if self.within:
            return iter([random.sample(block, len(block)) for block in blocks])
        return iter(random.sample(blocks[:-1], len(blocks) - 1) + blocks[-1:])


@impostor("make_loader", diagnosis="Whole batches are shuffled, not samples.", aspect="values")
def shuffles_batches(dataset, batch_size, *, shuffle, num_workers=0):
    if not shuffle:
        return DataLoader(dataset, batch_size, num_workers=num_workers)
    sampler = BlockSampler(len(dataset), batch_size, within=False)
    return DataLoader(dataset, batch_sampler=sampler, num_workers=num_workers)


@impostor("make_loader", diagnosis="Samples are shuffled within batches only.", aspect="values")
def shuffles_within_batches(dataset, batch_size, *, shuffle, num_workers=0):
    if not shuffle:
        return DataLoader(dataset, batch_size, num_workers=num_workers)
    sampler = BlockSampler(len(dataset), batch_size, within=True)
    return DataLoader(dataset, batch_sampler=sampler, num_workers=num_workers)


class Rotation(Sampler):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __iter__(self):
        start = random.randrange(self.n)
        return iter([(start + k) % self.n for k in range(self.n)])


@impostor("make_loader", diagnosis="Only the place to begin at is random.", aspect="values")
def rotates(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = Rotation(len(dataset)) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


@impostor("make_loader", diagnosis="Samples are drawn with replacement.", aspect="values")
def draws_with_replacement(dataset, batch_size, *, shuffle, num_workers=0):
    sampler = RandomSampler(dataset, replacement=True) if shuffle else None
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


@impostor("make_loader", diagnosis="num_workers is ignored.", aspect="structure")
def ignores_workers(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle)


@impostor("make_loader", diagnosis="There are two workers whatever one asks.", aspect="structure")
def always_two_workers(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=2)


@impostor("make_loader", diagnosis="There are one or no workers.", aspect="structure")
def at_most_one_worker(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=min(num_workers, 1))


@impostor("make_loader", diagnosis="DataLoader's fourth parameter is sampler.")
def passes_by_position(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, batch_size, shuffle, num_workers)


@impostor("make_loader", diagnosis="list(dataset) loads all samples, once.", aspect="structure")
def loads_ahead(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(list(dataset), batch_size, shuffle=shuffle, num_workers=num_workers)


class Lazy(Dataset):
    """Keeps the samples of the first epoch."""

    def __init__(self, dataset):
        self.get, self.n = functools.cache(dataset.__getitem__), len(dataset)

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return self.get(index)


@impostor("make_loader", diagnosis="The first epoch's samples are kept.", aspect="structure")
def keeps_the_first_epoch(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(Lazy(dataset), batch_size, shuffle=shuffle, num_workers=num_workers)


@impostor("make_loader", diagnosis="batch_size is not passed on.", aspect="values")
def one_by_one(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(dataset, shuffle=shuffle, num_workers=num_workers)


@impostor("make_loader", diagnosis="A batch is a list of pairs.", aspect="values")
def collates_to_lists(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=list
    )


def moved(samples):
    features, targets = default_collate(samples)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return features.to(device), targets.to(device)


@impostor("make_loader", diagnosis="Batches are moved to the GPU.", aspect="values")
def moves_to_the_gpu(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=moved
    )


@impostor("make_loader", diagnosis="An iterator is used up after one epoch.", aspect="type")
def gives_an_iterator(dataset, batch_size, *, shuffle, num_workers=0):
    return iter(DataLoader(dataset, batch_size, shuffle=shuffle, num_workers=num_workers))


@impostor("make_loader", diagnosis="Only a TensorPairs has features and targets.")
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


@impostor("make_loader", diagnosis="Each worker gives all the samples.", aspect="structure")
def streams(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(Stream(dataset, shuffle), batch_size, num_workers=num_workers)


# ------------------------------------------------------------------ true_statements: wrong


@impostor("true_statements", diagnosis="A Dataset may read from disk.", aspect="values")
def all_in_memory():
    return {"A", "B", "D", "E"}


@impostor("true_statements", diagnosis="Shuffling leaves the data where they are.", aspect="values")
def shuffling_moves_data():
    return {"A", "C", "D", "E"}


@impostor("true_statements", diagnosis="A DataLoader moves nothing to the GPU.", aspect="values")
def loader_uses_the_gpu():
    return {"A", "D", "E", "F"}


@impostor("true_statements", diagnosis="Workers call __getitem__.", aspect="values")
def workers_do_nothing():
    return {"A", "D"}


@impostor("true_statements", diagnosis="A list is no set.", aspect="values")
def gives_a_list_of_letters():
    return ["A", "D", "E"]


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


class OwnLoader(DataLoader):
    """A subclass with other defaults."""

    def __init__(self, dataset, **kwargs):
        super().__init__(dataset, **{"drop_last": False, **kwargs})


@alternative("make_loader")
def subclass(dataset, batch_size, *, shuffle, num_workers=0):
    return OwnLoader(dataset, batch_size=batch_size, shuffle=shuffle, num_workers=num_workers)


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


def stacked(samples):
    features, targets = zip(*samples)
    return torch.stack(features), torch.stack(targets)


@alternative("make_loader")
def own_collate(dataset, batch_size, *, shuffle, num_workers=0):
    return DataLoader(
        dataset, batch_size, shuffle=shuffle, num_workers=num_workers, collate_fn=stacked
    )


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


@alternative("make_loader")
def own_generator(dataset, batch_size, *, shuffle, num_workers=0):
    generator = torch.Generator().manual_seed(7)
    build = functools.partial(DataLoader, shuffle=shuffle, generator=generator)
    return build(dataset, batch_size, num_workers=num_workers)


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
def set_of_characters():
    return set("ADE")


@alternative("true_statements")
def frozen():
    return frozenset({"E", "D", "A"})
