"""The laws of memory: what a pure function must leave alone, and not remember."""

import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.laws import PureFunction
from dojo.checks.laws.pure import OWN
from dojo.checks.laws.wording import KEEP, NO_MEMORY, UNTRACKED

DEVICES = ("cpu", "cuda")
X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]
CHANGED = "changed the values of its input x: it was [[1., -2., 3.], [0.5, 5., -6.]]"


class Double(PureFunction):
    """A function of one tensor; some are as they were when they are doubled."""

    name = "double"
    cases = [(X,), ([0.0, 0.0],), ([1.0, 2.0, 3.0, 4.0],), (3.0,)]

    def truth(self, x):
        return 2 * x


class Known(Double):
    """The same, with a single case, so that no numbers come twice but where a row does."""

    name = "double"
    cases = [(X,)]
    layouts = ("contiguous",)


class Free(Double):
    """The same, but the result may lie in the memory of an input."""

    name = "double"
    memory = "free"


class Untracked(Double):
    """The same, but gradients are not asked for."""

    name = "double"
    recorded = False


class Added(PureFunction):
    """A function of two tensors."""

    name = "added"
    tensors = ("x", "y")
    cases = [(X, [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]), ([1.0, 2.0], [0.0, 0.0])]

    def truth(self, x, y):
        return x + y


def double(x):
    return x * 2


def is_same(x):
    return torch.equal(x, x * 2)


def cached_by(make_key):
    """A function that remembers the results by a key; inputs stay alive, so that ids differ."""
    kept = {}

    def cached(x):
        key = make_key(x)
        if key not in kept:
            kept[key] = x, double(x)
        return kept[key][1]

    return cached


def with_a_buffer():
    """A function that puts its results into one buffer for each shape, dtype and device."""
    buffers = {}

    def buffered(x):
        if x.requires_grad:
            return double(x)
        key = x.shape, x.dtype, x.device
        if key not in buffers:
            buffers[key] = double(x)
        return buffers[key].copy_(double(x))

    return buffered


def after(act, function=double):
    """A function that does something once it has computed its result."""

    def wrapper(x):
        got = function(x)
        act(x)
        return got

    return wrapper


def write_last(x):
    last = x.data
    while last.dim():
        last = last.select(0, -1)
    last.fill_(9)


def write_before(x):
    if x.storage_offset() and not x.requires_grad:
        x.data.as_strided((1,), (1,), x.storage_offset() - 1).zero_()


# ---------------------------------------------------------------- inputs


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_into_an_input_is_seen(red_of, place):
    red = red_of(Double, after(write_last), place)
    error = red["test_leaves_its_inputs"]
    assert error.sentence == f"{CHANGED} and is now [[1., -2., 3.], [0.5, 5., 9.]]."
    assert error.hint == KEEP


@pytest.mark.parametrize("index, name", [(0, "x"), (1, "y")])
@pytest.mark.parametrize("place", DEVICES)
def test_the_input_that_is_written_is_named(red_of, index, name, place):
    def wrong(*given):
        got = given[0] + given[1]
        write_last(given[index])
        return got

    error = red_of(Added, wrong, place)["test_leaves_its_inputs"]
    assert error.sentence.startswith(f"changed the values of its input {name}:")


@pytest.mark.parametrize(
    "is_chosen",
    [
        lambda x: x.requires_grad,
        lambda x: x.requires_grad and x.is_leaf,
        lambda x: x.requires_grad and not x.is_leaf,
        lambda x: not x.is_contiguous() and 0 not in x.stride(),
        lambda x: x.dtype == torch.bfloat16,
    ],
    ids=["tracked", "leaf", "no leaf", "strided", "dtype"],
)
def test_a_write_into_some_inputs_alone_is_seen(red_of, is_chosen):
    red = red_of(Double, after(lambda x: write_last(x) if is_chosen(x) else None))
    assert "changed the values of its input x" in red["test_leaves_its_inputs"].sentence


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_beside_an_input_is_seen(red_of, place):
    red = red_of(Double, after(write_before), place)
    assert list(red) == ["test_leaves_its_inputs"]
    assert red["test_leaves_its_inputs"].sentence == "changed the memory around its input x."


def test_an_input_that_is_made_to_require_grad_is_seen(red_of):
    red = red_of(Double, after(lambda x: x.requires_grad_() if x.is_leaf else x))
    assert red["test_leaves_its_inputs"].sentence == (
        "changed the requires_grad of its input x from False to True."
    )


@pytest.mark.parametrize("contract", [Double, Untracked])
def test_a_result_that_requires_grad_for_no_input_is_seen(red_of, contract):
    def wrong(x):
        got = double(x)
        return got if got.requires_grad else got.requires_grad_()

    red = red_of(contract, wrong)
    assert list(red) == ["test_leaves_its_inputs"]
    error = red["test_leaves_its_inputs"]
    assert error.sentence == "returned a tensor that requires grad; no input does."
    assert error.hint == UNTRACKED


def test_an_error_after_an_input_was_changed_names_the_change(run_laws):
    seen = []

    def wrong(x):
        if x.dtype == torch.float16:
            raise RuntimeError("no half")
        seen.append(x)
        write_last(x)
        return double(x) if len(seen) > 1 else double(torch.tensor(X))

    found = run_laws(Double, wrong, only=["test_returns_a_tensor", "test_has_the_dtype"])
    assert found["test_returns_a_tensor"] is None
    error = found["test_has_the_dtype"]
    assert isinstance(error, CheckFailed)
    assert error.sentence.startswith(CHANGED)
    assert error.hint == KEEP


def test_an_error_in_a_function_that_changes_nothing_is_its_own(run_laws):
    def wrong(x):
        if x.dtype == torch.float16:
            raise RuntimeError("no half")
        return double(x)

    error = run_laws(Double, wrong, only=["test_has_the_dtype"])["test_has_the_dtype"]
    assert (type(error), str(error)) == (RuntimeError, "no half")


def test_wrong_numbers_that_come_of_a_changed_input_name_the_change(red_of):
    red = red_of(Double, lambda x: double(x.data.add_(1)))
    assert red["test_values"].sentence.startswith(CHANGED)


# ---------------------------------------------------------------- memory of its own


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "give, sentence",
    [
        (lambda x: x, "returned its input itself; expected a new tensor."),
        (
            lambda x: x.view_as(x),
            "returned a tensor that lies in its input's memory; expected a new one.",
        ),
        (
            lambda x: x.detach(),
            "returned a tensor that lies in its input's memory; expected a new one.",
        ),
    ],
)
def test_a_result_in_the_memory_of_an_input_is_seen(red_of, give, sentence, place):
    red = red_of(
        Double, lambda x: give(x) if is_same(x) and not x.requires_grad else double(x), place
    )
    assert list(red) == ["test_has_memory_of_its_own"]
    assert red["test_has_memory_of_its_own"].sentence == sentence


def test_any_input_counts(red_of):
    def wrong(x, y):
        is_tracked = x.requires_grad or y.requires_grad
        return x.view_as(x) if not y.any() and not is_tracked else x + y

    assert list(red_of(Added, wrong)) == ["test_has_memory_of_its_own"]


def test_a_result_that_may_lie_anywhere_may_be_an_input(red_of, laws_of):
    assert "test_has_memory_of_its_own" not in laws_of(Free)
    assert red_of(Free, lambda x: x if is_same(x) and not x.requires_grad else double(x)) == {}


# ---------------------------------------------------------------- from call to call


@pytest.mark.parametrize("place", DEVICES)
def test_a_function_that_remembers_by_the_object_is_seen(red_of, place):
    red = red_of(Double, cached_by(id), place)
    assert list(red) == ["test_remembers_nothing"]
    assert red["test_remembers_nothing"].hint.endswith(NO_MEMORY)


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract", [Double, Free])
def test_a_function_that_remembers_by_the_numbers_gives_one_result_twice(red_of, contract, place):
    red = red_of(contract, cached_by(lambda x: (str(x.tolist()), x.dtype, x.requires_grad)), place)
    if contract is Free:
        assert "test_remembers_nothing" not in red
        return
    error = red["test_remembers_nothing"]
    assert error.sentence == "returned a tensor in the memory of an earlier result."
    assert error.hint == OWN


def test_a_function_that_is_wrong_for_numbers_that_come_again_is_seen(red_of):
    seen = set()

    def wrong(x):
        key = str(x.tolist()), x.dtype, x.requires_grad, x.is_contiguous()
        if key in seen:
            return double(x) + 1
        seen.add(key)
        return double(x)

    only = ["test_values", "test_remembers_nothing"]
    red = red_of(Known, wrong, only=only)
    assert list(red) == ["test_remembers_nothing"]
    assert red["test_remembers_nothing"].hint.endswith(NO_MEMORY)


def test_a_result_of_any_row_that_a_later_row_changes_is_seen(red_of):
    buffers = {}

    def wrong(x):
        if x.requires_grad or x.dim() != 1:  # rows that are not asked again
            return double(x)
        buffer = buffers.setdefault((x.dtype, str(x.device)), torch.zeros(9, dtype=x.dtype))
        return buffer[: len(x)].copy_(double(x))

    red = red_of(Double, wrong, only=["test_values", "test_remembers_nothing"])
    assert list(red) == ["test_remembers_nothing"]
    assert red["test_remembers_nothing"].sentence == (
        "returned a tensor whose numbers a later call has changed."
    )


def test_a_function_that_remembers_by_the_shape_is_seen(red_of):
    red = red_of(Double, cached_by(lambda x: (x.shape, x.dtype, x.requires_grad)))
    assert "test_remembers_nothing" in red


@pytest.mark.parametrize("place", DEVICES)
def test_a_buffer_that_is_used_again_is_seen(red_of, place):
    red = red_of(Double, with_a_buffer(), place)
    assert list(red) == ["test_remembers_nothing"]
    assert red["test_remembers_nothing"].hint == OWN


def test_a_result_that_a_later_call_changes_is_seen_also_where_memory_is_free(red_of):
    red = red_of(Free, with_a_buffer())
    assert red["test_remembers_nothing"].sentence == (
        "returned a tensor whose numbers a later call has changed."
    )
