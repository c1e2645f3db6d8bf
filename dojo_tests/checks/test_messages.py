"""The words for values and calls."""

import numpy as np
import pytest
import torch

from dojo.checks import Call, describe, dtype_name, grid_of
from dojo.checks.messages import (
    describe_size,
    few_numbers,
    numbers_text,
    returned,
    rounded,
    with_article,
)
from dojo.devices.simulated_cuda import SimulatedCuda


class Marked(torch.Tensor):
    pass


class Shouting:
    def __repr__(self):
        raise AssertionError("nobody may ask")


DESCRIPTIONS = [
    (torch.ones(2), "a float32 tensor of shape (2,) [1., 1.]"),
    (torch.tensor(7), "an int64 tensor of shape () 7"),
    (torch.ones(13), "a float32 tensor of shape (13,)"),
    (torch.ones(0, 2), "a float32 tensor of shape (0, 2) []"),
    (torch.tensor([float("nan"), float("inf")]), "a float32 tensor of shape (2,) [nan, inf]"),
    (torch.ones(1).as_subclass(Marked), "a Marked float32 tensor of shape (1,) [1.]"),
    (torch.nn.Parameter(torch.ones(1)), "a Parameter float32 tensor of shape (1,) [1.]"),
    (np.ones(2), "a float64 ndarray of shape (2,) [1., 1.]"),
    (np.ones(13, dtype=np.int64), "an int64 ndarray of shape (13,)"),
    (None, "None"),
    (1, "1"),
    (True, "True"),
    ("text", "'text'"),
    ([1, 2], "[1, 2]"),
    (torch.float32, "torch.float32"),
    (torch.device("cpu"), "device(type='cpu')"),
    ((1, torch.tensor(2)), "a tuple of (1; an int64 tensor of shape () 2)"),
    ((), "()"),
    ((1, 2, 3, 4), "(1, 2, 3, 4)"),
    (Shouting(), "an object of type Shouting"),
    (np.float32(1), "an object of type numpy.float32"),
    (torch.Size([1]), "a tuple of (1)"),
    ("x" * 200, "'" + "x" * 118 + "…"),
]


@pytest.mark.parametrize("value, text", DESCRIPTIONS, ids=[text for _, text in DESCRIPTIONS])
def test_describe_gives_a_short_phrase(value, text):
    assert describe(value) == text


@pytest.mark.parametrize(
    "value, text",
    [
        ([Shouting()] * 3, "a list of 3"),
        ((), "a tuple of 0"),
        ({"a": 1}, "a dict of 1"),
        ({1, 2}, "a set of 2"),
        ("text", "'text'"),
        (torch.ones(2), "a float32 tensor of shape (2,) [1., 1.]"),
    ],
)
def test_describe_size_counts_the_items_of_a_collection_and_shows_none(value, text):
    assert describe_size(value) == text


def test_describe_names_the_layout_of_a_sparse_tensor():
    text = describe(torch.eye(2).to_sparse())
    assert text.startswith("a sparse_coo float32 tensor of shape (2, 2)")


def test_describe_names_the_device_where_it_is_not_the_cpu():
    with SimulatedCuda():
        assert describe(torch.ones(1).cuda()) == ("a float32 tensor of shape (1,) on cuda:0 [1.]")


def test_dtype_name_leaves_out_torch():
    assert dtype_name(torch.float32) == "float32"
    assert dtype_name(np.dtype("int64")) == "int64"


def test_numbers_text_is_empty_for_a_large_tensor():
    assert numbers_text(torch.ones(12)) == f" [{', '.join(['1.'] * 12)}]"
    assert numbers_text(torch.ones(13)) == ""


def test_few_numbers_of_a_tensor_without_data_are_none():
    assert few_numbers(torch.ones(2, device="meta")) is None


@pytest.mark.parametrize(
    "value, text",
    [
        (1.0, "1."),
        (-2.0, "-2."),
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (1e10, "1e+10"),
        (3, "3"),
        (True, "True"),
        ([[1.0], []], "[[1.], []]"),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_rounded_writes_numbers_as_torch_prints_them(value, text):
    assert rounded(value) == text


@pytest.mark.parametrize(
    "value, rows",
    [
        (torch.tensor([[1.0, 2.0], [3.0, 4.5]]), [["1.", "2."], ["3.", "4.5"]]),
        (torch.tensor([1, 2]), [["1", "2"]]),
        (torch.tensor(5), [["5"]]),
        (np.array([True]), [["True"]]),
        (torch.ones(2, 2, 2), []),
        (torch.ones(65), []),
        (torch.ones(64), [["1."] * 64]),
        (torch.ones(2, 0), [[], []]),
        ([1, 2], []),
        (None, []),
    ],
    ids=str,
)
def test_grid_of_gives_rows_of_text_for_a_small_tensor(value, rows):
    assert grid_of(value) == rows


CALLS = [
    ((torch.ones(2),), {}, "f(tensor([1., 1.]))"),
    ((torch.tensor(3),), {}, "f(tensor(3, dtype=int64))"),
    ((np.ones(1),), {}, "f(array([1.], dtype=float64))"),
    ((torch.ones(13),), {}, "f(<float32 (13,)>)"),
    ((torch.ones(0), torch.ones(2, 0)), {}, "f(tensor([]), tensor([[], []]))"),
    ((torch.ones(0, 3),), {}, "f(<float32 (0, 3)>)"),
    ((2, "a"), {"dim": None}, "f(2, 'a', dim=None)"),
    (([1, 2],), {}, "f([1, 2])"),
    (([torch.ones(1)],), {}, "f([<float32 (1,)>])"),
    (((np.ones((2, 3)), 7),), {}, "f((<float64 (2, 3)>, 7))"),
    (((torch.ones(1),),), {}, "f((<float32 (1,)>,))"),
    (
        ([torch.ones(n) for n in range(4)],),
        {},
        "f([<float32 (0,)>, <float32 (1,)>, <float32 (2,)>, …])",
    ),
    (([(torch.ones(1), [[torch.ones(1)]])],), {}, "f([(<float32 (1,)>, <list of 1>)])"),
    (([None, Shouting(), len, [1, 2]],), {}, "f([None, <Shouting>, len, …])"),
    ((len, torch.nn.ReLU()), {}, "f(len, ReLU)"),
    ((Shouting(),), {}, "f(<Shouting>)"),
    ((torch.ones(12) / 3, torch.ones(12) / 3), {}, "f(<float32 (12,)>, <float32 (12,)>)"),
    (("x" * 60,), {}, "f('" + "x" * 38 + "…)"),
]


@pytest.mark.parametrize("args, kwargs, text", CALLS, ids=[text for *_, text in CALLS])
def test_a_call_is_written_as_the_learner_would(args, kwargs, text):
    assert str(Call("f", args, kwargs)) == text


@pytest.mark.parametrize(
    "args, text",
    [
        ((torch.ones(2, 3), 1), "f(<float32 (2, 3)>, 1)"),
        ((torch.ones(13),), ""),
        ((torch.ones(6, 2), torch.ones(6, 2)), ""),
        ((7, "a"), ""),
    ],
    ids=["with its values", "too large for them", "too long for them", "no tensor"],
)
def test_the_shapes_of_a_call_are_told_where_its_text_does_not_show_them(args, text):
    assert Call("f", args, {}).shapes == text


def test_a_call_names_another_device_inside_of_a_list():
    with SimulatedCuda():
        call = Call("f", [[torch.ones(1), torch.ones(1).cuda()]], {})
    assert str(call) == "f([<float32 (1,)>, <float32 (1,) on cuda:0>])"


def test_a_call_shows_the_shapes_in_a_list_before_the_answer_changed_them():
    xs = [torch.ones(1)]
    call = Call("f", [xs], {})
    xs[0].resize_(3)
    xs.append(7)
    assert str(call) == "f([<float32 (1,)>])"


def test_a_call_names_another_device():
    with SimulatedCuda():
        small, large = torch.ones(1).cuda(), torch.ones(13).cuda()
        assert str(Call("f", [small], {})) == "f(tensor([1.], device='cuda'))"
        assert str(Call("f", [large], {})) == "f(<float32 (13,) on cuda:0>)"


def test_a_call_shows_the_values_before_the_answer_changed_them():
    x = torch.ones(1)
    call = Call("f", [x], {"y": x})
    x.add_(1)
    assert str(call) == "f(tensor([1.]), y=tensor([1.]))"


@pytest.mark.parametrize("word, text", [("int64", "an int64"), ("float32", "a float32")])
def test_with_article_takes_an_before_a_vowel(word, text):
    assert with_article(word) == text


def test_returned_names_a_subject_where_there_is_one():
    assert returned("") == "returned"
    assert returned("the sum") == "returned as the sum"


def test_describe_tells_of_the_parts_of_what_torch_returns_as_a_tuple_of_its_own():
    found = describe(torch.max(torch.tensor([[1.0, 2.0]]), 1))
    assert found.startswith("a tuple of (a float32 tensor of shape (1,) [2.]; an int64 tensor")
