"""A result is refused that is far too large, or on which a name of torch's own was set anew."""

import numpy as np
import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.huge import LARGEST, refuse_disguised, refuse_huge, refuse_odd_result
from dojo.devices.simulated_cuda import SimulatedCuda

HUGE = torch.zeros(1).expand(10**4, 10**4)


def disguised(name="reshape"):
    tensor = torch.ones(2)
    setattr(tensor, name, lambda *_: "anything")
    return tensor


# ---------------------------------------------------------------- refuse_huge


@pytest.mark.parametrize(
    "got",
    [
        HUGE,
        HUGE.as_subclass(torch.nn.Parameter),
        np.broadcast_to(np.zeros(1), (10**4, 10**4)),
        [0] * (LARGEST + 1),
        "x" * (LARGEST + 1),
        (1, HUGE),
        [HUGE, 1],
    ],
    ids=["view", "parameter", "array", "list", "text", "in a tuple", "in a list"],
)
def test_refuse_huge_refuses_what_has_too_many_elements(got):
    with pytest.raises(CheckFailed, match="elements, far more than are asked for") as error:
        refuse_huge(got)
    assert len(str(error.value)) < 400
    assert error.value.hint == "Look at the size of what you return."


@pytest.mark.parametrize(
    "got",
    [None, 7, "x", torch.ones(3), np.ones(3), [torch.ones(3)] * 9, {"a": 1}, (torch.ones(1), None)],
    ids=["None", "int", "text", "tensor", "array", "list", "dict", "tuple"],
)
def test_refuse_huge_lets_usual_results_pass(got):
    refuse_huge(got)


def test_refuse_huge_lets_the_largest_pass():
    refuse_huge(torch.zeros(1).expand(LARGEST))
    with pytest.raises(CheckFailed, match="5,000,001 elements"):
        refuse_huge(torch.zeros(1).expand(LARGEST + 1))


def test_refuse_huge_counts_by_torchs_own_method():
    class Small(torch.Tensor):
        def numel(self):
            return 1

    with pytest.raises(CheckFailed, match="100,000,000 elements"):
        refuse_huge(HUGE.as_subclass(Small))


# ---------------------------------------------------------------- refuse_disguised


@pytest.mark.parametrize("name", ["reshape", "data_ptr", "__eq__"])
def test_refuse_disguised_names_the_attribute_that_was_set_anew(name):
    with pytest.raises(CheckFailed, match=f"returned a tensor on which {name} was set anew"):
        refuse_disguised(disguised(name))


@pytest.mark.parametrize(
    "values",
    [(None, disguised()), ((1, disguised()),), ([disguised()],)],
    ids=["an input", "in a tuple", "in a list"],
)
def test_refuse_disguised_looks_at_inputs_and_at_parts(values):
    with pytest.raises(CheckFailed, match="reshape was set anew"):
        refuse_disguised(*values)


def test_refuse_disguised_lets_other_values_pass():
    refuse_disguised(None, 7, "x", disguised("my_note"), [torch.ones(2)] * 20, {"a": disguised()})


# ---------------------------------------------------------------- refuse_odd_result


@pytest.mark.parametrize(
    "values, words",
    [
        ((HUGE,), "far more than are asked for"),
        (((1, HUGE),), "far more than are asked for"),
        ((disguised(),), "reshape was set anew"),
        ((torch.ones(1), disguised()), "reshape was set anew"),
        ((None, torch.ones(1), disguised()), "reshape was set anew"),
    ],
    ids=["huge", "huge in a tuple", "disguised", "disguised input", "disguised, None returned"],
)
def test_refuse_odd_result_refuses_both_kinds(values, words):
    with pytest.raises(CheckFailed, match=words):
        refuse_odd_result(*values)


@pytest.mark.parametrize("got", [torch.ones(2), None, [1], (torch.ones(2), torch.ones(3))], ids=str)
def test_refuse_odd_result_lets_usual_results_pass(got):
    refuse_odd_result(got, torch.ones(2), 7)


def test_refuse_odd_result_judges_tensors_of_the_simulated_gpu_alike():
    with SimulatedCuda():
        usual, huge = torch.ones(2).cuda(), torch.zeros(1).cuda().expand(10**4, 10**4)
        refuse_odd_result(usual, usual)
        with pytest.raises(CheckFailed, match="far more than are asked for"):
            refuse_odd_result(huge, usual)
