"""The checks of shapes/k10_flatten_from: the elements in NumPy's order, and where a view is due."""

import itertools

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    dtype_name,
    expect,
    expect_tensor,
    expect_values,
    shares_storage,
)
from dojo.checks.laws import MovingFunction, places

COPY = "returned a copy for {x} with the strides {strides}; expected a view of x's memory."
CONTIGUOUS = "A contiguous x never needs a copy: `clone` and stacking make one all the same."
STRIDES = (
    "Only the flattened dimensions have to follow each other in memory: x may be far from "
    "contiguous, and a view still be possible."
)
SINGLE = "A tensor without dimensions counts as a vector of one element."
NO_VIEW = "`view` and `as_strided` need strides that lead from one element to the next: else copy."
WHERE = "Here a = arange(24.).view(2, 3, 4)."

# shape of x, dim
CASES = [((2, 2, 3), 1), ((2, 3, 5), 0), ((2, 3, 4), -1), ((2, 1, 3, 2), 2), ((2, 2, 3), -3)]
CASES += [((3, 1), 1), ((1, 1), -2), ((4,), 0), ((4,), -1), ((), 0), ((), -1)]
# Parts of a with the dim from which on they are flattened: with a view, and without one.
PARTS = [("a[1:]", 0), ("a[1]", -1), ("a[1, 2, 3]", 0), ("a.view(2, 1, 3, 4)", 1)]
PARTS += [("a.transpose(0, 1)", 2), ("a.permute(2, 0, 1)", 1), ("a[:, :2]", 1), ("a[:, :2]", -2)]
PARTS += [("a[:, :, ::2]", 0), ("a[:, :1].transpose(1, 2)", 1), ("a[0].expand(5, 3, 4)", 1)]
PARTS += [("a.view(2, 3, 2, 2).transpose(0, 1)", 2), ("a[1, 1, 1].expand(2, 3)", 0)]
PARTS += [("a.transpose(0, 1)", 0), ("a.transpose(1, 2)", -2), ("a.permute(2, 0, 1)", -3)]
PARTS += [("a[:, :2]", 0), ("a[..., :3]", 1), ("a[0].expand(5, 3, 4)", 0), ("a[1].t()", 0)]


def always_copied(x, dim):
    """A copy first, and a view of it."""
    return x.clone().flatten(dim)


BENCHMARK = Benchmark(
    "flatten_from",
    means="x: shape (n, 64, 64), float32; dim: 1",
    inputs=lambda n: ((torch.arange(n * 4096) % 7.0).reshape(n, 64, 64), 1),
    sizes=(1, 64, 1024),
    naive=always_copied,
)


def expect_view_if_possible(got, x, dim, name, where=""):
    """Fail if the numbers were copied although one step leads from each to the next."""
    expect_tensor(got)
    flattened = list(zip(x.shape, x.stride(), strict=True))[dim if x.dim() else 0 :]
    inner = itertools.pairwise(pair for pair in flattened if pair[0] != 1)
    if all(outer == n * step for (_, outer), (n, step) in inner):
        hint = f"{CONTIGUOUS if x.is_contiguous() else STRIDES} {where}".strip()
        expect(shares_storage(got, x), COPY.format(x=name, strides=x.stride()), hint)


class TestFlattenFrom(MovingFunction):
    name = "flatten_from"
    cases = [(places(shape), dim) for shape, dim in CASES]
    gradient_cases = [(places((2, 2, 3)), 1), (places((2, 1, 3, 2)), -2)]  # others come back
    hints = {
        "shape": "The sizes in front of dim stay; those from dim on are multiplied into one. "
        + SINGLE,
        "values": "The elements keep their order: the last index runs fastest.",
        "memory": "Make a view or a new tensor; x keeps its shape and values.",
    }
    sentences = {
        "test_has_the_shape": "The dimensions from dim on become one, the others stay; a negative"
        " dim counts from the end.",
        "test_values": "The elements come in their order, whatever the strides of x.",
    }

    def truth(self, x, dim):
        return x.reshape((*x.shape[:dim], -1))

    def hint_of(self, row):
        if row.case[0].ndim == 0:
            return SINGLE
        return f"{NO_VIEW} {row.words}" if row.words else super().hint_of(row)

    @aspect("memory")
    def test_copies_only_where_strides_ask_for_it(self, solution, device):
        """The result is a view of x wherever its strides allow one."""
        rows = [*self.usual(device), *self.tracked_on(device)]
        for record in self.records(solution, device, rows):
            (x, dim), row = record.arguments, record.row
            what = f"{'a contiguous' if x.is_contiguous() else 'this'} {dtype_name(x.dtype)} x"
            expect_view_if_possible(record.got, x, dim, what, row.words)

    @aspect("memory")
    def test_looks_at_the_strides_of_a_part(self, solution, device):
        """So it is for parts of a tensor, with the elements in their order."""
        for text, dim in PARTS:
            x = eval(text, {"a": torch.arange(24.0).view(2, 3, 4).to(device)})
            solution.hint = f"{NO_VIEW} Here x = {text}. {WHERE}"
            got = self.call(solution, [x, dim])
            expected = torch.tensor(self.truth(x.cpu().numpy(), dim))
            expect_values(
                got, expected, f"{self.hints['values']} Here x = {text}. {WHERE}", rtol=0, atol=0
            )
            expect_view_if_possible(got, x, dim, f"x = {text}", WHERE)
