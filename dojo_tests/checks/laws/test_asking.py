"""How a contract asks: each row once, in all cases, dtypes and layouts, and what an error tells."""

import itertools

import numpy as np
import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.laws import PureFunction
from dojo.checks.laws.layouts import LAYOUTS
from dojo.checks.laws.wording import TRACKED

DEVICES = ("cpu", "cuda")
X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]
CASES = [(X,), ([[1.0, 2.0], [4.0, 8.0]],), ([1.0, 2.0],), (3.0,)]


class Double(PureFunction):
    """A function of one tensor, with some rows of all kinds."""

    name = "double"
    cases = CASES
    wild = [([float("inf"), 1.0],)]
    precise = [(torch.float64, ([1 + 2.0**-40],))]
    hints = {"values": "Of values.", "device": "Of device.", "gradient": "Of gradients."}

    def truth(self, x):
        return 2 * x


class ManyDtypes(Double):
    """The same, in more dtypes than each layout is asked in."""

    name = "double"
    dtypes = (*PureFunction.dtypes, torch.int64, torch.int32, torch.int16, torch.int8)
    cases = [([[1, 2, 3], [4, 5, 6]],), ([[7, 8], [9, 10]],)]


def double(x):
    return x * 2


def rows_of(contract, device):
    return contract().usual(device)


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract", [Double, ManyDtypes])
def test_every_case_dtype_and_layout_is_asked(contract, place):
    rows = rows_of(contract, place)
    assert all(any(row.case is case for row in rows) for case in contract.cases)
    assert {row.dtype for row in rows} == set(contract.dtypes)
    assert {row.templates[0].layout for row in rows} == set(LAYOUTS)
    first = rows[0]
    assert (first.case, first.dtype, first.place) == (contract.cases[0], contract.dtypes[0], 0)


def test_a_first_case_that_can_show_no_layout_is_asked_first_all_the_same():
    class Numbers(Double):
        name = "double"
        cases = [(3.0,), (X,), ([1.0],)]

    rows = rows_of(Numbers, "cuda")
    assert rows[0].case == (3.0,)
    assert all(any(row.case is case for row in rows) for case in Numbers.cases)


def test_every_layout_comes_in_every_dtype_where_there_are_few():
    pairs = {(row.templates[0].layout, row.dtype) for row in rows_of(Double, "cpu")}
    assert pairs == set(itertools.product(LAYOUTS, Double.dtypes))


def test_many_dtypes_and_layouts_each_come_with_some_other():
    rows = ManyDtypes().laid_out
    assert {row.dtype for row in rows} == set(ManyDtypes.dtypes)
    assert len(rows) < len(ManyDtypes.dtypes) * (len(LAYOUTS) - 1)


def test_a_layout_comes_to_cases_that_can_show_it():
    rows = [row for row in rows_of(Double, "cpu") if row.words]
    assert {len(row.templates[0].x.shape) for row in rows} == {2}


@pytest.mark.parametrize("contract", [Double, ManyDtypes])
def test_a_layout_does_not_come_to_one_case_alone(contract):
    for layout in list(LAYOUTS)[1:]:
        rows = [row for row in contract().laid_out if row.templates[0].layout == layout]
        assert len({id(row.case) for row in rows}) > 1


def test_all_rows_holds_every_row_that_a_law_asks(run_laws, answer_of):
    answer = answer_of(Double, double)
    for device in DEVICES:
        assert set(run_laws(Double, answer, device).values()) == {None}
    asked = {row for row, _ in answer.records}
    assert asked <= set(Double().all_rows())


def test_what_is_prepared_is_not_made_again(run_laws):
    class Counted(Double):
        name = "double"
        count = 0

        def truth(self, x):
            Counted.count += 1
            return 2 * x

    Counted().prepare()
    prepared = Counted.count
    assert prepared > len(CASES)
    assert set(run_laws(Counted, double).values()) == {None}
    assert Counted.count == prepared


# ---------------------------------------------------------------- each row is asked once


@pytest.mark.parametrize("place", DEVICES)
def test_laws_that_read_the_same_rows_call_the_function_once_for_each(run_laws, answer_of, place):
    answer = answer_of(Double, double)
    usual = len(rows_of(Double, place))
    only = ["test_values", "test_returns_a_tensor", "test_has_the_shape", "test_has_the_dtype"]
    run_laws(Double, answer, place, only)
    assert answer.calls == usual
    run_laws(Double, answer, place, ["test_leaves_its_inputs"])
    tracked = len(Double().tracked_on(place))
    assert answer.calls == usual + tracked
    run_laws(Double, answer, place, ["test_gradients", *only])
    assert answer.calls == usual + tracked


def test_each_answer_and_each_device_is_asked_anew(run_laws, answer_of):
    one, other = answer_of(Double, double), answer_of(Double, double)
    run_laws(Double, one, "cpu", ["test_values"])
    count = one.calls
    run_laws(Double, one, "cuda", ["test_values"])
    assert one.calls == count + len(rows_of(Double, "cuda"))
    run_laws(Double, other, "cpu", ["test_values"])
    assert other.calls == count


def test_a_law_stops_at_the_first_row_that_is_wrong(run_laws, answer_of):
    answer = answer_of(Double, lambda x: x * 3)
    assert run_laws(Double, answer, only=["test_values"])["test_values"] is not None
    assert answer.calls == 1


def test_the_message_tells_of_the_call_that_the_record_is_of(run_laws, answer_of):
    answer = answer_of(Double, lambda x: x * 2 if x.dtype != torch.float16 else x)
    run_laws(Double, answer, only=["test_returns_a_tensor", "test_has_the_shape"])
    run_laws(Double, answer, only=["test_leaves_its_inputs", "test_values"])
    assert str(answer.last_call).startswith("double(tensor(")
    assert "float16" in answer.last_call.shapes
    assert "bfloat16" not in answer.last_call.shapes
    assert answer.last_line > 0


# ---------------------------------------------------------------- what raises


def raises_if(is_chosen, function=double):
    def wrapper(x):
        if is_chosen(x):
            raise RuntimeError("cannot do it")
        return function(x)

    return wrapper


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "is_chosen",
    [lambda x: not x.is_contiguous(), lambda x: x.storage_offset() > 0],
    ids=["strides", "offset"],
)
def test_a_call_that_raises_in_a_layout_alone_is_told_by_values(
    red_of, answer_of, is_chosen, place
):
    kinds = ["test_returns_a_tensor", "test_has_the_shape", "test_has_the_dtype"]
    wrong = raises_if(lambda x: is_chosen(x) and not x.requires_grad)
    answer = answer_of(Double, wrong)
    red = red_of(Double, answer, place, [*kinds, "test_stays_on_the_device", "test_values"])
    assert list(red) == ["test_values"]
    assert isinstance(red["test_values"], RuntimeError)
    assert answer.hint.startswith("Of values. Here x ")


def test_a_call_that_raises_in_the_plain_case_is_told_by_the_first_law(first_red):
    law, text = first_red(Double, raises_if(lambda x: x.shape == (2, 3)))
    assert (law, text) == ("test_returns_a_tensor", "RuntimeError: cannot do it")


def test_a_call_that_raises_in_another_case_is_told_by_the_shape(first_red):
    assert first_red(Double, raises_if(lambda x: x.dim() == 0))[0] == "test_has_the_shape"


def test_a_call_that_raises_in_a_dtype_is_told_by_the_dtype(first_red):
    assert first_red(Double, raises_if(lambda x: x.dtype == torch.float16))[0] == (
        "test_has_the_dtype"
    )


def test_a_call_that_raises_for_a_tracked_input_hints_at_autograd(red_of, answer_of):
    answer = answer_of(Double, raises_if(lambda x: x.requires_grad))
    assert list(red_of(Double, answer, only=["test_values", "test_gradients"])) == [
        "test_gradients"
    ]
    assert TRACKED.format(name="x") in answer.hint


def test_a_call_that_raises_on_the_gpu_hints_at_the_device(red_of, answer_of):
    answer = answer_of(Double, raises_if(lambda x: x.is_cuda))
    assert red_of(Double, answer) == {}
    assert red_of(Double, answer, "cuda", ["test_returns_a_tensor"])
    assert answer.hint == "Of device."


def test_a_function_that_is_not_started_says_so_in_every_law(run_laws):
    def stub(x):
        raise NotImplementedError

    for device in DEVICES:
        found = run_laws(Double, stub, device)
        kinds = {type(error) for error in found.values()} - {type(None)}
        assert kinds == {NotImplementedError}
        if device == "cpu":
            assert None not in found.values()


# ---------------------------------------------------------------- promises of an aspect

CARELESS = {
    "a wrong number": lambda x: double(x) + 1,
    "a wrong shape": lambda x: double(x).flatten(),
    "a wrong dtype": lambda x: double(x).int(),
    "a view": lambda x: x.view_as(x),
    "cut off": lambda x: double(x.detach()),
    "a write": lambda x: double(x.data.mul_(2)),
}


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("kind", CARELESS)
def test_the_law_of_the_device_judges_the_device_alone(red_of, kind, place):
    only = ["test_stays_on_the_device"]
    assert red_of(Double, CARELESS[kind], place, only) == {}


def test_a_result_on_another_device_breaks_the_law_of_the_device_alone(red_of):
    red = red_of(Double, lambda x: double(x).cpu(), "cuda")
    assert list(red) == ["test_stays_on_the_device"]
    error = red["test_stays_on_the_device"]
    assert error.sentence == "returned a tensor on cpu; expected one on cuda."
    assert error.hint == "Of device."


def test_a_wild_result_on_another_device_breaks_the_law_of_the_device(red_of):
    def wrong(x):
        return double(x) if x.isfinite().all() else double(x).cpu()

    assert red_of(Double, wrong) == {}
    assert list(red_of(Double, wrong, "cuda")) == ["test_stays_on_the_device"]


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("kind", ["an error", "a wrong number", "no tensor"])
def test_a_wild_case_that_is_wrong_otherwise_keeps_the_law_of_the_device(red_of, kind, place):
    def wrong(x):
        if x.isfinite().all():
            return double(x)
        if kind == "an error":
            raise ValueError
        return double(x) * 0 if kind == "a wrong number" else float("inf")

    assert list(red_of(Double, wrong, place)) == ["test_wild_values"]


def test_a_function_that_takes_any_gpu_is_seen_on_the_cpu(red_of):
    def wrong(x):
        return double(x).to("cuda" if torch.cuda.is_available() else "cpu")

    red = red_of(Double, wrong)
    assert list(red) == ["test_stays_on_the_device"]
    assert red["test_stays_on_the_device"].sentence == (
        "returned a tensor on cuda:0; expected one on cpu."
    )


@pytest.mark.parametrize(
    "law, function",
    [
        ("test_has_the_shape", lambda x: double(x).int() + 1),
        ("test_has_the_dtype", lambda x: double(x).flatten() + 1),
        ("test_gradients", lambda x: double(x) if x.requires_grad else double(x) + 1),
        ("test_leaves_its_inputs", lambda x: double(x).flatten() + 1),
        ("test_has_memory_of_its_own", lambda x: double(x.detach()).int() + 1),
        ("test_leaves_torch_as_it_is", lambda x: double(x.detach()).int() + 1),
    ],
)
def test_a_law_stays_green_for_the_faults_of_others(red_of, law, function):
    assert red_of(Double, function, only=[law]) == {}


@pytest.mark.parametrize(
    "function, sentence",
    [
        (
            lambda x: double(x).flatten(),
            "returned a tensor of shape (6,); expected shape (2, 3).",
        ),
        (lambda x: double(x).double(), "returned a float64 tensor; expected float32."),
        (lambda x: double(x).tolist(), "returned [[2.0, -4.0, 6.0], [1.0, 10.0, -12.0]]; expected"),
    ],
)
def test_the_law_of_values_tells_of_a_wrong_shape_and_dtype_too(red_of, function, sentence):
    red = red_of(Double, function, only=["test_values", "test_gradients"])
    assert red["test_values"].sentence.startswith(sentence)


def tolerant(ulps, absolute):
    class Tolerant(PureFunction):
        """A contract whose results may be off."""

        name = "double"
        cases = [([0.5, 2.0**-20],)]
        dtypes = (torch.float32, torch.float16)

        def truth(self, x):
            return 2 * x

    Tolerant.ulps, Tolerant.absolute = ulps, absolute
    return Tolerant


@pytest.mark.parametrize(
    "ulps, absolute, off, is_red",
    [
        (4, True, 3.0, False),
        (4, True, 9.0, True),
        (4, False, 3.0, True),  # three units of 1 are many of 2**-19
        ({torch.float32: 4}, True, 3.0, False),
        ({torch.float32: 4}, True, 9.0, True),
        ({torch.float16: 4}, True, 7.0, False),  # float32 has 8
        (0, True, 1.0, True),
    ],
)
def test_a_result_may_be_off_by_so_many_units_and_no_more(red_of, ulps, absolute, off, is_red):
    def function(x):
        return double(x) + off * torch.finfo(torch.float32).eps * (x.dtype == torch.float32)

    red = red_of(tolerant(ulps, absolute), function, only=["test_values"])
    assert bool(red) is is_red
    assert all(isinstance(error, CheckFailed) for error in red.values())


class OfLargest(PureFunction):
    """A contract whose numbers may be off by a share of the largest one."""

    name = "double"
    cases = [([0.5, 1000.0],)]
    dtypes = (torch.float32, torch.float64)
    of_largest = {torch.float32: 1e-4, torch.float64: 1e-9}

    def truth(self, x):
        return 2 * x


@pytest.mark.parametrize(
    "off, gradient, is_red",
    [(1e-10, 1, False), (1e-8, 1, True), (0, 1 + 1e-10, False), (0, 1 + 1e-8, True)],
)
def test_a_number_may_be_off_by_a_share_of_the_largest(red_of, off, gradient, is_red):
    def function(x):
        share = off if x.dtype == torch.float64 else 1e4 * off
        slope = 1 + (gradient - 1) * (1 if x.dtype == torch.float64 else 1e4)
        return 2 * x * slope - 2 * (slope - 1) * x.detach() + share * (2 * x.detach()).abs().max()

    assert bool(red_of(OfLargest, function)) == is_red


class KnowsMistakes(PureFunction):
    """A contract that knows what two mistakes give."""

    name = "double"
    cases = [([0.0, 0.0],), ([[1.0, 2.0], [3.0, -4.0]],)]
    hints = {"values": "Twice each number."}

    def truth(self, x):
        return 2 * x

    def others(self, x):
        return {"Of another shape.": np.array(3.0), "A square here.": x * x, "A half here.": x / 2}


@pytest.mark.parametrize(
    "function, hint",
    [
        (lambda x: x * x, "A square here."),
        (lambda x: x / 2, "A half here."),
        (lambda x: x * 3, "Twice each number."),
        (lambda x: 3 * torch.ones_like(x), "Twice each number."),
    ],
)
def test_the_hint_of_a_known_mistake_is_shown(red_of, function, hint):
    assert red_of(KnowsMistakes, function)["test_values"].hint == hint
