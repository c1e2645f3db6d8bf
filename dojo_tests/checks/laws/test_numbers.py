"""Numbers for the laws: exact arrays, numbers with all digits of a dtype, and slopes."""

import numpy as np
import pytest
import torch

from dojo.checks.laws.numbers import (
    ALL,
    FLOATS,
    INTEGERS,
    as_array,
    exact_slopes,
    is_differentiable,
    is_rounded,
    slopes,
    with_all_digits,
)

NUMBERS = np.arange(24).reshape(4, 6)
# dtype → dtypes that hold fewer of its numbers
NARROWER = {
    torch.float64: (torch.float32, torch.float16, torch.bfloat16, torch.int64),
    torch.float32: (torch.float16, torch.bfloat16, torch.int64),
    torch.float16: (torch.bfloat16, torch.int64),
    torch.bfloat16: (torch.float16, torch.int64),
    torch.complex64: (torch.float32, torch.float64),
    torch.int64: (torch.float64, torch.float32, torch.int32, torch.int16),
    torch.int32: (torch.float32, torch.int16, torch.int8),
    torch.int16: (torch.bfloat16, torch.int8),
    torch.uint8: (torch.bool,),
    torch.int8: (torch.bool,),
}


# ---------------------------------------------------------------- arrays


@pytest.mark.parametrize(
    "dtype, expected",
    [
        *[(dtype, np.float64) for dtype in FLOATS],
        *[(dtype, np.int64) for dtype in INTEGERS],
        (torch.complex64, np.complex128),
        (torch.complex128, np.complex128),
        (torch.bool, np.bool_),
    ],
)
def test_an_array_has_the_widest_dtype_of_its_kind_and_the_same_numbers(dtype, expected):
    x = with_all_digits(NUMBERS, dtype)
    found = as_array(x)
    assert found.dtype == expected
    assert torch.equal(torch.tensor(found).to(dtype), x)
    assert found.tolist() == x.tolist()


@pytest.mark.parametrize("dtype", ALL)
def test_an_array_has_memory_of_its_own(dtype):
    x = with_all_digits(np.arange(3), dtype)
    before = x.clone()
    as_array(x)[:] = 0
    assert torch.equal(x, before)


def test_an_array_of_a_tracked_tensor_is_its_numbers():
    assert as_array(torch.tensor([1.5, 2.5], requires_grad=True) * 2).tolist() == [3.0, 5.0]


def test_floats_and_complex_numbers_are_differentiable_alone():
    assert [dtype for dtype in ALL if is_differentiable(dtype)] == [*FLOATS, torch.complex64]


# ---------------------------------------------------------------- digits


@pytest.mark.filterwarnings("ignore:Casting complex")
@pytest.mark.parametrize(
    "dtype, narrower", [(one, other) for one, others in NARROWER.items() for other in others]
)
def test_a_narrower_dtype_loses_digits(dtype, narrower):
    x = with_all_digits(NUMBERS + 1, dtype)
    assert x.dtype == dtype
    assert not torch.equal(x.to(narrower).to(dtype), x)


@pytest.mark.parametrize("dtype", [one for one in ALL if one != torch.bool])
def test_numbers_stay_different(dtype):
    x = with_all_digits(NUMBERS, dtype)
    assert x.shape == (4, 6)
    assert len(set(x.flatten().tolist())) == 24


@pytest.mark.parametrize("dtype", [*FLOATS, torch.complex64])
def test_numbers_with_all_digits_are_finite(dtype):
    assert torch.isfinite(with_all_digits(NUMBERS, dtype)).all()


def test_bools_are_both():
    assert with_all_digits([0, 1, 2, 3], torch.bool).tolist() == [True, False, False, True]


def test_a_number_keeps_its_shape_of_none():
    assert with_all_digits(3, torch.int8).shape == ()


# ---------------------------------------------------------------- slopes


def test_slopes_are_those_of_the_closed_form():
    x, y = np.array([[0.5, -1.5], [2.0, 0.25]]), np.array([3.0, -2.0])
    weights = np.array([[1.0, 2.0], [-0.5, 4.0]])

    def truth(x, y, power):
        return np.sin(x) * y**power

    found = slopes(truth, weights, [x, y, 2], 0)
    assert np.allclose(found, weights * np.cos(x) * y**2, rtol=0, atol=1e-8)
    found = slopes(truth, weights, [x, y, 2], 1)
    assert np.allclose(found, (weights * np.sin(x) * 2 * y).sum(0), rtol=0, atol=1e-8)


def test_slopes_of_a_number_and_of_nothing_have_its_shape():
    assert slopes(np.square, np.array(2.0), [np.array(3.0)], 0) == pytest.approx(12.0)
    assert slopes(np.square, np.zeros((0, 2)), [np.zeros((0, 2))], 0).shape == (0, 2)


def test_slopes_leave_the_arguments_alone():
    x = np.array([1.0, 2.0])
    slopes(np.square, np.ones(2), [x], 0)
    assert x.tolist() == [1.0, 2.0]


def test_slopes_take_a_truth_in_plain_python():
    found = slopes(lambda x: [float(one) ** 2 for one in x], np.ones(2), [np.array([1, 3])], 0)
    assert found == pytest.approx([2.0, 6.0])


def test_exact_slopes_have_all_digits():
    def function(x, y, factor):
        return factor * (np.tanh(x) ** 2 * y).sum()

    x, y = np.array([[0.1, -0.7, 1.3]]), np.array([[2.5], [-0.3]])
    expected = 6 * np.tanh(x) * (1 - np.tanh(x) ** 2) * y.sum()
    assert exact_slopes(function, [x, y, 3], 0) == pytest.approx(expected, rel=1e-15)
    expected = 3 * (np.tanh(x) ** 2).sum() * np.ones((2, 1))
    assert exact_slopes(function, [x, y, 3], 1) == pytest.approx(expected, rel=1e-15)


def test_exact_slopes_of_a_number_and_of_nothing_have_its_shape():
    assert exact_slopes(np.square, [np.array(3.0)], 0) == pytest.approx(6.0)
    assert exact_slopes(np.sum, [np.zeros((0, 2))], 0).shape == (0, 2)
    assert not exact_slopes(lambda x: 2.0, [np.ones(3)], 0).any()


THIRDS = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64) / 3


@pytest.mark.parametrize(
    "got, expected, is_so",
    [
        (THIRDS.float().double(), THIRDS, True),
        (THIRDS.bfloat16().double(), THIRDS, True),
        (THIRDS.bfloat16().float(), THIRDS.float(), True),
        (THIRDS.half().float() * (1 + 1e-5), THIRDS.float(), False),
        (THIRDS.bfloat16() * 1.004, THIRDS.bfloat16(), True),
        (THIRDS.float() * 1.004, THIRDS.float(), False),
        (THIRDS * 1.004, THIRDS, False),
        (torch.tensor([100.0]), torch.tensor([100.5]), False),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), False),
        (torch.tensor([torch.nan, 1.0]), torch.tensor([torch.nan, 1.00001]), True),
    ],
)
def test_only_what_a_narrower_dtype_gives_is_rounded(got, expected, is_so):
    assert is_rounded(got, expected) == is_so
