"""The laws of a function that makes a tensor of random numbers."""

import numpy as np
import pytest
import torch

from dojo.checks.laws import DrawingFunction

DEVICES = ("cpu", "cuda")


class Noise(DrawingFunction):
    """Numbers of one shape."""

    name = "noise"
    shape = (2, 3)
    draws = True
    hints = {"kept": "Of kept."}


class NoiseOfShape(DrawingFunction):
    """Numbers of a shape that is asked for."""

    name = "noise"
    draws = True
    cases = [((2, 3),), ((0,),), ((1,),)]


def noise(device):
    return torch.rand(2, 3, device=device)


@pytest.mark.parametrize("place", DEVICES)
def test_a_right_function_keeps_every_law(red_of, place):
    assert red_of(Noise, noise, place) == {}
    assert red_of(NoiseOfShape, lambda shape, device: torch.rand(shape, device=device), place) == {}


def test_no_law_asks_for_values(laws_of):
    assert "test_values" not in laws_of(Noise)


@pytest.mark.parametrize("place", DEVICES)
def test_memory_of_an_earlier_result_is_told(red_of, place):
    buffers = {}

    def fills_a_buffer(device):
        kept = buffers.setdefault(str(torch.device(device).type), noise(device))
        return kept.copy_(torch.rand(2, 3))

    (failed,) = red_of(Noise, fills_a_buffer, place).values()
    assert failed.sentence == "gave the memory of an earlier result again."
    assert failed.hint == "Of kept."


def test_rows_hold_the_numbers_of_each_call_as_they_were(answer_of):
    kept = torch.zeros(2, 3)
    rows = Noise().drawn(answer_of(Noise, lambda _: kept.add_(1)), ["cpu"], 3)
    assert rows.tolist() == np.repeat([[1.0], [2.0], [3.0]], 6, axis=1).tolist()
