"""What the judge knows of an item: its machine, and whether it can simply be called."""

import pytest
import torch

from dojo.checks import aspect
from dojo.judge.items import is_simple, machine_of

# These are no tests: items are made of them.


def check_of_the_answer(solution):
    pass


def check_on_a_device(solution, device):
    pass


@aspect("device")
def check_of_the_device(solution, device):
    pass


def check_with_a_folder(solution, tmp_path):
    pass


def check_of_a_size(solution, size):
    pass


@pytest.mark.skip
def check_with_a_mark(solution):
    pass


@pytest.mark.filterwarnings("ignore")
def check_with_a_filter(solution):
    pass


class Parameters:
    """The parameters of an item."""

    def __init__(self, **params):
        self.params = params


def on(item, device):
    item.callspec = Parameters(device=device)
    return item


@pytest.mark.parametrize(
    "check, simple",
    [
        (check_of_the_answer, True),
        (check_on_a_device, True),
        (check_with_a_filter, True),
        (check_with_a_folder, False),
        (check_with_a_mark, False),
    ],
)
def test_is_simple_of_a_check_that_takes_only_answer_and_device(item_of, check, simple):
    assert is_simple(item_of(check)) is simple


def test_is_simple_takes_a_parameter_for_an_argument(item_of):
    item = item_of(check_of_a_size)
    assert not is_simple(item)
    item.callspec = Parameters(size=1)
    assert is_simple(item)


def test_is_simple_is_false_of_what_is_no_function():
    assert not is_simple(object())


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_machine_of_gives_the_items_device(item_of, place):
    with machine_of(on(item_of(check_on_a_device), place)) as name:
        assert name == place
        assert torch.cuda.is_available() or place == "cpu"


def test_machine_of_a_check_without_a_device_is_the_cpu(item_of):
    with machine_of(item_of(check_of_the_answer)) as name:
        assert name == "cpu"


def test_machine_of_a_check_of_the_device_has_a_gpu_even_for_the_cpu(item_of):
    with machine_of(on(item_of(check_of_the_device), "cpu")) as name:
        assert name == "cpu"
        assert torch.cuda.is_available()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a real GPU")
def test_machine_of_another_check_for_the_cpu_has_none(item_of):
    with machine_of(on(item_of(check_on_a_device), "cpu")):
        assert not torch.cuda.is_available()
