"""The checks of training/k06_bucket_sampler: buckets by counting, and what changes by chance."""

import copy
import functools
import itertools
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from dojo.checks import CheckFailed, aspect, describe, expect
from dojo.checks.laws.settings import settings_watched

KIND = "Derive the class from `torch.utils.data.Sampler`, and yield lists of Python ints."
BUCKET = "The bucket of an index has as its number how many boundaries are <= its length."
LEFT = "A length that equals a boundary belongs to the bucket above it: <=, not <."
CUT = "Cut each bucket into batches by itself: the last one of a bucket may be shorter."
LEN = "Add up ceil(size / batch_size) over the buckets: each may have a short batch of its own."
ASCEND = "Without shuffle keep the order of the buckets, and that of the indices in each."
MEMBERS = "Shuffle the indices of each bucket before they are cut into batches."
BY_LENGTH = "Sort nothing by length behind the shuffle: that brings the same ones together again."
WHOLE = "Shuffle all indices of a bucket together: each two of them may share a batch."
ORDER = "Put the batches of all buckets into one list, and shuffle that."
STAY = f"{ORDER} A batch may also stay in its place."
EVEN = (
    "Each order is equally likely, as `random.shuffle` and `torch.randperm` make it. By hand, from"
)
EVEN += " the first place to the last: swap place i with one of i to n - 1, i itself among them."
DECIDE = "Make a new generator in each loop, from seed and epoch, and from nothing else."
BOTH = "Both the seed and the epoch decide: seed the generator of a loop by seed + epoch."
LATER = "A loop keeps the epoch in which it began; set_epoch is for those that begin later."
NONE = "Every index comes once, in a batch of its own bucket, and no batch is empty."
LOCAL = "Two loops may run at once: keep the batches of a loop in local variables, not in self."
KEEP = "Copy what is to be shuffled: lengths, boundaries and what self holds stay as they are."

CASES = [
    ([3, 12, 5, 11, 4, 30], (10, 20), 2),
    ([9, 10, 11, 20, 19, 21, 10, 0, 20], [10, 20], 2),
    (range(7), (), 3),
    ((4, 8, 1, 30, 3), (10, 20, 40), 2),
    ([7, 7, 7, 7], (7,), 2),
    ([6, 1, 9, 2, 9, 8, 3], [5], 1),
    ([5, 3, 8], range(2, 9, 2), 9),
    ([], (5,), 2),
]
# 8 batches in each of 3 buckets; no two samples are equally long
LENGTHS = tuple(100 * (index % 3) + index // 3 * 37 % 64 for index in range(192))
BOUNDARIES, SIZE = (100, 200), 8
# seed and epoch, and another pair in which one of them differs
PAIRS = [((0, 0), (0, 1)), ((0, 0), (7, 0)), ((0, 1), (0, 2)), ((0, 2), (7, 2)), ((7, 0), (7, 40))]

MANY = 96
SURE, ENOUGH, MOST = 25.0, 7.0, 400  # a right answer comes to the first once in 10^10 loops


def bucket_of(length, boundaries, is_left=False):
    return sum(one < length or (one == length and not is_left) for one in boundaries)


def plain(lengths, boundaries, size, is_left=False):
    """The batches without shuffle."""
    buckets = [[] for _ in range(len(boundaries) + 1)]
    for index, length in enumerate(lengths):
        buckets[bucket_of(length, boundaries, is_left)].append(index)
    return [one[at : at + size] for one in buckets for at in range(0, len(one), size)]


def make(solution, case, *options):
    """A sampler of this case, with copies of it."""
    sampler = solution.BucketBatchSampler(*copy.deepcopy(case), *options)
    shown = ("lengths" if len(case[0]) > 12 else case[0], *case[1:], *options)
    solution.last_call = f"BucketBatchSampler({', '.join(map(str, shown))})"
    return sampler


def batches_in(solution, seed, epoch, case=(LENGTHS, BOUNDARIES, SIZE)):
    """One loop of a new sampler with shuffle, the indices of each batch in order."""
    sampler = make(solution, case, True, seed)
    if epoch:
        sampler.set_epoch(epoch)
    solution.last_call += f", in epoch {epoch},"
    return [sorted(batch) for batch in sampler]


def expect_once(indices, count):
    indices = sorted(indices)
    text = f"yielded {len(indices)} indices; expected each of 0 to {count - 1} once."
    expect(indices == list(range(count)), text, NONE)


@functools.cache
def by_any_swaps():
    """How much likelier an index comes to a place if each place in turn is swapped with any one.

    A row for each of ``MANY`` indices, a column for each place; an even shuffle is 1 everywhere.
    """
    found = np.eye(MANY)
    for step in range(MANY):
        old = found[:, step].copy()
        found = found * (1 - 1 / MANY) + old[:, None] / MANY
        found[:, step] = 1 / MANY
    return found * MANY


def expect_even(solution, case, likelier, what):
    """Fail if loops fit swaps with any place much better than an even shuffle.

    ``likelier`` says how much better one loop does, as a logarithm, for both directions of the
    swaps. A right answer comes above t, in any number of loops, with a chance of about exp(-t).
    """
    sampler, total = make(solution, case, True, 1), np.zeros(2)
    call = solution.last_call
    for epoch in range(MOST):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        expect_once(itertools.chain(*batches), MANY)
        total += likelier(batches)
        text = f"yielded {what} that swaps with any place make, and an even shuffle rarely does."
        solution.last_call = f"{call}, in {epoch + 1} epochs,"
        expect(max(total.tolist()) < SURE, text, EVEN)
        if max(total.tolist()) < -ENOUGH:
            return


def buckets_of(batches):
    return [batch[0] % 3 for batch in batches]


@aspect("type")
def test_yields_lists_of_ints(solution):
    """The class is a Sampler, and yields lists of Python ints."""
    solution.hint = KIND
    for shuffle in (False, True):
        sampler = make(solution, CASES[0], shuffle)
        text = f"made {describe(sampler)}, which is no Sampler."
        expect(isinstance(sampler, Sampler), text, KIND)
        for batch in sampler:
            expect(type(batch) is list, f"yielded {describe(batch)}; expected a list.", KIND)
            found = next((one for one in batch if type(one) is not int), 0)
            text = f"yielded a list with {describe(found)} in it; expected Python ints."
            expect(type(found) is int, text, KIND)
        expect(type(len(sampler)) is int, "has no len.", LEN)


@aspect("values")
def test_makes_plain_batches(solution):
    """Without shuffle buckets ascend, and so do indices in each of them."""
    solution.hint = BUCKET
    for case in CASES:
        sampler, right = make(solution, case, False), plain(*case)
        for _ in range(2):
            got = list(sampler)
            is_whole = sorted(itertools.chain(*got)) == list(range(len(case[0])))
            why = ASCEND if is_whole and sorted(map(len, got)) == sorted(map(len, right)) else NONE
            why = LEFT if got == plain(*case, is_left=True) else why
            expect(got == right, f"yielded {got}; expected {right}.", why)
            sampler.set_epoch(3)  # which changes nothing here


@aspect("values")
def test_has_a_len(solution):
    """len is the number of batches, before a loop, after it, and in each epoch."""
    solution.hint = LEN
    for case, shuffle in itertools.product(CASES, (False, True)):
        sampler, right = make(solution, case, shuffle), len(plain(*case))
        found = [len(sampler), len(list(sampler)), len(sampler)]
        sampler.set_epoch(1)
        found.append(len(sampler))
        text = f"has {found[0]} as len, then {found[1]} batches, and then {found[2:]} as len"
        expect(found == [right] * 4, f"{text}; expected {right}.", LEN)


@aspect("values")
def test_keeps_buckets_apart(solution):
    """With shuffle each index comes once, in a batch of one bucket; one of each may be short."""
    solution.hint = NONE
    for case, epoch in itertools.product(CASES, (0, 1)):
        batches, (lengths, boundaries, _) = batches_in(solution, 4, epoch, case), case
        indices = sorted(itertools.chain(*batches))
        text = f"yielded {batches}; expected each of the indices 0 to {len(lengths) - 1} once."
        expect(indices == list(range(len(lengths))), text, NONE)
        for batch in batches:
            places = sorted({bucket_of(lengths[index], boundaries) for index in batch})
            text = f"yielded the batch {batch}, with indices of the buckets {places}."
            expect(len(places) == 1, text, BUCKET)
        sizes, right = sorted(map(len, batches)), sorted(map(len, plain(*case)))
        expect(sizes == right, f"yielded batches of the sizes {sizes}; expected {right}.", CUT)


@aspect("values")
def test_hangs_on_seed_and_epoch_alone(solution):
    """One seed and epoch give the same batches in the same order, in each loop."""
    solution.hint = DECIDE
    for seed, epoch in ((0, 0), (3, 0), (3, 2)):
        first = batches_in(solution, seed, epoch)
        torch.rand(1), random.random()
        text = f"yielded first {first[0]}, and another batch when it was made again."
        expect(batches_in(solution, seed, epoch) == first, text, DECIDE)
        sampler = solution.BucketBatchSampler(LENGTHS, BOUNDARIES, SIZE, seed=seed)
        for other in (epoch, epoch, 5, epoch):
            sampler.set_epoch(other)
            got = [sorted(batch) for batch in sampler]
            text = f"yielded {first[0]} first, and {got[0]} in another loop of epoch {epoch}."
            solution.last_call = f"A sampler with seed={seed}"
            expect(other != epoch or got == first, text, DECIDE)
    by_name = solution.BucketBatchSampler(LENGTHS, BOUNDARIES, SIZE)
    same = [sorted(batch) for batch in by_name] == batches_in(solution, 0, 0)
    expect(same, "differs from BucketBatchSampler(lengths, boundaries, 8).", DECIDE)


@aspect("values")
def test_shuffles_members(solution):
    """Who shares a batch changes with the seed and with the epoch."""
    solution.hint = MEMBERS
    for (seed, epoch), other in PAIRS:
        a, b = batches_in(solution, *other), batches_in(solution, seed, epoch)
        what = f"seed={other[0]} in epoch {other[1]}"
        expect(a != b, f"yielded the same batches as {what}.", BOTH)
        same = next((batch for batch in a if batch in b), None)
        lengths = sorted(LENGTHS[index] for index in same or [0])
        hint = BY_LENGTH if lengths[-1] - lengths[0] < SIZE else MEMBERS
        expect(same is None, f"yielded the batch {same}, and so did {what}.", hint)
        wide = sum(batch[-1] - batch[0] for batch in a) / 3 / len(a)
        text = f"yielded batches that reach over {wide:.0f} places of a bucket of 64, on average; "
        expect(wide > 35, f"{text}expected about 50.", WHOLE)


@aspect("values")
def test_shuffles_batches(solution):
    """The order of batches across buckets changes with the seed and with the epoch."""
    solution.hint = ORDER
    for (seed, epoch), other in PAIRS:
        a, b = (buckets_of(batches_in(solution, *pair)) for pair in (other, (seed, epoch)))
        together = sum(one == two for one, two in itertools.pairwise(b))
        text = f"yielded batches of the buckets {b}: those of a bucket come together."
        expect(together < 18, text, ORDER)
        what = f"seed={other[0]} in epoch {other[1]}"
        expect(a != b, f"yielded batches of the buckets {b}, and so did {what}.", ORDER)


@aspect("values")
def test_shuffles_evenly(solution):
    """Each order of the batches is equally likely, and each way to share out a bucket."""
    solution.hint, found = EVEN, []
    sampler = make(solution, ([1] * 3, (), 2), True, 1)
    for epoch in range(64):
        sampler.set_epoch(epoch)
        found.append(list(sampler))
        expect_once(itertools.chain(*found[-1]), 3)
    solution.last_call += ", in 64 epochs,"
    places = {len(batches[0]) for batches in found}
    text = f"yielded the short batch always {'first' if 1 in places else 'last'}."
    expect(len(places) > 1, text, STAY)
    alone = {min(batches, key=len)[0] for batches in found}
    text = f"yielded in the short batch the indices {sorted(alone)} alone, and no other."
    expect(len(alone) == 3, text, EVEN)
    swaps = np.stack([by_any_swaps(), by_any_swaps()[::-1, ::-1]])
    of_bucket = swaps.reshape(2, 12, 8, MANY).mean(2)

    def by_order(batches):
        at = [batch[0] // 8 for batch in batches]
        return np.log(of_bucket[:, at, range(MANY)]).sum(1)

    lengths = [index // 8 for index in range(MANY)]
    expect_even(solution, (lengths, range(1, 12), 1), by_order, "orders of batches")
    size = MANY * 2 // 3
    parts = [np.log(part.mean(2)) for part in (swaps[..., :size], swaps[..., size:])]

    def by_members(batches):
        large, small = max(batches, key=len), min(batches, key=len)
        return parts[0][:, large].sum(1) + parts[1][:, small].sum(1)

    expect_even(solution, ([1] * MANY, (), size), by_members, "batches")


@aspect("memory")
def test_changes_nothing(solution):
    """Inputs, torch's settings and the global generators stay, and loops do not meet."""
    solution.hint, lengths, boundaries = KEEP, list(LENGTHS[::-1]), list(BOUNDARIES)
    with settings_watched(solution, thoroughly=True) as found:
        sampler = solution.BucketBatchSampler(lengths, boundaries, SIZE, True, 1)
        solution.last_call = "BucketBatchSampler(lengths, boundaries, 8, True, 1), in two loops,"
        right = [sorted(batch) for batch in sampler]
        next(iter(sampler))
        one, two = iter(sampler), iter(sampler)
        for turn, expected in enumerate(right):
            got = [sorted(next(loop, [])) for loop in (one, two)]
            text = f"by turns, yielded {got} as batch {turn}; expected {expected} in both."
            expect(got == [expected] * 2, text, LOCAL)
        loop = iter(sampler)
        got = [next(loop)]
        sampler.set_epoch(5)
        got = [sorted(batch) for batch in [*got, *loop]]
        solution.last_call = "A loop that had begun before set_epoch(5)"
        expect(got == right, "went on with other batches.", LATER)
    expect(not found.text, found.text, DECIDE)
    is_same = lengths == list(LENGTHS[::-1]) and boundaries == list(BOUNDARIES)
    expect(is_same, "changed lengths or boundaries.", KEEP)


@aspect("structure")
def test_works_in_a_loader(solution):
    """A DataLoader takes the sampler as its batch_sampler."""
    solution.hint = KIND
    for case in CASES[:2]:
        sampler = make(solution, case, False)
        solution.last_call += ", in a DataLoader,"
        loader = DataLoader(range(9), batch_sampler=sampler, collate_fn=list)
        got, right = list(loader), plain(*case)
        if got != right or len(loader) != len(right):
            raise CheckFailed(f"gave {got} and len {len(loader)}; expected {right}.", KIND)
