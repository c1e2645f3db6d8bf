"""What numbers are drawn from: constants and distributions, and whether numbers fit them.

A bound holds for every number. A distribution is judged by the largest distance of the numbers'
own distribution from it: by the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart it is
above sqrt(log(2 / p) / (2 n)) with a chance of at most p, for any n. So p is the chance that a
right answer is called wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.expect import CheckFailed
from dojo.checks.messages import rounded

FALSE_ALARM = 5e-11  # below 1e-10, so that a kata with a dozen of them stays below 1e-9
_ENOUGH, _FAR = 9000, 3.0  # of so many normal numbers one lies so far out, but for 1 case in 10^10
_LIKE = 0.1  # mean and deviation within this share of the deviation say nothing of what is wrong
LEAST_DIFFERENT = 0.9  # the share of different numbers; float32 gives the same one twice at times
_FOR_ITSELF = "expected each number to be drawn for itself."
MOST_OF_ONE = 9  # places with one number; in 10^5 draws of 2^24 numbers, 1 case in 10^10 has more


def seed_torch(seed: int) -> None:
    """Seed torch's generators, as ``torch.manual_seed`` does.

    That one takes some milliseconds: it notes the stack, for a GPU that may come later.
    """
    for generator in (torch.default_generator, *torch.cuda.default_generators):
        generator.manual_seed(seed)


@dataclass(frozen=True)
class Constant:
    """One number everywhere."""

    value: float
    is_random: ClassVar[bool] = False  # whether two draws differ

    def fault(self, numbers: np.ndarray) -> str:
        """Say how the numbers differ, in words; empty if they do not."""
        wrong = numbers[numbers != self.value]
        found = f"holds {rounded(float(wrong[0]))}" if wrong.size else ""
        return found and f"{found}; expected {rounded(self.value)} everywhere."


@dataclass(frozen=True)
class Uniform:
    """Numbers between middle - bound and middle + bound, all equally likely."""

    bound: float
    middle: float = 0.0
    is_random: ClassVar[bool] = True  # whether two draws differ

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return self.bound / math.sqrt(3)

    def share_below(self, numbers: np.ndarray) -> np.ndarray:
        """Return the probability of a smaller number, for each of these."""
        share: np.ndarray = (numbers - self.middle) / (2 * self.bound) + 0.5
        return share

    def fault(self, numbers: np.ndarray) -> str:
        """Say how the numbers differ, in words; empty if they do not."""
        largest = float(np.abs(numbers - self.middle).max(initial=0.0))
        ends = self.middle - self.bound, self.middle + self.bound
        wanted = f"expected uniform numbers between {ends[0]:.4g} and {ends[1]:.4g}."
        if not largest <= self.bound * (1 + 1e-6):
            furthest = numbers.ravel()[np.abs(numbers - self.middle).argmax()]
            return f"holds {rounded(float(furthest))}; {wanted}"
        share = self.share_below(np.sort(numbers.ravel()))
        if distance(share) <= limit(numbers.size):
            return _repeated(numbers)
        return f"lies between {numbers.min():.4g} and {numbers.max():.4g}; {wanted}"


@dataclass(frozen=True)
class Normal:
    """Normal numbers around 0 with a standard deviation."""

    deviation: float
    middle: ClassVar[float] = 0.0
    is_random: ClassVar[bool] = True  # whether two draws differ

    def share_below(self, numbers: np.ndarray) -> np.ndarray:
        """Return the probability of a smaller number, for each of these."""
        scaled = torch.from_numpy(numbers / self.deviation)
        share: np.ndarray = torch.special.ndtr(scaled).numpy()
        return share

    def fault(self, numbers: np.ndarray) -> str:
        """Say how the numbers differ, in words; empty if they do not."""
        scaled = np.sort(numbers.ravel()) / self.deviation
        share = self.share_below(np.sort(numbers.ravel()))
        wanted = f"expected a normal distribution of mean 0, deviation {self.deviation:.4g}."
        is_as_wide = _is_mean_square(scaled)
        if not np.isfinite(scaled).all() or not is_as_wide or distance(share) > limit(numbers.size):
            mean, deviation = float(numbers.mean()), float(numbers.std())
            is_like = abs(mean) + abs(deviation - self.deviation) < _LIKE * self.deviation
            if is_as_wide and is_like:
                return f"{_worst_share(scaled, share)}; {wanted}"
            return f"has the mean {mean:.4g} and the deviation {deviation:.4g}; {wanted}"
        if numbers.size > _ENOUGH and np.abs(scaled).max() < _FAR:
            return f"has no number beyond {_FAR:g} deviations of 0; {wanted}"
        return _repeated(numbers)


Distribution = Constant | Uniform | Normal


def expect_drawn(
    numbers: Any, distribution: Distribution, subject: str, hint: str = "", again: str = ""
) -> None:
    """Fail unless numbers fit a distribution; a right answer fails in one case of 10^10.

    Args:
        numbers: an array; 20,000 numbers tell a factor of 1.2 from 1, and normal ones 1.05 from 1.
        distribution: what they should be drawn from.
        subject: whose numbers they are, such as "weight".
        hint: where to look.
        again: where to look if a number stands in too many places.
    """
    __tracebackhide__ = True
    numbers = np.asarray(numbers, dtype=float)
    in_order = np.sort(numbers.ravel())
    different = np.count_nonzero(np.diff(in_order)) + 1  # np.unique is slow at first
    if distribution.is_random and 1 < different < LEAST_DIFFERENT * numbers.size:
        found = f"holds only {different} different numbers in {numbers.size} places"
        raise CheckFailed(f"{subject} {found}; {_FOR_ITSELF}", again or hint)
    if fault := distribution.fault(numbers):
        is_repeated = fault.endswith(_FOR_ITSELF)
        raise CheckFailed(f"{subject} {fault}", (is_repeated and again) or hint)


def expect_share(
    is_chosen: Any, share: float, subject: str, hint: str = "", what: str = "entries"
) -> None:
    """Fail unless about this share of bools is True; a right answer fails in one case of 10^10.

    By Chernoff's inequality 20,000 bools tell 0.3 from 0.34, and 120 tell 0.8 from 1.

    Args:
        is_chosen: an array of bools, each of them drawn by itself. Without any, nothing is said.
        share: the probability of True. If it is 0 or 1, one other bool is enough to fail.
        subject: what is said of those that are True, such as "dropped".
        hint: where to look.
        what: they are, in words.
    """
    __tracebackhide__ = True
    is_chosen = np.asarray(is_chosen)
    if not is_chosen.size:
        return
    found = float(is_chosen.mean())
    if not may_be_share(found, share, is_chosen.size):
        sentence = f"{subject} {found:.1%} of {is_chosen.size} {what}; expected {share:.1%}."
        raise CheckFailed(sentence, hint)


def expect_categories(
    drawn: Any,
    shares: Sequence[float],
    subject: str,
    hint: str = "",
    others: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Fail unless each kind was drawn about as often as it should be.

    A right answer fails in one case of 10^10, however many kinds there are.

    Args:
        drawn: an array of whole numbers, the kinds from 0 on, each of them drawn by itself.
        shares: the probability of each kind.
        subject: what a kind is, such as "token".
        hint: where to look.
        others: hint → the probabilities that a known mistake gives: where these fit and the right
            ones do not, that hint is told.
    """
    __tracebackhide__ = True
    drawn = np.asarray(drawn).ravel()
    outside = drawn[(drawn < 0) | (drawn >= len(shares))]
    if outside.size:
        words = f"drew {subject} {outside[0]}; expected 0 to {len(shares) - 1}."
        raise CheckFailed(words, hint)
    found = [float((drawn == kind).mean()) for kind in range(len(shares))]

    def unlikely(right: Sequence[float]) -> list[int]:
        alarm = FALSE_ALARM / len(right)
        pairs = enumerate(zip(found, right, strict=True))
        return [kind for kind, pair in pairs if not may_be_share(*pair, drawn.size, alarm)]

    if wrong := unlikely(shares):
        kind = max(wrong, key=lambda kind: abs(found[kind] - shares[kind]))
        hint = next((why for why, one in (others or {}).items() if not unlikely(one)), hint)
        words = f"drew {subject} {kind} in {found[kind]:.1%} of {drawn.size} draws"
        raise CheckFailed(f"{words}; expected {shares[kind]:.1%}.", hint)


def may_be_share(found: float, share: float, count: int, alarm: float = FALSE_ALARM) -> bool:
    """Whether so many bools with this probability of True may have that share of it.

    Chernoff: so far out lies a share with a chance of at most 2 exp(-count · distance), where
    distance is the Kullback-Leibler divergence of the share found from the right one. True where
    that chance is above ``alarm``.
    """
    pairs = ((found, share), (1 - found, 1 - share))
    if any(part > 0 and right <= 0 for part, right in pairs):
        return False
    distance = sum(part * math.log(part / right) for part, right in pairs if part > 0)
    return count * distance <= math.log(2 / alarm)


def _worst_share(scaled: np.ndarray, share: np.ndarray) -> str:
    """Say where sorted numbers differ most from the shares that should lie below them."""
    found = (np.arange(share.size) + 0.5) / share.size
    worst = int(np.abs(found - share).argmax())
    where = f"below {scaled[worst]:.3g} deviations, which should be {share[worst]:.1%}"
    return f"has {found[worst]:.1%} of its numbers {where}"


def _is_mean_square(scaled: np.ndarray) -> bool:
    """Whether standard normal numbers may have such a mean square.

    Laurent and Massart: that of n numbers is above 1 + 2 sqrt(t / n) + 2 t / n, or below
    1 - 2 sqrt(t / n), with a chance of at most exp(-t) each.
    """
    n = max(scaled.size, 1)
    t = math.log(2 / FALSE_ALARM)
    slack = 2 * math.sqrt(t / n)
    return not scaled.size or -slack <= float(np.square(scaled).mean()) - 1 <= slack + 2 * t / n


def distance(share: np.ndarray) -> float:
    """Return the largest distance from the uniform distribution on 0 to 1, for sorted shares."""
    steps = np.arange(share.size + 1) / max(share.size, 1)
    return float(np.maximum(steps[1:] - share, share - steps[:-1]).max(initial=0.0))


def _repeated(numbers: np.ndarray) -> str:
    """Say which number stands in too many places, in words; empty if none does."""
    in_order = np.sort(numbers.ravel())
    later = in_order[MOST_OF_ONE:]
    again = later[later == in_order[: later.size]]
    if not again.size:
        return ""
    count = int((in_order == again[0]).sum())
    found = f"holds {rounded(float(again[0]))} in {count} places"
    return f"{found}; {_FOR_ITSELF}"


def limit(count: int, columns: int = 1) -> float:
    """Return the distance that the worst of so many columns exceeds in one case of 10^10."""
    return math.sqrt(math.log(2 * columns / FALSE_ALARM) / (2 * max(count, 1)))
