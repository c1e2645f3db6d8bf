"""A row: one case in a dtype and a layout, the truth about it, and what a learner is told of it."""

import itertools
import math

import numpy as np
import pytest
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.laws.layouts import CONTIGUOUS, LAYOUTS, REPEATED, WRITABLE
from dojo.checks.laws.rows import Row

X, Y, Z = [[1, 2], [3, 4]], [[5, 6], [7, 8]], [[1, 0], [0, 1]]


class Mixed(PureFunction):
    """x * y, or x where z is false; y and z may be missing, a plain factor comes last."""

    name = "mixed"
    tensors = ("x", "y", "z")
    fixed = {"z": torch.bool}
    cases = [(X, Y, Z, 2), (X, None, None, 2), (X,)]

    def truth(self, x, y=None, z=None, factor=1):
        found = x if y is None else x * y
        return factor * (found if z is None else np.where(z, found, x))


CONTRACT = Mixed()


def row(case=(X, Y, Z, 2), dtype=torch.float32, **options):
    return Row(CONTRACT, case, dtype, **options)


# ---------------------------------------------------------------- layouts


@pytest.mark.parametrize("layouts", [tuple(LAYOUTS), WRITABLE, tuple(LAYOUTS)[:3], (CONTIGUOUS,)])
def test_each_layout_comes_to_each_tensor(layouts):
    class Fewer(Mixed):
        name = "mixed"

    Fewer.layouts = layouts
    contract = Fewer()
    rows = [Row(contract, (X, Y, Z, 2), torch.float32, place) for place in range(len(layouts))]
    for index in range(3):
        assert {one.templates[index].layout for one in rows} == set(layouts)


def test_two_tensors_do_not_always_lie_alike():
    rows = [row(place=place) for place in range(len(LAYOUTS))]
    for one, other in itertools.combinations(range(3), 2):
        pairs = [(each.templates[one].layout, each.templates[other].layout) for each in rows]
        assert any(a != b for a, b in pairs)


def test_place_0_is_contiguous_and_says_nothing():
    assert {one.layout for one in row().templates} == {CONTIGUOUS}
    assert row().words == ""


def test_the_words_name_each_tensor_that_lies_in_another_way():
    words = row(place=1).words
    templates = {name: template.layout for _, name, template in row(place=1).named}
    for name, layout in templates.items():
        assert LAYOUTS[layout].format(name=name) in words
    assert math.prod(f"{name} " in words for name in templates)


def test_a_tracked_tensor_is_never_repeated():
    for place in range(len(LAYOUTS)):
        layouts = [one.layout for one in row(place=place, tracked=("x", "y")).templates]
        assert REPEATED not in layouts[:2]


# ---------------------------------------------------------------- arguments


def test_a_tensor_that_is_none_or_left_out_has_no_template():
    assert [one is None for one in row((X, None, None, 2)).templates] == [False, True, True]
    assert len(row((X,)).templates) == 1
    assert [name for _, name, _ in row((X, None, Z)).named] == ["x", "z"]
    assert [index for index, _, _ in row((X, None, Z)).named] == [0, 2]


def test_arrays_are_what_the_truth_is_asked_with():
    arrays = row(dtype=torch.float16).arrays
    assert [one.dtype for one in arrays[:3]] == [np.float64, np.float64, np.bool_]
    assert arrays[3] == 2
    assert row((X, None, None, 2)).arrays[1:] == [None, None, 2]
    assert len(row((X,)).arrays) == 1


def test_arrays_hold_the_numbers_that_a_dtype_can_hold():
    found = row(([[0.1, 0.2], [1e-3, 5.0]],), dtype=torch.bfloat16)
    assert found.arrays[0].tolist() == found.templates[0].x.tolist()
    assert found.arrays[0][0, 0] != 0.1


def test_arrays_are_repeated_as_the_tensor_is():
    places = range(len(LAYOUTS))
    repeated = next(row(place=p) for p in places if row(place=p).templates[0].layout == REPEATED)
    assert repeated.arrays[0].tolist() == [X[0], X[0]]


# ---------------------------------------------------------------- the truth


@pytest.mark.parametrize(
    "case, expected",
    [
        ((X, Y, Z, 2), [[10.0, 4.0], [6.0, 64.0]]),
        ((X, None, None, 3), [[3.0, 6.0], [9.0, 12.0]]),
        ((X,), [[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_the_expected_result_is_the_truth_in_the_dtype(case, expected):
    for dtype in (torch.float32, torch.float16):
        found = row(case, dtype).expected
        assert found.dtype == dtype
        assert found.tolist() == expected


def test_what_is_expected_is_made_once():
    one = row(tracked=("x",))
    assert one.expected is one.expected
    assert one.gradients is one.gradients


@pytest.mark.parametrize("tracked", [("x",), ("y",), ("x", "y")])
def test_gradients_are_those_of_the_tracked_tensors(tracked):
    one = row(dtype=torch.float64, tracked=tracked)
    x, y, z = (torch.tensor(each, dtype=torch.float64) for each in (X, Y, Z))
    weights = one.weights
    exact = {
        "x": 2 * weights * torch.where(z.bool(), y, 1.0),
        "y": 2 * weights * torch.where(z.bool(), x, 0.0),
    }
    assert tuple(one.gradients) == tracked
    for name in tracked:
        assert one.gradients[name].dtype == torch.float64
        assert torch.allclose(one.gradients[name], exact[name], rtol=0, atol=1e-7)


def test_what_is_not_given_is_not_tracked():
    assert row((X,), tracked=("x", "y")).tracked == ("x",)
    assert row((X, None, Z), tracked=("y",)).tracked == ()
    assert row((X,), tracked=("x", "y")).gradients.keys() == {"x"}


def test_weights_differ_from_place_to_place_and_are_never_0():
    first, second = row(place=0).weights, row(place=1).weights
    assert not torch.equal(first, second)
    assert (first.abs() >= 0.5).all()
    assert torch.equal(first, row(place=0).weights)


def test_a_truth_with_strides_below_0_is_taken():
    class Back(PureFunction):
        name = "back"

        def truth(self, x):
            return x[::-1, ::-1]

        def gradient(self, weights, x):
            return [weights[::-1, ::-1]]

    for shape in ((2, 3), (1, 3), (3, 1), (0, 2)):
        x = np.arange(np.prod(shape)).reshape(shape)
        one = Row(Back(), (x,), torch.float32, tracked=("x",))
        assert one.expected.tolist() == x[::-1, ::-1].tolist()
        assert one.gradients["x"].tolist() == one.weights.flip(0, 1).tolist()


def test_a_complex_gradient_is_that_of_the_real_part():
    class Twice(PureFunction):
        name = "twice"

        def truth(self, x):
            return 2j * x

        def gradient(self, weights, x):
            return [np.conj(2j) * weights]

    one = Row(Twice(), ([1 + 2j, 3 - 1j],), torch.complex64, tracked=("x",))
    x = one.templates[0].x.clone().requires_grad_()
    (found,) = torch.autograd.grad(((2j * x) * one.weights).sum().real, x)
    assert torch.allclose(found, one.gradients["x"])


def test_slopes_are_near_the_gradients_and_nothing_else():
    one = row(place=1, tracked=("x", "y"))
    right = [one.gradients[name] for name in one.slopes.names]
    assert one.slopes.names == ["x", "y"]
    assert one.slopes.are_near(right)
    assert one.slopes.are_near([each * (1 + 1e-6) for each in right])
    assert not one.slopes.are_near([right[0], right[1] + 1])
    assert not one.slopes.are_near([right[0] * math.nan, right[1]])


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_slopes_that_are_not_finite_are_compared_one_by_one(value):
    one = row(tracked=("x",))
    one.gradients = {"x": torch.full((2, 2), value)}
    assert not one.slopes.are_near([torch.ones(2, 2)])
    assert not one.slopes.are_near([one.gradients["x"]])


def test_limits_are_those_of_the_contract():
    one = row()
    assert one.limits == CONTRACT.limits(one.expected)


def test_prepare_makes_all_that_a_law_needs():
    one = row(place=1, tracked=("x",))
    one.prepare()
    made = {"templates", "arrays", "expected", "limits", "words", "weights", "gradients", "slopes"}
    assert made <= vars(one).keys()
    other = row(place=1)
    other.prepare()
    assert "gradients" not in vars(other)
