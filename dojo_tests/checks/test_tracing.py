"""What torch and Python do during a call is seen and counted."""

import gc
import sys

import pytest
import torch
import torch.utils.checkpoint

from dojo.checks import (
    MemoryTrace,
    Trace,
    calls_of,
    cost_of,
    expect_made_without,
    expect_no_growth,
    kept_for_backward,
    runs_of,
)

X = torch.arange(6.0).reshape(2, 3)


def by_loop(x):
    total = 0.0
    for row in x:
        total += float(row.sum())
    return total


def test_trace_records_each_operation_by_name():
    with Trace() as trace:
        (X + X).sum()
    assert trace.operations == ["aten.add.Tensor", "aten.sum.default"]


def test_trace_gives_the_results_of_the_operations():
    with Trace():
        assert torch.add(X, X, alpha=2).tolist() == (X * 3).tolist()


def test_trace_records_nothing_after_the_block():
    with Trace() as trace:
        pass
    assert X.sum() == 15
    assert trace.operations == []


def test_calls_of_counts_calls_under_another_name():
    alias = torch.nn.functional.softmax
    with calls_of(torch.nn.functional.softmax) as callers:
        alias(X, dim=0)
        torch.nn.functional.relu(X)
    assert callers == [__file__]


def test_calls_of_counts_the_calls_of_several_functions():
    with calls_of(torch.nn.functional.softmax, torch.nn.functional.silu) as callers:
        torch.nn.functional.softmax(X, dim=0)
        torch.nn.functional.silu(X)
        torch.nn.functional.relu(X)
    assert callers == [__file__] * 2


def test_calls_of_leaves_out_calls_from_inside_torch():
    layer = torch.nn.Softmax(dim=0)
    with calls_of(torch.nn.functional.softmax) as callers:
        layer(X)
    assert callers == []


def test_calls_of_stops_counting_after_an_error():
    with pytest.raises(ZeroDivisionError), calls_of(torch.nn.functional.softmax) as callers:
        raise ZeroDivisionError
    torch.nn.functional.softmax(X, dim=0)
    assert callers == []


def test_expect_made_without_accepts_a_function_that_runs_none_of_it():
    expect_made_without("softmax", lambda x: x.exp(), X)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.softmax(0),
        lambda x: torch.softmax(x, 0),
        lambda x: torch.nn.functional.softmax(x, dim=0),
        lambda x: torch.nn.Softmax(dim=0)(x),
    ],
)
def test_expect_made_without_sees_the_operation_under_each_name(failure_of, function):
    failed = failure_of(expect_made_without, "softmax", function, X, hint="Hint.")
    assert failed.sentence == "ran torch's softmax, which is forbidden here."
    assert failed.hint == "Hint."


def test_expect_made_without_sees_an_operation_in_place(failure_of):
    sentence = failure_of(expect_made_without, "add", lambda x: x.add_(1), X.clone()).sentence
    assert sentence == "ran torch's add_, which is forbidden here."


def test_expect_made_without_compares_the_whole_name():
    expect_made_without("soft", lambda x: x.softmax(0), X)


def test_expect_made_without_sees_the_backward_pass(failure_of):
    x = X.clone().requires_grad_()
    expect_made_without("cos", lambda x: x.detach().sin(), x)
    sentence = failure_of(expect_made_without, "cos", lambda x: x.sin(), x).sentence
    assert sentence == "ran torch's cos, which is forbidden here."


def test_expect_made_without_sees_a_function_that_splits_up(failure_of):
    labels = torch.tensor([0, 1])
    function = torch.nn.functional.one_hot
    assert failure_of(expect_made_without, "one_hot", function, labels).sentence == (
        "ran torch's one_hot, which is forbidden here."
    )


def test_cost_of_counts_operations():
    assert cost_of(lambda x: (x + x).sum(), X).operations == 2


def test_cost_of_counts_the_numbers_that_python_reads():
    assert cost_of(lambda x: x.tolist(), X).numbers == 6
    assert cost_of(lambda x: x.sum(), X).numbers == 0


def test_cost_of_counts_lines_and_the_call():
    def three_lines(x):
        numbers = []
        numbers.append(x)
        return numbers

    assert cost_of(three_lines, X).lines - cost_of(lambda x: x, X).lines == 2


def test_cost_of_a_loop_grows_with_the_data():
    small, large = cost_of(by_loop, X[:1]), cost_of(by_loop, torch.ones(10, 3))
    assert large.operations > small.operations
    assert large.lines > small.lines


def test_cost_of_counts_no_lines_of_torch():
    layer = torch.nn.Identity()
    assert cost_of(lambda x: layer(x), X).lines == cost_of(lambda x: x, X).lines


def test_cost_of_puts_the_tracer_back_after_an_error():
    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError):
        cost_of(lambda: 1 / 0)
    assert sys.gettrace() is before


def test_expect_no_growth_accepts_what_stays_within_the_margin():
    expect_no_growth({"lines": 10}, {"lines": 12}, ("2 rows", "9 rows"), 2, "")


def test_expect_no_growth_refuses_more_than_the_margin(failure_of):
    failed = failure_of(
        expect_no_growth, {"lines": 10}, {"lines": 13}, ("2 rows", "9 rows"), 2, "Hint."
    )
    assert failed.sentence == (
        "took 13 lines for 9 rows, and 10 for 2 rows; expected no growth with the data."
    )
    assert failed.hint == "Hint."


def test_expect_no_growth_looks_at_each_count(failure_of):
    small, large = {"lines": 1, "numbers": 0}, {"lines": 1, "numbers": 9}
    sentence = failure_of(expect_no_growth, small, large, ("a", "b"), 0, "").sentence
    assert sentence.startswith("took 9 numbers for b, and 0 for a")


def test_memory_trace_weighs_new_storages_once():
    with MemoryTrace() as trace:
        y = X + X
        y.T.add_(1)
    assert trace.new == [24]


def test_memory_trace_counts_nothing_for_views_and_writes_in_place():
    x = X.clone()
    with MemoryTrace() as trace:
        x.T[0].mul_(2)
    assert trace.new == []


def test_memory_trace_weighs_what_torch_tensor_makes():
    with MemoryTrace() as trace:
        torch.tensor([1.0, 2.0])
    assert trace.new == [8]


def test_memory_trace_does_not_count_memory_of_numpy():
    array = X.numpy().copy()
    with MemoryTrace() as trace:
        torch.from_numpy(array)
    assert trace.new == []


def test_memory_trace_counts_a_storage_that_has_the_place_of_a_freed_one():
    with MemoryTrace() as trace:
        for _ in range(5):
            X + X
    assert trace.new == [24] * 5


def test_memory_trace_says_which_storages_are_alive():
    with MemoryTrace() as trace:
        y = X + X
        (y + 1).sum()
    assert (trace.new, trace.alive) == ([24, 24, 4], [24])
    del y
    assert trace.alive == []


def test_memory_trace_counts_as_alive_what_a_view_holds():
    with MemoryTrace() as trace:
        first = (X + X)[0]
    assert trace.alive == [24]
    del first
    assert trace.alive == []


class KeepsItsInput(torch.autograd.Function):
    """x * sigmoid(x); it keeps x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        raise NotImplementedError


class KeepsAnAttribute(KeepsItsInput):
    """The same; it keeps the slope as an attribute."""

    @staticmethod
    def forward(ctx, x):
        ctx.slope = torch.sigmoid(x)
        return x * ctx.slope


class KeepsItsOutput(KeepsItsInput):
    """The same; it keeps the result."""

    @staticmethod
    def forward(ctx, x):
        y = x * torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y


@pytest.mark.parametrize(
    "function, kept",
    [
        (lambda x: x + 1, (0, 0)),
        (lambda x: x.sum(), (0, 0)),
        (torch.exp, (24, 24)),
        (lambda x: x * torch.sigmoid(x), (24, 0)),  # one tensor, for two operations
        (lambda x: (x + 1) * torch.sigmoid(x), (48, 0)),
        (lambda x: torch.exp(x + 1).exp(), (48, 24)),
        (KeepsItsInput.apply, (0, 0)),
        (KeepsAnAttribute.apply, (24, 0)),
        (KeepsItsOutput.apply, (24, 24)),
    ],
)
def test_kept_for_backward_counts_what_the_graph_holds_beside_the_input(function, kept):
    assert kept_for_backward(function, X.clone().requires_grad_()) == (*kept, 0)


def test_kept_for_backward_counts_what_a_global_holds():
    cache = []

    def remembers(x):
        cache[:] = [x.exp()]
        return x + 1

    assert kept_for_backward(remembers, X.clone().requires_grad_()) == (24, 0, 0)


class KeepsAnArray(KeepsItsInput):
    """The same; it keeps sigmoid(x) outside of torch."""

    @staticmethod
    def forward(ctx, x):
        ctx.slope = torch.sigmoid(x).numpy().copy()
        return x * torch.sigmoid(x)


def test_kept_for_backward_counts_arrays_of_numpy():
    kept = kept_for_backward(KeepsAnArray.apply, torch.ones(50_000, requires_grad=True))
    assert 200_000 <= kept.outside_torch < 250_000
    assert kept.total == kept.outside_torch


def test_kept_for_backward_leaves_out_a_circle_that_nobody_holds():
    def makes_a_circle(x):
        circle = [x.exp()]
        circle.append(circle)
        return x + 1

    assert kept_for_backward(makes_a_circle, X.clone().requires_grad_()) == (0, 0, 0)


def test_kept_for_backward_looks_for_circles_only_above_what_is_spare():
    def makes_a_circle(x):
        circle = [x.exp()]
        circle.append(circle)
        return x + 1

    gc.disable()
    try:
        found = kept_for_backward(makes_a_circle, X.clone().requires_grad_(), spare=24)
    finally:
        gc.enable()
    assert found.total == 24
    found = kept_for_backward(makes_a_circle, X.clone().requires_grad_(), spare=23)
    assert found.total == 0


def test_runs_of_sees_a_module_under_another_name():
    alias = torch.utils.checkpoint.checkpoint
    x = X.clone().requires_grad_()
    for use_reentrant in (True, False):
        with runs_of(torch.utils.checkpoint) as names:
            alias(torch.exp, x, use_reentrant=use_reentrant)
        assert "checkpoint" in names
    with runs_of(torch.utils.checkpoint) as names:
        torch.exp(x)
    assert names == []
