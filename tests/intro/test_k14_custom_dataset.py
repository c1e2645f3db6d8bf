"""The checks of intro/k14_custom_dataset: samples that carry their own index and process."""

import copy
import functools
import itertools
import operator

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_raises,
    expect_shape,
    expect_statements,
    expect_tensor,
    expect_values,
    layouts,
    untouched,
)
from dojo.checks.brief import brief
from dojo.checks.loading import batches_of
from dojo.checks.messages import describe_size
from dojo.checks.orders import SAMPLES, expect_other_order

IS_DATASET = "Write `class TensorPairs(Dataset)`, with torch.utils.data.Dataset as the base."
PAIR = "`return feature, target` makes a tuple of the two tensors at that index."
LENGTH = "The number of pairs is the size of the first dimension."
ENTRY = "A pair is `features[index]` and `targets[index]`: index the tensors, and convert nothing."
NEGATIVE = "A list counts negative indices from its end; indexing a tensor does the same."
DIGITS = "Indexing keeps every digit; on the way through float32 some get lost."
DEVICE = "Indexing a tensor stays on its device; nothing has to be moved."
ALONE = "The transform gets one feature, `features[index]`; the target stays as it is."
AS_GIVEN = "The transform gets `features[index]` as it was given; write its result nowhere."
NO_TRANSFORM = "Is there a transform where none was given, such as one of another TensorPairs?"
RESULT = "Hand on what the transform returns, whatever it is."
EACH_ACCESS = "Call the transform in `__getitem__`, once, and keep nothing of its result."
NOT_AHEAD = "In `__init__`, keep the transform for later; `__getitem__` is the place to call it."
OWN = "Keep features, targets and transform on self, not on the class."
KEEP = "Read from features and targets; write to neither."
UNEQUAL = "Compare the lengths in `__init__`, and `raise ValueError(...)` if they differ."
LATE = "Here the error comes with the first sample: compare the lengths in `__init__`."
OUT_OF_RANGE = "Beyond either end a list raises IndexError; indexing a tensor does the same."

IS_LOADER = "Return a torch.utils.data.DataLoader of the dataset itself, whatever kind it is."
COLLATE = "DataLoader stacks features and targets by itself, if no collate_fn says otherwise."
STACK = "`torch.stack` keeps shape and dtype; `torch.tensor`, `cat` or `float` may not."
PINNED = "pin_memory is for samples on the CPU; nobody asked for it here."
UNMOVED = "Moving batches to the GPU is the business of the loop that uses them."
SAME = "A batch is made of dataset[0], dataset[1] and so on; so is what `__getitems__` gives."
SIZE = "Does DataLoader know batch_size?"
BY_NAME = "The fourth parameter of DataLoader is `sampler`: pass num_workers to it by name."
LAST = "The last samples are samples too: look at drop_last and batch_size of DataLoader."
IN_ORDER = "Look at what you pass to DataLoader as `shuffle`."
ONCE = "A shuffled epoch is a new order of the samples, each of them once."
SHUFFLE_ALL = "Shuffle all samples, not batches or a small buffer of them, and make batches then."
RESHUFFLE = "DataLoader itself draws a new order for each epoch, if `shuffle` tells it to."
NO_SEED = "A generator with a fixed seed gives the same orders again to each new loader."
ANEW = "Give DataLoader the dataset itself: it asks for each sample when its turn comes."
WORKERS = "Pass num_workers on to DataLoader: 0 means no worker processes."
ONE_WORKER = "Each batch is loaded by one of the workers, no sample by both."
BATCH_ORDER = "DataLoader puts the workers' batches in order again, unless it is told not to."
IN_WORKER = "A worker gets a copy of the dataset and calls `__getitem__` there."

TRUTH = {
    "A": (True, "`__len__` and `__getitem__` are all that a map-style Dataset has to have."),
    "B": (False, "`__getitem__` may read its sample from the disk at the moment it is asked."),
    "C": (False, "Only the order of the indices is drawn anew; the Dataset is as it was."),
    "D": (True, "That is its default collation: two samples of shape (3,) give a (2, 3) batch."),
    "E": (True, "Print os.getpid() in `__getitem__`: it differs from that of the loop."),
    "F": (False, "A batch stays where the samples are; the training loop moves it with `.to`."),
}

DTYPES = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
DTYPES += [torch.complex64]
SIZES = [(7, 3), (10, 5), (2, 5), (1, 1), (5, 1)]  # samples, and samples in a batch
MOST_BATCHES = 40  # more than any right loader gives here; a wrong one may never end
TIMED_BATCH = 64


def grown_by_cat(dataset):
    """Batches that are copied once more for each of their samples."""
    batches = []
    for index in range(len(dataset)):
        sample = [part[None] for part in dataset[index]]
        if index % TIMED_BATCH:
            batches[-1] = [torch.cat(pair) for pair in zip(batches[-1], sample, strict=True)]
        else:
            batches.append(sample)
    return batches


BENCHMARK = Benchmark(
    "make_loader",
    means=f"one epoch of n pairs with 16 features each, {TIMED_BATCH} in a batch",
    inputs=lambda n: (TensorDataset(torch.ones(n, 16), torch.arange(n)),),
    sizes=(64, 1_000, 20_000),
    call=lambda solution, dataset: list(solution.make_loader(dataset, TIMED_BATCH, shuffle=False)),
    bytes_moved=lambda n: 2 * n * (16 * 4 + 8),  # read each pair, write it into its batch
    naive=grown_by_cat,
    only_cpu=True,
)


def tensors(n=3, device="cpu"):
    """Features of shape (n, 2) and targets of shape (n,), which a message can show for n = 3."""
    features = torch.arange(1, 2 * n + 1, dtype=torch.float32).reshape(n, 2)
    return features.to(device), torch.arange(7, 7 + n).to(device)


def pair(index):
    """What three `tensors` hold at an index, counted in Python."""
    k = range(3)[index]
    return torch.tensor([2.0 * k + 1, 2.0 * k + 2]), torch.tensor(7 + k)


def at(dataset, index):
    """The feature and the target at an index, once they are a tuple of two."""
    try:
        got = dataset[index]
    except IndexError as error:
        hint = ENTRY if index >= 0 else NEGATIVE
        raise CheckFailed(f"raised IndexError at index {index}; expected a pair.", hint) from error
    is_pair = isinstance(got, tuple) and len(got) == 2
    expect(is_pair, f"has {describe(got)} at index {index}; expected a tuple of two.", PAIR)
    return got


def parts(dataset):
    """The words for the feature at index 0, and that feature; the same of the target."""
    names = "the feature at index 0:", "the target at index 0:"
    return list(zip(names, at(dataset, 0), strict=True))


def expect_sample(dataset, index, x, y, hint, what="feature"):
    """The feature at an index is x, and the target y."""
    feature, target = at(dataset, index)
    expect_values(feature, x, hint, f"the {what} at index {index}:", 0, 0)
    expect_values(target, y, hint, f"the target at index {index}:", 0, 0)


def twice(feature):
    return feature * 2


def times(number):
    return "once" if number == 1 else f"{number} times"


class Counting:
    """A transform that adds the number of its calls, and notes what it was called with."""

    def __init__(self):
        self.seen = []

    def __call__(self, feature):
        self.seen.append(copy.deepcopy(feature))  # the learner may write into it later
        return feature + len(self.seen)


def make_unequal(solution, first, second, what):
    """Make pairs of unequal lengths, and tell what came of it where nothing was raised at once."""
    dataset = solution.TensorPairs(torch.ones(first), torch.ones(second))
    try:
        sentence, hint = f"made {len(dataset)} pairs of {what}", UNEQUAL
        dataset[0]
    except ValueError:
        sentence, hint = f"raised nothing for {what} until they were used", LATE
    except (IndexError, RuntimeError):  # which says nothing of the lengths
        pass
    raise CheckFailed(f"{sentence}; expected ValueError.", hint)


def process():
    """0 in the process that loops, else 1 more than the number of the worker."""
    info = get_worker_info()
    return 0 if info is None else 1 + info.id


def noting_the_process(feature):
    """Transform a feature into itself and its process."""
    return torch.tensor([feature.item(), process()])


class Noted(Dataset):
    """n samples ([index, process], index), which notes those that it was asked for."""

    def __init__(self, n):
        self.n = n
        self.asked = []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        index = range(self.n)[index]
        self.asked.append(index)
        return torch.tensor([index, process()]), torch.tensor(index)


def loader_of(solution, dataset, *args, **kwargs):
    """What make_loader returns, once it is a DataLoader."""
    loader = solution.make_loader(dataset, *args, **kwargs)
    sentence = f"returned {describe_size(loader)}; expected a torch.utils.data.DataLoader."
    expect(issubclass(type(loader), DataLoader), sentence, IS_LOADER)
    sampler = getattr(loader, "sampler", None)
    expect(type(sampler) is not int, f"made a loader with {sampler} as its sampler.", BY_NAME)
    return loader


def pair_of(batch):
    """The features and the targets of a batch, which the loader may give as a list."""
    is_pair = isinstance(batch, list | tuple) and len(batch) == 2
    sentence = f"gave {describe_size(batch)} as a batch; expected the pair of its features and its"
    expect(is_pair, f"{sentence} targets.", COLLATE)
    return batch


def read(batch):
    """The indices and the processes in a batch, once it is a pair of stacked tensors."""
    features, targets = pair_of(batch)
    what = "the features of a batch:"
    expect_tensor(features, COLLATE, what)
    expect_tensor(targets, COLLATE, "the targets of a batch:")
    expect_shape(features, (targets.numel(), 2), COLLATE, what)
    expect_dtype(features, torch.int64, COLLATE, what)
    expect_values(targets, features[:, 0].clone(), COLLATE, "the targets of a batch:", 0, 0)
    return targets.tolist(), features[:, 1].tolist()


def epoch(loader):
    """The indices in each batch of one epoch, and the processes that loaded them."""
    found = [read(batch) for batch in batches_of(loader, most=MOST_BATCHES)]
    return [indices for indices, _ in found], {one for _, where in found for one in where}


@aspect("type")
def test_is_a_dataset(solution):
    """A TensorPairs is a map-style Dataset."""
    made = type(solution.TensorPairs(*tensors()))
    expect(issubclass(made, Dataset), "made an object that is not a Dataset.", IS_DATASET)
    is_iterable = issubclass(made, IterableDataset)
    expect(not is_iterable, "made an IterableDataset, which is not map-style.", IS_DATASET)


@aspect("type")
def test_a_sample_is_a_tuple_of_two_tensors(solution):
    """The sample at an index is a tuple of two tensors."""
    for what, part in parts(solution.TensorPairs(*tensors())):
        expect_tensor(part, PAIR, what)


@aspect("type")
def test_makes_a_loader(solution):
    """make_loader returns a DataLoader."""
    loader_of(solution, Noted(5), 2, shuffle=False)


@aspect("shape")
def test_a_sample_has_one_dimension_less(solution):
    """A sample has the shape of features and of targets without their first dimension."""
    for shapes in [((5, 3), (5,)), ((5,), (5, 2)), ((5, 2, 3), (5, 1)), ((1, 5), (1,))]:
        dataset = solution.TensorPairs(*map(torch.ones, shapes))
        for (what, part), shape in zip(parts(dataset), shapes, strict=True):
            expect_shape(part, shape[1:], ENTRY, what)


@aspect("dtype")
def test_a_sample_keeps_the_dtypes(solution):
    """A sample has the dtypes of features and of targets."""
    for dtypes in zip(DTYPES, reversed(DTYPES), strict=True):
        dataset = solution.TensorPairs(*(torch.ones(2, dtype=dtype) for dtype in dtypes))
        for (what, part), dtype in zip(parts(dataset), dtypes, strict=True):
            expect_dtype(part, dtype, ENTRY, what)


@aspect("device")
def test_a_sample_stays_on_the_device(solution, device):
    """A sample lies where features and targets lie."""
    for what, part in parts(solution.TensorPairs(*tensors(3, device))):
        expect_device(part, device, DEVICE, what)


@aspect("values")
def test_has_the_length(solution):
    """The length is the number of pairs, 0 too."""
    for n in (3, 0, 1):
        got = len(solution.TensorPairs(*tensors(n)))
        expect(got == n, f"has the length {got}; expected {n}.", LENGTH)


@aspect("values")
def test_has_a_pair_at_each_index(solution, device):
    """At each index, also counted from the end, is the feature with its target."""
    rows, numbers = tensors(3, device)
    for features in layouts(rows).values():
        dataset = solution.TensorPairs(features, numbers)
        for index in (0, 1, 2, -1, -2, -3):
            expect_sample(dataset, index, *pair(index), ENTRY if index >= 0 else NEGATIVE)
    precise = (torch.tensor([1 + 2.0**-40, 2.5], dtype=torch.float64), torch.tensor([2**60 + 1, 3]))
    for first, second in (precise, reversed(precise)):  # float32 does not hold these
        dataset = solution.TensorPairs(first.to(device), second.to(device))
        expect_sample(dataset, 0, first[0], second[0], DIGITS)


@aspect("values")
def test_transforms_the_feature_alone(solution, device):
    """The transform is applied to the feature, and the target stays as it is."""
    dataset = solution.TensorPairs(*tensors(3, device), transform=twice)
    for index in (1, 2, -3):
        x, y = pair(index)
        expect_sample(dataset, index, x + x, y, ALONE, "doubled feature")
    expect_sample(solution.TensorPairs(*tensors(3, device), None), 1, *pair(1), NO_TRANSFORM)


@aspect("values")
def test_transforms_at_each_access(solution):
    """The transform is called once at each access, with that feature as it was given."""
    transform = Counting()
    dataset, seen = solution.TensorPairs(*tensors(), transform), transform.seen
    sentence = f"called the transform {times(len(seen))} before any sample was asked for."
    expect(not seen, sentence, NOT_AHEAD)
    len(dataset)
    expect(not seen, "called the transform to find its length.", LENGTH)
    for number, index in enumerate([1, 1, 2, -1, 1], start=1):
        before = len(seen)
        feature, _ = at(dataset, index)
        calls = len(seen) - before
        sentence = f"called the transform {times(calls)} at access {number}; expected once."
        expect(calls == 1, sentence, EACH_ACCESS)
        x, _ = pair(index)
        argument, wanted = describe(seen[-1]), describe(x)
        sentence = f"called the transform with {argument} at access {number}; expected {wanted}."
        expect(argument == wanted, sentence, AS_GIVEN)
        what = f"the feature at access {number}:"
        expect_values(feature, x + number, EACH_ACCESS, what, 0, 0)


@aspect("values")
def test_hands_on_what_the_transform_returns(solution):
    """Whatever the transform returns is the feature."""
    for wanted in ("begins with 3", None):
        feature, _ = at(solution.TensorPairs(*tensors(), lambda _, result=wanted: result), 1)
        sentence = f"has {describe(feature)} at index 1; the transform returned {wanted!r}."
        expect(type(feature) is type(wanted) and feature == wanted, sentence, RESULT)


@aspect("values")
def test_keeps_the_last_short_batch(solution):
    """Batches have the size asked for; the last one holds what is left."""
    for (n, size), shuffle in itertools.product(SIZES, (False, True)):
        batches, _ = epoch(loader_of(solution, Noted(n), size, shuffle=shuffle))
        sizes = [len(batch) for batch in batches]
        expected = [size] * (n // size) + [n % size] * (n % size > 0)
        sentence = f"gave {n} samples in batches of {brief(sizes)}; expected {expected}."
        expect(sizes == expected, sentence, LAST if sizes[:1] == expected[:1] else SIZE)


@aspect("values")
def test_keeps_the_order(solution):
    """Without shuffling, each epoch goes through the samples in their order."""
    loader = loader_of(solution, Noted(11), 4, shuffle=False)
    next(iter(loader))  # an epoch that is broken off leaves no trace
    for number in (1, 2):
        got = brief([*itertools.chain(*epoch(loader)[0])])
        sentence = f"gave the samples {got} in epoch {number}; expected 0 to 10 in order."
        expect(got == str(list(range(11))), sentence, IN_ORDER)


@aspect("values")
def test_a_batch_is_stacked(solution, device):
    """A batch is its features and its targets, stacked as they are, where the samples are."""
    features, targets = tensors()  # there is a GPU beside them if device is "cuda"
    images = torch.arange(18.0).reshape(3, 2, 3).half(), torch.arange(6.0).view(3, 2).double() / 3
    for place, *whole in (("cpu", features.double(), targets), ("cpu", *images), (device, *images)):
        dataset = solution.TensorPairs(*(part.to(place) for part in whole), transform=twice)
        loader = loader_of(solution, dataset, 2, shuffle=False)
        is_sound = place == "cpu" or not loader.pin_memory  # a simulated GPU raises nothing
        expect(is_sound, "pins batches of samples on the GPU, which raises an error.", PINNED)
        solution.hint = STACK
        batch = pair_of(next(iter(loader)))
        expected = whole[0][:2] * 2, whole[1][:2]
        for name, part, numbers in zip(("features", "targets"), batch, expected, strict=True):
            what = f"the first batch's {name}:"
            expect_shape(part, numbers.shape, STACK, what)
            expect_dtype(part, numbers.dtype, STACK, what)
            expect_values(part, numbers, SAME, what, 0, 0)
            expect_device(part, place, UNMOVED, what)


@aspect("values")
def test_reshuffles_each_epoch(solution):
    """With shuffling, each epoch has each sample once, in a random order of its own."""
    one, other = (loader_of(solution, Noted(SAMPLES), 7, shuffle=True) for _ in range(2))
    loaders = {"epoch 1": one, "epoch 2": one, "epoch 1 of another loader": other}
    known = {"the dataset": [list(range(SAMPLES))[k : k + 7] for k in range(0, SAMPLES, 7)]}
    for here, loader in loaders.items():
        batches, anew = epoch(loader)[0], RESHUFFLE if loader is one else NO_SEED
        samples = [*itertools.chain(*batches)]
        for index in range(SAMPLES):
            count = samples.count(index)
            sentence = f"let sample {index} come {times(count)} in {here}; expected once."
            expect(count == 1, sentence, ONCE if count or index < SAMPLES - 1 else LAST)
        for there, before in known.items():
            expect_other_order(batches, before, here, there, anew, SHUFFLE_ALL)
        known[here] = batches


@aspect("values")
def test_knows_what_is_true(solution):
    """true_statements has exactly the letters of the true statements."""
    expect_statements(solution.true_statements(), TRUTH)


@aspect("memory")
def test_two_datasets_are_independent(solution):
    """A second TensorPairs leaves the first as it was."""
    one = solution.TensorPairs(*tensors())
    features, targets = tensors(2)
    other = solution.TensorPairs(-features, -targets, transform=twice)
    x, y = pair(0)
    for dataset, n, first, second in ((one, 3, x, y), (other, 2, -2 * x, -y)):
        expect(len(dataset) == n, "changed the length of another TensorPairs.", OWN)
        expect_sample(dataset, 0, first, second, OWN)


@aspect("memory")
def test_leaves_the_tensors_as_they_are(solution, device):
    """features and targets stay as they are."""
    features, targets = tensors(3, device)
    for transform in (None, twice):
        with untouched(KEEP, features=features, targets=targets):
            dataset = solution.TensorPairs(features, targets, transform)
            for index in range(len(dataset)):
                at(dataset, index)


@aspect("errors")
def test_raises_for_unequal_lengths(solution):
    """Features and targets of unequal length raise ValueError at once."""
    shapes = [((3, 2), (2,)), ((2, 3), (3,)), ((3, 2), (2, 3)), ((1, 3), (0,)), ((0, 3), (3,))]
    for first, second in shapes:
        what = f"{first[0]} features and {second[0]} targets"
        make = functools.partial(make_unequal, solution, first, second, what)
        expect_raises(ValueError, make, UNEQUAL, what)


@aspect("errors")
def test_raises_out_of_range(solution):
    """An index beyond either end raises IndexError."""
    for n, transform in ((3, None), (3, twice), (1, None), (0, None)):
        dataset = solution.TensorPairs(*tensors(n), transform)
        for index in (n, n + 1, 2 * n + 3, -n - 1, -2 * n - 1, -3 * n - 2):
            ask = functools.partial(operator.getitem, dataset, index)
            expect_raises(IndexError, ask, OUT_OF_RANGE, f"index {index} of {n} pairs")


@aspect("structure")
def test_asks_the_dataset_in_each_epoch(solution):
    """Each epoch asks the dataset anew for each of its samples, once."""
    for shuffle in (False, True):
        dataset = Noted(7)
        loader = loader_of(solution, dataset, 3, shuffle=shuffle)
        for number in (1, 2):
            dataset.asked.clear()
            epoch(loader)
            asked = sorted(dataset.asked)
            what = f"the samples {brief(asked)}" if asked else "no sample"
            sentence = f"asked for {what} in epoch {number}; expected each of 0 to 6, once."
            expect(asked == list(range(7)), sentence, ANEW)


@aspect("structure")
def test_takes_any_number_of_workers(solution):
    """The loader has as many workers as asked for; without any, the process that loops loads."""
    for kwargs in ({}, *({"num_workers": count} for count in (0, 1, 3, 5))):
        loader = loader_of(solution, Noted(4), 2, shuffle=False, **kwargs)
        got, expected = loader.num_workers, kwargs.get("num_workers", 0)
        expect(got == expected, f"has {got} workers; expected {expected}.", WORKERS)
        is_here = expected or epoch(loader)[1] == {0}
        sentence = "loads its samples in another process than the one that loops."
        expect(bool(is_here), sentence, WORKERS)


@aspect("structure")
def test_loads_in_worker_processes(solution):
    """With num_workers=2, two other processes load the samples of a TensorPairs, in order."""
    numbers, two = torch.arange(7), {"shuffle": False, "num_workers": 2}
    dataset = solution.TensorPairs(numbers, numbers.clone(), noting_the_process)
    at(dataset, 0)
    loader = loader_of(solution, dataset, 2, **two)
    # a late worker shows it only now and then; before torch 2.6 there was no such option
    sentence = "gives each batch as soon as a worker has it, in no certain order."
    expect(getattr(loader, "in_order", True) is True, sentence, BATCH_ORDER)
    try:
        batches, processes = epoch(loader)
    except CheckFailed:
        raise
    except Exception as error:
        last = str(error).strip().rpartition("\n")[2]
        raise CheckFailed(f"fails with two workers: {last}", IN_WORKER) from error
    expect(0 not in processes, "loads samples in the process that loops.", WORKERS)
    expect(len(processes) == 2, f"used {len(processes)} worker processes; expected 2.", WORKERS)
    expected = [[0, 1], [2, 3], [4, 5], [6]]
    sentence = f"gave the batches {brief(batches)}; expected {expected}."
    expect(sorted(batches) == expected, sentence, ONE_WORKER)
    expect(batches == expected, sentence, BATCH_ORDER)
