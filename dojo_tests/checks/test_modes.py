"""without_modes keeps modes and autograd of the answer out of a helper."""

import torch
from torch.overrides import TorchFunctionMode

from dojo.checks import without_modes


class Liar(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        return "a lie"


@without_modes
def numbers_of(x):
    return x.tolist()


@without_modes
def is_tracked(x):
    return (x * 2).requires_grad


def test_without_modes_sees_no_function_mode():
    x = torch.ones(1)
    with Liar():
        assert numbers_of(x) == [1.0]


def test_without_modes_runs_without_autograd_and_puts_it_back():
    assert not is_tracked(torch.ones(1, requires_grad=True))
    assert torch.is_grad_enabled()


def test_without_modes_puts_autograd_back_after_an_error():
    @without_modes
    def fail():
        raise ZeroDivisionError

    for enabled in (True, False):
        with torch.set_grad_enabled(enabled):
            try:
                fail()
            except ZeroDivisionError:
                assert torch.is_grad_enabled() is enabled


def test_without_modes_keeps_the_name_of_the_helper():
    assert numbers_of.__name__ == "numbers_of"
