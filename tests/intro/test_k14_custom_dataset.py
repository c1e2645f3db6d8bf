"""The checks of intro/k14_custom_dataset: samples that carry their own index and process.

An order counts as random if it keeps fewer than 15 neighbours or places of another one. Of all
orders of n samples, at most one in 15! keeps 15 places, or 15 neighbours in a row: that many
sets of 15, (n choose 15), times the share (n - 15)! / n! that keeps such a set. And one in 1e12
leaves 28 or more of the first 30 samples of 61 among its first 30 (hypergeometric). With the 18
and 6 comparisons of three epochs, a right answer is called wrong less than once in 5e10.
"""

import contextlib
import copy
import functools
import itertools
import multiprocessing
import operator
import os
import sys
from pathlib import Path

import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    get_worker_info,
)

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_statements,
    expect_tensor,
    expect_values,
    layouts,
    untouched,
)

IS_DATASET = "Write `class TensorPairs(Dataset)`, with torch.utils.data.Dataset as the base."
PAIR = "`return feature, target` makes a tuple of the two tensors at that index."
LENGTH = "The number of pairs is the size of the first dimension."
ENTRY = "What is `features[index]`, and what is `targets[index]`?"
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
OUT_OF_RANGE = "Beyond either end a list raises IndexError; indexing a tensor does the same."

IS_LOADER = "Build a torch.utils.data.DataLoader and return it."
COLLATE = "DataLoader stacks features and targets by itself, if no collate_fn says otherwise."
UNMOVED = "Moving batches to the GPU is the business of the loop that uses them."
SAMPLES = "A batch is made of dataset[0], dataset[1] and so on; so is what `__getitems__` gives."
SIZE = "Does DataLoader know batch_size?"
BY_NAME = "The fourth parameter of DataLoader is `sampler`: pass num_workers to it by name."
LAST = "The last samples are samples too: look at drop_last and batch_size of DataLoader."
IN_ORDER = "Look at what you pass to DataLoader as `shuffle`."
ONCE = "A shuffled epoch is a new order of the samples, each of them once."
SHUFFLE_ALL = "Shuffle the samples first, and put them into batches then."
RESHUFFLE = "DataLoader itself draws a new order for each epoch, if `shuffle` tells it to."
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

MODULE = f"{Path(__file__).parent.name}.k14_custom_dataset"  # as the judge loads the answer
DTYPES = [
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.uint8,
    torch.bool,
    torch.complex64,
]
SIZES = [(7, 3), (10, 5), (2, 5), (1, 1), (5, 1)]  # samples, and samples in a batch
SHUFFLED, BATCH, EPOCHS = 61, 7, 3
FEWEST_KEPT = 15  # places or neighbours that a random order keeps less than once in 15!
HALF, FEWEST_IN_HALF = 30, 28  # a random order leaves about 15 of the first half there
MOST_BATCHES = 40  # more than any right loader gives here
TIMED_BATCH = 64


def grown_by_cat(dataset):
    """Batches that are copied once more for each of their samples."""
    batches = []
    for begin in range(0, len(dataset), TIMED_BATCH):
        features, targets = (part[None] for part in dataset[begin])
        for index in range(begin + 1, min(begin + TIMED_BATCH, len(dataset))):
            feature, target = dataset[index]
            features = torch.cat([features, feature[None]])
            targets = torch.cat([targets, target[None]])
        batches.append([features, targets])
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


def twice(feature):
    return feature * 2


def in_words(feature):
    return f"begins with {feature[0].item():g}"


def nothing(_feature):
    return None


def times(number):
    return "once" if number == 1 else f"{number} times"


class Counting:
    """A transform that adds the number of its calls, and notes what it was called with."""

    def __init__(self):
        self.seen = []
        self.calls = 0

    def __call__(self, feature):
        self.seen.append(copy.deepcopy(feature))  # the learner may write into it later
        self.calls += 1
        return feature + self.calls


def expect_error(error, call, came_of_it, what, hint):
    """The call raises this error and no other one; `came_of_it` words what it returns instead."""
    try:
        got = call()
    except error:
        return
    except NotImplementedError:  # of a method that is not started
        raise
    except Exception as other:
        text = f"{what} raised {type(other).__name__}; expected {error.__name__}."
        raise CheckFailed(text, hint) from other
    raise CheckFailed(f"{what} {came_of_it(got)}; expected {error.__name__}.", hint)


def made(dataset):
    """What came of unequal lengths instead of an error."""
    try:
        dataset[0]
        return f"made {len(dataset)} pairs"
    except (ValueError, IndexError):
        return "raised nothing until the pairs were used"


def has(sample):
    return f"has {describe(sample)}"


def process(home):
    """0 in the process with the id home, else 1 more than the number of the worker."""
    return 0 if os.getpid() == home else 1 + get_worker_info().id


class Noted(Dataset):
    """n samples ([index, process], index), which notes those that it was asked for."""

    def __init__(self, n):
        self.n = n
        self.asked = []
        self.home = os.getpid()

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        index = range(self.n)[index]
        self.asked.append(index)
        return torch.tensor([index, process(self.home)]), torch.tensor(index)


def loader_of(solution, dataset, *args, **kwargs):
    """What make_loader returns, once it is a DataLoader."""
    loader = solution.make_loader(dataset, *args, **kwargs)
    sentence = f"returned {kind(loader)}; expected a torch.utils.data.DataLoader."
    expect(issubclass(type(loader), DataLoader), sentence, IS_LOADER)
    sampler = getattr(loader, "sampler", None)
    expect(type(sampler) is not int, f"made a loader with {sampler} as its sampler.", BY_NAME)
    return loader


def kind(value):
    """What a value is, without what is in it."""
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return describe(value)


def expect_pair(batch):
    """A batch is a pair, which the loader may make a list."""
    is_pair = isinstance(batch, list | tuple) and len(batch) == 2
    sentence = f"gave {kind(batch)} as a batch; expected the pair of its features and its targets."
    expect(is_pair, sentence, COLLATE)


def read(batch):
    """The indices and the processes in a batch, once it is a pair of stacked tensors."""
    expect_pair(batch)
    features, targets = batch
    expect_tensor(features, COLLATE, subject="the features of a batch:")
    expect_tensor(targets, COLLATE, subject="the targets of a batch:")
    sentence = f"gave targets of shape {tuple(targets.shape)} in a batch; expected one dimension."
    expect(targets.dim() == 1, sentence, COLLATE)
    expect_shape(features, (len(targets), 2), COLLATE, subject="the features of a batch:")
    expect_dtype(features, torch.int64, COLLATE, subject="the features of a batch:")
    expect_values(targets, features[:, 0].clone(), COLLATE, "the targets of a batch:", 0, 0)
    return targets.tolist(), features[:, 1].tolist()


def epoch(loader):
    """The indices in each batch of one epoch, and the processes that loaded them."""
    batches, processes = [], set()
    for batch in itertools.islice(loader, MOST_BATCHES):  # a wrong loader may never end
        indices, where = read(batch)
        batches.append(indices)
        processes.update(where)
    return batches, processes


def few(values):
    """The first of many values, as text."""
    return f"[{', '.join(map(str, values[:12]))}{', …' * (len(values) > 12)}]"


def in_line(batches):
    return [index for batch in batches for index in batch]


def expect_all_once(batches, n, number=1):
    """Each of the n samples came once in this epoch."""
    indices = in_line(batches)
    for index in range(n):
        count = indices.count(index)
        sentence = f"let sample {index} come {times(count)} in epoch {number}; expected once."
        expect(count == 1, sentence, ONCE if count or index < n - 1 else LAST)


def most_kept(order, before):
    """How many places, or neighbours in one direction, an order keeps of another one."""
    place = {index: k for k, index in enumerate(before)}
    moves = [place[index] - k for k, index in enumerate(order)]
    steps = [place[b] - place[a] for a, b in itertools.pairwise(order)]
    return max(moves.count(0), steps.count(1), steps.count(-1))


def batched(indices):
    return [indices[k : k + BATCH] for k in range(0, len(indices), BATCH)]


class NotesTheProcess:
    """A transform that puts the number of its process beside the feature.

    A worker that is not forked cannot import this file, so there it is built from text.
    """

    text = (
        "lambda x, os=__import__('os'), torch=__import__('torch'): torch.tensor([x.item(), "
        "0 if os.getpid() == {home} else 1 + torch.utils.data.get_worker_info().id])"
    )

    def __init__(self):
        self.home = os.getpid()

    def __call__(self, feature):
        return torch.tensor([feature.item(), process(self.home)])

    def __reduce__(self):
        return eval, (self.text.format(home=self.home),)


@contextlib.contextmanager
def workers(monkeypatch):
    """Workers start fast where they can be forked, and elsewhere can import the learner's file."""
    folder = Path(sys.modules[MODULE].__file__).parent.parent
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # the file may change within a second
    before = multiprocessing.get_start_method(allow_none=True)
    if sys.platform == "linux":  # not the default from Python 3.14 on
        multiprocessing.set_start_method("fork", force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


def epoch_with_workers(solution, dataset):
    """An epoch with two workers; they end with the loader, which nobody keeps."""
    loader = loader_of(solution, dataset, 2, shuffle=False, num_workers=2)
    # a late worker shows it only now and then; before torch 2.6 there was no such option
    sentence = "gives each batch as soon as a worker has it, in no certain order."
    expect(getattr(loader, "in_order", True) is True, sentence, BATCH_ORDER)
    try:
        return epoch(loader)
    except CheckFailed:
        raise
    except Exception as error:
        last = str(error).strip().rpartition("\n")[2]
        raise CheckFailed(f"fails with two workers: {last}", IN_WORKER) from error


@aspect("type")
def test_is_a_dataset(solution):
    """A TensorPairs is a map-style Dataset."""
    made_class = type(solution.TensorPairs(*tensors()))
    expect(issubclass(made_class, Dataset), "made an object that is not a Dataset.", IS_DATASET)
    iterable = issubclass(made_class, IterableDataset)
    expect(not iterable, "made an IterableDataset, which is not map-style.", IS_DATASET)


@aspect("type")
def test_a_sample_is_a_tuple_of_two_tensors(solution):
    """The sample at an index is a tuple of two tensors."""
    feature, target = at(solution.TensorPairs(*tensors()), 1)
    expect_tensor(feature, PAIR, subject="the feature at index 1:")
    expect_tensor(target, PAIR, subject="the target at index 1:")


@aspect("type")
def test_makes_a_loader(solution):
    """make_loader returns a DataLoader."""
    loader_of(solution, Noted(5), 2, shuffle=False)


@aspect("shape")
def test_a_sample_has_one_dimension_less(solution):
    """A sample has the shape of features and of targets without their first dimension."""
    for shapes in [((5, 3), (5,)), ((5,), (5, 2)), ((5, 2, 3), (5, 1)), ((1, 5), (1,))]:
        features, targets = (torch.ones(shape) for shape in shapes)
        feature, target = at(solution.TensorPairs(features, targets), 0)
        expect_shape(feature, shapes[0][1:], ENTRY, subject="the feature at index 0:")
        expect_shape(target, shapes[1][1:], ENTRY, subject="the target at index 0:")


@aspect("dtype")
def test_a_sample_keeps_the_dtypes(solution):
    """A sample has the dtypes of features and of targets."""
    for first, second in zip(DTYPES, reversed(DTYPES), strict=True):
        features, targets = torch.ones(2, 3, dtype=first), torch.ones(2, dtype=second)
        dataset = solution.TensorPairs(features, targets)
        feature, target = at(dataset, 0)
        expect_dtype(feature, first, ENTRY, subject="the feature at index 0:")
        expect_dtype(target, second, ENTRY, subject="the target at index 0:")


@aspect("device")
def test_a_sample_stays_on_the_device(solution, device):
    """A sample lies where features and targets lie."""
    feature, target = at(solution.TensorPairs(*tensors(3, device)), 0)
    expect_device(feature, device, DEVICE, subject="the feature at index 0:")
    expect_device(target, device, DEVICE, subject="the target at index 0:")


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
            hint = ENTRY if index >= 0 else NEGATIVE
            feature, target = at(dataset, index)
            x, y = pair(index)
            expect_values(feature, x, hint, f"the feature at index {index}:", 0, 0)
            expect_values(target, y, hint, f"the target at index {index}:", 0, 0)
    precise = (torch.tensor([1 + 2.0**-40, 2.5], dtype=torch.float64), torch.tensor([2**60 + 1, 3]))
    for first, second in (precise, reversed(precise)):  # float32 does not hold these
        dataset = solution.TensorPairs(first.to(device), second.to(device))
        feature, target = at(dataset, 0)
        expect_values(feature, first[0], DIGITS, "the feature at index 0:", 0, 0)
        expect_values(target, second[0], DIGITS, "the target at index 0:", 0, 0)


@aspect("values")
def test_transforms_the_feature_alone(solution, device):
    """The transform is applied to the feature, and the target stays as it is."""
    dataset = solution.TensorPairs(*tensors(3, device), transform=twice)
    for index in (1, 2, -3):
        feature, target = at(dataset, index)
        x, y = pair(index)
        expect_values(feature, x + x, ALONE, f"the doubled feature at index {index}:", 0, 0)
        expect_values(target, y, ALONE, f"the target at index {index}:", 0, 0)


@aspect("values")
def test_transforms_nothing_without_a_transform(solution):
    """With None for the transform, the feature stays as it is."""
    feature, _ = at(solution.TensorPairs(*tensors(), None), 1)
    expect_values(feature, pair(1)[0], NO_TRANSFORM, "the feature at index 1:", 0, 0)


@aspect("values")
def test_transforms_nothing_ahead(solution):
    """The transform is not called before a sample is asked for."""
    transform = Counting()
    dataset = solution.TensorPairs(*tensors(), transform)
    calls = times(transform.calls)
    sentence = f"called the transform {calls} before any sample was asked for."
    expect(transform.calls == 0, sentence, NOT_AHEAD)
    len(dataset)
    expect(transform.calls == 0, "called the transform to find its length.", LENGTH)


@aspect("values")
def test_transforms_at_each_access(solution):
    """The transform is called once at each access, with that feature as it was given."""
    transform = Counting()
    dataset = solution.TensorPairs(*tensors(), transform)
    for number, index in enumerate([1, 1, 2, -1, 1], start=1):
        transform.seen.clear()
        feature, _ = at(dataset, index)
        calls = len(transform.seen)
        sentence = f"called the transform {times(calls)} at access {number}; expected once."
        expect(calls == 1, sentence, EACH_ACCESS)
        x, _ = pair(index)
        argument = transform.seen[0]
        sentence = (
            f"called the transform with {describe(argument)} at access {number}; "
            f"expected {describe(x)}."
        )
        is_tensor = isinstance(argument, torch.Tensor)
        is_x = is_tensor and (argument.dtype, argument.tolist()) == (x.dtype, x.tolist())
        expect(is_x, sentence, AS_GIVEN)
        what = f"the feature at access {number}:"
        expect_values(feature, x + transform.calls, EACH_ACCESS, what, 0, 0)


@aspect("values")
def test_hands_on_what_the_transform_returns(solution):
    """Whatever the transform returns is the feature."""
    for transform, wanted in ((in_words, "begins with 3"), (nothing, None)):
        feature, _ = at(solution.TensorPairs(*tensors(), transform), 1)
        sentence = f"has {describe(feature)} at index 1; the transform returned {wanted!r}."
        expect(type(feature) is type(wanted) and feature == wanted, sentence, RESULT)


@aspect("values")
def test_keeps_the_last_short_batch(solution):
    """Batches have the size asked for; the last one holds what is left."""
    for (n, size), shuffle in itertools.product(SIZES, (False, True)):
        batches, _ = epoch(loader_of(solution, Noted(n), size, shuffle=shuffle))
        sizes = [len(batch) for batch in batches]
        expected = [size] * (n // size) + [n % size] * (n % size > 0)
        sentence = f"gave {n} samples in batches of {few(sizes)}; expected {expected}."
        expect(sizes == expected, sentence, LAST if sizes[:1] == expected[:1] else SIZE)


@aspect("values")
def test_keeps_the_order(solution):
    """Without shuffling, each epoch goes through the samples in their order."""
    loader = loader_of(solution, Noted(11), 4, shuffle=False)
    next(iter(loader))  # an epoch that is broken off leaves no trace
    for number in (1, 2):
        indices = in_line(epoch(loader)[0])
        sentence = f"gave the samples {few(indices)} in epoch {number}; expected 0 to 10 in order."
        expect(indices == list(range(11)), sentence, IN_ORDER)


@aspect("values")
def test_a_batch_is_stacked(solution, device):
    """A batch is its features and its targets, stacked on the CPU, where the samples are."""
    features, targets = tensors()  # there is a GPU beside them if device is "cuda"
    dataset = solution.TensorPairs(features.double(), targets, transform=twice)
    batch = next(iter(loader_of(solution, dataset, 2, shuffle=False)))
    expect_pair(batch)
    what, expected = "the first batch's features:", torch.tensor([[2, 4], [6, 8]]).double()
    expect_values(batch[0], expected, SAMPLES, what, 0, 0)
    expect_device(batch[0], "cpu", UNMOVED, what)
    what = "the first batch's targets:"
    expect_values(batch[1], torch.tensor([7, 8]), SAMPLES, what, 0, 0)
    expect_device(batch[1], "cpu", UNMOVED, what)


@aspect("values")
def test_shuffled_epochs_cover_each_sample_once(solution):
    """With shuffling, each epoch gives each sample once."""
    loader = loader_of(solution, Noted(13), 4, shuffle=True)
    for number in (1, 2, 3):
        expect_all_once(epoch(loader)[0], 13, number)


@aspect("values")
def test_reshuffles_each_epoch(solution):
    """With shuffling, each epoch has a random order of its own."""
    loader = loader_of(solution, Noted(SHUFFLED), BATCH, shuffle=True)
    known = {"the dataset": batched(list(range(SHUFFLED)))}
    for number in range(1, EPOCHS + 1):
        batches = epoch(loader)[0]
        expect_all_once(batches, SHUFFLED, number)
        first = f"{', '.join(map(str, in_line(batches)[:5]))}, …"
        for name, other in known.items():
            same_order = batches == other
            sentence = f"gave epoch {number} in the order of {name} ({first})."
            expect(not same_order, sentence, RESHUFFLE)
            # a random order does either less than once in 1e40
            sets, before = ([frozenset(batch) for batch in some] for some in (batches, other))
            sentence = f"shuffled only within the batches of {name} in epoch {number}."
            expect(sets != before, sentence, SHUFFLE_ALL)
            sentence = f"kept the samples of each batch of {name} together in epoch {number}."
            expect(set(sets) != set(before), sentence, SHUFFLE_ALL)
            order, before = in_line(batches), in_line(other)
            kept = most_kept(order, before)
            sentence = (
                f"kept {kept} of {SHUFFLED} places or neighbours in epoch {number} as in {name} "
                f"({first}); a random order keeps about one."
            )
            expect(kept < FEWEST_KEPT, sentence, RESHUFFLE)
            kept = len({*order[:HALF]} & {*before[:HALF]})
            sentence = (
                f"left {kept} of the first {HALF} samples of {name} among the first {HALF} of "
                f"epoch {number}; a random order leaves about 15."
            )
            expect(kept < FEWEST_IN_HALF, sentence, SHUFFLE_ALL)
        known[f"epoch {number}"] = batches


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
    for dataset, n, sign, factor in ((one, 3, 1, 1), (other, 2, -1, -2)):
        expect(len(dataset) == n, "changed the length of another TensorPairs.", OWN)
        feature, target = at(dataset, 0)
        x, y = pair(0)
        what = "the first feature, with two datasets side by side:"
        expect_values(feature, x * factor, OWN, what, 0, 0)
        what = "the first target, with two datasets side by side:"
        expect_values(target, y * sign, OWN, what, 0, 0)


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
        what = f"with {first[0]} features and {second[0]} targets"
        make = functools.partial(solution.TensorPairs, torch.ones(first), torch.ones(second))
        expect_error(ValueError, make, made, what, UNEQUAL)


@aspect("errors")
def test_raises_out_of_range(solution):
    """An index beyond either end raises IndexError."""
    for n, transform in ((3, None), (3, twice), (1, None), (0, None)):
        dataset = solution.TensorPairs(*tensors(n), transform)
        for index in (n, n + 1, 2 * n + 3, -n - 1, -2 * n - 1, -3 * n - 2):
            ask = functools.partial(operator.getitem, dataset, index)
            expect_error(IndexError, ask, has, f"at index {index} of {n} pairs", OUT_OF_RANGE)


@aspect("structure")
def test_loads_in_this_process_without_workers(solution):
    """Without workers, which is the default, samples are loaded in the process that loops."""
    for kwargs in ({}, {"num_workers": 0}):
        _, processes = epoch(loader_of(solution, Noted(4), 2, shuffle=False, **kwargs))
        here = processes == {0}
        expect(here, "loads its samples in another process than the one that loops.", WORKERS)


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
            what = f"the samples {few(asked)}" if asked else "no sample"
            sentence = f"asked for {what} in epoch {number}; expected each of 0 to 6, once."
            expect(asked == list(range(7)), sentence, ANEW)


@aspect("structure")
def test_takes_any_number_of_workers(solution):
    """The loader has as many workers as asked for."""
    for count in (1, 3, 5):
        loader = loader_of(solution, Noted(4), 2, shuffle=False, num_workers=count)
        got = loader.num_workers
        expect(got == count, f"has {got} workers; expected {count}.", WORKERS)


@aspect("structure")
def test_loads_in_worker_processes(solution, monkeypatch):
    """With num_workers=2, two other processes load the samples of a TensorPairs, in order."""
    numbers = torch.arange(7)
    dataset = solution.TensorPairs(numbers, numbers.clone(), transform=NotesTheProcess())
    at(dataset, 0)
    with workers(monkeypatch):
        batches, processes = epoch_with_workers(solution, dataset)
    expect(0 not in processes, "loads samples in the process that loops.", WORKERS)
    count = len(processes)
    expect(count == 2, f"used {count} worker processes; expected 2.", WORKERS)
    expected = [[0, 1], [2, 3], [4, 5], [6]]
    sentence = f"gave the batches {few(batches)}; expected {expected}."
    expect(sorted(batches) == expected, sentence, ONE_WORKER)
    expect(batches == expected, sentence, BATCH_ORDER)
