"""The law of settings: a function leaves torch and the random generators as they are."""

import random

import numpy as np
import pytest
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.laws.wording import RANDOM, SETTINGS

DEVICES = ("cpu", "cuda")
DRAWN = "seeded {}'s random generator, or drew a number from it."
PRECISION = "the precision of products (torch.set_float32_matmul_precision)"
GRAD = "whether autograd records (torch.set_grad_enabled)"


class Double(PureFunction):
    """A function of one tensor."""

    name = "double"
    cases = [([[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]],), (3.0,)]

    def truth(self, x):
        return 2 * x


def double(x):
    return x * 2


def after(act):
    """A function that does something once it has computed its result."""

    def wrapper(x):
        got = double(x)
        act(x)
        return got

    return wrapper


@pytest.mark.parametrize(
    "act, sentence",
    [
        (lambda _: torch.rand(1), DRAWN.format("torch")),
        (lambda _: torch.manual_seed(torch.initial_seed()), DRAWN.format("torch")),
        (lambda _: torch.manual_seed(0), DRAWN.format("torch")),
        (lambda _: random.random(), DRAWN.format("Python")),
        (lambda _: random.seed(0), DRAWN.format("Python")),
        (lambda _: np.random.rand(), DRAWN.format("NumPy")),
        (lambda _: np.random.seed(0), DRAWN.format("NumPy")),
        (lambda _: torch.set_grad_enabled(False), f"changed {GRAD} from True to False."),
        (
            lambda _: torch.set_default_dtype(torch.float64),
            "changed torch's default dtype.",
        ),
        (lambda _: torch.set_default_device("cpu"), "changed torch's default device."),
        (
            lambda _: torch.set_float32_matmul_precision("high"),
            f"changed {PRECISION} from highest to high.",
        ),
    ],
)
@pytest.mark.parametrize("place", DEVICES)
def test_a_setting_that_is_changed_is_named(red_of, act, sentence, place):
    red = red_of(Double, after(act), place)
    assert list(red) == ["test_leaves_torch_as_it_is"]
    error = red["test_leaves_torch_as_it_is"]
    assert (error.sentence, error.hint) == (sentence, SETTINGS)


@pytest.mark.parametrize(
    "act",
    [
        lambda x: torch.rand(1, device=x.device),
        lambda _: torch.cuda.manual_seed(0),
        lambda _: torch.cuda.manual_seed_all(1),
    ],
)
def test_the_generator_of_the_gpu_is_watched_too(red_of, act):
    red = red_of(Double, after(act), "cuda")
    assert list(red) == ["test_leaves_torch_as_it_is"]
    assert red["test_leaves_torch_as_it_is"].sentence == DRAWN.format("the GPU")


def test_a_generator_that_is_put_back_whole_is_left_alone(red_of):
    def right(x):
        state = torch.get_rng_state()
        torch.rand(3)
        torch.set_rng_state(state)
        return double(x)

    assert red_of(Double, right) == {}


def test_a_generator_of_its_own_is_left_alone(red_of):
    right = after(lambda _: torch.rand(2, generator=torch.Generator().manual_seed(1)))
    assert red_of(Double, right) == {}


def test_autograd_that_is_off_for_a_while_is_left_alone(red_of):
    def look(x):
        with torch.no_grad():
            x.sum()

    assert red_of(Double, after(look)) == {}


def test_a_setting_that_only_some_calls_change_is_seen(red_of):
    def act(x):
        if x.dtype == torch.float16 and not x.requires_grad:
            torch.set_grad_enabled(False)

    assert list(red_of(Double, after(act))) == ["test_leaves_torch_as_it_is"]


class Drawing(Double):
    """The same, where a call may draw from torch's generators."""

    name = "double"
    draws = True


@pytest.mark.parametrize("place", DEVICES)
def test_a_contract_may_allow_to_draw_from_torchs_generators(red_of, place):
    assert red_of(Drawing, after(lambda x: torch.rand(1, device=x.device)), place) == {}
    red = red_of(Drawing, after(lambda _: np.random.rand()), place)
    assert red["test_leaves_torch_as_it_is"].sentence == DRAWN.format("NumPy")


@pytest.mark.parametrize("draws", [True, False])
def test_wrong_numbers_of_a_call_that_drew_some_are_told_of_that(red_of, draws):
    def noisy(x):
        return double(x) + (torch.rand_like(x) if draws else 1)

    hint = red_of(Double, noisy)["test_values"].hint
    assert (RANDOM in hint) == draws
