"""The names of a statement: bound, changed, used at once, used later."""

import ast

import pytest

from dojo.notebook.magic_lines import parsed
from dojo.notebook.names import missing_names, names_of


def names(text):
    (node,) = ast.parse(text).body
    return names_of(node, text)


@pytest.mark.parametrize(
    "text, bound",
    [
        ("x, (y, *z) = f()", {"x", "y", "z"}),
        ("import torch as t, numpy", {"t", "numpy"}),
        ("from torch import nn as n", {"n"}),
        ("class A(B):\n    x = 1", {"A"}),
        ("if c:\n    x = y = 1\nelse:\n    def x(): z = 1", {"x"}),
        ("try:\n    import x\nexcept ImportError:\n    x = y = 1", {"x"}),
        ("try:\n    x = y = 1\nexcept ImportError:\n    raise", {"x", "y"}),
        ("match v:\n    case [x, *y]: z = 1", set()),
        ("print(x := 1)", {"x"}),
        ("x = [y for y in z]", {"x"}),
    ],
)
def test_what_a_statement_binds(text, bound):
    assert names(text).binds == bound


@pytest.mark.parametrize(
    "text, changed",
    [
        ("x += 1", {"x"}),
        ("x[0].y = 1", {"x"}),
        ("import torch.nn", {"torch"}),
        ("from torch import *", {"*"}),
        ("if c: x = 1", {"x"}),
        ("match v:\n    case [x, *y]: z = 1", {"x", "y", "z"}),
        ("x = 1", set()),
    ],
)
def test_what_a_statement_changes(text, changed):
    assert names(text).changes == changed


def test_a_method_that_works_in_place_changes_what_it_is_called_on():
    assert names("x.append(1)").mutates == names("x.data.add_(1)").mutates == {"x"}
    assert not any(names(text).mutates for text in ("x.mean()", "x.__len__()", "f_(x)"))


def test_a_long_sum_and_a_long_chain_are_read():
    for text in (f"x = y{' + 1' * 900}", f"x = y{'.a()' * 900}"):
        found = names_of(parsed(text).body[0], text)
        assert (found.binds, found.at_once) == ({"x"}, {"y"})


def test_a_function_uses_defaults_at_once_and_its_body_later():
    found = names("@mark\ndef f(x, y=size):\n    z = [helper(one) for one in x]\n    return z + y")
    assert found.at_once == {"mark", "size"}
    assert found.later == {"helper"}


def test_a_class_uses_its_bases_at_once_and_its_methods_later():
    found = names("class A(Base):\n    size = N\n    def f(self):\n        return helper(self)")
    assert found.at_once == {"Base", "N"}
    assert found.later == {"helper"}


def test_a_class_may_use_the_name_that_it_binds():
    assert names("class A:\n    size = size\n    def f(self, x): return x").at_once == {"size"}


def test_missing_are_the_names_that_nothing_binds():
    text = "import os\ndef f(x):\n    return torch.sum(len(x), os, N, f)"
    assert missing_names(text) == ["N", "torch"]
