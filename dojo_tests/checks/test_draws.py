"""Distributions: right draws fit them, near ones do not, and the sentence has the numbers."""

import numpy as np
import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.draws import (
    Constant,
    Normal,
    Uniform,
    expect_categories,
    expect_drawn,
    expect_share,
    seed_torch,
)
from dojo.devices.select import on

COUNT = 20_000


def draws(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(20))
def test_right_draws_fit(seed):
    expect_drawn(draws(seed).uniform(-0.25, 0.25, COUNT), Uniform(0.25), "weight")
    expect_drawn(draws(seed).random(COUNT), Uniform(0.5, 0.5), "weight")
    expect_drawn(draws(seed).normal(0, 0.02, (50, 100)), Normal(0.02), "weight")
    expect_drawn(np.ones((3, 4)), Constant(1.0), "weight")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_numbers_fit_whatever_they_are(count):
    expect_drawn(draws().uniform(-0.25, 0.25, count), Uniform(0.25), "bias")
    expect_drawn(draws().normal(0, 1, count), Normal(1.0), "bias")


WRONG = {
    "a wider bound": (draws().uniform(-0.3, 0.3, COUNT), Uniform(0.25), "0.29"),
    "a narrower bound": (draws().uniform(-0.2, 0.2, COUNT), Uniform(0.25), "lies between -0.2"),
    "half of it": (draws().uniform(0, 0.25, COUNT), Uniform(0.25), "lies between"),
    "zeros": (np.zeros(COUNT), Uniform(0.25), "lies between 0 and 0; expected uniform numbers"),
    "not written": (np.full(COUNT, np.nan), Uniform(0.25), "holds nan; expected"),
    "normal in a bound": (
        np.clip(draws().normal(0, 0.1, COUNT), -0.25, 0.25),
        Uniform(0.25),
        "expected uniform numbers between -0.25 and 0.25.",
    ),
    "a wider deviation": (
        draws().normal(0, 0.024, COUNT),
        Normal(0.02),
        "expected a normal distribution of mean 0, deviation 0.02.",
    ),
    "a slightly wider deviation": (
        draws().normal(0, 1.06, COUNT),
        Normal(1.0),
        " and the deviation 1.056; expected a normal distribution of mean 0, deviation 1.",
    ),
    "a slightly narrower deviation": (
        draws().normal(0, 0.94, COUNT),
        Normal(1.0),
        "deviation 0.936",
    ),
    "heavy tails": (draws().standard_t(5, COUNT), Normal(1.0), "has the mean "),
    "another mean": (draws().normal(0.1, 1, COUNT), Normal(1.0), "has the mean 0."),
    "cut off at two deviations": (
        np.clip(draws().normal(0, 1, COUNT), -2.9, 2.9) + draws().uniform(0, 1e-3, COUNT),
        Normal(1.0),
        "has no number beyond 3 deviations of 0; expected a normal distribution",
    ),
    "uniform of that deviation": (
        draws().uniform(-(3**0.5), 3**0.5, COUNT),
        Normal(1.0),
        "expected a normal distribution",
    ),
    "another middle": (draws().uniform(0, 1, COUNT), Uniform(0.5, 0.4), "between -0.1 and 0.9."),
    "of the right mean and deviation": (
        draws().choice([-1.0, 1.0], COUNT) + draws(1).normal(0, 1e-3, COUNT),
        Normal(1.0),
        "deviations, which should be ",
    ),
    "NaN among them": (np.full(COUNT, np.nan), Normal(1.0), "has the mean nan"),
    "one column everywhere": (
        np.tile(draws().uniform(-0.25, 0.25, (COUNT, 1)), 5),
        Uniform(0.25),
        "holds only 20000 different numbers in 100000 places; expected each number to be drawn",
    ),
    "one row of zeros": (
        np.append(draws().standard_normal(COUNT), np.zeros(30)),
        Normal(1.0),
        "holds 0. in 30 places; expected each number to be drawn",
    ),
    "a number again and again": (
        np.append(draws().uniform(-1, 1, COUNT), np.full(12, 0.5)),
        Uniform(1.0),
        "holds 0.5 in 12 places; expected each number to be drawn",
    ),
    "one wrong number": (np.array([1.0, 1.0, 0.5]), Constant(1.0), "holds 0.5; expected 1."),
    "NaN for a constant": (np.array([1.0, np.nan]), Constant(1.0), "holds nan; expected 1."),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_draws_do_not_fit(kind):
    numbers, distribution, words = WRONG[kind]
    with pytest.raises(CheckFailed) as caught:
        expect_drawn(numbers, distribution, "weight", "Look there.")
    assert caught.value.sentence.startswith("weight ")
    assert words in caught.value.sentence
    assert caught.value.hint == "Look there."


REPEATED = ("one column everywhere", "one row of zeros", "a number again and again")


@pytest.mark.parametrize("kind", WRONG)
def test_a_number_in_too_many_places_has_a_hint_of_its_own(kind):
    numbers, distribution, _ = WRONG[kind]
    with pytest.raises(CheckFailed) as caught:
        expect_drawn(numbers, distribution, "weight", "Of the kind.", "Of the number.")
    is_repeated = kind in REPEATED
    assert caught.value.hint == ("Of the number." if is_repeated else "Of the kind.")


def test_only_a_constant_is_not_random():
    kinds = (Constant(0.0), Uniform(1.0), Normal(1.0))
    assert [one.is_random for one in kinds] == [False, True, True]


@pytest.mark.parametrize("seed", range(5))
def test_a_right_share_fits(seed):
    expect_share(draws(seed).random(COUNT) < 0.3, 0.3, "dropped")


@pytest.mark.parametrize("wrong", [0.0, 0.26, 0.34, 0.7, 1.0])
def test_a_wrong_share_does_not_fit(wrong):
    words = r"^dropped .*% of 20000 pairs; expected 30.0%\.$"
    with pytest.raises(CheckFailed, match=words) as caught:
        expect_share(draws().random(COUNT) < wrong, 0.3, "dropped", "Look there.", "pairs")
    assert caught.value.hint == "Look there."


@pytest.mark.parametrize("found, share", [(1.0, 0.8), (0.0, 0.2), (0.0, 1.0), (0.995, 1.0)])
def test_a_share_at_the_end_is_told_by_few(found, share):
    is_chosen = np.arange(200) < 200 * found
    with pytest.raises(CheckFailed):
        expect_share(is_chosen, share, "accepted")
    expect_share(np.arange(20) < 20 * share, share, "accepted")


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_no_bools_fit_any_share(share):
    expect_share(np.zeros(0), share, "accepted")


SHARES = (0.5, 0.2, 0.3, 0.0)


def kinds(shares, count=COUNT, seed=0):
    return draws(seed).choice(len(shares), count, p=shares)


@pytest.mark.parametrize("seed", range(5))
def test_right_categories_fit(seed):
    expect_categories(kinds(SHARES, seed=seed).reshape(100, -1), SHARES, "token")
    expect_categories(kinds(SHARES, 30, seed), SHARES, "token")


def test_wrong_categories_do_not_fit():
    others = {"It is even.": (0.25,) * 4, "It is turned.": (0.2, 0.5, 0.3, 0.0)}
    for shares, words, hint in (
        (
            (0.55, 0.15, 0.3, 0.0),
            r"^drew token [01] in .*% of 20000 draws; expected [25]0.0%",
            "Look.",
        ),
        ((0.2, 0.5, 0.3, 0.0), r"^drew token [01] in ", "It is turned."),
        ((0.5, 0.2, 0.299, 0.001), r"^drew token 3 in 0\.1% of 20000 draws; expected 0", "Look."),
        ((0.5, 0.2, 0.2, 0.05, 0.05), r"^drew token 4; expected 0 to 3\.$", "Look."),
    ):
        with pytest.raises(CheckFailed, match=words) as caught:
            expect_categories(kinds(shares), SHARES, "token", "Look.", others)
        assert caught.value.hint == hint


def test_seed_torch_gives_the_numbers_of_manual_seed():
    for device in ("cpu", "cuda"):
        with on(device):
            numbers = []
            for seed in (torch.manual_seed, seed_torch):
                seed(7)
                numbers.append(torch.rand(3, device=device))
                numbers.append(torch.rand(3))
            assert torch.equal(numbers[0], numbers[2])
            assert torch.equal(numbers[1], numbers[3])
