"""What a call changes of torch for all that follows is found, told, and put back."""

import random
import types

import numpy as np
import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.laws.settings import settings_untouched, settings_watched
from dojo.judge.sandbox.defaults import reset_settings_and_seeds


@pytest.fixture
def found_after():
    """What is found where something is done: ``found_after(act, thoroughly, changed_default)``."""

    def find(act, thoroughly=False, changed_default=""):
        solution = types.SimpleNamespace(changed_default=changed_default)
        with settings_watched(solution, thoroughly) as found:
            act()
        return found.text

    return find


def nothing():
    torch.ones(2).sum()


def test_nothing_is_found_where_nothing_is_changed(found_after):
    assert found_after(nothing) == ""
    assert found_after(nothing, thoroughly=True) == ""


def test_a_changed_setting_fails_with_the_hint_and_is_put_back():
    solution = types.SimpleNamespace(changed_default="")
    with settings_untouched(solution, "Leave it."):
        nothing()
    with (
        pytest.raises(CheckFailed, match="changed whether autograd records") as failure,
        settings_untouched(solution, "Leave it."),
    ):
        torch.set_grad_enabled(False)
    assert failure.value.hint == "Leave it."
    assert torch.is_grad_enabled()


def test_a_drawn_number_fails_unless_it_may_be_drawn():
    solution = types.SimpleNamespace(changed_default="")
    with settings_untouched(solution, may_draw=True):
        torch.rand(1)
    with pytest.raises(CheckFailed, match="drew a number"), settings_untouched(solution):
        torch.rand(1)


def test_whether_autograd_records_is_told_and_put_back(found_after):
    assert found_after(lambda: torch.set_grad_enabled(False)) == (
        "changed whether autograd records (torch.set_grad_enabled) from True to False."
    )
    assert torch.is_grad_enabled()


def test_what_is_put_back_is_what_was_there(found_after):
    with torch.no_grad():
        assert "from False to True." in found_after(lambda: torch.set_grad_enabled(True))
        assert not torch.is_grad_enabled()


def test_the_precision_of_products_is_told_and_put_back(found_after):
    text = found_after(lambda: torch.set_float32_matmul_precision("medium"))
    assert "torch.set_float32_matmul_precision" in text
    assert text.endswith("from highest to medium.")
    assert torch.get_float32_matmul_precision() == "highest"


def test_the_number_of_threads_is_told_and_put_back(found_after):
    before = torch.get_num_threads()
    text = found_after(lambda: torch.set_num_threads(before + 1))
    assert text == f"changed torch's number of threads from {before} to {before + 1}."
    assert torch.get_num_threads() == before


def test_the_deterministic_mode_is_told_and_put_back(found_after):
    before = torch.are_deterministic_algorithms_enabled()
    text = found_after(lambda: torch._C._set_deterministic_algorithms(not before))
    assert text == "changed torch's deterministic mode."
    assert torch.are_deterministic_algorithms_enabled() == before


def test_the_anomaly_mode_is_told(found_after):
    text = found_after(lambda: torch.autograd.set_detect_anomaly(True))
    assert text == "changed torch's anomaly mode from False to True."


def test_autocast_is_told_and_put_back(found_after, device):
    text = found_after(lambda: torch.set_autocast_enabled(device, True))
    assert text == f"changed whether torch.autocast is on for {device} from False to True."
    assert not torch.is_autocast_enabled(device)


def test_the_first_of_two_changes_is_told_and_both_are_put_back(found_after):
    def act():
        torch.set_float32_matmul_precision("high")
        torch.set_grad_enabled(False)

    assert "set_grad_enabled" in found_after(act)
    assert torch.is_grad_enabled()
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize(
    "act",
    [
        lambda: torch.rand(1),
        lambda: torch.manual_seed(0),
        lambda: torch.manual_seed(torch.initial_seed()),
        lambda: torch.seed(),
        lambda: torch.randperm(3),
        lambda: torch.ones(2).uniform_(),
    ],
)
def test_a_number_of_torch_that_is_drawn_is_told(found_after, act):
    assert found_after(act) == "seeded torch's random generator, or drew a number from it."


@pytest.mark.parametrize(
    "act, name",
    [
        (random.random, "Python"),
        (lambda: random.seed(0), "Python"),
        (lambda: random.shuffle([1, 2]), "Python"),
        (np.random.rand, "NumPy"),
        (lambda: np.random.seed(0), "NumPy"),
    ],
)
def test_the_generators_of_python_and_numpy_are_watched_where_it_is_asked(found_after, act, name):
    reset_settings_and_seeds()  # each check begins with the seed 0
    assert found_after(act) == ""
    assert found_after(act, thoroughly=True) == (
        f"seeded {name}'s random generator, or drew a number from it."
    )


@pytest.mark.parametrize("thoroughly", [False, True])
def test_generators_that_are_put_back_whole_are_not_told(found_after, thoroughly):
    def act():
        states = torch.get_rng_state(), random.getstate(), np.random.get_state()
        torch.rand(2), random.random(), np.random.rand()
        torch.set_rng_state(states[0]), random.setstate(states[1]), np.random.set_state(states[2])

    assert found_after(act, thoroughly) == ""


def test_torchs_generators_are_free_where_a_block_may_draw():
    solution = types.SimpleNamespace(changed_default="")
    for act, text in (
        (lambda: torch.rand(1), ""),
        (random.random, "Python"),
        (np.random.rand, "NumPy"),
    ):
        with settings_watched(solution, thoroughly=True, may_draw=True) as found:
            torch.rand(1)
            act()
        assert text in found.text
        assert bool(found.text) is bool(text)


def test_a_default_that_the_answer_has_changed_is_told_last(found_after):
    default = "torch's default dtype"
    assert found_after(nothing, changed_default=default) == "changed torch's default dtype."
    assert "set_grad_enabled" in found_after(lambda: torch.set_grad_enabled(False), False, default)


def test_settings_are_put_back_also_where_the_answer_raises(found_after):
    def act():
        torch.set_grad_enabled(False)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        found_after(act)
    assert torch.is_grad_enabled()
